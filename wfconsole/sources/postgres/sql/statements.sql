-- The counters of every statement, without its text: all of them, since a statement that is slow now may be far below
-- those that ran all month. What stands in braces is what this version of the extension calls its columns.
SELECT queryid, userid, dbid, calls, {total} AS total_ms, {longest} AS longest_ms, rows,
       shared_blks_hit AS hits, shared_blks_read AS reads
  FROM {schema}.pg_stat_statements(false)
 WHERE queryid IS NOT NULL AND calls > 0
 ORDER BY {total} DESC
 LIMIT 5000
