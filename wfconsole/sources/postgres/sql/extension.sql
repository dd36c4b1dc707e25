-- Where pg_stat_statements is in this database, and which columns this version of it has: the extension keeps its old
-- columns until somebody updates it, whatever the server's version is.
SELECT n.nspname AS schema, e.extversion AS version,
       ARRAY(SELECT t.attname::text FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid AND t.attnum > 0
              WHERE c.relnamespace = n.oid AND c.relname = 'pg_stat_statements') AS columns
  FROM pg_extension e
  JOIN pg_namespace n ON n.oid = e.extnamespace
 WHERE e.extname = 'pg_stat_statements'
