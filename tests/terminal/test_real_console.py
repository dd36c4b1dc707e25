"""The console itself under a terminal: hostile recordings on every screen, and every way to end."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal.hostile_recording import hostile_recording
from tests.terminal.probes import ROOT
from tests.terminal.pty import Terminal

# The console as it is, and beside it a count of what its net caught, written when it ends.
RUN = """
import atexit, sys
from pathlib import Path
from wfconsole.tui import compat
guards, guard_filter = [], compat.guard_filter
def counted(app):
    guards.append(guard_filter(app))
    return guards[-1]
compat.guard_filter = counted
atexit.register(lambda: guards and Path(sys.argv.pop()).write_text(str(max(guard.hits for guard in guards))))
from wfconsole.cli import main
sys.exit(main(sys.argv[1:-1]))
"""
TOUR = (
    *(
        "1",
        "2",
        "3",
        "enter",
        "n",
        "n",
        "0",
        "3",
        "v",
        "s",
        "down",
        "pagedown",
        "end",
        "0",
        "4",
        "enter",
        "0",
        "5",
        "v",
    ),
    *("enter", "0", "6", "0", "7", "0", "c", "0", "t", "enter", "v", "end", "0", "e", "down", "0", "r", "0", "p", "0"),
    *("question_mark", "0", "i", "0", "u", "tab", "tab", "}", ".", "]", "w", "0", ":", "escape", "@", "escape", "\\"),
)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A recording that a stranger made."""
    path = tmp_path / "hostile.jsonl"
    path.write_text(hostile_recording())
    return path


def replayed(recording: Path, columns: int, rows: int, *options: str) -> Terminal:
    """The real console on a recording, with an empty home."""
    command = [sys.executable, "-c", RUN, "replay", str(recording), *options, str(recording.with_name("hits"))]
    home = {"HOME": str(recording.parent), "PYTHONPATH": str(ROOT)}
    return Terminal(command, columns=columns, rows=rows, env=home)


@pytest.fixture(params=[(80, 24), (200, 60)], ids=["80x24", "200x60"])
def console(request: pytest.FixtureRequest, recording: Path) -> Iterator[Terminal]:
    """The console, showing the hostile recording."""
    with replayed(recording, *request.param) as terminal:
        terminal.wait_for("DO NOW")
        yield terminal


def test_a_hostile_recording_is_inert_on_every_screen_and_the_net_has_nothing_to_catch(
    console: Terminal, recording: Path
) -> None:
    for key in TOUR:
        before = len(console.raw)
        console.press("?" if key == "question_mark" else key)
        console.press("ctrl+l")
        console.wait_until(lambda start=before: len(console.raw) > start, f"a frame after {key}")  # type: ignore[misc]
    assert console.running, console.text
    console.signal(signal.SIGTERM)
    assert console.wait_exit() == 128 + signal.SIGTERM
    assert console.forbidden_bytes() == []
    assert b"zq" in console.raw
    assert recording.with_name("hits").read_text() == "0"


def test_in_ascii_nothing_but_ascii_is_written(recording: Path) -> None:
    with replayed(recording, 120, 40, "--ascii") as terminal:
        terminal.wait_for("DO NOW")
        terminal.press("3", "enter", "0", "t", "ctrl+l")
        terminal.wait_for("TIMELINE")
        terminal.signal(signal.SIGTERM)
        terminal.wait_exit()
        assert terminal.raw.isascii()
        assert terminal.forbidden_bytes() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_with_its_code_and_a_restored_terminal(console: Terminal, number: signal.Signals) -> None:
    console.signal(number)
    assert console.wait_exit(5) == 128 + number
    assert console.restored


def test_a_closed_terminal_ends_it(console: Terminal) -> None:
    console.hang_up()
    assert console.wait_exit(5) == 128 + signal.SIGHUP


def test_killed_it_leaves_a_usable_terminal_and_says_how_to_go_on(console: Terminal) -> None:
    (child,) = Path(f"/proc/{console.pid}/task/{console.pid}/children").read_text().split()
    os.kill(int(child), signal.SIGKILL)
    assert console.wait_exit(5) == 128 + signal.SIGKILL
    assert console.restored
    console.wait_for("wfconsole resume")
