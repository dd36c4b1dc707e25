"""The console itself under a terminal: every way to end, and what it writes where a terminal takes ASCII only."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal.pty import Terminal
from tests.terminal.replayed import Replayed


@pytest.fixture(params=[(80, 24), (200, 60)], ids=["80x24", "200x60"])
def console(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    """The console, showing the hostile recording."""
    with Replayed(tmp_path, *request.param) as terminal:
        terminal.wait_for("SEV-1")
        yield terminal


def test_in_ascii_nothing_but_ascii_is_written(tmp_path: Path) -> None:
    with Replayed(tmp_path, 120, 40, "--ascii") as terminal:
        terminal.wait_for("SEV-1")
        terminal.press("3", "enter", "0", "t", "ctrl+l")
        terminal.wait_for("9 TIMELINE 91")
        terminal.signal(signal.SIGTERM)
        terminal.wait_exit()
        assert terminal.raw.isascii()
        assert terminal.forbidden_bytes() == []
        assert terminal.hits == 0


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
