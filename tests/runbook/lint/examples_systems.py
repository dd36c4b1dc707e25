"""A bad and a good text for each rule about databases, policies, secrets, security, models and the shell."""

from __future__ import annotations

from tests.runbook.lint.examples_commands import K, blocks, item, shell


def sql(text: str, title: str = "Outage") -> str:
    return f"# Runbook of a team\n\n## {title}\n\n```sql\n{text}\n```\n"


def policy(
    selector: str = "{}", cidr: str = "0.0.0.0/0", but: str = "<ip>/32", name: str = "block", more: str = ""
) -> str:
    outside = f"      - ipBlock:\n          cidr: {cidr}\n" + (f"          except:\n          - {but}\n" if but else "")
    return (
        "# Runbook of a team\n\n## Attack\n\n```yaml\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
        f"metadata:\n  name: {name}\nspec:\n  podSelector: {selector}\n  ingress:\n  - from:\n{outside}{more}```\n"
    )


ISOLATES = policy("\n    matchLabels:\n      app: web", "10.1.0.0/16", "")
TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
JOINED = "SELECT 1 FROM pg_locks waiting JOIN pg_locks holding ON waiting.relation = holding.relation WHERE"
BLOCKING = "SELECT pg_blocking_pids(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
PUT = "aws secretsmanager put-secret-value --secret-id prod/database --secret-string"

DATABASE = {
    "sql-counts-all-backends": (
        sql("SELECT count(*) FROM pg_stat_activity"),
        sql("SELECT count(*) FILTER (WHERE backend_type = 'client backend') FROM pg_stat_activity"),
    ),
    "sql-ignores-reserved-slots": (
        sql("SELECT setting FROM pg_settings WHERE name = 'max_connections'"),
        sql("SELECT name, setting FROM pg_settings WHERE name IN ('max_connections', 'reserved_connections')"),
    ),
    "sql-columns-that-were-renamed": (
        sql("SELECT total_time FROM pg_stat_statements"),
        sql("SELECT total_exec_time FROM pg_stat_statements"),
    ),
    "sql-statistics-since-ever": (
        sql("SELECT query FROM pg_stat_statements"),
        sql("SELECT stats_reset FROM pg_stat_statements_info"),
    ),
    "sql-lock-join": (sql(f"{JOINED} holding.granted"), sql(BLOCKING)),
    "sql-lock-not-granted": (
        sql(f"{JOINED} NOT waiting.granted"),
        sql(f"{JOINED} NOT waiting.granted AND holding.granted"),
    ),
    "sql-terminates-many": (sql(f"{TERMINATE} state = 'active'"), sql(f"{TERMINATE} pid = <pid>")),
    "sql-terminates-victims": (sql(f"{TERMINATE} state = 'active'"), sql(f"{TERMINATE} pid = <pid>")),
    "sql-terminates-any-backend": (
        sql(f"{TERMINATE} usename = 'web'"),
        sql(f"{TERMINATE} usename = 'web' AND backend_type = 'client backend'"),
    ),
    "sql-pid-may-be-reused": (
        sql("SELECT pg_terminate_backend(<pid>)"),
        sql(f"{TERMINATE} pid = <pid> AND backend_start = '<start>'"),
    ),
    "psql-no-connection": (shell("psql -c 'SELECT 1'"), shell("psql 'service=prod' -c 'SELECT 1'")),
    "psql-no-deadline": (
        shell("psql service=prod -c 'SELECT 1'"),
        shell("PGOPTIONS='-c statement_timeout=5s' psql service=prod -c 'SELECT 1'"),
    ),
    "psql-needs-a-slot": (
        shell("psql -c 'SELECT 1'", title="Connections are used up"),
        shell("psql -c 'SELECT 1'", title="Slow reports"),
    ),
    "sql-failures-by-user": (
        sql("SELECT username, count(*) FROM auth_logs GROUP BY username"),
        sql("SELECT username, client_ip, count(*) FROM auth_logs GROUP BY username, client_ip"),
    ),
    "sql-no-limit": (sql("SELECT a FROM b ORDER BY a"), sql("SELECT a FROM b ORDER BY a LIMIT 20")),
    "security-log-in-the-database": (
        sql("SELECT a FROM auth_logs", title="Attack") + "\n## Database is down\n\nCall somebody.\n",
        sql("SELECT a FROM orders", title="Attack") + "\n## Database is down\n\nCall somebody.\n",
    ),
    "sql-no-where": (sql("DELETE FROM jobs"), sql("DELETE FROM jobs WHERE id = 7")),
    "sql-drops": (sql("DROP INDEX jobs_by_day"), sql("SELECT 'drop table' FROM jobs")),
    "sql-truncates": (sql("TRUNCATE jobs"), sql("SELECT 1")),
    "sql-locks-the-table": (sql("VACUUM FULL jobs"), sql("VACUUM jobs; REINDEX INDEX CONCURRENTLY jobs_by_day")),
    "sql-index-blocks-writes": (sql("CREATE INDEX a ON b (c)"), sql("CREATE INDEX CONCURRENTLY a ON b (c)")),
    "sql-alters-table": (sql("ALTER TABLE a ADD b int"), sql("ALTER ROLE a LOGIN")),
    "sql-all-columns": (sql("SELECT * FROM a LIMIT 1"), sql("SELECT count(*) FROM a")),
    "sql-resets-statistics": (
        sql("SELECT pg_stat_statements_reset()"),
        sql("SELECT stats_reset FROM pg_stat_database"),
    ),
    "sql-server-setting": (sql("ALTER SYSTEM SET work_mem = '1GB'"), sql("SET work_mem = '1GB'")),
}

