-- Sessions that matter: who waits for a lock, who holds it, idle transactions, long queries. pg_blocking_pids() stops
-- the lock manager for an instant, so it is asked of those alone that wait for a lock. A blocker 0 is a prepared
-- transaction. Instants, never ages: a row is the same at the next look unless the session did something.
-- `waitstart` is there from PostgreSQL 14 on; through jsonb its absence is NULL and no error.
WITH waiting AS MATERIALIZED (
    SELECT pid, pg_blocking_pids(pid) AS blockers FROM pg_stat_activity WHERE wait_event_type = 'Lock'
), involved AS (
    SELECT pid FROM waiting UNION SELECT unnest(blockers) FROM waiting
), wanted AS (
    SELECT DISTINCT ON (l.pid) l.pid, l.mode,
           coalesce(l.relation::regclass::text, l.locktype || coalesce(' ' || l.transactionid::text, '')) AS object,
           (to_jsonb(l) ->> 'waitstart')::timestamptz AS since
      FROM pg_locks l
     WHERE NOT l.granted AND EXISTS (SELECT FROM waiting)
     ORDER BY l.pid
)
SELECT a.pid,
       (extract(epoch FROM a.backend_start) * 1000)::bigint AS started_at,
       ARRAY(SELECT DISTINCT b FROM unnest(w.blockers) AS b ORDER BY b) AS blockers,
       coalesce(a.backend_type, '') AS backend,
       coalesce(a.datname, '') AS database,
       coalesce(a.usename, '') AS username,
       coalesce(a.application_name, '') AS application,
       coalesce(host(a.client_addr), '') AS client,
       coalesce(a.state, '') AS state,
       coalesce(a.wait_event_type || '/' || a.wait_event, '') AS wait,
       (extract(epoch FROM a.xact_start) * 1000)::bigint AS xact_at,
       (extract(epoch FROM a.query_start) * 1000)::bigint AS query_at,
       (extract(epoch FROM a.state_change) * 1000)::bigint AS state_at,
       (extract(epoch FROM coalesce(wanted.since, a.query_start)) * 1000)::bigint AS waiting_at,
       coalesce(wanted.mode || ' on ' || wanted.object, '') AS wants,
       left(a.query, 500) AS query
  FROM pg_stat_activity a
  LEFT JOIN waiting w ON w.pid = a.pid
  LEFT JOIN wanted ON wanted.pid = a.pid
 WHERE a.pid IN (SELECT pid FROM involved)
    OR (a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()
        AND ((a.state = 'active' AND a.query_start < clock_timestamp() - make_interval(secs => %(least_s)s))
          OR (a.state LIKE 'idle in transaction%%'
              AND a.state_change < clock_timestamp() - make_interval(secs => %(least_s)s))))
 ORDER BY w.pid IS NULL AND a.pid NOT IN (SELECT pid FROM involved), a.xact_start NULLS LAST
 LIMIT %(limit)s
