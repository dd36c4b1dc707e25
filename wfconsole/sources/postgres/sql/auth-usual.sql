-- Failures by stretch of five minutes over the three windows before the window, and whether the log reaches so far
-- back at all: without that, an empty stretch is no quiet one.
WITH before AS MATERIALIZED (
    SELECT floor(extract(epoch FROM {time}) / 300) AS stretch
      FROM {table}
     WHERE {time} <= {now} - make_interval(mins => %(minutes)s)
       AND {time} > {now} - make_interval(mins => 4 * %(minutes)s)
       AND {result}::text = ANY(%(failed)s)
     LIMIT %(most)s
)
SELECT EXISTS (SELECT 1 FROM {table} WHERE {time} <= {now} - make_interval(mins => 4 * %(minutes)s)) AS reaches,
       (SELECT count(*) FROM before) AS looked_at,
       ARRAY(SELECT count(*)::int FROM before GROUP BY stretch) AS counts
