"""Resolving is gated: by signals that held for their time, or by a reason; the record keeps what was verified."""

from __future__ import annotations

from tests import builders
from tests.builders import NOW
from tests.tui.harness import Desk, quiet_desk, war_room
from tests.tui.papers import flat
from tests.tui.room_papers import READY, a_room_desk, a_room_runbook
from tests.tui.test_commands import command
from wfconsole.clock import HOUR, MINUTE, Millis
from wfconsole.incident.events import Declared, MessageQueued, MessageSent, StatusChanged
from wfconsole.incident.recovery import Gate, Verdict
from wfconsole.tui.screens.overview import Overview
from wfconsole.tui.screens.regrade import RegradeForm
from wfconsole.tui.screens.stand_down import StandDownForm, gate_lines

RESOLVED = ("D", "enter", "down", "down", "down", "down", "enter", "enter")


def healthy(since: Millis) -> Desk:
    """An incident of two hours in which all pods are ready since then, seen every minute."""
    desk = quiet_desk(runbook=a_room_runbook())
    desk.happen(Declared("INC-20260301-1232", "it was down", "SEV2", "op1"), NOW - 2 * HOUR)
    pods = [builders.a_pod(f"gateway-{number}") for number in range(3)]
    for at in range(since, NOW + 1, MINUTE):
        desk.tell("pods", pods, at=at, interval_ms=MINUTE)
    return desk


async def test_what_is_verified_resolves_without_a_reason_and_is_recorded() -> None:
    desk = healthy(NOW - 31 * MINUTE)
    async with war_room(desk) as room:
        await room.press(*RESOLVED)
        await room.press("enter")
        assert isinstance(room.app.screen, StandDownForm)
        assert "[v] All pods are ready: held 31 min" in room.text
        await room.press("enter", "enter")
        verified = (f"{READY.text}: held 31 min, since 14:01:07Z (0 of 3 pods)",)
        assert desk.submitted[-1] == StatusChanged("resolved", "", verified)
        assert desk.view().incident.resolved


async def test_what_has_not_held_for_long_enough_asks_for_a_reason_and_says_what_is_missing() -> None:
    desk = healthy(NOW - 10 * MINUTE)
    async with war_room(desk) as room:
        await room.press(*RESOLVED)
        await room.press("enter")
        assert isinstance(room.app.screen, RegradeForm)
        assert "resolving needs a reason: All pods are ready: held 10 min of 30 min" in flat(room.text)
        await room.press(*"known", "enter", "enter", "enter")
        assert desk.submitted[-1] == StatusChanged("resolved", "known", ())


async def test_the_form_shows_how_each_signal_stands_before_anybody_decides() -> None:
    desk = a_room_desk()
    async with war_room(desk) as room:
        await room.press("D", "enter", "down", "down", "down", "down")
        assert "All pods are ready: does not hold: 4 of 33 pods" in flat(room.text)


async def test_stale_data_verifies_nothing_however_long_it_was_well() -> None:
    desk = healthy(NOW - HOUR)
    desk.clock.advance(10 * MINUTE)
    async with war_room(desk) as room:
        await room.press(*RESOLVED)
        await room.press("enter")
        assert "All pods are ready: cannot tell: pods are stale" in flat(room.text)
        assert desk.submitted == []


async def test_what_breaks_while_the_list_is_confirmed_keeps_it_open() -> None:
    desk = healthy(NOW - 31 * MINUTE)
    async with war_room(desk) as room:
        await room.press(*RESOLVED)
        await room.press("enter", "enter")
        desk.tell("pods", [builders.a_bad_pod("gateway-0")], interval_ms=MINUTE)
        await room.press("enter")
        assert "does not hold" in flat(room.text)
        assert isinstance(room.app.screen, StandDownForm)
        assert desk.submitted == []


def on_the_page(name: str, state: str) -> MessageQueued:
    return MessageQueued(name, "status-page", "status page", "x", audience="public", place="api", state=state)


async def test_a_status_page_that_says_something_else_keeps_it_open_and_is_named() -> None:
    desk = healthy(NOW - 31 * MINUTE)
    desk.happen(on_the_page("m1", "identified"), NOW - HOUR)
    desk.happen(MessageSent("m1"), NOW - HOUR)
    async with war_room(desk) as room:
        await room.press(*RESOLVED)
        await room.press("enter")
        assert "public: status page api says 'identified' since 13:32:07Z" in flat(room.text)
        assert desk.submitted == []
        closed = MessageQueued(
            "m2", "status-page", "status page", "x", audience="public", place="api", state="resolved"
        )
        desk.happen(closed, NOW)
        desk.happen(MessageSent("m2"), NOW)
        await room.press("enter")
        assert isinstance(room.app.screen, StandDownForm)


async def test_the_command_asks_the_same() -> None:
    desk = healthy(NOW - 10 * MINUTE)
    async with war_room(desk) as room:
        await command(room, "state resolved")
        assert "resolving needs a reason: All pods are ready: held 10 min of 30 min" in flat(room.text)
        await room.press("escape")
    desk = healthy(NOW - 31 * MINUTE)
    async with war_room(desk) as room:
        await command(room, "state resolved")
        assert isinstance(room.app.screen, StandDownForm)


async def test_another_severity_always_asks_why() -> None:
    desk = a_room_desk()
    async with war_room(desk) as room:
        await room.press("D", "up", "enter", "enter", "enter", "enter")
        assert "say why in a few words" in room.text
        assert "SEV1 requires" in room.text
        assert "escalate to VP Engineering, within 1 hour" in room.text
        assert desk.submitted == []
        await room.press(*"all", "enter")
        assert desk.view().incident.severity == "SEV1"
        assert "severity SEV2 -> SEV1: all" in room.text
        assert isinstance(room.app.screen, Overview)


def test_how_a_signal_stands_is_said_whole_in_a_narrow_form() -> None:
    text = "No pod of the namespace has been in a crash loop or was killed for its memory"
    verdict = Verdict(text, "holds", "held 1 min 47 s of 30 min")
    (line,) = gate_lines(Gate((verdict,)), 60)
    assert "".join(span.text for span in line) == "[ ] No pod of the namespace has …: held 1 min 47 s of 30 min"
