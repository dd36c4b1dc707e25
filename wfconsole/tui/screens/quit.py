"""Leaving asks, and says what goes on and what does not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from textual.widget import Widget

from wfconsole.incident.ledger import is_open
from wfconsole.tui.forms.choice import Choice, Option
from wfconsole.tui.forms.fields import Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line
from wfconsole.tui.wrapping import paragraphs


class QuitForm(Form):
    """Stay has the focus."""

    TITLE = "QUIT"
    ACTION = None
    KEYS = "arrows choose   Enter does it   Esc stays"

    def cancel_word(self) -> str:
        return ""

    def fields(self) -> Iterable[Widget]:
        frame, running = self.frame, self.war_room.session.hands.show()
        runs = running is not None and running.stage != "over"
        yield Words(id="words", make=lambda width: _told(frame, width, runs=runs))
        yield Choice((Option("stay", "Stay"), Option("quit", "Quit")), id="choice", always_open=True)

    def enter(self) -> None:
        quits = self.query_one(Choice).value == "quit"
        self.dismiss(None)
        if quits:
            self.app.exit(return_code=0)


_LEAVING: Final = "From then on capital letters change the record of this incident."


class LeaveObserverForm(Form):
    """Becoming able to change things asks."""

    TITLE = "LEAVE OBSERVER MODE"
    ACTION = None
    KEYS = "arrows choose   Enter does it   Esc stays"

    def cancel_word(self) -> str:
        return ""

    def fields(self) -> Iterable[Widget]:
        yield Words(id="words", make=lambda width: paragraphs((_LEAVING,), width))
        options = (Option("stay", "Stay an observer"), Option("leave", "Leave it"))
        yield Choice(options, id="choice", always_open=True)

    def enter(self) -> None:
        leaves = self.query_one(Choice).value == "leave"
        self.dismiss(None)
        if leaves:
            self.war_room.observer = False
            self.war_room.show_now()


def _told(frame: Frame, width: int, *, runs: bool) -> list[Line]:
    rows: list[Line] = []
    if runs:
        rows += paragraphs(("A command runs by hand: quitting ends it, and the record says so.",), width, "warn")
    for text, ink in _consequences(frame):
        rows += paragraphs((text,), width, ink)
    return rows


def _consequences(frame: Frame) -> list[tuple[str, Ink]]:
    """What ends with the console, what stays, and what is not safe yet."""
    incident, journal = frame.view.incident, frame.view.journal
    if frame.time.mode == "replay":
        return [("The replay ends. The recording stays as it is.", "text")]
    if frame.time.drill:
        return [("The drill ends, and how it went is told. Its record stays; nobody can go on with it.", "text")]
    told: list[tuple[str, Ink]] = []
    if incident.declared and not incident.resolved:
        told.append((f"{incident.id} stays open and its clocks go on. Nobody is told that you left.", "strong"))
        told.append(("`wfconsole resume` goes on exactly here; until then nobody watches.", "text"))
    elif incident.declared:
        told.append((f"{incident.id} is resolved; `wfconsole export {incident.id}` writes its post-mortem.", "text"))
    elif journal.condition != "none":
        told.append(("No incident is declared. What was entered is kept: `wfconsole resume` goes on with it.", "text"))
    else:
        told.append(("No incident is open.", "text"))
    waiting = sum(is_open(message) for message in incident.messages.values())
    if waiting:
        word = f"{waiting} messages have" if waiting > 1 else "1 message has"
        told.append((f"{word} not arrived: nothing is sent until somebody resumes.", "warn"))
    told.append(("Nothing is read from the cluster any more; what was recorded stays.", "text"))
    if frame.view.pending:
        told.append((f"{len(frame.view.pending)} entries are not on disk yet: quitting writes them first.", "warn"))
    if journal.condition == "memory-only":
        told.append(
            (f"The journal is in memory only ({journal.reason}): what is not on disk is printed, then lost.", "crit")
        )
    elif journal.condition == "fallback":
        told.append((f"The journal is in {journal.directory}, not in its own place: {journal.reason}", "warn"))
    return told
