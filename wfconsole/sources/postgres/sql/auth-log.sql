-- What the role of the console may read beside pg_monitor: the application's log of logins, and nothing that it
-- writes. Put your own table here; a view without personal columns does as well.
GRANT SELECT (username, status, ip_address, created_at) ON auth_logs TO wf_mon;
