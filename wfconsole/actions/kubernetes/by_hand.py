"""The same as a command of kubectl, for those who check it or do it themselves: pinned, and quoted for a shell."""

from __future__ import annotations

import shlex

import msgspec

from wfconsole.actions.kubernetes.cluster import Cluster
from wfconsole.text import safe


def kubectl(cluster: Cluster, namespace: str, *words: str) -> str:
    """`kubectl --context C -n NAMESPACE WORDS`."""
    every = ("kubectl", "--context", cluster.access.context, "-n", namespace, *words)
    return " ".join(shlex.quote(safe(word)) for word in every)


def evict_by_hand(cluster: Cluster, namespace: str, name: str, uid: str) -> str:
    """kubectl has no command that evicts one pod; its raw call takes the body of an eviction."""
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": name, "namespace": namespace},
        "deleteOptions": {"preconditions": {"uid": uid}},
    }
    path = f"/api/v1/namespaces/{namespace}/pods/{name}/eviction"
    told = shlex.quote(safe(msgspec.json.encode(body)))
    return f"echo {told} | {kubectl(cluster, namespace, 'create', '--raw', path, '-f', '-')}"
