"""Who only looks: no key and no command enters anything, and what others enter is seen."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from tests.console.desk import Desk, declare, kill, note, quit_by_key

COMMANDS = (
    "declare",
    "note this must not be kept",
    "sev 2 because",
    "state monitoring because",
    "ack",
    "update told",
    "role scribe somebody",
    "check service-outage",
    "moment detected 04:01",
    "handover",
    "amend abcd words",
)


def fingerprint(folder: Path) -> str:
    """Of everything below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(str(path).encode() + path.read_bytes() for path in files)).hexdigest()


def test_an_observer_enters_nothing_by_any_key_or_command(desk: Desk) -> None:
    with desk.live() as terminal:
        declare(terminal, "gateway is down")
        note(terminal, "by whoever may")
        kill(terminal)
    before = fingerprint(desk.incidents)
    with desk.resumed("--observer") as terminal:
        terminal.wait_for("OBSERVER")
        terminal.press("t")  # on the overview, sources without a cluster may fill what room there is
        terminal.wait_for("by whoever may")
        for screen in ("0", "c", "t", "3"):
            terminal.press(screen)
            for key in "DNXWERHZM":
                terminal.press(key)
                terminal.wait_for(re.compile(f"{key} .*observer|nothing|no |asked"))
        terminal.press("0")
        for command in COMMANDS:
            terminal.press(":")
            terminal.wait_for("COMMAND")
            terminal.send(f"{command}\r")
            terminal.wait_for("observers change nothing")
            terminal.press("tab", "enter")
            terminal.wait_gone("COMMAND")
        assert quit_by_key(terminal) == 0
    assert fingerprint(desk.incidents) == before


def test_an_observer_sees_what_others_enter(desk: Desk) -> None:
    with desk.live() as first:
        declare(first, "gateway is down")
        note(first, "before")
        with desk.resumed("--observer") as observer:
            observer.wait_for("before")
            observer.press("t")
            observer.wait_for("9 TIMELINE")
            note(first, "while somebody looks on")
            observer.wait_for("while somebody looks on")
            kill(observer)
        kill(first)
    assert {entry.actor for entry in desk.entries()} == {"op1", "scribe"}


def test_observer_mode_goes_on_at_once_and_leaving_it_asks(desk: Desk) -> None:
    with desk.live() as terminal:
        terminal.wait_for("ready")
        terminal.press("O")
        terminal.wait_for("OBSERVER")
        terminal.press("D")
        terminal.wait_for("observer: read-only")
        terminal.press("O")
        terminal.wait_for("LEAVE OBSERVER MODE")
        terminal.press("enter")  # stay has the focus
        terminal.wait_gone("LEAVE OBSERVER MODE")
        terminal.wait_for("OBSERVER")
        terminal.press("O")
        terminal.wait_for("LEAVE OBSERVER MODE")
        terminal.press("down", "enter")
        terminal.wait_gone("OBSERVER")
        declare(terminal, "gateway is down")
        kill(terminal)
