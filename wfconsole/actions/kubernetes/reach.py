"""Who may reach which pods, before and after policies change: the union of all of them, compared exactly. Pure.

The address space is cut at the ends of every block that any policy names, and of all addresses between two cuts one
stands for the rest. Pods are represented by those of the namespace, by one for each peer that a policy names, and by
strangers. Ports are cut like addresses. What holds for the representatives holds for everybody.
"""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from wfconsole.observations.policies import (
    Labels,
    Origin,
    Peer,
    Policy,
    Rule,
    Selector,
    selecting,
    takes_peer,
    takes_port,
)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PROTOCOLS: Final = ("TCP", "UDP", "SCTP")
_LAST_PORT: Final = 65_535
_TOLD: Final = 4
_NAME_LABEL: Final = "kubernetes.io/metadata.name"  # every namespace has it


class PodPort(msgspec.Struct, frozen=True):
    """A port that a pod declares."""

    protocol: str
    number: int
    name: str = ""


class Pods(msgspec.Struct, frozen=True):
    """Pods that look alike to policies. `workload` "deployment web"."""

    workload: str
    labels: Labels
    count: int = 1
    ports: tuple[PodPort, ...] = ()


class Change(msgspec.Struct, frozen=True):
    """`who` may reach these ports of these pods now and could not before (`widens`), or the other way round. `meant`:
    none but the addresses that were told apart."""

    workload: str
    pods: int
    ports: str
    who: str
    widens: bool
    meant: bool = False

    def __str__(self) -> str:
        verb = "could reach" if self.widens else "could no longer reach"
        return f"{self.who} {verb} {self.workload} at {self.ports}"


class _Span(msgspec.Struct, frozen=True):
    """Addresses between two cuts, both ends included."""

    version: int
    first: int
    last: int

    @property
    def origin(self) -> Origin:
        kind = ipaddress.IPv4Address if self.version == 4 else ipaddress.IPv6Address
        return Origin(address=str(kind(self.first)))


def changes(
    before: Sequence[Policy], after: Sequence[Policy], pods: Iterable[Pods], *, also: Iterable[Network] = ()
) -> tuple[Change, ...]:
    """What differs for whom. Policies and pods are those of one namespace. `also`: addresses to tell apart."""
    here, asked = tuple(pods), tuple(also)
    touched = [each for each in here if _isolating(before, (each,)) != _isolating(after, (each,))]
    everybody = _Everybody((*_isolating(before, touched), *_isolating(after, touched)), here, asked)
    meant = frozenset[int]().union(*map(everybody.within, asked))
    found: list[Change] = []
    for each in touched:
        then, now = _Gate(before, each.labels, everybody), _Gate(after, each.labels, everybody)
        differs: dict[tuple[frozenset[int], bool], list[str]] = {}
        spans = _port_spans((*then.rules, *now.rules), each)
        for port, name, told in spans:
            was, is_ = then.lets_in(port, name), now.lets_in(port, name)
            for who, widens in ((is_ - was, True), (was - is_, False)):
                if who:
                    differs.setdefault((who, widens), []).append(told)
        for (who, widens), ports in differs.items():
            told = "all ports" if len(ports) == len(spans) else ", ".join(_few(ports))
            found.append(Change(each.workload, each.count, told, everybody.spelled(who), widens, who <= meant))
    return tuple(dict.fromkeys(found))


def reached(policies: Sequence[Policy], pods: Iterable[Pods], source: Network) -> int:
    """How many of the pods any address of `source` may reach, at any port."""
    here = tuple(pods)
    everybody = _Everybody(_isolating(policies, here), here, (source,))
    theirs = everybody.within(source)
    total = 0
    for each in here:
        gate = _Gate(policies, each.labels, everybody)
        if any(gate.lets_in(port, name) & theirs for port, name, _ in _port_spans(gate.rules, each)):
            total += each.count
    return total


def letting_in(policies: Sequence[Policy], pods: Iterable[Pods], source: Network) -> tuple[Policy, ...]:
    """The policies that let any address of `source` in to any of the pods."""
    here = tuple(pods)
    isolating = _isolating(policies, here)
    everybody = _Everybody(isolating, here, (source,))
    theirs = everybody.within(source)
    return tuple(
        policy
        for policy in isolating
        if any(everybody.taken_by(rule, policy.namespace) & theirs for rule in policy.ingress or ())
    )


def _isolating(policies: Sequence[Policy], pods: Sequence[Pods]) -> tuple[Policy, ...]:
    """Those that isolate any of the pods. No others matter, and a namespace may have hundreds."""
    found = {policy.name: policy for each in pods for policy in selecting(policies, each.labels, "ingress")}
    return tuple(found.values())


class _Everybody:
    """All origins that can be told apart, by number."""

    def __init__(self, policies: Sequence[Policy], pods: Sequence[Pods], also: Iterable[Network]) -> None:
        self._spans = list(_address_spans(policies, also))
        self._pods = dict(_pod_origins(policies, pods))
        self._origins = [span.origin for span in self._spans] + list(self._pods.values())
        self.all = frozenset(range(len(self._origins)))
        self._taken: dict[tuple[Rule, str], frozenset[int]] = {}

    def taken_by(self, rule: Rule, namespace: str) -> frozenset[int]:
        """The origins that a rule of a policy in that namespace speaks of."""
        if (rule, namespace) not in self._taken:
            self._taken[rule, namespace] = frozenset(
                number for number, origin in enumerate(self._origins) if takes_peer(rule, origin, namespace)
            )
        return self._taken[rule, namespace]

    def within(self, network: Network) -> frozenset[int]:
        first, last = int(network.network_address), int(network.broadcast_address)
        return frozenset(
            number
            for number, span in enumerate(self._spans)
            if span.version == network.version and first <= span.first and span.last <= last
        )

    def spelled(self, who: frozenset[int]) -> str:
        """Some of them in words."""
        told = [part for version in (4, 6) if (part := self._addresses(who, version))]
        names = [name for number, name in enumerate(self._pods, len(self._spans)) if number in who and name is not None]
        if names and len(names) == len(self._pods):
            told.append("every pod of the cluster")
        elif names:
            told += _few(names)
        return " and ".join(told)

    def _addresses(self, who: frozenset[int], version: int) -> str:
        meant = [span for number, span in enumerate(self._spans) if number in who and span.version == version]
        rest = [span for number, span in enumerate(self._spans) if number not in who and span.version == version]
        if not meant:
            return ""
        every = f"every IPv{version} address"
        if not rest:
            return every
        out, within = list(_networks(rest)), list(_networks(meant))
        if len(out) < len(within):
            return f"{every} but {', '.join(_few(out))}"
        return ", ".join(_few(within))


