"""A bad and a good text for each rule about kubectl, logs, rollouts and scaling."""

from __future__ import annotations

K = "kubectl --context <context> -n production"


def shell(*lines: str, title: str = "Outage", remark: str = "") -> str:
    body = "\n".join((*((f"# {remark}",) if remark else ()), *lines))
    return f"# Runbook of a team\n\n## {title}\n\n```bash\n{body}\n```\n"


def item(words: str, *lines: str, title: str = "Outage") -> str:
    body = "\n   ".join(lines)
    return f"# Runbook of a team\n\n## {title}\n\n1. {words}\n   ```bash\n   {body}\n   ```\n"


def blocks(*commands: str, title: str = "Outage") -> str:
    return f"# Runbook of a team\n\n## {title}\n\n" + "\n".join(f"```bash\n{each}\n```\n" for each in commands)


LOOKING = {
    "events-one-namespace": (shell("kubectl get events"), shell("kubectl events --all-namespaces")),
    "events-sort-last-timestamp": (
        shell(f"{K} get events --sort-by=.lastTimestamp"),
        shell(f"{K} get events --sort-by=.metadata.creationTimestamp"),
    ),
    "look-no-namespace": (shell("kubectl get pods"), shell("kubectl get pods -A\nkubectl get nodes")),
    "no-context": (shell("kubectl get nodes"), shell("kubectl --context prod get nodes\nkubectl config get-contexts")),
    "workload-kind-mismatch": (
        shell(f"{K} describe deployment/db", f"{K} exec db-0 -- ls"),
        shell(f"{K} describe statefulset/db", f"{K} exec db-0 -- ls"),
    ),
    "endpoints-deprecated": (shell(f"{K} get endpoints"), shell(f"{K} get endpointslices")),
    "top-sampled": (shell(f"{K} top pods"), shell(f"{K} get pods")),
    "hpa-blind": (shell(f"{K} get hpa"), shell(f"{K} describe hpa web")),
    "exec-tty": (shell(f"{K} exec -it web-0 -- ls"), shell(f"{K} exec web-0 -c web -- tar -t")),
    "exec-default-container": (
        shell(f"{K} exec web-0 -- psql -c 'SELECT 1'"),
        shell(f"{K} exec web-0 -c web -- psql -c 'SELECT 1'"),
    ),
    "exec-fixed-pod": (shell(f"{K} exec db-0 -- ls"), shell(f"{K} exec <pod> -- ls")),
    "networkpolicies-not-traffic": (
        shell(f"{K} get networkpolicies", remark="Check network traffic"),
        shell(f"{K} get networkpolicies", remark="List the policies"),
    ),
    "kubectl-never-returns": (shell(f"{K} get pods -w"), shell(f"timeout 20 {K} get pods -w", f"{K} get pods")),
    "wait-no-timeout": (
        shell(f"{K} rollout status deployment/web"),
        shell(f"{K} rollout status deployment/web --timeout=5m"),
    ),
    "get-all-is-not-all": (shell(f"{K} get all"), shell(f"{K} get deployments,services")),
    "phase-is-not-health": (
        shell(f"{K} get pods --field-selector=status.phase!=Running"),
        shell(f"{K} get pods --field-selector=status.phase=Pending"),
    ),
    "componentstatuses-deprecated": (shell(f"{K} get cs"), shell(f"{K} get --raw /readyz")),
    "kubectl-removed-option": (shell(f"{K} get deployment web --export"), shell(f"{K} get deployment web -o yaml")),
}

