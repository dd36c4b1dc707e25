-- The columns of the log, each with whether we may read it. The catalogue rather than information_schema: that one
-- hides what we may not read, so that "not there" and "not ours" look the same.
SELECT a.attname AS name,
       format_type(a.atttypid, NULL) AS type,
       has_column_privilege(c.oid, a.attnum, 'SELECT') AS readable
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.oid = to_regclass(%(table)s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
 ORDER BY a.attnum
 LIMIT 200
