"""The keys of an AZERTY keyboard, as its terminal sends them, in the real program."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.terminal.probes import ROOT
from tests.terminal.pty import Terminal

# Without Shift, from 1 to 7, as France, and then Belgium and a Mac send them; what heads each pane.
PANES = (
    ("&", "1 Alerts"),
    ("é", "2 Signals"),
    ('"', "3 Pods"),
    ("'", "4 HPA"),
    ("(", "5 Nodes"),
    ("-", "6 DB"),
    ("§", "6 DB"),
    ("è", "7 Auth"),
)


def zoomed(terminal: Terminal, pane: str) -> bool:
    """The frame of a pane stands where the overview has its board."""
    return re.match(rf"\S+ {pane}", terminal.lines[2]) is not None and "8 CHECKLIST" not in terminal.text


def test_the_digits_of_an_azerty_keyboard_work_without_shift(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "wfconsole", "demo", "--operator", "op1"]
    home = {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "WFCONSOLE_CONSOLE_KEYMAP": "azerty"}
    with Terminal(command, columns=160, rows=40, env=home) as terminal:
        terminal.wait_for(re.compile(r"3 Pods\s+· ok"))
        for sent, pane in PANES:
            terminal.send(sent.encode())
            terminal.wait_until(lambda pane=pane: zoomed(terminal, pane), f"the pane {pane}")  # type: ignore[misc]
            terminal.send(sent.encode())
            terminal.wait_for("8 CHECKLIST")
        terminal.send(b"_")
        terminal.wait_gone("9 TIMELINE")
        terminal.send("ç".encode())
        terminal.wait_for("TIMELINE")
        terminal.wait_gone("CHECKLIST")
        terminal.send("à".encode())
        terminal.wait_for("8 CHECKLIST")
        terminal.send(b")")
        terminal.wait_for("► x1/2 ")
        terminal.send(b"=")
        terminal.wait_for("► x1 ")
        terminal.send(b"$")
        terminal.wait_for(re.compile(r"║ paused .*\d+:\d\d:\d\d/"))
        assert terminal.forbidden_bytes() == []
