-- Who receives our WAL (of a primary, or of a standby that hands it on), and how many bytes each is behind.
SELECT pid, coalesce(application_name, '') AS application, coalesce(host(client_addr), '') AS client,
       coalesce(state, '') AS state, coalesce(sync_state, '') AS sync,
       (extract(epoch FROM backend_start) * 1000)::bigint AS started_at,
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END,
                       replay_lsn)::bigint AS lag_bytes,
       (extract(epoch FROM replay_lag) * 1000)::bigint AS lag_ms
  FROM pg_stat_replication
 ORDER BY backend_start
 LIMIT 100