NETWORK = {
    "policy-selects-all": (policy(), ISOLATES),
    "policy-opens-everything": (policy(), ISOLATES),
    "policy-does-not-deny": (policy(), ISOLATES),
    "policy-client-address": (policy(), ISOLATES),
    "policy-within-cluster": (policy(), ISOLATES),
    "policy-forgets-ipv6": (policy(), policy(more="      - ipBlock:\n          cidr: ::/0\n")),
    "policy-replaced-next-time": (policy(), policy(name="block-<ip>")),
    "policy-needs-enforcement": (policy(), shell(f"{K} get pods")),
    "policy-address-unchecked": (policy(), policy(but="203.0.113.7/32")),
    "firewall-flushed": (shell("iptables -F"), shell("iptables -L")),
    "firewall-on-a-node": (shell("iptables -I INPUT -s <ip> -j DROP"), shell("iptables -L")),
    "security-group-open": (
        shell("aws ec2 authorize-security-group-ingress --group-id sg-1 --cidr 0.0.0.0/0"),
        shell("aws ec2 authorize-security-group-ingress --group-id sg-1 --cidr 198.51.100.0/24"),
    ),
}

SECRETS = {
    "secret-on-command-line": (shell(f"{PUT} 'hunter2'"), shell(f"{PUT} file:///dev/stdin", "PGPASSFILE=f psql")),
    "secret-example-value": (shell(f"{PUT} NEW_SECURE_PASSWORD"), shell(f"{PUT} <new-password>")),
    "secret-in-the-store-only": (
        blocks(f"{PUT} file:///dev/stdin"),
        blocks("psql -c 'ALTER ROLE web PASSWORD NULL'", f"{PUT} file:///dev/stdin"),
    ),
    "secret-replaces-all-keys": (
        blocks(f'{PUT} \'{{"password":"<new>"}}\''),
        blocks("aws secretsmanager get-secret-value --secret-id a >b", f'{PUT} \'{{"password":"<new>"}}\''),
    ),
    "secret-one-consumer": (
        blocks(f"{PUT} file:///dev/stdin", f"{K} rollout restart deployment/web"),
        blocks(f"{PUT} file:///dev/stdin", f"{K} rollout restart deployment/web deployment/worker"),
    ),
    "secret-no-way-back": (
        blocks(f"{PUT} file:///dev/stdin"),
        blocks(f"{PUT} file:///dev/stdin", "aws secretsmanager update-secret-version-stage --secret-id a"),
    ),
    "secret-sessions-stay": (
        blocks(f"{PUT} file:///dev/stdin"),
        blocks(f"{PUT} file:///dev/stdin", "psql -c 'SELECT pg_terminate_backend(<pid>)'"),
    ),
    "secret-printed": (shell(f"{K} get secret web -o yaml"), shell(f"{K} describe secret web", f"{K} get secrets")),
    "secret-in-the-text": ("# A\n\nKey: AKIAIOSFODNN7EXAMPLE\n", "# A\n\nKey: AKIA...\n"),
    "password-in-address": ("# A\n\nredis://web:hunter2@cache:6379\n", "# A\n\nredis://web:<password>@cache:6379\n"),
}

