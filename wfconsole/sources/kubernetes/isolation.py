"""Network policies, and the pods that their union isolates: counted by labels, never pod by pod."""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec

from wfconsole.observations.isolation import IsolationRow, Side, side
from wfconsole.observations.policies import Peer, Policy, Port, Requirement, Rule, Selector
from wfconsole.sources.contract import RowTable
from wfconsole.sources.kubernetes.label_groups import Group, LabelGroups
from wfconsole.sources.kubernetes.network_payloads import (
    EgressPolicyRule,
    IngressPolicyRule,
    LabelSelector,
    NetworkPolicy,
    PolicyPeer,
    PolicyPort,
)
from wfconsole.sources.sealing import seal


def policy_of(item: NetworkPolicy) -> Policy:
    """The policy as it works. Without policyTypes it isolates for ingress, and for egress where it has such rules."""
    spec = item.spec
    types = spec.policy_types or (["Ingress", "Egress"] if spec.egress else ["Ingress"])
    return Policy(
        namespace=item.metadata.namespace,
        name=item.metadata.name,
        selects=selector_of(spec.pod_selector),
        ingress=tuple(map(_rule, spec.ingress or ())) if "Ingress" in types else None,
        egress=tuple(map(_rule, spec.egress or ())) if "Egress" in types else None,
    )


def selector_of(selector: LabelSelector) -> Selector:
    return Selector(
        tuple(sorted((selector.match_labels or {}).items())),
        tuple(
            Requirement(each.key, each.operator, tuple(each.values or ())) for each in selector.match_expressions or ()
        ),
    )


def _rule(rule: IngressPolicyRule | EgressPolicyRule) -> Rule:
    return Rule(tuple(map(_peer, rule.peers or ())), tuple(map(_port, rule.ports or ())))


def _peer(peer: PolicyPeer) -> Peer:
    if peer.ip_block is not None:
        return Peer(block=peer.ip_block.cidr, but=tuple(peer.ip_block.but or ()))
    return Peer(
        pods=None if peer.pod_selector is None else selector_of(peer.pod_selector),
        namespaces=None if peer.namespace_selector is None else selector_of(peer.namespace_selector),
    )


def _port(port: PolicyPort) -> Port:
    if isinstance(port.port, str):
        return Port(port.protocol, name=port.port)
    return Port(port.protocol, port.port, port.end_port)


class PolicyMirror:
    """Keeps policies; a namespace is looked at again when its policies or its groups of pods changed.

    `known` says whether the policies have been read: until then every pod would pass for open.
    """

    def __init__(self, groups: LabelGroups, known: Callable[[], bool]) -> None:
        self.table = RowTable()
        self._known = known
        self._groups = groups
        self._changed_groups = groups.subscribe(readiness=False)
        self._policies: dict[str, dict[str, Policy]] = {}  # by namespace, then by key
        self._sides: dict[Group, tuple[Side, Side]] = {}
        self._keys: dict[str, set[str]] = {}  # of the rows of each namespace
        self._touched: set[str] = set()
        self._lock = threading.Lock()

    def key(self, item: NetworkPolicy) -> str:
        return f"{item.metadata.namespace}/{item.metadata.name}"

    def put(self, item: NetworkPolicy) -> str:
        key, namespace = self.key(item), item.metadata.namespace
        policy = policy_of(item)
        with self._lock:
            here = self._policies.setdefault(namespace, {})
            if here.get(key) != policy:
                here[key] = policy
                self._look_again(namespace)
        return key

    def drop(self, key: str) -> None:
        namespace = key.partition("/")[0]
        with self._lock:
            self._policies.get(namespace, {}).pop(key, None)
            self._look_again(namespace)

    def take(self) -> dict[str, bytes | None]:
        """Encoded rows that changed since the last call; none before the policies are known."""
        if not self._known():
            return {}
        changed = self._groups.take(self._changed_groups)
        with self._lock:
            touched, self._touched = self._touched | {group.namespace for group in changed}, set()
            for namespace in touched:
                rows = self._rows(namespace)
                for key in self._keys.get(namespace, set()) - rows.keys():
                    self.table.remove(key)
                for key, row in rows.items():
                    self.table.put(key, seal(row))
                self._keys[namespace] = set(rows)
        return self.table.take()

    def _look_again(self, namespace: str) -> None:
        self._touched.add(namespace)
        self._sides = {group: kept for group, kept in self._sides.items() if group.namespace != namespace}

    def _rows(self, namespace: str) -> dict[str, IsolationRow]:
        """A row for each workload; where its pods differ in their labels so that policies treat them differently, one
        for each way."""
        policies = [policy for _, policy in sorted(self._policies.get(namespace, {}).items())]
        rows: dict[str, IsolationRow] = {}
        groups = sorted(self._groups.groups(namespace), key=lambda group: sorted(group.labels.items()))
        for group in groups:
            if group not in self._sides:
                self._sides[group] = (
                    side(policies, group.labels, "ingress"),
                    side(policies, group.labels, "egress"),
                )
            self._put_row(rows, group, len(policies))
        gone = self._sides.keys() - set(groups)
        for group in [each for each in gone if each.namespace == namespace]:
            del self._sides[group]
        return rows

    def _put_row(self, rows: dict[str, IsolationRow], group: Group, policies: int) -> None:
        ingress, egress = self._sides[group]
        labels = ",".join(f"{key}={value}" for key, value in sorted(group.labels.items()))
        name = group.owner or labels or "no labels"
        key = f"{group.namespace}/{group.kind}/{name}" if group.kind else f"{group.namespace}/{name}"
        pods = self._groups.count(group).pods
        here = rows.get(key)
        if here is not None and (here.ingress, here.egress) == (ingress, egress):
            rows[key] = msgspec.structs.replace(here, pods=here.pods + pods)
            return
        if here is not None:
            key = f"{key} {labels}"
        rows[key] = IsolationRow(group.namespace, name, group.kind, labels, pods, ingress, egress, policies)
