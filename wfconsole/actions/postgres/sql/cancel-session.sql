-- Cancel exactly the statement of the plan.
SELECT a.pid, pg_cancel_backend(a.pid) AS done
  FROM pg_stat_activity a
  LEFT JOIN pg_roles r ON r.oid = a.usesysid
 WHERE a.pid = %(pid)s
   AND a.backend_start = %(start)s::timestamptz
   AND a.query_start IS NOT DISTINCT FROM %(query)s::timestamptz
   AND a.state = 'active'
   AND {guards}
