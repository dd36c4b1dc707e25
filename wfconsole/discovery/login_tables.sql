-- Tables that may be the application's log of logins, with the columns that we may read.
SELECT n.nspname AS schema,
       c.relname AS name,
       n.nspname = ANY (current_schemas(false)) AS in_path,
       array_agg(a.attname::text ORDER BY a.attnum) AS columns
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
   AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
   AND c.relname ~* '(auth|login|logon|sign_?in)'
   AND has_column_privilege(c.oid, a.attnum, 'SELECT')
 GROUP BY n.nspname, c.relname
 ORDER BY in_path DESC, n.nspname, c.relname
 LIMIT 50
