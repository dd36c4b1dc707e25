"""Network policies: what their union lets in and out of a pod. Pure.

Policies only ever allow, and they add up: a pod that no policy selects for a direction is open in that direction; one
that any policy selects is isolated, and gets what the rules of all its policies allow together. No policy can take
away what another one allows. https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

Labels = Mapping[str, str]
Operator = Literal["In", "NotIn", "Exists", "DoesNotExist"]


class Requirement(msgspec.Struct, frozen=True, gc=False):
    """One of matchExpressions. An operator that we do not know matches nothing."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Labels) -> bool:
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
            case "DoesNotExist":
                return self.key not in labels
        return False

    def __str__(self) -> str:
        match self.operator:
            case "Exists":
                return self.key
            case "DoesNotExist":
                return f"!{self.key}"
        return f"{self.key} {'not in' if self.operator == 'NotIn' else 'in'} ({','.join(self.values)})"


class Selector(msgspec.Struct, frozen=True, gc=False):
    """A label selector: all of it must hold, and an empty one selects everything."""

    labels: tuple[tuple[str, str], ...] = ()
    expressions: tuple[Requirement, ...] = ()

    def matches(self, labels: Labels) -> bool:
        return all(labels.get(key) == value for key, value in self.labels) and all(
            each.matches(labels) for each in self.expressions
        )

    @property
    def everything(self) -> bool:
        return not self.labels and not self.expressions

    def __str__(self) -> str:
        return ",".join([f"{key}={value}" for key, value in self.labels] + [str(each) for each in self.expressions])


class Peer(msgspec.Struct, frozen=True, gc=False):
    """Who may be at the other end: pods, those of other namespaces, or addresses.

    With `namespaces` alone: all pods of those namespaces; with `pods` alone: of the policy's own namespace.
    """

    pods: Selector | None = None
    namespaces: Selector | None = None
    block: str = ""
    but: tuple[str, ...] = ()  # of the block

    def __str__(self) -> str:
        if self.block:
            return f"{self.block} except {', '.join(self.but)}" if self.but else self.block
        who = "all pods" if self.pods is None or self.pods.everything else f"pods {self.pods}"
        if self.namespaces is None:
            return who
        return f"{who} of all namespaces" if self.namespaces.everything else f"{who} in namespaces {self.namespaces}"


class Port(msgspec.Struct, frozen=True, gc=False):
    """A port of the pod that is reached, by number, range or name; with none of them, all of the protocol."""

    protocol: str = "TCP"
    number: int = 0
    end: int = 0
    name: str = ""

    def takes(self, protocol: str, number: int, name: str = "") -> bool:
        if protocol != self.protocol:
            return False
        if self.name:
            return name == self.name
        return not self.number or self.number <= number <= max(self.number, self.end)

    def __str__(self) -> str:
        word = self.name or (f"{self.number}-{self.end}" if self.end else str(self.number or "all"))
        return f"{self.protocol.lower()}/{word}"


class Rule(msgspec.Struct, frozen=True, gc=False):
    """What is allowed: any of the peers at any of the ports. None at all stands for every one."""

    peers: tuple[Peer, ...] = ()
    ports: tuple[Port, ...] = ()


class Policy(msgspec.Struct, frozen=True, gc=False):
    """One policy. A direction that it does not speak of is None: it isolates nothing there."""

    namespace: str
    name: str
    selects: Selector = Selector()
    ingress: tuple[Rule, ...] | None = None
    egress: tuple[Rule, ...] | None = None


Direction = Literal["ingress", "egress"]


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Where traffic comes from (or goes to): a pod with its namespace, or an address outside the cluster."""

    namespace: str = ""
    labels: Labels = {}
    namespace_labels: Labels = {}
    address: str = ""


class Admission(msgspec.Struct, frozen=True, gc=False):
    """Whether traffic is allowed, and what decided: the policies that allow it, or else those that isolate the pod."""

    allowed: bool
    policies: tuple[str, ...] = ()


def rules_of(policy: Policy, direction: Direction) -> tuple[Rule, ...] | None:
    return policy.ingress if direction == "ingress" else policy.egress


def selecting(policies: Iterable[Policy], labels: Labels, direction: Direction) -> tuple[Policy, ...]:
    """Of the policies of the pod's namespace, those that isolate a pod with these labels; none: it is open."""
    return tuple(each for each in policies if rules_of(each, direction) is not None and each.selects.matches(labels))


def admits(
    policies: Iterable[Policy],
    labels: Labels,
    origin: Origin,
    port: tuple[str, int] = ("TCP", 0),
    *,
    port_name: str = "",
    direction: Direction = "ingress",
) -> Admission:
    """Whether a pod with `labels` may get traffic from `origin` at `port`, given all policies of its namespace."""
    isolating = selecting(policies, labels, direction)
    if not isolating:
        return Admission(True)
    allowing = tuple(
        policy.name
        for policy in isolating
        for rule in (rules_of(policy, direction) or ())
        if takes_port(rule, port, port_name) and takes_peer(rule, origin, policy.namespace)
    )
    if allowing:
        return Admission(True, tuple(dict.fromkeys(allowing)))
    return Admission(False, tuple(policy.name for policy in isolating))


def takes_port(rule: Rule, port: tuple[str, int], name: str) -> bool:
    """Whether a rule speaks of this port of a pod, "TCP" and 8443, that the pod calls `name`."""
    return not rule.ports or any(each.takes(*port, name) for each in rule.ports)


def takes_peer(rule: Rule, origin: Origin, own_namespace: str) -> bool:
    """Whether a rule of a policy in that namespace speaks of this origin."""
    return not rule.peers or any(is_peer(each, origin, own_namespace) for each in rule.peers)


def is_peer(peer: Peer, origin: Origin, own_namespace: str) -> bool:
    """Whether the origin is such a peer, for a policy in that namespace."""
    if peer.block:
        return bool(origin.address) and _within(origin.address, peer.block, peer.but)
    if not origin.namespace:
        return False  # an address is no pod
    if peer.pods is not None and not peer.pods.matches(origin.labels):
        return False
    if peer.namespaces is None:
        return origin.namespace == own_namespace
    return peer.namespaces.matches(origin.namespace_labels)


def _within(address: str, block: str, but: tuple[str, ...]) -> bool:
    """Whether the address is in the block and in none of its exceptions; a block that is none holds nothing."""
    try:
        where = ipaddress.ip_address(address)
        return where in ipaddress.ip_network(block, strict=False) and not any(
            where in ipaddress.ip_network(each, strict=False) for each in but
        )
    except ValueError:
        return False
