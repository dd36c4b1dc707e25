"""The last question before a command runs: its whole text, where it goes, whose rights it has, what the trap is."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from textual.binding import Binding
from textual.widget import Widget

from wfconsole.incident import by_hand
from wfconsole.incident.checklist import Item
from wfconsole.incident.events import CommandStarted
from wfconsole.text import UNKNOWN
from wfconsole.tui import by_hand as way
from wfconsole.tui.forms.fields import Cancel, Field, Row, Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.panes.command_sections import text_rows
from wfconsole.tui.wrapping import labelled, paragraphs

_INDENT = 8
_RIGHTS = "yours on this machine: a shell of its own, no terminal, no input, no passwords of the environment"
_DANGERS = {
    "R1": "R1: it can be reversed",
    "R2": "R2: users feel it, or it cannot be undone",
    "R3": "R3: wide or one-way. Have a second person read this with you",
}


class RunCommandForm(Form):
    """Cancel has the focus; nothing runs before the word is typed. `values` are those of the command's blanks."""

    ACTION = way.ACTION
    NEEDS_INCIDENT = True
    KEYS = "Tab move   PgUp PgDn read   Esc leaves: nothing runs"
    BINDINGS = [
        Binding("pageup", "read(-1)", "read back", show=False),
        Binding("pagedown", "read(1)", "read on", show=False),
    ]

    def __init__(self, item: Item, place: int = 0, values: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._item = item
        self._command = item.step.commands[place]
        self._values = {**by_hand.pinned(self.frame.view.target), **(values or {})}
        self._text = by_hand.filled(self._command, self._values)
        self._word = by_hand.confirming_word(item.step, self.frame.view.target)

    def title_words(self) -> str:
        return f"RUN BY HAND   step {self._item.number}   {self.frame.environment}"

    def fields(self) -> Iterable[Widget]:
        yield Words(id="text", make=self._about)
        yield Row("Deadline", Field(f"{by_hand.DEADLINE // 1000} s", id="deadline", longest=10))
        if by_hand.wants_reason(self._item.step):
            yield Row("Why", Field(id="reason", placeholder="goes into the record"))
        yield Row("To run it", Field(id="word", longest=200, select=False, placeholder=f"type {self._word}"))

    def first_focus(self) -> Widget:
        return self.query_one(Cancel)

    def action_read(self, pages: int) -> None:
        """The form may be higher than the screen: what is confirmed has to be readable whole."""
        box = self.query_one("#form")
        box.scroll_relative(y=pages * max(1, box.size.height - 2), animate=False)

    def enter(self) -> None:
        deadline = by_hand.deadline_of(self.query_one("#deadline", Field).words)
        if refusal := self._refused(deadline):
            self.say(refusal)
            return
        assert deadline is not None
        from wfconsole.redaction import redact_text  # here, because the first frame runs nothing

        room, step = self.war_room, self._item.step
        self.dismiss(None)
        started = CommandStarted(
            uuid.uuid4().hex[:12], redact_text(self._text), step.id, step.title, deadline, self._reason()
        )
        entered = room.enter(started, name=way.ACTION)
        if entered:
            room.session.hands.run(entered[0], self._text)
            room.action_open("running")

    def _refused(self, deadline: int | None) -> str:
        if self._blank_left():
            return f"there are blanks in it still: {', '.join(self._blank_left())}"
        if told := self._value_refused():
            return told
        if deadline is None:
            return "deadline: seconds, or minutes as in 5 m; at most an hour"
        if by_hand.wants_reason(self._item.step) and not self._reason():
            return "say why: an action of class R3 is asked about afterwards"
        if self.query_one("#word", Field).words != self._word:
            return f"type {self._word} to run it"
        return way.refused(self.war_room, self._item)

    def _blank_left(self) -> tuple[str, ...]:
        return by_hand.still_blank(self._text)

    def _value_refused(self) -> str:
        """Also of what the pinned target said: the name of a context may be anything."""
        needed = [blank for blank in self._values if blank in self._command.text]
        refused = (by_hand.value_refused(self._command, blank, self._values[blank]) for blank in needed)
        return next(filter(None, refused), "")

    def _reason(self) -> str:
        return self.query_one("#reason", Field).words if by_hand.wants_reason(self._item.step) else ""

    def _about(self, width: int) -> list[Line]:
        step, target = self._item.step, self.frame.view.target
        rows = paragraphs((step.title,), width, "dim")
        rows += text_rows(self._text, width)
        where = f"{target.context or UNKNOWN}   namespace {target.namespace or UNKNOWN}   {target.server}".rstrip()
        told: list[tuple[str, str, Ink]] = [("TARGET", where, "strong"), ("RIGHTS", _RIGHTS, "text")]
        if step.kind == "action":
            told.append(("DANGER", _DANGERS.get(step.danger, "a class that nobody knows"), "warn"))
        if step.warning:
            told.append(("TRAP", step.warning, "warn"))
        told += [("NOTE", doubt, "warn") for doubt in by_hand.doubts(self._text, target)]
        rows.append(())
        for name, words, ink in told:
            rows += labelled(name, words, width, indent=_INDENT, ink=ink)
        rows.append((Span(""),))
        return rows
