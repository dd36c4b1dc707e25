"""The bell of a console: for what its screen shows, and for nobody who only looks."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from textual.app import App

from tests import builders
from tests.builders import NOW
from tests.tui.harness import Desk, quiet_desk, troubled_desk, war_room
from wfconsole.clock import MINUTE, SECOND
from wfconsole.observations.levels import Level
from wfconsole.session.view import Mode
from wfconsole.tui.alarm import Alarm


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[App[int]]:
    """Grows with each ring."""
    rings: list[App[int]] = []

    def ring(app: App[int]) -> None:
        rings.append(app)

    monkeypatch.setattr(App, "bell", ring)
    return rings


def break_pods(desk: Desk) -> None:
    desk.tell("pods", [builders.a_bad_pod(f"gateway-{number}", restarts=4, restarted_at=NOW) for number in range(3)])
    assert desk.session.view.judged.rows("pods").level == Level.CRITICAL


async def test_it_rings_when_a_pane_becomes_critical(rung: list[App[int]]) -> None:
    desk = quiet_desk()
    async with war_room(desk) as room:
        await room.repaint()
        assert not rung
        break_pods(desk)
        await room.repaint()
        await room.repaint()
        assert len(rung) == 1


async def test_it_rings_when_a_clock_runs_out(rung: list[App[int]]) -> None:
    desk = troubled_desk()
    async with war_room(desk) as room:
        await room.repaint()
        assert not rung, "what is critical already was so before"
        desk.clock.advance(18 * MINUTE + 21 * SECOND)
        await room.repaint()
        assert len(rung) == 1


@pytest.mark.parametrize("key", ["space", "O"])
async def test_a_frozen_screen_and_an_observer_are_silent(rung: list[App[int]], key: str) -> None:
    desk = quiet_desk()
    async with war_room(desk) as room:
        await room.press(key)
        break_pods(desk)
        await room.repaint()
        assert not rung


async def test_a_console_that_only_looks_is_silent(rung: list[App[int]]) -> None:
    desk = quiet_desk(change=False)
    async with war_room(desk) as room:
        await room.repaint()
        break_pods(desk)
        await room.repaint()
        assert "■ CRIT" in room.text
        assert not rung


@pytest.mark.parametrize(("mode", "rings"), [("live", 1), ("frozen", 0), ("back", 0), ("replay", 0)])
async def test_only_a_screen_that_shows_now_rings(mode: Mode, rings: int) -> None:
    desk, heard = quiet_desk(), []
    async with war_room(desk) as room:
        alarm = Alarm(lambda: heard.append(mode))
        alarm.hear(room.app.frame(), 0)
        break_pods(desk)
        frame = room.app.frame()
        alarm.hear(replace(frame, time=replace(frame.time, mode=mode)), SECOND)
        assert len(heard) == rings


async def test_the_setting_turns_off_every_bell(rung: list[App[int]]) -> None:
    desk = quiet_desk()
    async with war_room(desk, bell=False) as room:
        await room.repaint()
        break_pods(desk)
        await room.repaint()
        room.app.bell()  # as a text field that is full does
        assert not rung