class _Gate:
    """What the union of some policies lets in to pods with these labels."""

    def __init__(self, policies: Sequence[Policy], labels: Labels, everybody: _Everybody) -> None:
        self._everybody = everybody
        isolating = selecting(policies, labels, "ingress")
        self._open = not isolating
        self._rules = [(rule, policy.namespace) for policy in isolating for rule in policy.ingress or ()]

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(rule for rule, _ in self._rules)

    def lets_in(self, port: tuple[str, int], name: str) -> frozenset[int]:
        if self._open:
            return self._everybody.all
        taken = [self._everybody.taken_by(rule, space) for rule, space in self._rules if takes_port(rule, port, name)]
        return frozenset().union(*taken)


def _address_spans(policies: Sequence[Policy], also: Iterable[Network]) -> Iterator[_Span]:
    blocks = [
        network
        for policy in policies
        for rule in policy.ingress or ()
        for peer in rule.peers
        if peer.block
        for text in (peer.block, *peer.but)
        if (network := network_of(text)) is not None
    ]
    blocks += also
    for version, size in ((4, 1 << 32), (6, 1 << 128)):
        cuts = {0, size}
        for network in blocks:
            if network.version == version:
                cuts |= {int(network.network_address), int(network.broadcast_address) + 1}
        ends = sorted(cuts)
        yield from (_Span(version, first, end - 1) for first, end in itertools.pairwise(ends))


def network_of(text: str) -> Network | None:
    """A block of a policy; None for what is none."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _networks(spans: Sequence[_Span]) -> Iterator[str]:
    """The spans as few blocks."""
    joined: list[list[int]] = []
    for span in sorted(spans, key=lambda each: each.first):
        if joined and joined[-1][1] + 1 == span.first:
            joined[-1][1] = span.last
        else:
            joined.append([span.first, span.last])
    kind = ipaddress.IPv4Address if spans[0].version == 4 else ipaddress.IPv6Address
    for first, last in joined:
        yield from map(str, ipaddress.summarize_address_range(kind(first), kind(last)))


def _pod_origins(policies: Sequence[Policy], pods: Sequence[Pods]) -> Iterator[tuple[str, Origin]]:
    """Pods of this namespace and of others, by what they are called."""
    own = policies[0].namespace if policies else "this namespace"
    for each in pods:
        yield f"{each.workload} itself", _pod(own, each.labels)
    yield "other pods of this namespace", _pod(own, {})
    yield "pods of other namespaces", _pod("-", {})
    peers = {peer for policy in policies for rule in policy.ingress or () for peer in rule.peers if not peer.block}
    for peer in sorted(peers, key=str):
        example = _example(peer, own)
        if example is not None:
            yield str(peer), example


def _pod(namespace: str, labels: Labels, namespace_labels: Labels | None = None) -> Origin:
    return Origin(namespace, labels, {_NAME_LABEL: namespace} | dict(namespace_labels or {}))


def _example(peer: Peer, own: str) -> Origin | None:
    """A pod that is such a peer."""
    labels = _satisfying(peer.pods) if peer.pods is not None else {}
    if peer.namespaces is None:
        return _pod(own, labels)
    space = _satisfying(peer.namespaces)
    return Origin(space.get(_NAME_LABEL, "-"), labels, {_NAME_LABEL: "-"} | space)


def _satisfying(selector: Selector) -> dict[str, str]:
    wanted = dict(selector.labels)
    for each in selector.expressions:
        if each.operator == "In" and each.values:
            wanted.setdefault(each.key, each.values[0])
        elif each.operator == "Exists":
            wanted.setdefault(each.key, "-")
    return wanted


def _port_spans(rules: Sequence[Rule], pods: Pods) -> list[tuple[tuple[str, int], str, str]]:
    """A port for all that are alike: (protocol, number), the pod's name for it, what it is called."""
    spans: list[tuple[tuple[str, int], str, str]] = []
    for protocol in _PROTOCOLS:
        declared = {port.number: port.name for port in pods.ports if port.protocol == protocol}
        cuts = {1, _LAST_PORT + 1} | declared.keys() | {number + 1 for number in declared}
        for rule in rules:
            for port in rule.ports:
                if port.number and port.protocol == protocol:
                    cuts |= {port.number, max(port.number, port.end) + 1}
        ends = sorted(cut for cut in cuts if 1 <= cut <= _LAST_PORT + 1)
        for first, end in itertools.pairwise(ends):
            told = str(first) if end == first + 1 else f"{first}-{end - 1}"
            spans.append(((protocol, first), declared.get(first, ""), f"{protocol.lower()}/{told}"))
    return spans


def _few(told: Sequence[str]) -> list[str]:
    more = len(told) - _TOLD
    return [*told[:_TOLD], f"{more} more"] if more > 0 else list(told)
