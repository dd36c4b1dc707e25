"""Which labels take a pod out of its service and its workload, and which policies still let something in or out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from wfconsole.actions.kubernetes.blocking import OURS, parsed
from wfconsole.actions.kubernetes.cluster import APPLY, Call, Cluster, Object
from wfconsole.actions.kubernetes.pods import owner_of
from wfconsole.actions.kubernetes.rollouts import selector_of
from wfconsole.actions.kubernetes.workloads import path_of
from wfconsole.incident.plan import Aim
from wfconsole.observations.policies import Direction, Policy, Selector, rules_of, selecting
from wfconsole.text import safe

LABEL: Final = "quarantine"
YES: Final = "yes"
POLICY: Final = "wfconsole-quarantine"
#: Written on the pod: the labels that it had.
HAD: Final = "wfconsole/labels-before-quarantine"
_HASH: Final = "pod-template-hash"
_WAYS: Final[tuple[Direction, ...]] = ("ingress", "egress")


class Bonds(msgspec.Struct, frozen=True):
    """What holds a pod by its labels: the selector of what controls it, and the services of its namespace."""

    owner: Selector | None
    services: Mapping[str, Selector]

    def services_of(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(name for name, each in self.services.items() if each.matches(labels))

    def owned(self, labels: Mapping[str, str]) -> bool:
        return self.owner is not None and self.owner.matches(labels)


def bonds_of(cluster: Cluster, pod: Object) -> Bonds:
    """Raises SourceError."""
    namespace = pod["metadata"]["namespace"]
    found = cluster.list(f"/api/v1/namespaces/{namespace}/services", "services")
    services = {
        safe(each["metadata"]["name"]): Selector(tuple(sorted(each["spec"]["selector"].items())))
        for each in found
        if each["spec"].get("selector")
    }
    return Bonds(_selector_of_owner(cluster, pod), services)


def _selector_of_owner(cluster: Cluster, pod: Object) -> Selector | None:
    owner, namespace = owner_of(pod), pod["metadata"]["namespace"]
    if owner is None:
        return None
    if owner["kind"] == "ReplicaSet":
        path = f"/apis/apps/v1/namespaces/{namespace}/replicasets/{owner['name']}"
    elif owner["kind"] in ("StatefulSet", "DaemonSet"):
        path = path_of(Aim(owner["kind"].lower(), owner["name"], namespace))
    else:
        return None
    item = cluster.find(path, f"{owner['kind']} {safe(owner['name'])}")
    return None if item is None else selector_of(item["spec"]["selector"])


def to_take(bonds: Bonds, labels: Mapping[str, str]) -> dict[str, str]:
    """The labels that have to go: those that services select by, and where the workload still holds it then, one of
    those that this one selects by. As few as that, so that policies keep the pod in sight."""
    taken: dict[str, str] = {}
    for name in bonds.services_of(labels):
        taken |= {key: labels[key] for key, _ in bonds.services[name].labels if key in labels}
    if bonds.owner is not None and bonds.owned(_left(labels, taken)):
        keys = [key for key, _ in bonds.owner.labels] + [each.key for each in bonds.owner.expressions]
        key = next((each for each in (_HASH, *keys) if each in labels and each in keys), None)
        if key is not None:
            taken[key] = labels[key]
    return taken


def _left(labels: Mapping[str, str], taken: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in labels.items() if key not in taken}


def afterwards(labels: Mapping[str, str], taken: Mapping[str, str]) -> dict[str, str]:
    """The labels that the pod will have."""
    return {**_left(labels, taken), LABEL: YES}


def closing(namespace: str) -> Call:
    """The policy that lets nothing in or out of pods in quarantine; by itself it selects no pod."""
    body = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": POLICY, "namespace": namespace, "labels": {"app.kubernetes.io/managed-by": OURS}},
        "spec": {"podSelector": {"matchLabels": {LABEL: YES}}, "policyTypes": ["Ingress", "Egress"]},
    }
    path = f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies/{POLICY}"
    return Call("PATCH", path, body, APPLY, f"network policy {safe(namespace)}/{POLICY}")


def policies_of(cluster: Cluster, namespace: str) -> tuple[Policy, ...]:
    """Raises SourceError."""
    found = cluster.list(f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies", "network policies")
    return tuple(map(parsed, found))


def openings(policies: Iterable[Policy], labels: Mapping[str, str]) -> Iterator[str]:
    """What lets something in or out of a pod with these labels: "ingress by allow-web", or "egress: no policy"."""
    every = tuple(policies)
    for way in _WAYS:
        over = selecting(every, labels, way)
        if not over:
            yield f"{way}: no policy is over it"
        for each in over:
            if rules_of(each, way):
                yield f"{way} by policy {safe(each.name)}"