LOGS = {
    "grep-pod-status": (
        shell(f'{K} get pods | grep -E "Error|CrashLoopBackOff"'),
        shell(f"{K} get pods | grep web", f"{K} logs web | grep Error"),
    ),
    "grep-silence": (shell(f"{K} get pods | grep web"), shell(f"{K} get pods -l app=web")),
    "logs-follow": (shell(f"{K} logs -f web"), shell(f"{K} logs web --tail=50", f"{K} apply -f web.yaml")),
    "logs-one-pod": (shell(f"{K} logs deployment/web"), shell(f"{K} logs -l app=web", f"{K} logs web-abc")),
    "logs-unbounded": (shell(f"{K} logs web"), shell(f"{K} logs web --since=5m", f"{K} logs web --tail=5")),
    "logs-no-previous": (shell(f"{K} logs web"), shell(f"{K} logs web", f"{K} logs web --previous")),
    "grep-status-code": (
        shell(f'{K} logs web | grep -E "(401|403)"'),
        shell(f"{K} logs web | grep -E '\" 40[13] '", f"{K} logs web | grep -w 401"),
    ),
    "grep-common-words": (
        shell(f'{K} logs web | grep -E "(error|model)"'),
        shell(f"{K} logs web | grep 'weights of the model are loaded'"),
    ),
    "grep-condition-name": (
        shell('kubectl describe nodes | grep "Memory pressure"'),
        shell('kubectl describe nodes | grep "MemoryPressure"'),
    ),
    "grep-fixed-lines": (
        shell(f"{K} describe pod web | grep -A 10 Limits:"),
        shell(f"{K} describe pod web | grep Limits:"),
    ),
}

ACTING = {
    "delete-pod-loses-evidence": (
        blocks(f"{K} describe pod <pod>", f"{K} delete pod <pod>"),
        blocks(f"{K} logs <pod> --previous", f"{K} delete pod <pod>"),
    ),
    "delete-pod-bypasses-budget": (
        blocks(f"{K} delete pod <pod>"),
        blocks(f"{K} get poddisruptionbudgets", f"{K} delete pod <pod>"),
    ),
    "delete-force": (
        shell(f"{K} delete pod <pod> --force", f"{K} delete pod <pod> --grace-period=0"),
        shell(f"{K} delete pod <pod> --grace-period=60"),
    ),
    "delete-many": (shell(f"{K} delete pods -l app=web"), shell(f"{K} delete pod <pod>", f"{K} get pods -l app=web")),
    "delete-data": (shell(f"{K} delete pvc data-0"), shell(f"{K} delete pod db-0")),
    "act-no-namespace": (
        shell("kubectl scale deployment web --replicas=3"),
        shell(f"{K} scale deployment web --replicas=3", "kubectl cordon node-1"),
    ),
    "apply-no-diff": (
        blocks(f"{K} apply -f web.yaml"),
        blocks(f"{K} diff -f web.yaml", f"{K} apply -f web.yaml"),
    ),
    "apply-from-the-web": (shell(f"{K} apply -f https://a.example/web.yaml"), shell(f"{K} apply -f web.yaml")),
    "edit-by-hand": (shell(f"{K} edit deployment web"), shell(f"{K} get deployment web -o yaml")),
    "replace-force": (shell(f"{K} replace --force -f web.yaml"), shell(f"{K} replace -f web.yaml")),
    "drain-force": (shell("kubectl drain node-1 --force"), shell("kubectl drain node-1 --ignore-daemonsets")),
    "taken-out-for-good": (shell("kubectl cordon node-1"), shell("kubectl cordon node-1", "kubectl uncordon node-1")),
    "exec-changes-pod": (shell(f"{K} exec web -- rm /tmp/lock"), shell(f"{K} exec web -- cat /tmp/lock")),
    "change-not-alone": (
        shell(f"{K} get pods", f"{K} rollout restart deployment/web"),
        blocks(f"{K} get pods", f"{K} rollout restart deployment/web"),
    ),
    "condition-in-remark": (
        shell(f"{K} get pods", "# if they hang:", f"{K} rollout restart deployment/web"),
        shell(f"{K} rollout restart deployment/web", remark="only where all pods hang"),
    ),
    "act-before-look": (
        blocks(f"{K} rollout restart deployment/web", f"{K} get pods"),
        blocks(f"{K} get pods", f"{K} rollout restart deployment/web"),
    ),
    "act-not-verified": (
        blocks(f"{K} get pods", f"{K} rollout restart deployment/web"),
        blocks(f"{K} rollout restart deployment/web", f"{K} rollout status deployment/web --timeout=5m"),
    ),
}

