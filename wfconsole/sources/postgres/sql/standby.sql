-- How far a standby itself is behind what it has received; no row on a primary.
SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::bigint AS lag_bytes,
       (extract(epoch FROM pg_last_xact_replay_timestamp()) * 1000)::bigint AS replayed_at,
       (SELECT status FROM pg_stat_wal_receiver) AS receiver,
       pg_is_wal_replay_paused() AS paused
 WHERE pg_is_in_recovery()
