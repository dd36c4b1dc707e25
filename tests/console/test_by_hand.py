"""A command by hand in the whole console: quit in the middle of it, killed in the middle of it, gone on with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.console.desk import Desk, declare, kill, quit_by_key, wait_saved
from tests.hands.test_process import is_alive, pid_in
from tests.journal.helpers import until
from tests.terminal.pty import Terminal
from wfconsole.incident.events import CommandEnded, CommandStarted, ConsoleEnded

FIRST = """# Checklist: First five minutes

What is there.

1. **Wait for it**
   - By hand:
     ```bash
     {command}
     ```
"""


def a_runbook(folder: Path, command: str) -> Path:
    """A runbook whose first step has this command."""
    bundled = Path(__file__).parents[2] / "wfconsole" / "runbook" / "bundled"
    book = folder / "runbook"
    book.mkdir()
    for path in bundled.glob("*.md"):
        (book / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (book / "first-five-minutes.md").write_text(FIRST.format(command=command), encoding="utf-8")
    return book


def run_the_command(terminal: Terminal) -> None:
    """From the overview: the step, its command, the word."""
    terminal.press("c")
    terminal.wait_for("Wait for it")
    terminal.press("C")
    terminal.wait_for("RUN BY HAND")
    terminal.wait_for("> [ Cancel ]")
    terminal.send("\x1b[Z")  # Shift+Tab: from Cancel to the word
    terminal.wait_gone("> [ Cancel ]")
    terminal.send("run\r")
    terminal.wait_for("COMMAND")


@pytest.fixture
def running(desk: Desk) -> tuple[str, Path]:
    """Options with a runbook whose command ignores the polite signal, and where it says its process."""
    where = desk.folder / "pid"
    command = f"trap '' TERM; echo $$ > {where}; echo begun; while :; do sleep 0.05; done"
    return f"--runbook {a_runbook(desk.folder, command)}", where


def events(desk: Desk) -> list[CommandStarted | CommandEnded]:
    return [entry.event for entry in desk.entries() if isinstance(entry.event, CommandStarted | CommandEnded)]


def test_quitting_ends_the_command_and_says_so(desk: Desk, running: tuple[str, Path]) -> None:
    options, where = running
    with desk.live(options) as terminal:
        declare(terminal, "gateway is down")
        run_the_command(terminal)
        pid = pid_in(where)
        terminal.wait_for("begun")
        terminal.press("Q")
        terminal.wait_for("quitting ends it")
        terminal.press("down", "enter")
        assert terminal.wait_exit() == 0
        assert terminal.restored
    assert not is_alive(pid)
    started, ended = events(desk)
    assert isinstance(started, CommandStarted)
    assert isinstance(ended, CommandEnded)
    assert (ended.outcome, ended.lines) == ("cancelled", ("begun",))
    assert isinstance(desk.entries()[-1].event, ConsoleEnded)


def test_a_console_that_is_killed_leaves_no_orphan_and_the_next_one_says_unknown(
    desk: Desk, running: tuple[str, Path]
) -> None:
    options, where = running
    with desk.live(options) as terminal:
        declare(terminal, "gateway is down")
        run_the_command(terminal)
        pid = pid_in(where)
        assert isinstance(events(desk)[0], CommandStarted)  # it was on disk before the command was a process
        kill(terminal)
    until(lambda: not is_alive(pid), "the command has ended with its console")
    assert len(events(desk)) == 1
    with desk.resumed(options) as terminal:
        wait_saved(terminal, "by hand: trap")
        assert quit_by_key(terminal) == 0
    started, ended = events(desk)
    assert isinstance(ended, CommandEnded)
    assert ended.outcome == "unknown"
    assert ended.command == started.command
