"""Pane 7: what each view says of its rows, in which order, and what Enter opens."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.builders import NOW
from tests.tui.harness import Desk, war_room
from tests.tui.papers import flat
from wfconsole.clock import DAY, HOUR, MINUTE
from wfconsole.tui.frame import Frame, frame_of
from wfconsole.tui.glyphs import UNICODE
from wfconsole.tui.listings import listings_of
from wfconsole.tui.listings.listing import Listing

SPRAYER = builders.a_login(failed=500, others=500)
OFFICE = builders.a_login("192.0.2.10", failed=25, succeeded=300, others=15)
CAROL = builders.a_login("carol", "user", failed=6, succeeded=1, failed_before_success=6, succeeded_at=NOW - MINUTE)
ADMIN = builders.a_login(
    "admin", "user", failed=80, succeeded=1, failed_before_success=80, succeeded_at=NOW - 2 * MINUTE
)
HIGH = builders.a_finding("finding-2", severity="HIGH", workflow="NOTIFIED", updated_at=NOW, resources=3)
SECOND_REGION = builders.a_finding("finding-3", region="us-east-1", updated_at=NOW - HOUR)
REMEDY = "Delete the access key of the root user."


def listing(name: str) -> Listing:
    return next(each for each in listings_of(7) if each.name == name)


def a_desk(**rows: Any) -> Desk:
    desk = Desk()
    for source, told in rows.items():
        desk.tell(source, told)
    return desk


def logins(*rows: Any, **all_of_them: Any) -> Frame:
    return framed(a_desk(auth=[builders.all_logins(**all_of_them), *rows]))


def framed(desk: Desk) -> Frame:
    return frame_of(desk, UNICODE, observer=False)


def summary(listing: Listing, frame: Frame) -> str:
    return "".join(span.text for span in listing.summary(frame)).strip()


def detail(listing: Listing, frame: Frame, key: str) -> str:
    return "\n".join("".join(span.text for span in line) for line in listing.detail(frame, key))


@pytest.mark.parametrize(
    ("view", "order", "names"),
    [
        ("failures", "worst", ["admin", "203.0.113.66", "192.0.2.10", "carol"]),
        ("failures", "failed", ["203.0.113.66", "admin", "192.0.2.10", "carol"]),
        ("failures", "name", ["192.0.2.10", "203.0.113.66", "admin", "carol"]),
        ("by source", "worst", ["203.0.113.66", "192.0.2.10"]),
        ("by user", "worst", ["admin", "carol"]),
    ],
)
def test_who_comes_first(view: str, order: str, names: list[str]) -> None:
    frame = logins(CAROL, OFFICE, SPRAYER, ADMIN)
    shown = listing(view).keys(frame, order)
    assert [key.partition("/")[2] for key in shown] == names


def test_spraying_stands_above_the_user_who_mistypes() -> None:
    frame = logins(CAROL, SPRAYER)
    failures = listing("failures")
    first, second = failures.keys(frame, "worst")
    assert (first, second) == ("source/203.0.113.66", "user/carol")
    assert [cell.text for cell in failures.cells(frame, first)][1:7] == [
        *("source", "203.0.113.66", "500", "0", "500 users", "spraying 500 users")
    ]


def test_the_summary_says_the_rate_what_is_usual_and_what_is_left_out() -> None:
    frame = logins(SPRAYER, ADMIN, per_minute=98.0, users=540, users_listed=60, sources_listed=1)
    said = summary(listing("failures"), frame)
    assert said.startswith("98 failures/min, usually 9   540 in 60 min, of 540 users from 12 sources")
    assert said.endswith("1 of 60 users listed")


def test_what_the_log_does_not_say_is_unknown_and_not_zero() -> None:
    row = builders.a_login("eve", "user", others=None)
    frame = logins(row, sources=None, usual_per_minute=None)
    assert "usually --" in summary(listing("by user"), frame)
    assert "source" not in summary(listing("by user"), frame)
    assert listing("by user").cells(frame, "user/eve")[5].text == "--"
    assert "from --" in detail(listing("by user"), frame, "user/eve")
    assert listing("by source").empty(frame) == "there are no sources in this log: it has no addresses"


def test_what_a_gateway_does_not_say_is_unknown_and_not_zero() -> None:
    at_gateway: dict[str, Any] = {"told_by": "gateway", "succeeded": None}
    total = builders.all_logins(users=None, sources=None, sources_listed=1, **at_gateway)
    source = builders.a_login(failed=80, others=None, first_failed_at=0, last_failed_at=0, **at_gateway)
    desk = Desk()
    desk.tell("auth", [total, source], partial="users are unknown; from the gateway's metrics since 14:31:00Z: late")
    frame, failures, key = framed(desk), listing("failures"), "source/203.0.113.66"
    said = summary(failures, frame)
    assert said.startswith(
        "9 failures/min, usually 9   540 in 60 min, of --   of what could be read: users are unknown"
    )
    assert "from the gateway's metrics since 14:31:00Z" in said
    assert [cell.text for cell in failures.cells(frame, key)][1:8] == [
        *("source", "203.0.113.66", "80", "--", "--", "80 failures, users and successes unknown", "--")
    ]
    assert "got in --" in detail(failures, frame, key)
    assert listing("by user").nothing(frame) == "the gateway's metrics tell no users with many failures"


def test_who_got_in_is_said_with_the_time() -> None:
    said = detail(listing("failures"), logins(ADMIN), "user/admin")
    assert "last at 14:30:07Z, after 80 failures" in said
    assert "got in never" in detail(listing("failures"), logins(SPRAYER), "source/203.0.113.66")


def test_findings_stand_worst_first_and_say_of_how_many() -> None:
    desk = Desk()
    facts = {"shown": "20 of 143", "regions": "eu-west-1, us-east-1"}
    desk.tell("findings", [HIGH, SECOND_REGION, builders.a_finding()], facts=facts)
    frame, findings = framed(desk), listing("findings")
    assert list(findings.keys(frame, "worst")) == [
        *("eu-west-1/finding-1", "us-east-1/finding-3", "eu-west-1/finding-2")
    ]
    assert findings.keys(frame, "newest")[0] == "eu-west-1/finding-2"
    said = summary(findings, frame)
    assert said == "2 critical   1 high   2 new   20 of 143 open   in eu-west-1, us-east-1"
    assert "and 2 more" in detail(findings, frame, "eu-west-1/finding-2")


def test_secrets_stand_stalest_first() -> None:
    rows = [
        builders.a_secret(),
        builders.a_secret("a", changed_at=NOW - 120 * DAY),
        builders.a_secret("b", changed_at=NOW - 500 * DAY),
        builders.a_secret("c", changed_at=0),
    ]
    frame, secrets = framed(a_desk(secrets=rows)), listing("secrets")
    assert [key.rpartition("/")[2] for key in secrets.keys(frame, "worst")] == ["b", "c", "a", "database"]
    assert secrets.cells(frame, "eu-west-1/c")[2].text == "--"
    assert summary(secrets, frame).startswith("3 stale secrets   4 in all")


# --- on the screen --------------------------------------------------------------------------------------------------


def everything() -> Desk:
    finding = builders.a_finding(remedy=REMEDY)
    return a_desk(auth=[builders.all_logins(), SPRAYER, ADMIN], findings=[finding, HIGH], secrets=[builders.a_secret()])


async def test_the_pane_goes_through_its_views() -> None:
    async with war_room(everything()) as room:
        await room.press("7")
        for words in ("spraying 500 users", "203.0.113.66", "admin", "Root account", "prod/orders/database"):
            assert words in room.text
            await room.press("v")
        assert "spraying 500 users" in room.text


@pytest.mark.parametrize(("keys", "last"), [("7", "got in"), ("7 v v v", "first 1h00m ago")])
async def test_the_block_about_a_row_is_whole_on_the_smallest_screen(keys: str, last: str) -> None:
    async with war_room(everything()) as room:
        await room.press(*keys.split())
        assert last in room.text
        assert "NEXT" in room.text


async def test_enter_on_a_finding_opens_all_of_it() -> None:
    async with war_room(everything()) as room:
        await room.press("7", "v", "v", "v", "enter")
        said = flat(room.text)
        for words in ("FINDING finding-1", "CRITICAL nobody was told", REMEDY, "account 123456789012", "root"):
            assert words in said


async def test_a_finding_that_is_old_says_so_and_one_that_is_gone_too() -> None:
    desk = everything()
    async with war_room(desk) as room:
        await room.press("7", "v", "v", "v", "enter")
        desk.tell("findings", [HIGH])
        await room.repaint()
        assert "not there any more" in room.text
        desk.tell("findings", [builders.a_finding()])
        desk.fail("findings", builders.a_failure("denied", remedy="Allow securityhub:GetFindings"))
        desk.clock.advance(9 * MINUTE)
        await room.repaint()
        assert "as it was 9m00s ago" in room.text
        assert "DENIED" in room.text


async def test_hostile_names_arrive_as_they_are_and_harmless() -> None:
    desk = a_desk(auth=[builders.all_logins(), builders.a_login("[/] [red]root", "user", failed=30)])
    async with war_room(desk) as room:
        await room.press("7")
        assert "[/] [red]root" in room.text
