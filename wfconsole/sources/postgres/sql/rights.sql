-- Who we are, what the server's clock says, and which of these roles we have. A role that this version of the server
-- does not know is left out.
SELECT current_user::text AS role,
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
       current_setting('server_version_num')::int AS version,
       (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS clock_ms,
       current_setting('track_activities')::bool AS tracks,
       coalesce(nullif(current_setting('reserved_connections', true), '')::int, 0) AS reserved,
       ARRAY(SELECT rolname::text FROM pg_roles WHERE rolname = ANY(%(roles)s)) AS known,
       ARRAY(SELECT rolname::text FROM pg_roles
              WHERE rolname = ANY(%(roles)s) AND pg_has_role(current_user, oid, 'USAGE')) AS held
