-- End exactly one idle session of the plan, and only if it has done nothing since.
SELECT a.pid, {call} AS done
  FROM pg_stat_activity a
  LEFT JOIN pg_roles r ON r.oid = a.usesysid
 WHERE a.pid = %(pid)s
   AND a.backend_start = %(start)s::timestamptz
   AND a.state = 'idle'
   AND a.state_change = %(idle_since)s::timestamptz
   AND {guards}
