-- The attempts of the window by source, by user, and all together. Only the newest %(most)s are looked at: the log of
-- an attack is large, and we must not be the load on top of it. Names are put in by sources/postgres/auth.py.
WITH newest AS MATERIALIZED (
    SELECT coalesce(left({user}::text, 200), '') AS "user",
           {source} AS source,
           {result}::text = ANY(%(failed)s) AS failed,
           {time} AS at
      FROM {table}
     WHERE {time} > {now} - make_interval(mins => %(minutes)s)
       AND {result}::text = ANY(%(failed)s::text[] || %(success)s::text[])
     ORDER BY {time} DESC
     LIMIT %(most)s
), named AS (
    SELECT 'user' AS by, "user" AS name, source AS other, failed, at FROM newest
    UNION ALL
    SELECT 'source', source, "user", failed, at FROM newest WHERE source IS NOT NULL
), successes AS (
    SELECT by, name, max(at) AS at FROM named WHERE NOT failed GROUP BY by, name
), counted AS (
    SELECT by, name,
           count(*) FILTER (WHERE failed) AS failed,
           count(*) FILTER (WHERE NOT failed) AS succeeded,
           count(DISTINCT other) FILTER (WHERE failed) AS others,
           count(*) FILTER (WHERE failed AND named.at < successes.at) AS failed_before_success,
           min(named.at) FILTER (WHERE failed) AS first_failed,
           max(named.at) FILTER (WHERE failed) AS last_failed,
           max(successes.at) AS succeeded_at
      FROM named LEFT JOIN successes USING (by, name)
     GROUP BY by, name
), ranked AS (
    SELECT counted.*,
           count(*) OVER (PARTITION BY by) AS listed,
           -- Who got in comes first, then who tried most users or sources, then who tried most often.
           row_number() OVER (PARTITION BY by ORDER BY failed_before_success >= %(many)s DESC,
                              others >= %(many)s DESC, failed DESC, name) AS place
      FROM counted
     WHERE failed >= %(minimum)s
)
SELECT by, name, failed, succeeded, others, failed_before_success,
       {first_failed_ms} AS first_failed_ms, {last_failed_ms} AS last_failed_ms, {succeeded_ms} AS succeeded_ms,
       listed, 0::bigint AS recent, 0::bigint AS looked_at, NULL::bigint AS sources
  FROM ranked
 WHERE place <= %(listed)s
UNION ALL
SELECT 'all', '', count(*) FILTER (WHERE failed), count(*) FILTER (WHERE NOT failed),
       count(DISTINCT "user") FILTER (WHERE failed), 0,
       {first_at_ms}, {last_at_ms}, NULL,
       0, count(*) FILTER (WHERE failed AND at > {now} - make_interval(mins => %(recent)s)), count(*),
       count(DISTINCT source) FILTER (WHERE failed)
  FROM newest
