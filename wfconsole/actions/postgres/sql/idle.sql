-- Sessions that do nothing and hold no transaction, the longest idle ones first: what gives a slot back at no cost but a
-- new connection. `idle_since` as text is for comparing: one that has done anything since is another case.
SELECT a.pid,
       to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS start,
       to_char(a.state_change AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS idle_since,
       (extract(epoch FROM clock_timestamp() - a.state_change) * 1000)::bigint AS idle_ms,
       coalesce(a.usename, '') AS username,
       coalesce(a.application_name, '') AS application,
       coalesce(host(a.client_addr), '') AS client,
       coalesce(pg_has_role(current_user, a.usesysid, 'USAGE'), false) AS same_role,
       count(*) OVER () AS all_of_them
  FROM pg_stat_activity a
  LEFT JOIN pg_roles r ON r.oid = a.usesysid
 WHERE a.state = 'idle'
   AND a.state_change < clock_timestamp() - make_interval(secs => %(idle_s)s)
   AND {guards}
 ORDER BY a.state_change, a.pid
 LIMIT %(count)s
