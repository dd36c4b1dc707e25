"""What is to be known before a source is blocked: the pods concerned, all policies, the ways in, our own addresses."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import msgspec

from wfconsole.actions.contract import BadRequestError
from wfconsole.actions.kubernetes.addresses import Owned, owned
from wfconsole.actions.kubernetes.blocking import checked_name, parsed
from wfconsole.actions.kubernetes.cluster import Cluster
from wfconsole.actions.kubernetes.reach import PodPort, Pods
from wfconsole.actions.kubernetes.workloads import path_of, resource_of
from wfconsole.decoding import convert
from wfconsole.incident.plan import Aim
from wfconsole.observations.policies import Policy, Selector
from wfconsole.sources.contract import SourceError
from wfconsole.sources.kubernetes.isolation import selector_of
from wfconsole.sources.kubernetes.network_payloads import LabelSelector
from wfconsole.text import safe

Object = dict[str, Any]

_KINDS: Final = ("deployment", "statefulset", "daemonset")
# Labels that tell one revision of a workload from another, by which nobody selects.
_OF_CONTROLLERS: Final = frozenset(("pod-template-hash", "controller-revision-hash", "pod-template-generation"))
# Network plugins by their daemon set, as their own manifests name it; what is here enforces policies.
_ENFORCING: Final = frozenset(
    (
        *("calico-node", "canal", "cilium", "anetd", "antrea-agent", "kube-router", "weave-net", "ovnkube-node"),
        *("kube-ovn-cni", "azure-npm", "romana-agent"),
    )
)
_NOT_ENFORCING: Final = frozenset(("kube-flannel-ds", "kube-flannel"))


class Target(msgspec.Struct, frozen=True):
    """The workload or service that a source is kept out of, and the selector of its pods as the API has it."""

    aim: Aim
    selector: Object
    selects: Selector


class Facts(msgspec.Struct, frozen=True):
    """All of one namespace. `unknown`: what could not be read, in words. `enforced`: None where nobody can tell;
    `plugin` is what was seen of it."""

    target: Target
    pods: tuple[Pods, ...]
    theirs: tuple[Pods, ...]  # those that the target selects
    host_network: tuple[str, ...]  # of theirs
    policies: tuple[Object, ...]
    services: tuple[Object, ...]
    ingresses: tuple[Object, ...]
    our_addresses: tuple[Owned, ...]
    unknown: tuple[str, ...]
    plugin: str
    enforced: bool | None

    def union(self, *, without: str = "", also: Object | None = None) -> tuple[Policy, ...]:
        """The policies as they work, with one of them replaced or added."""
        left = [parsed(item) for item in self.policies if item["metadata"]["name"] != without]
        return (*left, parsed(also)) if also is not None else tuple(left)

    def policy(self, name: str) -> Object | None:
        return next((item for item in self.policies if item["metadata"]["name"] == name), None)


def target_of(cluster: Cluster, namespace: str, text: str) -> Target:
    """`service/gateway` or `deployment/gateway`. Raises BadRequestError and SourceError."""
    kind, _, name = text.partition("/")
    aim = Aim(kind, checked_name(name, "target"), checked_name(namespace, "namespace"))
    if kind == "service":
        item = cluster.get(f"/api/v1/namespaces/{namespace}/services/{name}", str(aim))
        selector: Object = {"matchLabels": item["spec"].get("selector") or {}}
    else:
        resource_of(aim, *_KINDS, "service")
        item = cluster.get(path_of(aim), str(aim))
        selector = item["spec"]["selector"]
    selects = selector_of(convert(selector, LabelSelector))
    if selects.everything:
        raise BadRequestError(f"{aim} selects no pods by labels: name a workload")
    return Target(aim, selector, selects)


def facts_of(cluster: Cluster, target: Target, own_addresses: Sequence[str]) -> Facts:
    """Everything that the preflight asks the cluster. Raises SourceError where pods or policies cannot be read."""
    namespace = target.aim.namespace
    items = [item for item in cluster.list(f"/api/v1/namespaces/{namespace}/pods", "pods") if _runs(item)]
    unknown: list[str] = []

    def read(path: str, what: str) -> list[Object]:
        return _tried(lambda: cluster.list(path, what), what, unknown)

    base = "/apis/networking.k8s.io/v1/namespaces"
    services = read(f"/api/v1/namespaces/{namespace}/services", "services")
    all_services = read("/api/v1/services", "services of the whole cluster") or services
    daemons = read("/apis/apps/v1/daemonsets", "daemon sets of the whole cluster")
    plugin, enforced = _plugin(daemons)
    theirs = [item for item in items if target.selects.matches(item["metadata"].get("labels") or {})]
    return Facts(
        target,
        tuple(_grouped(items)),
        tuple(_grouped(theirs)),
        tuple(safe(item["metadata"]["name"]) for item in theirs if item["spec"].get("hostNetwork")),
        tuple(policies_of(cluster, namespace)),
        tuple(services),
        tuple(read(f"{base}/{namespace}/ingresses", "ingresses")),
        tuple(_ours(cluster, own_addresses, read("/api/v1/nodes", "nodes"), all_services)),
        tuple(unknown),
        plugin,
        enforced,
    )


def policies_of(cluster: Cluster, namespace: str) -> list[Object]:
    return cluster.list(f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies", "network policies")


def pods_of(cluster: Cluster, target: Target) -> tuple[Pods, ...]:
    """The pods of a target now."""
    items = cluster.list(f"/api/v1/namespaces/{target.aim.namespace}/pods", "pods")
    return tuple(
        _grouped(item for item in items if _runs(item) and target.selects.matches(item["metadata"].get("labels") or {}))
    )


def _tried(read: Callable[[], list[Object]], what: str, unknown: list[str]) -> list[Object]:
    try:
        return read()
    except SourceError as error:
        unknown.append(f"{what}: {error.message}")
        return []


def _runs(item: Object) -> bool:
    return (item.get("status") or {}).get("phase") not in ("Succeeded", "Failed")


def _grouped(items: Iterator[Object] | Sequence[Object]) -> Iterator[Pods]:
    """Pods of one workload with the same labels as one."""
    groups: dict[tuple[object, ...], Pods] = {}
    for item in items:
        labels = {
            name: value for name, value in (item["metadata"].get("labels") or {}).items() if name not in _OF_CONTROLLERS
        }
        ports = tuple(
            PodPort(port.get("protocol", "TCP"), port["containerPort"], port.get("name", ""))
            for container in item["spec"].get("containers") or ()
            for port in container.get("ports") or ()
        )
        workload = _workload(item)
        key = (workload, tuple(sorted(labels.items())), ports)
        before = groups.get(key)
        groups[key] = Pods(workload, labels, 1 if before is None else before.count + 1, ports)
    yield from groups.values()


def _workload(item: Object) -> str:
    meta = item["metadata"]
    owner = next((each for each in meta.get("ownerReferences") or () if each.get("controller")), None)
    if owner is None:
        return safe(f"pod {meta['name']}", 120)
    name, kind = owner["name"], owner["kind"].lower()
    revision = (meta.get("labels") or {}).get("pod-template-hash", "")
    if kind == "replicaset" and revision and name.endswith(f"-{revision}"):
        kind, name = "deployment", name.removesuffix(f"-{revision}")
    return safe(f"{kind} {name}", 120)


def enforcement(cluster: Cluster) -> tuple[str, bool | None]:
    """The network plugin, and whether it enforces policies: None where nobody can tell."""
    try:
        return _plugin(cluster.list("/apis/apps/v1/daemonsets", "daemon sets of the whole cluster"))
    except SourceError:
        return "", None


def _plugin(daemons: Sequence[Object]) -> tuple[str, bool | None]:
    names = {item["metadata"]["name"] for item in daemons}
    if found := sorted(names & _ENFORCING):
        return ", ".join(found), True
    if found := sorted(names & _NOT_ENFORCING):
        return ", ".join(found), False
    return "", None


def _ours(
    cluster: Cluster, configured: Sequence[str], nodes: Sequence[Object], services: Sequence[Object]
) -> Iterator[Owned]:
    for text in configured:
        yield from owned(text, "in actions.own_addresses")
    for name in ("SSH_CONNECTION", "SSH_CLIENT"):  # where the one who acts sits
        yield from owned(os.environ.get(name, "").partition(" ")[0], "where you are logged in from")
    yield from owned(cluster.access.host, "the API server")
    for item in nodes:
        name = safe(item["metadata"]["name"])
        for address in (item.get("status") or {}).get("addresses") or ():
            yield from owned(address.get("address", ""), f"node {name}")
        spec = item.get("spec") or {}
        for block in spec.get("podCIDRs") or (spec.get("podCIDR", ""),):
            yield from owned(block, f"the pods of node {name}")
    for item in services:
        name, spec = safe(item["metadata"]["name"]), item["spec"]
        balanced = ((item.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
        told = [*(spec.get("clusterIPs") or ()), *(spec.get("externalIPs") or ())]
        for text in (*told, *(each.get("ip", "") for each in balanced)):
            yield from owned(text, f"service {name}")