ROLLOUTS = {
    "undo-after-restart": (
        blocks(f"{K} rollout restart deployment/web", f"{K} rollout undo deployment/web"),
        blocks(f"{K} rollout restart deployment/api", f"{K} rollout undo deployment/web"),
    ),
    "undo-no-revision": (
        shell(f"{K} rollout undo deployment/web"),
        shell(f"{K} rollout undo deployment/web --to-revision=<revision>"),
    ),
    "undo-template-only": (shell(f"{K} rollout undo deployment/web --to-revision=3"), shell(f"{K} get pods")),
    "restart-replaces-healthy": (
        item("Restart failing pods", f"{K} rollout restart deployment/web"),
        item("Restart all pods", f"{K} rollout restart deployment/web"),
    ),
    "restart-adds-connections": (
        item("Restart to reset connection pools", f"{K} rollout restart deployment/web"),
        item("Restart to read the certificate", f"{K} rollout restart deployment/web"),
    ),
    "restart-not-watched": (
        blocks(f"{K} rollout restart deployment/web"),
        blocks(f"{K} rollout restart deployment/web", f"{K} rollout status deployment/web"),
    ),
    "patch-rolls-everything": (
        shell(f"{K} set env deployment/web A=1"),
        shell(f'{K} patch deployment web -p \'{{"spec":{{"paused":true}}}}\''),
    ),
    "patch-limit-blind": (
        shell(f"{K} set resources deployment/web --limits=memory=4Gi"),
        shell(f"{K} set env deployment/web A=1"),
    ),
    "patch-adds-container": (
        shell(f'{K} patch deployment web -p \'{{"spec":{{"containers":[{{"name":"web"}}]}}}}\''),
        shell(f"{K} set resources deployment/web -c web --limits=memory=4Gi"),
    ),
    "configmap-old-value-lost": (
        blocks(f"{K} patch configmap web -p '{{}}'"),
        blocks(f"{K} get configmap web -o yaml", f"{K} patch configmap web -p '{{}}'"),
    ),
    "configmap-not-reloaded": (
        blocks(f"{K} patch configmap web -p '{{}}'"),
        blocks(f"{K} patch configmap web -p '{{}}'", f"{K} rollout restart deployment/web"),
    ),
    "image-not-pinned": (
        shell(f"{K} set image deployment/web web=registry.example/web:latest"),
        shell(f"{K} set image deployment/web web=registry.example/web:1.4.2"),
    ),
}

SCALING = {
    "scale-absolute": (
        shell(f"{K} scale deployment web --replicas=10"),
        shell(f"{K} scale deployment web --current-replicas=<now> --replicas=10"),
    ),
    "scale-against-hpa": (
        shell(f"{K} describe hpa web", f"{K} scale deployment web --replicas=10"),
        shell(f"{K} describe hpa api", f"{K} scale deployment web --replicas=10"),
    ),
    "scale-adds-connections": (
        shell(f"{K} scale deployment web --replicas=10", title="Connection pools are full"),
        shell(f"{K} scale deployment web --replicas=10", title="Slow pages"),
    ),
    "scale-to-zero": (
        shell(f"{K} scale deployment web --replicas=0"),
        shell(f"{K} scale deployment web --replicas=10"),
    ),
    "scale-statefulset": (
        shell(f"{K} scale statefulset web --replicas=3"),
        shell(f"{K} scale deployment web --replicas=3"),
    ),
    "scale-database": (
        shell(f"{K} scale statefulset postgres-read --replicas=3"),
        shell(f"{K} scale statefulset web --replicas=3"),
    ),
    "autoscaler-made-in-a-hurry": (
        shell(f"{K} autoscale deployment web --max=10"),
        shell(f'{K} patch hpa web -p \'{{"spec":{{"maxReplicas":10}}}}\''),
    ),
}

EXAMPLES = LOOKING | LOGS | ACTING | ROLLOUTS | SCALING
