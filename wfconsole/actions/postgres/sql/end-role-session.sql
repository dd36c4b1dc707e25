-- End exactly one session of the plan: another start is another session with the same pid.
SELECT a.pid, {call} AS done
  FROM pg_stat_activity a
  LEFT JOIN pg_roles r ON r.oid = a.usesysid
 WHERE a.pid = %(pid)s
   AND a.backend_start = %(start)s::timestamptz
   AND a.usename = %(role)s
   AND {guards}
