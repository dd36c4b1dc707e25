-- Which of these sessions are still there, and what they do.
SELECT a.pid, coalesce(a.state, '') AS state,
       to_char(a.query_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS query_start
  FROM pg_stat_activity a
 WHERE (a.pid, a.backend_start) IN (SELECT * FROM unnest(%(pids)s::int[], %(starts)s::timestamptz[]))
 ORDER BY a.pid
