-- Prepared transactions: they belong to no session, hold their locks through restarts, and pg_blocking_pids() calls
-- each of them 0. Which one somebody waits for is told by the locks that have no process: the one on its own number
-- says which virtual transaction it was, and with that come its other locks.
WITH locks AS MATERIALIZED (SELECT * FROM pg_locks)
SELECT p.gid, p.owner::text AS username, p.database::text AS database, p.transaction::text AS transaction,
       (extract(epoch FROM p.prepared) * 1000)::bigint AS prepared_at,
       ARRAY(SELECT DISTINCT w.pid
               FROM locks own
               JOIN locks h ON h.pid IS NULL AND h.granted AND h.virtualtransaction = own.virtualtransaction
               JOIN locks w ON NOT w.granted AND w.locktype = h.locktype
                AND (w.database, w.relation, w.page, w.tuple, w.transactionid, w.classid, w.objid, w.objsubid)
                    IS NOT DISTINCT FROM
                    (h.database, h.relation, h.page, h.tuple, h.transactionid, h.classid, h.objid, h.objsubid)
              WHERE own.pid IS NULL AND own.locktype = 'transactionid' AND own.transactionid = p.transaction) AS waiting
  FROM pg_prepared_xacts p
 ORDER BY p.prepared
 LIMIT 50
