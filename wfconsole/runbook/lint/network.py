"""Network policies and firewalls as a means to block somebody."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from wfconsole.incident.playbook import Place
from wfconsole.runbook.lint.book import Book, Manifest, Spot
from wfconsole.runbook.lint.findings import Hit, Topic, at

RULES: Final = Topic("network")
_EVERYBODY: Final = r"cidr:\s*['\"]?(?:0\.0\.0\.0/0|::/0)"
_HOLE: Final = re.compile(r"<[A-Za-z][^<>\n]*>")


def _policies(book: Book) -> Iterator[Manifest]:
    return (each for each in book.manifests if each.value("kind") == "NetworkPolicy")


def _blocking(book: Book) -> Iterator[Manifest]:
    """Policies that mean to shut somebody out: everybody is allowed, except ..."""
    return (each for each in _policies(book) if each.at(_EVERYBODY) and each.at(r"except:"))


def _hit(manifest: Manifest, pattern: str, reason: str) -> Hit:
    place, column = manifest.at(pattern) or (Place("", 0), 0)
    return Hit(place, reason, column)


@RULES.whole(
    "policy-selects-all",
    "error",
    "a policy for every pod of the namespace",
    "select the ingress tier alone, by its labels",
)
def _selects_all(book: Book) -> Iterable[Hit]:
    for policy in _policies(book):
        if policy.at(r"podSelector:\s*\{\s*\}") and policy.at(r"^\s*- (?:from|to):"):
            yield _hit(policy, r"podSelector:", "what it allows, it allows to databases and caches too")


@RULES.whole(
    "policy-opens-everything",
    "error",
    "a block that opens",
    "block in front of the cluster: WAF, load balancer source ranges, the ingress's deny list",
)
def _opens(book: Book) -> Iterable[Hit]:
    for policy in _blocking(book):
        yield _hit(
            policy,
            _EVERYBODY,
            "policies only allow, and add up: where others allow little, this lets everybody in but one",
        )


@RULES.whole(
    "policy-does-not-deny",
    "error",
    "a block that another policy lifts",
    "look first which policies select the same pods; what one of them allows stays allowed",
)
def _does_not_deny(book: Book) -> Iterable[Hit]:
    for policy in _blocking(book):
        yield _hit(policy, r"except:", "no policy can deny: if another allows that source, this does nothing")


@RULES.whole(
    "policy-client-address",
    "warning",
    "the address may not be the client's",
    "check externalTrafficPolicy and proxy headers; see that hits from that source fall",
)
def _client_address(book: Book) -> Iterable[Hit]:
    for policy in _blocking(book):
        yield _hit(
            policy,
            r"ipBlock:",
            "behind a load balancer pods see its address or a node's: nobody is blocked, or everybody",
        )


@RULES.whole(
    "policy-within-cluster",
    "warning",
    "traffic within the cluster may be cut",
    "try it on one workload, and take it back by itself after 60 s unless all is well",
)
def _within(book: Book) -> Iterable[Hit]:
    for policy in _blocking(book):
        yield _hit(
            policy,
            r"cidr:",
            "ipBlock is meant for addresses outside: whether pods match 0.0.0.0/0 depends on the network plug-in",
        )


@RULES.whole(
    "policy-forgets-ipv6",
    "warning",
    "IPv6 is shut out",
    "add ::/0 beside 0.0.0.0/0, or say that there is no IPv6",
)
def _ipv6(book: Book) -> Iterable[Hit]:
    for policy in _policies(book):
        if policy.at(r"cidr:\s*['\"]?0\.0\.0\.0/0") and not policy.at(r"cidr:\s*['\"]?::/0"):
            yield _hit(policy, r"cidr:\s*['\"]?0\.0\.0\.0/0", "nothing here allows IPv6, so it is denied altogether")


@RULES.whole(
    "policy-replaced-next-time",
    "error",
    "the second block takes the first one back",
    "read the list, add to it, and show the difference; or give each block a name of its own",
)
def _replaced(book: Book) -> Iterable[Hit]:
    for policy in _blocking(book):
        if _HOLE.search(policy.text) and not _HOLE.search(policy.value("name")):
            yield _hit(
                policy,
                r"^\s*name:",
                f"always the name '{policy.value('name')}': applied for a second address, the first is let in again",
            )


@RULES.whole(
    "policy-needs-enforcement",
    "note",
    "a policy may do nothing at all",
    "make sure that the network plug-in enforces policies, and say which one it is",
)
def _enforcement(book: Book) -> Iterable[Hit]:
    for policy in _policies(book):
        yield _hit(
            policy, r"kind:\s*NetworkPolicy", "without a network plug-in that enforces it, it is accepted and ignored"
        )


@RULES.whole(
    "policy-address-unchecked",
    "warning",
    "an address that nobody checks",
    "refuse private ranges and your own; look who else comes from it (carrier NAT, an office)",
)
def _unchecked(book: Book) -> Iterable[Hit]:
    for policy in _policies(book):
        if policy.at(r"-\s*<[A-Za-z][^<>\n]*>\s*(?:/\d+)?\s*$"):
            yield _hit(
                policy,
                r"-\s*<[A-Za-z][^<>\n]*>\s*(?:/\d+)?\s*$",
                "free text: it may be the load balancer, an office, thousands of customers, or IPv6",
            )


@RULES.program(
    "firewall-flushed",
    "error",
    "all rules of a firewall are dropped",
    "delete the one rule, after saving all: iptables-save",
)
def _flushed(spot: Spot) -> Hit | None:
    if (spot.name in ("iptables", "ip6tables") and spot.program.word("-F", "--flush")) or (
        spot.name == "nft" and "flush" in spot.program.arguments
    ):
        return at(spot, "drops the rules of the cluster's services with everything else", "-F", "--flush", "flush")
    return None


@RULES.program(
    "firewall-on-a-node",
    "warning",
    "a rule on one node",
    "block in front of the cluster",
)
def _on_node(spot: Spot) -> str | None:
    if spot.name in ("iptables", "ip6tables") and spot.program.word("-A", "-I", "--append", "--insert"):
        return "holds on this node alone, until it is replaced or the rules are written anew"
    return None


@RULES.program(
    "security-group-open",
    "error",
    "a security group opened to everybody",
    "name the one source",
)
def _group(spot: Spot) -> Hit | None:
    if (
        spot.name == "aws"
        and "authorize-security-group-ingress" in spot.program.arguments
        and "0.0.0.0/0" in spot.program.line
    ):
        return at(spot, "lets the whole Internet in, and nothing closes it again", "0.0.0.0/0")
    return None
