-- End exactly the session of the plan, in the transaction of the plan: another start is another session with the same
-- pid, another transaction has let go by itself.
SELECT a.pid, {call} AS done
  FROM pg_stat_activity a
  LEFT JOIN pg_roles r ON r.oid = a.usesysid
 WHERE a.pid = %(pid)s
   AND a.backend_start = %(start)s::timestamptz
   AND a.xact_start IS NOT DISTINCT FROM %(xact)s::timestamptz
   AND {guards}
