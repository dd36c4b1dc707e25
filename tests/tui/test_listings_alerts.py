"""The pane of alerts: what it shows, what K and S enter, and what it says where nobody knows."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.alert_builders import a_flood, an_alert
from tests.builders import NOW
from tests.tui.harness import Desk, quiet_desk, troubled_desk, war_room
from tests.tui.papers import flat
from wfconsole.clock import MINUTE, SECOND
from wfconsole.incident.events import AlertsAcknowledged, AlertsShelved
from wfconsole.observations.levels import Quality
from wfconsole.tui.frame import frame_of
from wfconsole.tui.glyphs import UNICODE
from wfconsole.tui.listings import listings_of
from wfconsole.tui.widgets.line_table import LineTable

TWO = {
    "lock": an_alert(at=NOW - 8 * MINUTE, summary="lock wait", runbook="https://runbooks.example/locks"),
    "slow": an_alert("Slow", "cart", NOW - MINUTE, severity="warning"),
}


def a_desk(rows: dict[str, Any] = TWO, make: Any = troubled_desk, **patch: Any) -> Desk:
    desk: Desk = make()
    desk.tell("alerts", rows, at=NOW - SECOND, **patch)
    return desk


async def test_the_list_shows_what_is_new_and_what_came_first() -> None:
    async with war_room(a_desk()) as room:
        assert "2 unacked  first-out: orders-db" in room.text
        await room.press("1")
        assert "■ NEW" in room.lines[5]
        assert "orders-db lock wait" in room.lines[5]
        assert "FIRST-OUT" in room.lines[5]
        assert "▲ NEW" in room.lines[6]
        assert "2 unacked" in room.lines[3]


async def test_K_acknowledges_the_alert_and_Z_takes_it_back() -> None:  # noqa: N802
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("1", "K")
        assert desk.submitted[-1] == AlertsAcknowledged({"lock": NOW - 8 * MINUTE}, "orders-db lock wait")
        assert "ack op1" in room.text
        assert "unacked alert: orders-db" not in room.text
        await room.press("Z")
        assert "ack op1" not in room.text
        assert "unacked alert: orders-db" in room.text


async def test_in_a_flood_K_acknowledges_all_of_one_cause() -> None:  # noqa: N802
    desk = a_desk(a_flood())
    async with war_room(desk, (120, 40)) as room:
        await room.press("1")
        assert "FLOOD 21 new in 10 min (limit 10), grouped: 2 causes" in room.text
        assert "x20" in room.lines[6]
        assert "+1m00s later" in room.lines[6]
        await room.press("j", "K")
        event = desk.submitted[-1]
        assert isinstance(event, AlertsAcknowledged)
        assert len(event.alerts) == 20
        assert "ack op1" in room.text


async def test_S_asks_how_long_and_why_and_says_that_alertmanager_is_not_told() -> None:  # noqa: N802
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("1", "S")
        assert "Alertmanager is not told" in flat(room.text.replace("┃", " "))
        await room.press("enter", "enter")
        assert "say why in a few words" in room.text
        await room.press(*"known", "enter")
        assert desk.submitted[-1] == AlertsShelved(("lock",), NOW + 30 * MINUTE, "known", "orders-db lock wait")
        assert "1 unacked" in room.lines[3]
        await room.press("v")
        assert "shelved by op1 until" in room.text
        await room.press("S", "up", "up", "enter", "enter")
        assert isinstance(desk.submitted[-1], AlertsShelved)
        assert desk.submitted[-1].until == NOW
        await room.press("v", "v")
        assert "2 unacked" in room.lines[3]


@pytest.mark.parametrize("key", ["K", "S"])
async def test_nothing_is_entered_without_an_incident(key: str) -> None:
    desk = a_desk(make=quiet_desk)
    async with war_room(desk) as room:
        await room.press("1", key)
        assert "no incident is open; D declares one" in room.text
        assert desk.submitted == []


@pytest.mark.parametrize("key", ["K", "S"])
async def test_an_observer_is_refused(key: str) -> None:
    desk = a_desk()
    before = len(desk.submitted)
    async with war_room(desk) as room:
        await room.press("O", "1", key)
        assert "observer: read-only" in room.text
        assert len(desk.submitted) == before


@pytest.mark.parametrize("number", ["2", "3"])
async def test_the_keys_are_none_in_another_pane(number: str) -> None:
    desk = a_desk()
    before = len(desk.submitted)
    async with war_room(desk) as room:
        await room.press(number, "K", "S")
        assert len(desk.submitted) == before
        assert "SHELVE" not in room.text


async def test_enter_says_everything_of_the_alert() -> None:
    async with war_room(a_desk(), (120, 60)) as room:
        await room.press("1", "enter")
        said = flat(room.text)
        assert "ALERT orders-db lock wait" in said
        assert "https://runbooks.example/locks" in said
        assert "nobody acknowledged it" in said
        assert "service" in said
        assert "HISTORY" in said
        assert "Alertmanager is not told" in said


async def test_what_is_over_can_still_be_opened_and_acknowledged() -> None:
    desk = a_desk()
    desk.tell("alerts", {"slow": TWO["slow"]}, at=NOW)
    async with war_room(desk, (120, 60)) as room:
        await room.press("1", "j")
        assert "over, not ack" in room.text
        await room.press("enter")
        assert "back to normal, and nobody acknowledged it" in flat(room.text)
        await room.press("escape", "K")
        assert "over, not ack" not in room.text


@pytest.mark.parametrize("quality", Quality)
@pytest.mark.parametrize("listing", listings_of(1), ids=lambda listing: listing.name)
def test_no_alerts_are_called_none_only_where_that_is_known(listing: Any, quality: Quality) -> None:
    desk = Desk()
    why = builders.a_failure("denied" if quality == Quality.DENIED else "timeout", message="no answer", remedy="VPN")
    if quality in (Quality.UNKNOWN, Quality.DENIED):
        desk.tell("alerts", {}, age_ms=-1, failure=why)
    elif quality != Quality.OFF:
        desk.tell("alerts", {}, partial="from Prometheus" if quality == Quality.PARTIAL else "")
    if quality in (Quality.STALE, Quality.ERROR):
        desk.fail("alerts", why)
    desk.clock.advance({Quality.STALE: 4 * MINUTE, Quality.ERROR: SECOND, Quality.LATE: 9 * SECOND}.get(quality, 0))
    shown = frame_of(desk, UNICODE, observer=False)
    assert listing.quality(shown) == quality
    assert ("there are no" in listing.empty(shown)) == quality.conclusive
    summary = "".join(span.text for span in listing.summary(shown)).strip()
    assert (summary == "--") == (quality in (Quality.OFF, Quality.UNKNOWN, Quality.DENIED))
    assert ("of what could be read" in summary) == (quality == Quality.PARTIAL)
    assert summary.startswith("(") == (quality in (Quality.STALE, Quality.ERROR))


async def test_the_fallback_says_that_it_is_one() -> None:
    why = "from Prometheus: Alertmanager at am:9093: refused; silences unknown"
    async with war_room(a_desk(partial=why), (200, 60)) as room:
        assert "PART" in room.text
        await room.press("1")
        assert "of what could be read" in room.text


async def test_old_alerts_have_no_colour_and_ask_for_nobody() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("1")
        desk.clock.advance(5 * MINUTE)
        await room.repaint()
        assert "STALE" in room.lines[2]
        assert "unacked alert" not in room.text
        table = room.app.screen.query_one(LineTable)
        inks = {span.ink for line in table.lines[1:3] for span in line}
        assert inks <= {"dim", "strong"}, "the pointer is the only thing that stands out"
