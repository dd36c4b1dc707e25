"""DO-CONFIRM: a list that was done already, confirmed line by line, aloud. It counts with its last line, or not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple

from textual.binding import Binding
from textual.widget import Widget

from wfconsole.incident.checklist import Item, confirm_checklist
from wfconsole.incident.events import Event, StepMarked
from wfconsole.incident.playbook import Mark
from wfconsole.text import cut
from wfconsole.tui import action_names
from wfconsole.tui.forms.choice import Choice, Option
from wfconsole.tui.forms.fields import Field, Row, Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.wrapping import labelled, paragraphs

_TIME_CELLS = 11
_INDENT = 7


class Said(NamedTuple):
    """What was said to one line."""

    item: Item
    mark: Mark
    reason: str
    at: str


class ConfirmForm(Form):
    """The lines of the runbook's list `LIST_ID`; a line can be waived with a reason, and Backspace takes one back."""

    NEEDS_INCIDENT = True
    LIST_ID: ClassVar[str] = ""
    BINDINGS = [
        Binding("X", "confirm_line", "confirm the line", show=False, id="step-done"),
        Binding("W", "waive_line", "waive the line, with a reason", show=False, id="step-waived"),
    ]

    def __init__(self, goto: str = "") -> None:
        super().__init__(goto)
        self._said: list[Said] = []

    def first_fields(self) -> Iterable[Widget]:
        """Fields above the list."""
        return ()

    def missing(self) -> str:
        """What the fields above the list still lack, "" when nothing."""
        return ""

    def not_yet(self) -> str:
        """Why the last line cannot be confirmed now, "" when it can."""
        return ""

    def outcome(self) -> Sequence[Event]:
        """What follows from the last line, in the record after the lines themselves."""
        raise NotImplementedError

    def fields(self) -> Iterable[Widget]:
        yield Words(id="facts", make=lambda width: paragraphs((_facts(self.frame),), width, "dim"))
        yield from self.first_fields()
        yield Words(id="lines", make=self._lines)
        yield Choice(
            (Option("done", "done, and said aloud"), Option("waived", "waive this line, with a reason")),
            id="confirm",
            always_open=True,
        )
        yield Row("Why", Field(id="reason"))

    @property
    def KEYS(self) -> str:  # type: ignore[override]  # noqa: N802  # the keys may have been moved
        done, waives = (self.war_room.key_of(action_names.BY_ID[name]) for name in ("step-done", "step-waived"))
        return f"{done} confirms   {waives} waives   Bksp takes back   Esc leaves: nothing changes"

    def prepare(self) -> None:
        self.query_one("#reason-row").display = False
        self.query_one("#confirm").display = bool(self.items)

    @property
    def items(self) -> tuple[Item, ...]:
        found = confirm_checklist(self.frame.runbook, self.LIST_ID, self.frame.view.incident)
        return () if found is None else found.items

    def go_on(self) -> None:
        reason = self.query_one("#reason", Field)
        if self.focused is reason:
            if reason.words:
                self._take("waived", reason.words)
            else:
                self.say("say why in a few words")
        elif self.missing():
            self.say(self.missing())
            self.open_fields()[0].focus()
        elif not self.items:
            self._finish()  # a runbook without this list: what it leads to needs no more than the fields above
        elif self.focused is not self.query_one("#confirm"):
            self.query_one("#confirm").focus()
        elif self.query_one("#confirm", Choice).value == "done":
            self.action_confirm_line()
        else:
            self.action_waive_line()

    def action_confirm_line(self) -> None:
        """The line was done, and said aloud."""
        if self._at_lines():
            self._take("done", "")

    def action_waive_line(self) -> None:
        if self._at_lines():
            self.query_one("#confirm", Choice).choose("waived")
            self.query_one("#reason-row").display = True
            self.query_one("#reason").focus()

    def _at_lines(self) -> bool:
        """Whether the lines can be confirmed now: somebody looks at them, and nothing above them is missing."""
        if not self.items or not self.is_current:
            return False
        if self.missing():
            self.say(self.missing())
            return False
        self.query_one("#confirm").focus()
        return True

    def action_back(self) -> None:
        if self.focused is self.query_one("#confirm") and self._said:
            self._said.pop()
            self._redraw()
        else:
            super().action_back()

    def _take(self, mark: Mark, reason: str) -> None:
        items = self.items
        if len(self._said) == len(items) - 1 and (why := self.not_yet()):
            self.say(why)
            return
        at = self.frame.times.clock(self.war_room.session.now())
        self._said.append(Said(items[len(self._said)], mark, reason or f"confirmed {at}", at))
        if len(self._said) == len(items):
            self._finish()
            return
        self.query_one("#reason", Field).value = ""
        self.query_one("#reason-row").display = False
        self.query_one("#confirm", Choice).choose("done")
        self.query_one("#confirm").focus()
        self._redraw()

    def _finish(self) -> None:
        marks = [StepMarked(said.item.step.id, said.mark, said.item.step.title, said.reason) for said in self._said]
        outcome = self.outcome()
        self.dismiss(None)
        self.war_room.enter(*marks, *outcome, name=self.ACTION or "")

    def _redraw(self) -> None:
        self.say("")
        self.query_one("#lines", Words).redraw()

    def _lines(self, width: int) -> list[Line]:
        rows: list[Line] = []
        for place, item in enumerate(self.items):
            said = self._said[place] if place < len(self._said) else None
            here = place == len(self._said)
            mark = (
                {"done": "[x]", "waived": "[w]"}[said.mark]
                if said
                else f"{self.frame.glyphs.pointer}  "
                if here
                else "[ ]"
            )
            ink: Ink = "strong" if here else "dim" if said else "text"
            title = cut(item.step.title, width - _INDENT - _TIME_CELLS)
            at = said.at if said else ""
            gap = " " * max(1, width - _INDENT - len(title) - len(at))
            rows.append((Span(f"{mark} {item.number:>2} ", ink), Span(title, ink), Span(gap), Span(at, "dim")))
            if here:
                rows += _details(item, width)
        return rows


def _details(item: Item, width: int) -> list[Line]:
    step = item.step
    told: tuple[tuple[str, str, Ink], ...] = (
        ("LOOK", step.look, "text"),
        ("DO", step.do, "text"),
        ("SEE", step.expect, "text"),
        ("TRAP", step.warning, "warn"),
    )
    return [
        row
        for word, text, ink in told
        if text
        for row in labelled(f"{' ' * _INDENT}{word}", text, width, indent=_INDENT + 5, ink=ink)
    ]


def _facts(frame: Frame) -> str:
    """What has to be read out, as it stands."""
    incident, active = frame.view.incident, frame.checklist
    open_steps = active.total - active.closed - active.deferred
    told = [
        f"{incident.severity} {incident.status}",
        f"{open_steps} open, {active.deferred} deferred, {active.waived} waived",
    ]
    update = next((clock for clock in frame.clocks if clock.name == "update"), None)
    if update is not None:
        told.append(f"next update due {frame.times.clock(update.due_at)}")
    return "   ".join((*told, f"commander {incident.commander}"))
