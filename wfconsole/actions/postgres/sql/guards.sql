-- What is never ended from here, whatever a plan says: no client's session (walsenders, autovacuum, parallel workers and
-- other background work), ourselves and other consoles, superusers and roles that replicate, and what the
-- configuration names. `never` are patterns of ILIKE.
a.backend_type = 'client backend'
   AND a.pid <> pg_backend_pid()
   AND a.application_name NOT ILIKE 'wfconsole%%'
   AND NOT (a.application_name ILIKE ANY(%(never)s::text[]))
   AND NOT coalesce(r.rolsuper, true)
   AND NOT coalesce(r.rolreplication, true)
