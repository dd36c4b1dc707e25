"""A recording in the same screen: the real player, the keys of time, and a word that says that it is no live screen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.session.made import BEGAN, recording
from tests.tui.harness import RUNBOOK, THEMES
from tests.tui.papers import flat
from wfconsole.clock import SECOND, Clock, ManualClock, Millis, SystemClock
from wfconsole.session.own_notes import OwnNotes
from wfconsole.session.replay import ReplayConsole, open_recording
from wfconsole.tui import compat
from wfconsole.tui.app import WarRoom
from wfconsole.tui.screens.command_line import CommandLine
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
        """Press once, where that does not hold yet; the player's thread takes its time, so wait for it."""
        assert not holds(self.text), f"before {key} the screen says already\n{self.text}"
        await self.pilot.press(key)
        await self.until(holds)

    async def until(self, holds: Callable[[str], bool]) -> None:
        """Wait for what the screen is to say."""
        for _ in range(250):
            if holds(self.text):
                return
            await self.pilot.pause(0.02)
        raise AssertionError(f"five seconds later the screen still says\n{self.text}")

    async def repaint(self) -> None:
        """What the tick of a second does."""
        self.app.show_now()
        await self.pilot.pause()


def replay(folder: Path, *, at: Millis | None = None, real: Clock | None = None) -> AbstractAsyncContextManager[Replay]:
    return replay_of(recording(folder), at=at, real=real)


@asynccontextmanager
async def replay_of(path: Path, *, at: Millis | None = None, real: Clock | None = None) -> AsyncIterator[Replay]:
    console = ReplayConsole(
        open_recording(path),
        real or SystemClock(),
        runbook=RUNBOOK,
        read_runbook=None,
        notes=OwnNotes(path.parent / "own.jsonl", BEGAN, BEGAN + 120 * SECOND),
        at=at,
        paused=True,
    )
    theme = THEMES["warroom-dark"]
    app = WarRoom(console, theme=theme, glyphs=glyphs_of(theme))
    try:
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            yield Replay(app, pilot)
    finally:
        console.close("test")


async def test_a_damaged_recording_says_what_where_and_what_to_do_on_80_columns(tmp_path: Path) -> None:
    path = recording(tmp_path)
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join((*lines[:20], b'[1,"d","pods",{"age_ms":NaN}]', *lines[20:])))
    async with replay_of(path) as shown:
        assert "damaged" not in shown.text  # nobody has come there yet
        await shown.press_until("backslash", lambda text: "line 21: not a line of a recording" in text)
        lines_shown = shown.text.splitlines()
        assert "DO NOW  the recording is damaged from here on: line 21: not a" in lines_shown[1]
        assert lines_shown[-2].rstrip().endswith("e all of it")
        assert tmp_path.name not in shown.text
        await shown.press_until("u", lambda text: "SOURCES" in text)
        assert (
            "replayed line 21: not a line of a recording: JSON is malformed: invalid character (byte 24). What is "
            "before it plays; the rest needs another copy of the file." in flat(shown.text)
        )


async def test_the_screen_says_that_it_is_a_replay(tmp_path: Path) -> None:
    async with replay(tmp_path) as shown:
        await shown.press_until("backslash", lambda text: "SEV-2" in text)
        assert shown.text.startswith(" ║ REPLAY")
        assert "00:02:00/00:02:00" in shown.text


async def test_what_other_lines_say_too_leaves_its_room_to_the_title(tmp_path: Path) -> None:
    async with replay(tmp_path) as shown:
        await shown.press_until("backslash", lambda text: "SEV-2" in text)
        head = shown.text.splitlines()[0]
        assert "paused" not in head
        assert "OBSERVER" not in head
        assert "kind-made" in head


async def test_the_keys_of_time_move_through_the_recording(tmp_path: Path) -> None:
    async with replay(tmp_path, at=BEGAN) as shown:
        await shown.press_until("backslash", lambda text: "00:02:00/00:02:00" in text)
        await shown.press_until("left_square_bracket", lambda text: "00:01:50/" in text)
        await shown.press_until("right_square_bracket", lambda text: "00:02:00/" in text)
        await shown.press_until("left_curly_bracket", lambda text: "00:02:00/" not in text)


@pytest.mark.parametrize(
    ("key", "position"),
    [
        ("[", "00:00:40"),
        ("shift+left", "00:00:40"),
        ("]", "00:01:00"),
        ("shift+right", "00:01:00"),
        ("{", "00:00:40"),
        ("shift+up", "00:00:40"),
        ("}", "00:02:00"),
        ("shift+down", "00:02:00"),
        (",", "00:00:30"),
        (".", "00:01:20"),
    ],
)
async def test_every_key_of_the_table_moves_through_time(tmp_path: Path, key: str, position: str) -> None:
    """At 50 s, between the note of 40 s, which a step back takes away again, and the pod that is well at 80 s."""
    async with replay(tmp_path, at=BEGAN + 50 * SECOND) as shown:
        await shown.until(lambda text: "paused 00:00:50/" in flat(text))
        await shown.press_until(key, lambda text: f"paused {position}/" in flat(text))


