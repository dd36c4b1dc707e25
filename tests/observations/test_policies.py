"""What the union of network policies lets in and out."""

from __future__ import annotations

from typing import Any

import pytest

from wfconsole.observations.isolation import MOST_ALLOWANCES, Side, side
from wfconsole.observations.policies import (
    Admission,
    Origin,
    Peer,
    Policy,
    Port,
    Requirement,
    Rule,
    Selector,
    admits,
    selecting,
)

DB = {"app": "postgres", "tier": "data"}
FROM_API = Origin("production", {"app": "api"}, {"team": "shop"})
FROM_OTHER = Origin("batch", {"app": "api"}, {"team": "data"})
FROM_OUTSIDE = Origin(address="203.0.113.7")
PG = ("TCP", 5432)


def labels(**wanted: str) -> Selector:
    return Selector(tuple(wanted.items()))


def policy(name: str = "p", selects: Selector = Selector(), **directions: Any) -> Policy:  # noqa: B008  frozen
    return Policy("production", name, selects, **directions)


DENY = policy("deny-all", ingress=())
ALLOW_API = policy(
    "allow-api", labels(app="postgres"), ingress=(Rule((Peer(labels(app="api")),), (Port("TCP", 5432),)),)
)
BLOCK_ONE = policy("block-ip", ingress=(Rule((Peer(block="0.0.0.0/0", but=("203.0.113.7/32",)),)),))


@pytest.mark.parametrize(
    ("requirement", "matches"),
    [
        (Requirement("app", "In", ("postgres", "redis")), True),
        (Requirement("app", "In", ("redis",)), False),
        (Requirement("gone", "In", ("",)), False),
        (Requirement("app", "NotIn", ("redis",)), True),
        (Requirement("app", "NotIn", ("postgres",)), False),
        (Requirement("gone", "NotIn", ("x",)), True),
        (Requirement("tier", "Exists"), True),
        (Requirement("gone", "Exists"), False),
        (Requirement("gone", "DoesNotExist"), True),
        (Requirement("tier", "DoesNotExist"), False),
        (Requirement("tier", "Gt", ("1",)), False),
    ],
    ids=str,
)
def test_an_expression_matches_as_the_api_says(requirement: Requirement, matches: bool) -> None:
    assert Selector(expressions=(requirement,)).matches(DB) is matches


def test_labels_and_expressions_must_all_hold_and_an_empty_selector_takes_everything() -> None:
    assert Selector().matches({})
    assert Selector((("app", "postgres"),), (Requirement("tier", "Exists"),)).matches(DB)
    assert not Selector((("app", "postgres"),), (Requirement("gone", "Exists"),)).matches(DB)


def test_a_pod_that_no_policy_selects_is_open_and_nobody_decided_that() -> None:
    elsewhere = policy(selects=labels(app="redis"), ingress=())
    assert admits([elsewhere], DB, FROM_OUTSIDE, PG) == Admission(True)
    assert side([elsewhere], DB, "ingress") == Side()


def test_a_policy_of_the_other_direction_isolates_nothing_in_this_one() -> None:
    assert selecting([policy(egress=())], DB, "ingress") == ()
    assert side([policy(egress=())], DB, "egress") == Side(("p",))


def test_policies_add_up_and_the_answer_names_who_allows() -> None:
    assert admits([DENY], DB, FROM_API, PG) == Admission(False, ("deny-all",))
    assert admits([DENY, ALLOW_API], DB, FROM_API, PG) == Admission(True, ("allow-api",))
    assert admits([DENY, ALLOW_API], DB, FROM_API, ("TCP", 22)) == Admission(False, ("deny-all", "allow-api"))
    assert admits([DENY, ALLOW_API], DB, FROM_OTHER, PG) == Admission(False, ("deny-all", "allow-api"))


