-- Clients against the slots that they may use: background processes have slots of their own, reserved ones are for
-- superusers, and (PostgreSQL 16 and later) for pg_use_reserved_connections.
WITH limits AS (
    SELECT current_setting('max_connections')::int AS max_connections,
           current_setting('superuser_reserved_connections')::int
           + coalesce(nullif(current_setting('reserved_connections', true), '')::int, 0) AS reserved
)
SELECT limits.max_connections,
       limits.reserved,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int AS clients,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender')::int AS walsenders,
       (SELECT coalesce(jsonb_object_agg(state, n), '{}')
          FROM (SELECT coalesce(state, 'hidden') AS state, count(*)::int AS n
                  FROM pg_stat_activity WHERE backend_type = 'client backend' GROUP BY 1) AS by_state) AS states,
       pg_is_in_recovery() AS in_recovery,
       current_setting('server_version') AS version,
       current_database() AS database,
       pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_all
  FROM limits
