"""A recording in the same screen: the real player, the keys of time, and a word that says that it is no live screen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.session.made import recording
from tests.tui.harness import RUNBOOK, THEMES
from wfconsole.clock import SystemClock
from wfconsole.session.replay import ReplayConsole, open_recording
from wfconsole.tui import compat
from wfconsole.tui.app import WarRoom
from wfconsole.tui.theming import glyphs_of


class Replay:
    """A paused replay on a screen."""

    def __init__(self, app: WarRoom, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def text(self) -> str:
        return "\n".join(compat.screen_lines(self.app))

    async def press_until(self, key: str, holds: Callable[[str], bool]) -> None:
        """Press once; the player's thread takes its time, so wait for what the screen is to say."""
        await self.pilot.press(key)
        for _ in range(250):
            if holds(self.text):
                return
            await self.pilot.pause(0.02)
        raise AssertionError(f"{key}: five seconds later the screen still says\n{self.text}")


@asynccontextmanager
async def replay(folder: Path, *, at: str = "") -> AsyncIterator[Replay]:
    console = ReplayConsole(
        open_recording(recording(folder)), SystemClock(), runbook=RUNBOOK, read_runbook=None, at=at, paused=True
    )
    theme = THEMES["warroom-dark"]
    app = WarRoom(console, theme=theme, glyphs=glyphs_of(theme))
    try:
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            yield Replay(app, pilot)
    finally:
        console.close("test")


async def test_the_screen_says_that_it_is_a_replay(tmp_path: Path) -> None:
    async with replay(tmp_path) as shown:
        await shown.press_until("backslash", lambda text: "SEV-2" in text)
        assert shown.text.startswith(" ► REPLAY")
        assert "OBSERVER" in shown.text
        assert "00:02:00/00:02:00" in shown.text


async def test_the_keys_of_time_move_through_the_recording(tmp_path: Path) -> None:
    async with replay(tmp_path, at="T+00:00") as shown:
        await shown.press_until("backslash", lambda text: "00:02:00/00:02:00" in text)
        await shown.press_until("left_square_bracket", lambda text: "00:01:50/" in text)
        await shown.press_until("right_square_bracket", lambda text: "00:02:00/" in text)
        await shown.press_until("left_curly_bracket", lambda text: "00:02:00/" not in text)
        await shown.press_until("minus", lambda text: "paused" in text)


async def test_looking_back_shows_what_was_true_then(tmp_path: Path) -> None:
    async with replay(tmp_path) as shown:
        await shown.press_until("backslash", lambda text: "2/2 ready" in text)
        for _ in range(6):
            await shown.pilot.press("left_square_bracket")
        await shown.press_until("left_square_bracket", lambda text: "1/2 ready" in text)
        assert "CrashLoop" in shown.text


@pytest.mark.parametrize("key", ["N", "D", "H"])
async def test_a_replay_takes_no_changes_and_says_so(tmp_path: Path, key: str) -> None:
    async with replay(tmp_path) as shown:
        await shown.press_until(key, lambda text: "this is a replay" in text)


async def test_a_pod_that_nobody_asked_for_is_not_in_the_recording(tmp_path: Path) -> None:
    async with replay(tmp_path) as shown:
        await shown.press_until("backslash", lambda text: "2/2 ready" in text)
        await shown.press_until("3", lambda text: "3 or 0 back" in text)
        await shown.press_until("v", lambda text: "gateway-b" in text)
        await shown.press_until("enter", lambda text: "not in this recording" in text)
