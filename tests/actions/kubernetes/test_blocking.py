"""Addresses as they are typed, and policies as they are put together."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from wfconsole.actions.contract import BadRequestError
from wfconsole.actions.kubernetes.addresses import inside, source_of
from wfconsole.actions.kubernetes.blocking import (
    blocked_by,
    everybody_but,
    name_for,
    notes_of,
    ours,
    parsed,
    within,
    without,
)
from wfconsole.actions.kubernetes.reach import Pods, reached

NET = ipaddress.ip_network


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("203.0.113.9", "203.0.113.9/32"),
        (" 203.0.113.0/24 ", "203.0.113.0/24"),
        ("2001:db8::1", "2001:db8::1/128"),
        ("2001:DB8::/48", "2001:db8::/48"),
    ],
)
def test_an_address_is_taken_as_a_range(text: str, expected: str) -> None:
    assert str(source_of(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "no address"),
        ("<suspicious-ip>", "no address"),
        ("203.0.113.9/33", "no address"),
        ("203.0.113", "no address"),
        ("203.0.113.009", "no address"),
        ("example.com", "no address"),
        ("203.0.113.9/24", "203.0.113.0/24 or one address of it"),
        ("0.0.0.0/0", "half of the world"),
        ("::/0", "half of the world"),
        ("128.0.0.0/1", "half of the world"),
        ("::ffff:203.0.113.9", "name it as 203.0.113.9"),
        ("fe80::1%eth0", "without its zone"),
        ("1.2.3.4\x1b[31m", "no address"),
    ],
)
def test_what_is_no_source_is_said(text: str, expected: str) -> None:
    with pytest.raises(BadRequestError, match=expected) as caught:
        source_of(text)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "private"),
    [
        *(
            ("10.9.8.7", True),
            ("172.31.0.1", True),
            ("172.32.0.1", False),
            ("192.168.1.0/24", True),
            ("9.9.9.9", False),
        ),
        *(("100.64.0.1", True), ("169.254.169.254", True), ("fd00::1", True), ("2a00::1", False), ("::1", True)),
        *(("192.0.0.0/8", True), ("203.0.113.9", False), ("224.0.0.1", True)),
    ],
)
def test_who_cannot_come_from_outside(text: str, private: bool) -> None:
    assert bool(inside(source_of(text))) == private


def rule(*blocks: tuple[str, list[str]], **more: Any) -> dict[str, Any]:
    return {"from": [{"ipBlock": {"cidr": cidr} | ({"except": but} if but else {})} for cidr, but in blocks], **more}


def policy(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": "p", "namespace": "n"}, "spec": {"podSelector": {}, "ingress": list(rules)}}


def test_an_address_is_excepted_where_it_is_let_in_and_nowhere_else() -> None:
    ports = [{"port": 80}]
    before = policy(
        rule(("203.0.0.0/16", []), ("10.0.0.0/8", [])),
        rule(("0.0.0.0/0", ["203.0.113.0/24"]), ports=ports),
        {"from": [{"podSelector": {}}]},
        rule(("::/0", [])),
    )
    after = without(before, NET("203.0.113.9/32"))
    assert after == [
        rule(("203.0.0.0/16", ["203.0.113.9/32"]), ("10.0.0.0/8", [])),
        *before["spec"]["ingress"][1:],
    ]
    assert within({**before, "spec": {"ingress": after}}, NET("203.0.113.9/32")) == before["spec"]["ingress"]


@pytest.mark.parametrize("block", ["203.0.113.9/32", "203.0.113.8/30"])
def test_what_would_leave_an_empty_list_of_peers_is_not_done(block: str) -> None:
    """A rule without peers lets in everybody."""
    with pytest.raises(BadRequestError, match="take that rule out by hand"):
        without(policy(rule((block, []))), NET("203.0.113.8/30" if block.endswith("30") else "203.0.113.0/24"))


def test_anybody_becomes_everybody_but_one() -> None:
    (found,) = without(policy({"ports": [{"port": 80}]}), NET("2001:db8::/48"))
    assert found == {"ports": [{"port": 80}], "from": everybody_but([NET("2001:db8::/48")])}


def test_ours_keeps_out_what_it_names_of_both_families() -> None:
    blocked = (NET("203.0.113.9/32"), NET("2001:db8::/48"))
    item = ours("n", "p", {"matchLabels": {"app": "web"}}, blocked, {"203.0.113.9/32": "INC-1 by ada"})
    assert blocked_by(item) == blocked
    assert notes_of(item) == {"203.0.113.9/32": "INC-1 by ada"}
    pods = (Pods("deployment web", {"app": "web"}),)
    assert [reached([parsed(item)], pods, each) for each in (*blocked, NET("2001:db9::/48"))] == [0, 0, 1]


def test_a_long_name_stays_one_that_the_server_takes() -> None:
    names = {name_for("deployment", f"{'x' * 60}{end}") for end in "ab"}
    assert len(names) == 2
    assert all(len(name) <= 63 for name in names)
