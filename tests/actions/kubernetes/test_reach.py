"""Who may reach which pods before and after policies change."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from wfconsole.actions.kubernetes.reach import PodPort, Pods, changes, letting_in, reached
from wfconsole.observations.policies import Peer, Policy, Port, Requirement, Rule, Selector

SOURCE = ipaddress.ip_network("203.0.113.9/32")
OTHER = ipaddress.ip_network("198.51.100.7/32")


def labels(**wanted: str) -> Selector:
    return Selector(tuple(wanted.items()))


def policy(name: str, selects: Selector = Selector(), *rules: Rule, **rest: Any) -> Policy:  # noqa: B008  frozen
    return Policy("production", name, selects, ingress=rules, **rest)


def everyone_but(*addresses: str) -> Rule:
    """As ours has it."""
    return Rule((Peer(block="0.0.0.0/0", but=addresses), Peer(block="::/0"), Peer(namespaces=Selector())))


WEB = Pods("deployment web", {"app": "web"}, 3, (PodPort("TCP", 8080, "http"),))
DB = Pods("statefulset postgres", {"app": "postgres"}, 1, (PodPort("TCP", 5432),))
DENY = policy("deny-all")
FROM_WEB = policy("postgres-from-web", labels(app="postgres"), Rule((Peer(labels(app="web")),), (Port("TCP", 5432),)))
TO_WEB = policy("web-from-anyone", labels(app="web"), Rule(ports=(Port("TCP", name="http"),)))
BY_RANGE = policy("web-from-outside", labels(app="web"), Rule((Peer(block="0.0.0.0/0"),), (Port("TCP", 8000, 9000),)))
RUNBOOK = policy("block-suspicious-ips", Selector(), Rule((Peer(block="0.0.0.0/0", but=("203.0.113.9/32",)),)))
OURS = policy("wfconsole-block-deployment-web", labels(app="web"), everyone_but("203.0.113.9/32"))

EVERYBODY = "every IPv4 address and every IPv6 address and every pod of the cluster"


def told(before: list[Policy], after: list[Policy]) -> set[str]:
    return {str(change) for change in changes(before, after, (WEB, DB))}


def test_the_runbooks_policy_opens_what_others_isolate() -> None:
    """The database was for the web pods alone."""
    assert told([DENY, FROM_WEB], [DENY, FROM_WEB, RUNBOOK]) == {
        "every IPv4 address but 203.0.113.9/32 could reach deployment web at all ports",
        "every IPv4 address but 203.0.113.9/32 could reach statefulset postgres at all ports",
    }


def test_the_runbooks_policy_cuts_off_pods_and_ipv6_where_nothing_was_isolated() -> None:
    cut = "203.0.113.9/32 and every IPv6 address and every pod of the cluster could no longer reach"
    assert told([], [RUNBOOK]) == {f"{cut} deployment web at all ports", f"{cut} statefulset postgres at all ports"}


def test_ours_as_the_first_isolation_keeps_out_the_one_address() -> None:
    assert told([], [OURS]) == {"203.0.113.9/32 could no longer reach deployment web at all ports"}


def test_ours_opens_pods_that_another_policy_isolates() -> None:
    (change,) = changes([DENY], [DENY, OURS], (WEB, DB))
    assert change.widens
    assert change.workload == "deployment web"


def test_ours_beside_one_that_lets_all_in_at_a_port_opens_the_other_ports() -> None:
    found = changes([TO_WEB], [TO_WEB, OURS], (WEB,))
    assert all(change.widens for change in found)
    assert {change.ports for change in found} == {
        "tcp/1-8079, tcp/8081-65535, udp/1-65535, sctp/1-65535",
    }


@pytest.mark.parametrize(
    ("policies", "count"),
    [
        ([], 3),
        ([OURS], 0),
        ([TO_WEB, OURS], 3),
        ([BY_RANGE], 3),
        ([BY_RANGE, OURS], 3),
        ([DENY], 0),
        ([DENY, RUNBOOK], 0),
        ([policy("a-range", labels(app="web"), everyone_but("203.0.113.0/24"))], 0),
        ([policy("half-of-it", labels(app="web"), everyone_but("203.0.113.8/30"))], 0),
        ([policy("another", labels(app="web"), everyone_but("203.0.113.10/32"))], 3),
        ([policy("only-udp", labels(app="web"), Rule(ports=(Port("UDP"),)))], 3),
        ([policy("not-named-so", labels(app="web"), Rule(ports=(Port("TCP", name="https"),)))], 0),
        ([policy("exists", Selector((), (Requirement("app", "Exists"),)))], 0),
        ([Policy("production", "egress-only", Selector(), egress=())], 3),
    ],
    ids=lambda value: "+".join(each.name for each in value) if isinstance(value, list) else str(value),
)
def test_how_many_pods_the_address_reaches(policies: list[Policy], count: int) -> None:
    assert reached(policies, (WEB,), SOURCE) == count


def test_part_of_a_range_counts_as_reaching() -> None:
    ours = policy("ours", labels(app="web"), everyone_but("203.0.113.9/32"))
    assert reached([ours], (WEB,), ipaddress.ip_network("203.0.113.0/24")) == 3


def test_which_policy_lets_it_in() -> None:
    assert [each.name for each in letting_in([DENY, BY_RANGE, FROM_WEB, OURS], (WEB,), SOURCE)] == ["web-from-outside"]
    assert letting_in([DENY, RUNBOOK], (WEB,), SOURCE) == ()


def test_the_runbooks_second_policy_lets_the_first_address_in_again() -> None:
    second = policy("block-suspicious-ips", Selector(), Rule((Peer(block="0.0.0.0/0", but=("198.51.100.7/32",)),)))
    assert {(change.who, change.widens) for change in changes([RUNBOOK], [second], (WEB,))} == {
        ("203.0.113.9/32", True),
        ("198.51.100.7/32", False),
    }


def test_a_peer_of_another_namespace_is_told_by_its_labels() -> None:
    watched = policy("scrape", labels(app="web"), Rule((Peer(namespaces=labels(team="sre")),), (Port("TCP", 8080),)))
    (change,) = changes([watched], [DENY], (WEB,))
    assert str(change) == "all pods in namespaces team=sre could no longer reach deployment web at tcp/8080"


def test_nothing_differs() -> None:
    assert changes([DENY, FROM_WEB], [FROM_WEB, DENY], (WEB, DB)) == ()
    assert changes([], [], (WEB,), also=(SOURCE,)) == ()
