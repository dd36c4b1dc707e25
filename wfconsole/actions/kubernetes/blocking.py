"""The policies that keep addresses out, as plain JSON: ours for one target, or a rule of somebody else's. Pure.

Ours lets in everybody but the addresses that it names: all of IPv4, all of IPv6, and every pod, since whether a block
of addresses speaks of pods is up to the network plugin. Alone it keeps out exactly these addresses.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any, Final

from wfconsole.actions.contract import BadRequestError
from wfconsole.actions.kubernetes.addresses import covering
from wfconsole.actions.kubernetes.reach import Network, network_of
from wfconsole.decoding import convert
from wfconsole.observations.policies import Policy
from wfconsole.sources.kubernetes.isolation import policy_of
from wfconsole.sources.kubernetes.network_payloads import NetworkPolicy
from wfconsole.text import safe

Object = dict[str, Any]

OURS: Final = "wfconsole"
_LABEL: Final = "app.kubernetes.io/managed-by"
_NOTE: Final = "wfconsole/blocked-for"  # which incident blocked what; for people
_LONGEST_NAME: Final = 63
_ALL: Final = {4: "0.0.0.0/0", 6: "::/0"}
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


def checked_name(text: str, what: str) -> str:
    """A name that the API may be asked for. Raises BadRequestError."""
    if not _NAME.fullmatch(text):
        raise BadRequestError(f"{what} {safe(text, 80)!r}: lower case letters, digits, hyphens and dots")
    return text


def name_for(kind: str, name: str) -> str:
    """What our policy for this target is called, always the same."""
    full = f"wfconsole-block-{kind}-{name}"
    if len(full) <= _LONGEST_NAME:
        return full
    return f"{full[: _LONGEST_NAME - 9].rstrip('-.')}-{hashlib.sha256(full.encode()).hexdigest()[:8]}"


def parsed(item: Object) -> Policy:
    """A policy of the API as it works."""
    return policy_of(convert(item, NetworkPolicy))


def is_ours(item: Object) -> bool:
    return bool((item["metadata"].get("labels") or {}).get(_LABEL) == OURS)


def blocked_by(item: Object) -> tuple[Network, ...]:
    """The addresses that a policy excepts, in their order."""
    found = [
        network
        for rule in item["spec"].get("ingress") or ()
        for peer in rule.get("from") or ()
        for text in (peer.get("ipBlock") or {}).get("except") or ()
        if (network := network_of(text)) is not None
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (each.version, each)))


def notes_of(item: Object) -> dict[str, str]:
    """For which incident each address was blocked, by its text; what is no such note is left out."""
    text = (item["metadata"].get("annotations") or {}).get(_NOTE, "")
    told = [line.partition(" ") for line in text.splitlines()]
    return {network: safe(said, 120) for network, _, said in told if network_of(network) is not None}


def everybody_but(blocked: Iterable[Network]) -> list[Object]:
    """The peers of a rule that lets in all others."""
    kept_out = list(blocked)
    peers: list[Object] = []
    for version, everything in _ALL.items():
        but = [str(each) for each in kept_out if each.version == version]
        peers.append({"ipBlock": {"cidr": everything} | ({"except": but} if but else {})})
    return [*peers, {"namespaceSelector": {}}]


def ours(namespace: str, name: str, selector: Object, blocked: Iterable[Network], notes: dict[str, str]) -> Object:
    """Our policy, whole."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace, "labels": {_LABEL: OURS}, **noted(notes)},
        "spec": {
            "podSelector": selector,
            "policyTypes": ["Ingress"],
            "ingress": [{"from": everybody_but(blocked)}],
        },
    }


def noted(notes: dict[str, str]) -> Object:
    """The metadata that tells people why an address is kept out."""
    return {"annotations": {_NOTE: "\n".join(f"{network} {said}" for network, said in sorted(notes.items()))}}


def without(item: Object, source: Network) -> list[Object]:
    """The rules of a policy with `source` excepted from all that lets it in. Raises BadRequestError where no rule can
    say that."""
    return [_rule_without(rule, source) for rule in item["spec"].get("ingress") or ()]


def _rule_without(rule: Object, source: Network) -> Object:
    if not rule.get("from"):  # anybody
        return {**rule, "from": everybody_but((source,))}
    return {**rule, "from": [_peer_without(peer, source) for peer in rule["from"]]}


def _peer_without(peer: Object, source: Network) -> Object:
    block = peer.get("ipBlock")
    network = network_of(block["cidr"]) if block else None
    if block is None or network is None or network.version != source.version or not network.overlaps(source):
        return peer
    if not source.subnet_of(network) or source == network:  # type: ignore[arg-type]  # of one version
        raise BadRequestError(f"it lets in {network} by name: take that rule out by hand, nothing is left of it")
    but = list(block.get("except") or ())
    if covering(source, filter(None, map(network_of, but))) is not None:
        return peer
    return {**peer, "ipBlock": {**block, "except": [*but, str(source)]}}


def within(item: Object, source: Network) -> list[Object]:
    """The rules of a policy with `source` no longer excepted anywhere."""

    def peer_with(peer: Object) -> Object:
        block = peer.get("ipBlock")
        if block is None or not block.get("except"):
            return peer
        but = [each for each in block["except"] if network_of(each) != source]
        rest = {key: value for key, value in block.items() if key != "except"}
        return {**peer, "ipBlock": rest | ({"except": but} if but else {})}

    return [
        {**rule, "from": list(map(peer_with, rule["from"]))} if rule.get("from") else rule
        for rule in item["spec"].get("ingress") or ()
    ]
