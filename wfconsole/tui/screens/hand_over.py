"""Handing over command: done aloud, confirmed line by line; the role changes with the last confirmation."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Input

from wfconsole.incident.checklist import Item, confirm_checklist
from wfconsole.incident.events import RoleTaken, StepMarked
from wfconsole.text import cut, safe
from wfconsole.tui.forms.choice import Choice, Option
from wfconsole.tui.forms.form import WIDTH, Form, Words
from wfconsole.tui.ink import Span

LIST_ID = "handover"


class HandOverForm(Form):
    """Who takes over, then each line of the runbook's list."""

    TITLE = "HAND OVER COMMAND  do it, then confirm each line aloud"

    def keys_words(self) -> str:
        return "Enter confirms   Esc leaves, and nothing changes"

    def __init__(self, goto: str = "") -> None:
        super().__init__(goto)
        self._confirmed: list[Item] = []

    def fields(self) -> Iterable[Widget]:
        yield Words(id="steps")
        yield Words(id="who-label")
        yield Input(id="who", max_length=60, placeholder="name of the new commander")
        confirm = Choice((Option("yes", "confirmed"), Option("no", "not yet")), id="confirm")
        confirm.display = False
        yield confirm
        yield self.said()

    def on_mount(self) -> None:
        if not self.frame.view.incident.declared:
            self.query_one("#who").display = False
            self.query_one("#who-label", Words).set([(Span("no incident is open", "warn"),)])
            return
        self.query_one("#who-label", Words).set([(Span("WHO TAKES OVER", "title"),)])
        self._show()
        self.query_one("#who").focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if not event.value.strip():
            self.say("somebody has to take it")
            return
        self.query_one("#who", Input).disabled = True
        confirm = self.query_one(Choice)
        confirm.display = True
        confirm.focus()

    def on_choice_taken(self, event: Choice.Taken) -> None:
        if event.choice.value == "no":
            self.dismiss(None)
            return
        items = self._items()
        self._confirmed.append(items[len(self._confirmed)])
        if len(self._confirmed) < len(items):
            self._show()
            return
        person = safe(self.query_one("#who", Input).value.strip(), 60)
        self.dismiss(None)
        for item in self._confirmed:
            self.war_room.enter(StepMarked(item.step.id, "done", title=item.step.title))
        self.war_room.enter(RoleTaken("commander", person))

    def _items(self) -> tuple[Item, ...]:
        found = confirm_checklist(self.frame.runbook, LIST_ID, self.frame.view.incident)
        return () if found is None else found.items

    def _show(self) -> None:
        done = len(self._confirmed)
        lines = [
            (Span(cut(f"{'[x]' if place < done else ' > ' if place == done else '[ ]'} {item.step.title}", WIDTH)),)
            for place, item in enumerate(self._items())
        ]
        self.query_one("#steps", Words).set(lines)
