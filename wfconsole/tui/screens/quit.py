"""Leaving asks, and says what goes on and what does not."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from wfconsole.tui.forms.choice import Choice, Option
from wfconsole.tui.forms.form import Form, Words
from wfconsole.tui.ink import Line, Span


class QuitForm(Form):
    """Stay has the focus."""

    TITLE = "QUIT"

    def keys_words(self) -> str:
        return "arrows choose   Enter does it   Esc stays"

    def fields(self) -> Iterable[Widget]:
        words = Words(id="words")
        words.set(self._lines())
        yield words
        yield Choice((Option("stay", "Stay"), Option("quit", "Quit")), id="choice")

    def on_mount(self) -> None:
        self.query_one(Choice).focus()

    def on_choice_taken(self, event: Choice.Taken) -> None:
        self.dismiss(None)
        if event.choice.value == "quit":
            self.app.exit(return_code=0)

    def _lines(self) -> list[Line]:
        frame = self.frame
        incident = frame.view.incident
        if frame.time.mode == "replay":
            return [(Span("The replay ends. Nothing of it is kept."),)]
        if not incident.declared or incident.resolved:
            return [(Span("No incident is open. The recording of this session stays."),)]
        lines: list[Line] = [
            (Span(f"{incident.id} stays open; its clocks go on. `wfconsole resume` goes on exactly here."),),
        ]
        if frame.view.pending:
            lines.append(
                (Span(f"{len(frame.view.pending)} entries are not on disk yet; quitting writes them.", "warn"),)
            )
        if frame.view.journal.condition == "memory-only":
            lines.append((Span("The journal is in memory only: what is not on disk is lost.", "crit"),))
        return lines


class LeaveObserverForm(Form):
    """Becoming able to change things asks."""

    TITLE = "LEAVE OBSERVER MODE"

    def fields(self) -> Iterable[Widget]:
        words = Words(id="words")
        words.set([(Span("From then on capital letters change the record of this incident."),)])
        yield words
        yield Choice((Option("stay", "Stay an observer"), Option("leave", "Leave it")), id="choice")

    def on_mount(self) -> None:
        self.query_one(Choice).focus()

    def on_choice_taken(self, event: Choice.Taken) -> None:
        self.dismiss(None)
        if event.choice.value == "leave":
            self.war_room.observer = False
            self.war_room.show_now()
