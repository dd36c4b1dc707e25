-- The role that actions work with. The console that only looks never uses it: see monitoring-role.sql.
-- pg_signal_backend: cancel a query or end a session of any role that is no superuser. It reaches walsenders too, which
-- is why our own statements name each session by its pid and its start, and leave all but client sessions alone.
-- It can neither end a prepared transaction (its owner or a superuser can) nor a superuser's session.
CREATE ROLE wf_act LOGIN PASSWORD '{password}' CONNECTION LIMIT 2;
GRANT pg_monitor, pg_signal_backend TO wf_act;
ALTER ROLE wf_act SET default_transaction_read_only = on;
ALTER ROLE wf_act SET statement_timeout = '10s';
ALTER ROLE wf_act SET lock_timeout = '1s';
ALTER ROLE wf_act SET idle_in_transaction_session_timeout = '10s';
