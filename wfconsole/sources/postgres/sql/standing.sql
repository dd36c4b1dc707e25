-- Who we are here, and what the server's clock says.
SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_all,
       (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS clock_ms
