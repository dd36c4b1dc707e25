"""`:ack` and `:shelve`: the alert with the cursor, all of them, or the incident; they enter what K and S enter."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.alert_builders import a_flood, an_alert
from tests.builders import NOW
from tests.tui.harness import Desk, Room, quiet_desk, war_room
from tests.tui.papers import flat
from tests.tui.test_commands import command
from wfconsole.clock import HOUR, MINUTE, SECOND
from wfconsole.incident.events import AlertsAcknowledged, AlertsShelved, Declared, Event, MomentSet
from wfconsole.tui.commands import completed
from wfconsole.tui.screens.shelve import ShelveForm

TWO = {
    "lock": an_alert(at=NOW - 8 * MINUTE, summary="lock wait"),
    "slow": an_alert("Slow", "cart", NOW - MINUTE, severity="warning"),
}


def a_desk(rows: dict[str, Any] = TWO, *, declared: bool = True) -> Desk:
    """Two alerts, and an incident to which nobody has responded yet."""
    desk = quiet_desk(runbook=builders.a_runbook())
    desk.tell("alerts", rows, at=NOW - SECOND)
    if declared:
        desk.happen(Declared("INC-1", "down", "SEV2", ""), NOW - MINUTE)
    desk.submitted.clear()
    return desk


def responded(desk: Desk) -> bool:
    return "acknowledged" in desk.session.view.incident.moments


async def refused(room: Room, line: str, answer: str) -> None:
    await command(room, line)
    assert answer in flat(room.text)
    await room.press("escape")


async def test_ack_with_an_alert_under_the_cursor_acknowledges_it_and_says_so() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("1")
        await command(room, "ack")
        assert desk.submitted == [AlertsAcknowledged({"lock": NOW - 8 * MINUTE}, "orders-db lock wait")]
        assert "acknowledged: orders-db lock wait   Z takes it back" in room.lines[-1]
        assert responded(desk), "whoever looks after an alert has responded"
        await room.press("Z")
        assert not responded(desk)


async def test_ack_on_the_screen_of_an_alert_acknowledges_that_one() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("1", "j", "enter")
        await command(room, "ack")
        assert desk.submitted == [AlertsAcknowledged({"slow": NOW - MINUTE}, "cart Slow")]
        await refused(room, "ack", "nothing to acknowledge: it is acked")


async def test_ack_in_a_flood_acknowledges_all_of_one_cause() -> None:
    desk = a_desk(a_flood())
    async with war_room(desk, (120, 40)) as room:
        await room.press("1", "j")
        await command(room, "ack")
        (event,) = desk.submitted
        assert isinstance(event, AlertsAcknowledged)
        assert len(event.alerts) == 20


@pytest.mark.parametrize("place", ["0", "1", "3", "c"])
async def test_ack_all_acknowledges_every_alert_wherever_one_is(place: str) -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press(place)
        await command(room, "ack all")
        alerts = {"lock": NOW - 8 * MINUTE, "slow": NOW - MINUTE}
        assert desk.submitted == [AlertsAcknowledged(alerts, "orders-db lock wait, cart Slow")]
        said = [line.text for line in desk.session.view.incident.lines.values()]
        assert "acknowledged: orders-db lock wait, cart Slow (2 alerts)" in said
        await refused(room, "ack all", "no alert waits for it")
        assert len(desk.submitted) == 1


@pytest.mark.parametrize(("place", "line"), [("0", "ack"), ("3", "ack"), ("0", "ack seen by all"), ("1", "ack I look")])
async def test_ack_elsewhere_or_with_words_is_of_the_incident(place: str, line: str) -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press(place)
        await command(room, line)
        assert desk.submitted == [MomentSet("acknowledged", NOW, line.removeprefix("ack").strip())]
        await refused(room, "ack again", "it is acknowledged already; :moment acknowledged TIME corrects the time")


SHELVED = {
    "shelve 30m known, fix on its way": (30 * MINUTE, "known, fix on its way"),
    "shelve 45 it is [red]ours[/]": (45 * MINUTE, "it is [red]ours[/]"),
    "shelve 8h tonight": (8 * HOUR, "tonight"),
}


@pytest.mark.parametrize("line", SHELVED)
async def test_shelve_puts_the_alert_under_the_cursor_aside(line: str) -> None:
    span, why = SHELVED[line]
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("1")
        await command(room, line)
        wanted: list[Event] = [AlertsShelved(("lock",), NOW + span, why, "orders-db lock wait")]
        assert desk.submitted == wanted
        assert "1 unacked" in room.lines[3]
        await room.press("Z")
        assert "2 unacked" in room.lines[3]


async def test_shelve_back_brings_it_back_at_once() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("1")
        await refused(room, "shelve back", "it is not shelved: it is new")
        await command(room, "shelve 2h known")
        await room.press("v")
        await command(room, "shelve back")
        assert desk.submitted[-1] == AlertsShelved(("lock",), NOW, "", "orders-db lock wait")
        await room.press("v", "v")
        assert "2 unacked" in room.lines[3]


async def test_shelve_alone_opens_the_form_of_the_key() -> None:
    async with war_room(a_desk()) as room:
        await room.press("1", "j")
        await command(room, "shelve")
        assert isinstance(room.app.screen, ShelveForm)
        assert "cart Slow" in room.text


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("shelve soon", "no time: 'soon'; minutes (5), a span (90s, 2h)"),
        ("shelve 9h tonight", "at most 8 h"),
        ("shelve 30m", "say why in a few words"),
    ],
)
async def test_shelve_has_the_limits_of_the_key(line: str, answer: str) -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("1")
        await refused(room, line, answer)
        assert desk.submitted == []


@pytest.mark.parametrize("place", ["0", "3", "c"])
async def test_shelve_without_an_alert_says_where_they_are(place: str) -> None:
    desk = a_desk()
    async with war_room(desk, keymap={"zoom-1": "g"}) as room:
        await room.press(place)
        await refused(room, "shelve 30m known", "no alert has the cursor: g opens the alerts")
        assert desk.submitted == []


@pytest.mark.parametrize("line", ["ack", "ack all", "shelve 30m known"])
async def test_neither_means_anything_without_an_incident_or_for_an_observer(line: str) -> None:
    desk = a_desk(declared=False)
    async with war_room(desk) as room:
        await room.press("1")
        await refused(room, line, "no incident is open; D declares one")
        await room.press("O")
        await refused(room, line, "observer: read-only")
        assert desk.submitted == []


async def test_what_they_take_is_completed() -> None:
    async with war_room(a_desk()) as room:
        assert completed(room.app, "ack a") == "ack all"
        assert completed(room.app, "shelve 3") == "shelve 30m"
        assert completed(room.app, "shel") == "shelve"
