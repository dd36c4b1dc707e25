"""Any size, and any storm of sizes: nothing breaks, and the last one is what is drawn."""

import re
import signal
from pathlib import Path

import pytest

from tests.terminal.probes import probe
from tests.terminal.pty import Terminal
from tests.terminal.replayed import Replayed

SIZES = [(1, 1), (3, 2), (10, 3), (20, 5), (40, 10), (80, 24), (120, 40), (500, 200)]


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_it_starts_lives_and_ends_in_every_size(columns: int, rows: int) -> None:
    with Terminal(probe("busy"), columns=columns, rows=rows) as terminal:
        after_start = terminal.wait_raw(b"\x1b[?1049h")
        terminal.wait_raw(b"R", after_start)
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert terminal.restored
        assert terminal.forbidden_bytes() == []


def test_a_storm_of_resizes_settles_on_the_last_size() -> None:
    with Terminal(probe("busy"), columns=80, rows=24) as terminal:
        terminal.wait_for("READY")
        before = len(terminal.raw)
        terminal.storm([*(SIZES[step % len(SIZES)] for step in range(645)), (60, 12)])
        terminal.wait_raw(b"\x1b[12;1H", before)
        terminal.wait_for(re.compile(r"^\d{60}$", re.MULTILINE))
        assert terminal.running
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert terminal.forbidden_bytes() == []


@pytest.mark.parametrize(("columns", "rows"), [SIZES[0], SIZES[2], SIZES[-1]])
def test_the_console_starts_lives_and_ends_in_the_smallest_and_the_largest_size(
    tmp_path: Path, columns: int, rows: int
) -> None:
    with Replayed(tmp_path, columns, rows) as console:
        wait_painted(console, console.wait_raw(b"\x1b[?1049h"))
        console.signal(signal.SIGTERM)
        assert console.wait_exit() == 128 + signal.SIGTERM
        assert console.restored
        assert console.forbidden_bytes() == []
        assert console.hits == 0


def test_the_console_lives_through_every_size_and_a_storm_and_settles_on_the_last_one(tmp_path: Path) -> None:
    with Replayed(tmp_path, 80, 24) as console:
        console.wait_for("9 TIMELINE newest")
        console.press("3")
        console.wait_for("[unhealthy]")
        for columns, rows in SIZES:
            before = len(console.raw)
            console.resize(columns, rows)
            wait_painted(console, before)
        console.storm([*(SIZES[step % len(SIZES)] for step in range(300)), (100, 30)])
        console.wait_until(lambda: settled(console), "a whole screen of 100 x 30")
        assert console.running
        console.press("Q")
        console.wait_for("Stay")
        console.press("down", "enter")
        assert console.wait_exit() == 0
        assert console.restored
        assert console.forbidden_bytes() == []
        assert console.hits == 0


def wait_painted(console: Terminal, start: int) -> None:
    """Until something was written into the last line of this size."""
    console.wait_raw(f"\x1b[{console.rows};".encode(), start)


def settled(console: Terminal) -> bool:
    """Whether the pane's edges and the keys are where they must be in this size."""
    lines, width = console.lines, console.columns
    pane = [line for line in lines[2:-2] if len(line) != width or line[0] not in "┏┃┗" or line[-1] not in "┓┃┛"]
    return not pane and "? help" in lines[-1] and "[unhealthy]" in lines[2]