def test_blocking_one_address_opens_a_closed_database_to_all_others() -> None:
    """The runbook's own block: with default-deny in place it lets in the whole world but one."""
    stranger = Origin(address="198.51.100.1")
    assert not admits([DENY, ALLOW_API], DB, stranger, PG).allowed
    assert admits([DENY, ALLOW_API, BLOCK_ONE], DB, stranger, PG) == Admission(True, ("block-ip",))
    assert not admits([DENY, ALLOW_API, BLOCK_ONE], DB, FROM_OUTSIDE, PG).allowed


def test_a_block_does_nothing_where_another_policy_lets_the_address_in() -> None:
    office = policy("office", ingress=(Rule((Peer(block="203.0.113.0/24"),)),))
    assert admits([BLOCK_ONE, office], DB, FROM_OUTSIDE, PG) == Admission(True, ("office",))


@pytest.mark.parametrize(
    ("peer", "origin", "allowed"),
    [
        (Peer(pods=Selector()), FROM_API, True),
        (Peer(pods=Selector()), FROM_OTHER, False),  # of the policy's own namespace
        (Peer(namespaces=Selector()), FROM_OTHER, True),
        (Peer(namespaces=labels(team="data")), FROM_OTHER, True),
        (Peer(namespaces=labels(team="data")), FROM_API, False),
        (Peer(labels(app="api"), labels(team="data")), FROM_OTHER, True),
        (Peer(labels(app="web"), labels(team="data")), FROM_OTHER, False),
        (Peer(namespaces=Selector()), FROM_OUTSIDE, False),  # an address is no pod
        (Peer(block="203.0.113.0/24"), FROM_OUTSIDE, True),
        (Peer(block="203.0.113.0/24", but=("203.0.113.7/32",)), FROM_OUTSIDE, False),
        (Peer(block="2001:db8::/32"), FROM_OUTSIDE, False),
        (Peer(block="2001:db8::/32"), Origin(address="2001:db8::1"), True),
        (Peer(block="nonsense"), FROM_OUTSIDE, False),
        (Peer(block="203.0.113.0/24"), FROM_API, False),
    ],
)
def test_a_peer_is_who_the_api_says(peer: Peer, origin: Origin, allowed: bool) -> None:
    assert admits([policy(ingress=(Rule((peer,)),))], DB, origin, PG).allowed is allowed


@pytest.mark.parametrize(
    ("port", "asked", "name", "allowed"),
    [
        (Port(), ("TCP", 1), "", True),
        (Port(), ("UDP", 1), "", False),
        (Port("TCP", 80), ("TCP", 80), "", True),
        (Port("TCP", 80), ("TCP", 81), "", False),
        (Port("TCP", 80, 90), ("TCP", 90), "", True),
        (Port("TCP", 80, 90), ("TCP", 91), "", False),
        (Port("TCP", name="pg"), ("TCP", 5432), "pg", True),
        (Port("TCP", name="pg"), ("TCP", 5432), "", False),
    ],
)
def test_a_port_is_one_number_a_range_a_name_or_all(
    port: Port, asked: tuple[str, int], name: str, allowed: bool
) -> None:
    one = policy(ingress=(Rule((), (port,)),))
    assert admits([one], DB, FROM_API, asked, port_name=name).allowed is allowed


def test_what_is_allowed_reads_as_people_say_it() -> None:
    told = side([DENY, ALLOW_API, BLOCK_ONE], DB, "ingress")
    assert told.by == ("deny-all", "allow-api", "block-ip")
    assert [(each.policy, each.peers, each.ports) for each in told.allows] == [
        ("allow-api", "pods app=api", "tcp/5432"),
        ("block-ip", "0.0.0.0/0 except 203.0.113.7/32", "all ports"),
    ]
    odd = Peer(Selector((), (Requirement("a", "NotIn", ("b", "c")), Requirement("d", "DoesNotExist"))), Selector())
    assert str(odd) == "pods a not in (b,c),!d of all namespaces"


def test_very_many_rules_are_counted_and_not_all_kept() -> None:
    many = policy(ingress=(Rule(),) * (MOST_ALLOWANCES + 5))
    told = side([many], DB, "ingress")
    assert (len(told.allows), told.more) == (MOST_ALLOWANCES, 5)
