-- One session with all that speaks for or against ending it. A pid is used again: its start says which one it is.
-- Instants as text with microseconds are for comparing, those in milliseconds are for telling. A row means locks that
-- this very session holds; how many rows it has changed the server does not say, only whether it has written at all.
SELECT a.pid,
       to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS start,
       (extract(epoch FROM a.backend_start) * 1000)::bigint AS started_at,
       coalesce(a.backend_type, '') AS backend,
       coalesce(a.datname, '') AS database,
       coalesce(a.usename, '') AS username,
       coalesce(a.application_name, '') AS application,
       coalesce(host(a.client_addr), '') AS client,
       coalesce(a.state, '') AS state,
       coalesce(a.wait_event_type || '/' || a.wait_event, '') AS wait,
       to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS xact,
       (extract(epoch FROM a.xact_start) * 1000)::bigint AS xact_at,
       to_char(a.query_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS query_start,
       (extract(epoch FROM a.query_start) * 1000)::bigint AS query_at,
       (extract(epoch FROM a.state_change) * 1000)::bigint AS state_at,
       coalesce(left(a.query, 500), '') AS query,
       a.backend_xid IS NOT NULL AS writes,
       a.pid = pg_backend_pid() OR a.application_name ILIKE 'wfconsole%%' AS ours,
       coalesce(r.rolsuper, true) AS superuser,
       coalesce(r.rolreplication, true) AS replicates,
       coalesce((SELECT p FROM unnest(%(never)s::text[]) AS p WHERE a.application_name ILIKE p LIMIT 1), '') AS never,
       coalesce(pg_has_role(current_user, a.usesysid, 'USAGE'), false) AS same_role,
       has_function_privilege(CASE WHEN current_setting('server_version_num')::int >= 140000
                                   THEN 'pg_terminate_backend(int, bigint)' ELSE 'pg_terminate_backend(int)' END,
                              'EXECUTE') AS may_end,
       has_function_privilege('pg_cancel_backend(int)', 'EXECUTE') AS may_cancel,
       (SELECT count(*) FROM pg_locks l WHERE l.pid = a.pid AND l.granted)::int AS locks,
       ARRAY(SELECT DISTINCT l.relation::regclass::text || ' ' || l.mode
               FROM pg_locks l
              WHERE l.pid = a.pid AND l.granted AND l.locktype = 'relation' AND l.relation >= 16384
              ORDER BY 1 LIMIT 6) AS relations,
       coalesce((SELECT p.command FROM pg_stat_progress_create_index p WHERE p.pid = a.pid LIMIT 1), '') AS building
  FROM pg_stat_activity a
  LEFT JOIN pg_roles r ON r.oid = a.usesysid
 WHERE a.pid = %(pid)s
