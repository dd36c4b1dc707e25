-- The role that the console looks with. It changes nothing: see acting-role.sql for what actions need.
-- pg_monitor: without it the sessions of other roles are hidden, and the query for who blocks whom gives no row and no
-- error; the console then shows PARTIAL and no number.
-- The limit of three: one session is kept open, one may still be ending after a cut, one is to spare.
-- On PostgreSQL 16 and later also: GRANT pg_use_reserved_connections TO wf_mon (with reserved_connections above 0), so
-- that it gets in when the application has taken all slots.
-- For the slow queries: CREATE EXTENSION pg_stat_statements, in the database that the console connects to.
CREATE ROLE wf_mon LOGIN PASSWORD '{password}' CONNECTION LIMIT 3;
GRANT pg_monitor TO wf_mon;
ALTER ROLE wf_mon SET default_transaction_read_only = on;
ALTER ROLE wf_mon SET statement_timeout = '4s';
ALTER ROLE wf_mon SET lock_timeout = '1s';
ALTER ROLE wf_mon SET idle_in_transaction_session_timeout = '10s';