EVIDENCE = "# Runbook of a team\n\n## Security breach\n\n{words}\n\n```bash\n{command}\n```\n"
FILTERS = "aws securityhub get-findings --filters"

SECURITY = {
    "findings-without-critical": (
        shell(f'{FILTERS} \'{{"SeverityLabel":[{{"Value":"HIGH"}}]}}\''),
        shell(f'{FILTERS} \'{{"SeverityLabel":[{{"Value":"HIGH"}},{{"Value":"CRITICAL"}}]}}\''),
    ),
    "findings-already-done": (
        shell(f"{FILTERS} '{{}}'"),
        shell(f'{FILTERS} \'{{"WorkflowStatus":[{{"Value":"NEW"}}]}}\''),
    ),
    "findings-cut-off": (
        shell(f"{FILTERS} '{{}}' --max-results 20"),
        shell(f"{FILTERS} '{{}}' --sort-criteria Field=UpdatedAt --max-results 20"),
    ),
    "one-region": (
        shell("aws ec2 describe-instances --region us-west-2"),
        shell("aws ec2 describe-instances --region <r>"),
    ),
    "evidence-comes-too-late": (
        EVIDENCE.format(words="Act at once.", command=f"{K} scale deployment web --replicas=1"),
        EVIDENCE.format(words="Preserve the evidence first.", command=f"{K} scale deployment web --replicas=1"),
    ),
    "security-told-to-everybody": (
        EVIDENCE.format(words="Act at once.", command=f"{K} get pods"),
        EVIDENCE.format(words="Use the private channel.", command=f"{K} get pods"),
    ),
    "security-deletes-pods": (
        EVIDENCE.format(words="", command=f"{K} delete pod <pod>"),
        EVIDENCE.format(words="", command=f"{K} label pod <pod> app-"),
    ),
    "evidence-erased": (shell("history -c", "rm -rf /var/log/audit"), shell("cp -r /var/log/audit /evidence")),
    "cache-flushed": (shell("redis-cli FLUSHDB"), shell("redis-cli DBSIZE")),
    "cache-command-may-be-gone": (
        shell(f"{K} exec redis-master-0 -- redis-cli FLUSHALL"),
        shell(f"{K} exec cache-0 -- redis-cli FLUSHALL"),
    ),
    "cache-no-login": (shell("redis-cli DBSIZE"), shell("redis-cli --user wf --askpass DBSIZE")),
    "cache-blocked": (shell("redis-cli KEYS 'session:*'"), shell("redis-cli --scan --pattern 'session:*'")),
    "cache-setting-changed": (shell("redis-cli CONFIG SET maxmemory 1gb"), shell("redis-cli CONFIG GET maxmemory")),
}