async def test_space_plays_and_pauses(tmp_path: Path) -> None:
    real = ManualClock()
    async with replay(tmp_path, at=BEGAN + 10 * SECOND, real=real) as shown:
        await shown.until(lambda text: "paused 00:00:10/" in flat(text))
        await shown.press_until("space", lambda text: "x1 00:00:10/" in flat(text))
        real.advance(15 * SECOND)
        await shown.repaint()
        assert "x1 00:00:25/" in flat(shown.text)
        await shown.press_until("space", lambda text: "paused 00:00:25/" in flat(text))
        real.advance(15 * SECOND)
        await shown.repaint()
        assert "paused 00:00:25/" in flat(shown.text)


@pytest.mark.parametrize("faster", ["+", "="])
async def test_a_replay_goes_twice_as_fast_and_back(tmp_path: Path, faster: str) -> None:
    real = ManualClock()
    async with replay(tmp_path, at=BEGAN + 10 * SECOND, real=real) as shown:
        await shown.until(lambda text: "paused 00:00:10/" in flat(text))
        await shown.press_until("space", lambda text: "x1 00:00:10/" in flat(text))
        await shown.press_until(faster, lambda text: "x2 00:00:10/" in flat(text))
        real.advance(5 * SECOND)
        await shown.repaint()
        assert "x2 00:00:20/" in flat(shown.text)
        await shown.press_until("-", lambda text: "x1 00:00:20/" in flat(text))
        await shown.press_until("-", lambda text: "x1/2 00:00:20/" in flat(text))


async def test_looking_back_shows_what_was_true_then(tmp_path: Path) -> None:
    async with replay(tmp_path) as shown:
        await shown.press_until("backslash", lambda text: "2/2 ready" in text)
        await shown.pilot.press(*["left_square_bracket"] * 7)
        await shown.until(lambda text: "1/2 ready" in text)
        assert "CrashLoop" in shown.text


@pytest.mark.parametrize("key", ["Z", "D", "H"])
async def test_a_replay_takes_no_changes_and_says_so(tmp_path: Path, key: str) -> None:
    async with replay(tmp_path) as shown:
        await shown.press_until(key, lambda text: "this is a replay" in text)


async def test_a_note_of_ones_own_is_shown_where_it_was_written_and_a_mark_is_gone_to(tmp_path: Path) -> None:
    async with replay(tmp_path, at=BEGAN + 60 * SECOND) as shown:
        await shown.until(lambda text: "00:01:00/" in text)
        await shown.pilot.press("N", *"slow here", "enter")
        await shown.until(lambda text: "NOTE     replay: slow here" in text)
        assert "takes it back" not in shown.text, "nothing is taken back in a replay"
        await shown.pilot.press("right_square_bracket")
        await shown.until(lambda text: "00:01:10/" in text)
        await shown.pilot.press("colon", *"mark 503s end", "enter")
        await shown.until(lambda text: "MARK     replay: 503s end" in text)
        await shown.pilot.press("left_square_bracket")
        await shown.until(lambda text: "00:01:00/" in text and "503s end" not in text and "slow here" in text)
        await shown.pilot.press("right_curly_bracket")
        await shown.until(lambda text: "00:01:10/" in text and "503s end" in text)
        await shown.pilot.press("right_square_bracket")
        await shown.until(lambda text: "00:01:20/" in text and "M" in text.splitlines()[-2])
    assert (tmp_path / "own.jsonl").read_bytes().count(b"replay") == 2


async def test_an_observer_writes_nothing_in_a_replay_either(tmp_path: Path) -> None:
    async with replay(tmp_path) as shown:
        await shown.pilot.press("O")
        await shown.press_until("N", lambda text: "N note: observer: read-only" in text)
        await shown.pilot.press("colon", *"mark it", "enter")
        assert "observer: read-only" in flat(shown.text)
        assert isinstance(shown.app.screen, CommandLine), "the line stays, with the reason"
    assert not (tmp_path / "own.jsonl").exists()


async def test_a_pod_that_nobody_asked_for_is_not_in_the_recording(tmp_path: Path) -> None:
    async with replay(tmp_path) as shown:
        await shown.press_until("backslash", lambda text: "2/2 ready" in text)
        await shown.press_until("3", lambda text: "3 or 0 back" in text)
        await shown.press_until("v", lambda text: "gateway-b" in text)
        await shown.press_until("enter", lambda text: "not in this recording" in text)
