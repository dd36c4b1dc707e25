"""A bug anywhere in the console: it ends, tells no secret, and what the journal confirmed is there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.console.desk import ROOT, Desk, declare, kill, note
from tests.terminal.pty import Terminal
from wfconsole import exit_codes

CANARY: Final = "canary7f3a9c51e0"
# The console with a method that breaks as soon as a file is there, with secrets in its words and in its hands.
BREAKING: Final = """
import importlib, os, sys
gate, place = sys.argv.pop(1), sys.argv.pop(1)
module, name, method = place.split(":")
owner = getattr(importlib.import_module(f"wfconsole.{module}"), name)
whole = getattr(owner, method)
def breaking(*words, **named):
    password = "canary7f3a9c51e0"
    if os.path.exists(gate):
        raise RuntimeError(f"password={password} was refused")
    return whole(*words, **named)
setattr(owner, method, breaking)
from wfconsole.cli import main
sys.exit(main(sys.argv[1:]))
"""
# By what is at work then: where it breaks, the key that leads there, and a word of that screen.
PLACES: Final = {
    "a pane that is drawn": ("tui.panes.glance:Glance:draw", "", ""),
    "overview": ("tui.screens.overview:Overview:update", "", ""),
    "pods": ("tui.screens.zoom:Zoom:update", "3", "READY STATUS"),
    "checklist": ("tui.screens.checklist:ChecklistScreen:update", "8", "READ-DO"),
    "timeline": ("tui.screens.timeline:TimelineScreen:update", "9", "TIMELINE"),
    "triage": ("tui.screens.triage:TriageScreen:update", "a", "TRIAGE"),
    "sources": ("tui.screens.sources:SourcesScreen:update", "e", "SOURCES"),
    "the thread of the stream": ("session.session:Session:observe", "", ""),
}


def breaking(desk: Desk, place: str, gate: Path) -> Terminal:
    """The console, whose `place` breaks once `gate` is there."""
    program = gate.with_name("breaking.py")
    program.write_text(BREAKING)
    desk.environment["PYTHONPATH"] = str(ROOT)
    return desk.live(program=f"{program} {gate} {place}")


def more_is_seen(desk: Desk) -> None:
    with desk.stream.open("ab") as stream:
        stream.write(b'[1000,"d","pods",{}]\n')


@pytest.mark.parametrize("place", PLACES)
def test_a_bug_restores_the_terminal_tells_no_secret_and_loses_nothing(place: str, desk: Desk, tmp_path: Path) -> None:
    where, key, shown = PLACES[place]
    gate = tmp_path / "gate"
    with breaking(desk, where, gate) as terminal:
        declare(terminal, "gateway is down")
        note(terminal, "before the crash")
        if key:
            terminal.press(key)
            terminal.wait_for(shown)
        gate.touch()
        more_is_seen(desk)
        assert terminal.wait_exit() == exit_codes.CRASH
        assert terminal.restored
        terminal.wait_for("What the journal confirmed is safe")
        assert CANARY.encode() not in terminal.raw
    (report,) = (desk.incidents.parent / "crashes").iterdir()
    assert "RuntimeError" in report.read_text()
    assert CANARY not in report.read_text()
    assert desk.notes() == ["before the crash"]


def test_a_bug_in_the_recording_is_said_without_its_secret_and_the_console_goes_on(desk: Desk, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with breaking(desk, "recording.tape:Tape:chunk", gate) as terminal:
        declare(terminal, "gateway is down")
        gate.touch()
        more_is_seen(desk)
        terminal.press("e")
        terminal.wait_for("RuntimeError")
        terminal.press("0")
        note(terminal, "after it")
        assert CANARY.encode() not in terminal.raw
        kill(terminal)
    assert desk.notes() == ["after it"]
