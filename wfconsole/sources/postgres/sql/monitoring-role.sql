-- The role that the console looks with. It changes nothing: see acting-role.sql for what actions need.
-- On PostgreSQL 16 and later also: GRANT pg_use_reserved_connections TO wf_mon
CREATE ROLE wf_mon LOGIN PASSWORD '{password}' CONNECTION LIMIT 3;
GRANT pg_monitor TO wf_mon;
ALTER ROLE wf_mon SET default_transaction_read_only = on;
ALTER ROLE wf_mon SET statement_timeout = '4s';
ALTER ROLE wf_mon SET lock_timeout = '1s';
ALTER ROLE wf_mon SET idle_in_transaction_session_timeout = '10s';