MODELS = {
    "gpu-busy-is-no-symptom": (
        "# A\n\n## Symptoms\n\n- High GPU utilization (>95%)\n",
        "# A\n\n## Symptoms\n\n- The queue grows and GPU utilization is high\n",
    ),
    "nvidia-smi-in-a-pod": (shell(f"{K} exec llm-0 -- nvidia-smi"), shell("nvidia-smi")),
    "gpu-reset": (shell("nvidia-smi --gpu-reset -i 0"), shell("nvidia-smi -L")),
    "gpu-scale-blind": (
        blocks(f"{K} scale deployment web-llm --replicas=3"),
        blocks("kubectl get nodes -o 'jsonpath={..allocatable}'", f"{K} scale deployment web-llm --replicas=3"),
    ),
    "gpu-restart-deadlock": (
        blocks(f"{K} rollout restart deployment/web-llm"),
        blocks(
            f'{K} patch deployment web-llm -p \'{{"spec":{{"strategy":{{}}}}}}\'',
            f"{K} rollout restart deployment/web-llm",
        ),
    ),
    "batch-size-without-direction": (
        shell(f'{K} patch configmap llm -p \'{{"data":{{"BATCH_SIZE":"16"}}}}\''),
        shell(f"{K} get configmap llm -o 'jsonpath={{.data.BATCH_SIZE}}'"),
    ),
    "metrics-of-one-pod": (shell("curl http://llm/metrics"), shell("curl http://prometheus.example/api/v1/query")),
    "cluster-name-from-outside": (shell("curl http://llm/health"), shell("curl http://llm.example.net/health")),
    "port-9090": (shell("curl http://llm:9090/metrics"), shell("curl http://llm:8000/metrics")),
    "metric-names-guessed": (
        shell("curl -fsS http://llm:8000/metrics | grep -E '(gpu|queue)'"),
        shell("curl -fsS http://llm:8000/metrics"),
    ),
}

SHELL = {
    "heredoc-indented": (item("Block", "cat <<EOF", "a", "EOF"), shell("cat <<EOF", "a", "EOF")),
    "shell-syntax": (shell("echo 'a"), shell("echo 'a'")),
    "typographic-characters": (shell("echo “a”"), shell('echo "a"')),
    "prompt-copied": (shell("$ ls"), shell("ls $HOME")),
    "commands-unmarked": ("# A\n\n## B\n\n```\nkubectl get pods\n```\n", shell(f"{K} get pods")),
    "curl-silent": (shell("curl -s https://a.example"), shell("curl -fsS https://a.example")),
    "curl-no-deadline": (shell("curl https://a.example"), shell("curl --max-time 5 https://a.example")),
    "tls-unchecked": (shell("curl -k https://a.example"), shell("curl --cacert ca.pem https://a.example")),
    "download-run-at-once": (shell("curl https://a.example | sh"), shell("cat script | sh")),
    "removed-for-good": (shell("rm -rf $FOLDER/*"), shell("rm core.1234")),
    "killed-hard": (shell("kill -9 1234"), shell("kill 1234")),
    "killed-by-name": (shell("pkill web"), shell("kill 1234")),
    "never-returns": (shell("tail -f /var/log/web"), shell("tail -n 50 /var/log/web", "timeout 20 tail -f a")),
    "program-for-a-screen": (shell("top"), shell("top -b -n 1")),
    "machine-restarted": (shell("sudo reboot"), shell("uptime")),
    "rights-for-all": (shell("chmod -R 777 /data"), shell("chmod 640 a")),
    "disk-written": (shell("dd if=/dev/zero of=/dev/sdb"), shell("dd if=/dev/sdb of=image")),
    "sleep-for-a-condition": (shell("sleep 60"), shell("kubectl wait --for=condition=Ready node/a --timeout=60s")),
    "host-unverified": (shell("ssh -o StrictHostKeyChecking=no a ls"), shell("ssh a ls")),
    "helm-no-revision": (shell("helm rollback web"), shell("helm rollback web 7")),
    "helm-force": (shell("helm upgrade web ./web --force"), shell("helm upgrade web ./web")),
    "approved-unseen": (shell("terraform apply -auto-approve"), shell("terraform apply plan")),
    "containers-pruned": (shell("docker system prune"), shell("docker ps")),
    "history-rewritten": (shell("git push --force"), shell("git push")),
    "changes-by-the-dozen": (
        shell(f"{K} get pods -o name | xargs {K} delete"),
        shell(f"{K} get pods -o name | xargs {K} describe"),
    ),
    "variable-never-set": (shell(f"{K} get pod $POD"), shell("POD=web", f"{K} get pod $POD $HOME")),
}

EXAMPLES = DATABASE | NETWORK | SECRETS | SECURITY | MODELS | SHELL
