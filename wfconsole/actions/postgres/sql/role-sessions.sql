-- The sessions of one role that were logged in before an instant of the server's clock, the oldest first. Another
-- password ends none of them.
SELECT a.pid,
       to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS start,
       coalesce(a.application_name, '') AS application,
       coalesce(host(a.client_addr), '') AS client,
       coalesce(a.state, '') AS state,
       a.xact_start IS NOT NULL AS in_transaction,
       coalesce(pg_has_role(current_user, a.usesysid, 'USAGE'), false) AS same_role,
       ({guards}) AS may_end
  FROM pg_stat_activity a
  LEFT JOIN pg_roles r ON r.oid = a.usesysid
 WHERE a.usename = %(role)s
   AND a.backend_type = 'client backend'
   AND a.backend_start < coalesce(to_timestamp(%(before)s::float8 / 1000), clock_timestamp())
 ORDER BY a.backend_start, a.pid
