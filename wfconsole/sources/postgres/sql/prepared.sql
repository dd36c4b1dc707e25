-- Prepared transactions: they belong to no session, hold their locks through restarts, and pg_blocking_pids() calls
-- each of them 0. Which one somebody waits for is told by the lock itself: its holder is "-1/TRANSACTION".
WITH locks AS MATERIALIZED (SELECT * FROM pg_locks)
SELECT p.gid, p.owner::text AS username, p.database::text AS database, p.transaction::text AS transaction,
       (extract(epoch FROM p.prepared) * 1000)::bigint AS prepared_at,
       ARRAY(SELECT DISTINCT w.pid
               FROM locks h
               JOIN locks w ON NOT w.granted AND w.locktype = h.locktype
                AND (w.database, w.relation, w.page, w.tuple, w.transactionid, w.classid, w.objid, w.objsubid)
                    IS NOT DISTINCT FROM
                    (h.database, h.relation, h.page, h.tuple, h.transactionid, h.classid, h.objid, h.objsubid)
              WHERE h.granted AND h.pid IS NULL AND h.virtualtransaction = '-1/' || p.transaction::text) AS waiting
  FROM pg_prepared_xacts p
 ORDER BY p.prepared
 LIMIT 50
