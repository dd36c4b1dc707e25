-- What a few statements say, and whose they are.
SELECT s.queryid, s.userid, s.dbid, left(s.query, 500) AS query,
       coalesce(pg_get_userbyid(s.userid)::text, '') AS username,
       coalesce((SELECT datname FROM pg_database WHERE oid = s.dbid)::text, '') AS database
  FROM {schema}.pg_stat_statements s
 WHERE s.queryid = ANY(%(ids)s)
