"""What a step asks before it is marked: which way a decision went, what was said where, why it is waived, whether to
open it again."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Final

from textual.widget import Widget

from wfconsole.incident.checklist import Active, Item
from wfconsole.incident.events import StepMarked, UpdateSent
from wfconsole.incident.playbook import Mark
from wfconsole.incident.wording import step_title
from wfconsole.tui.forms.choice import Choice, Option
from wfconsole.tui.forms.fields import Field, Row, Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.wrapping import labelled, paragraphs

_WORDS: Final[dict[Mark, str]] = {"done": "DECIDE", "waived": "WAIVE", "open": "OPEN AGAIN"}
_TOLD: Final = "told"
_COUNTS: Final = (
    Option(_TOLD, "people were told", ("it is in the record, and the clock of the next update starts anew",)),
    Option("done", "only tick the step", ("the clock of the update goes on",)),
)


class StepForm(Form):
    """`goto` is the mark that somebody wants and the step: "done:<id>" for a decision, "waived:<id>", "open:<id>"."""

    KEYS = "Enter enters it   Tab move   Esc cancel"

    def title_words(self) -> str:
        item, word = self._item, "DONE" if self._tells else _WORDS[self._mark]
        return f"{word} step {item.number}" if item is not None else word

    def fields(self) -> Iterable[Widget]:
        item = self._item
        if item is None:
            words = Words(id="words")
            words.say((Span("this step is not in the checklist any more", "warn"),))
            yield words
            return
        yield Words(id="words", make=lambda width: _about(self.frame, item, self._mark, width))
        if self._decides:
            yield Choice(_answers(item, self.frame.checklist), id="answer", always_open=True)
        if self._tells:
            yield Choice(_COUNTS, id="told", always_open=True)
            yield Row("Said", Field(id="reason", placeholder="where, and what was said"))
            return
        hint = "in a few words" if self._mark == "waived" else "in a few words, if you like"
        yield Row("Why", Field(id="reason", placeholder=hint))

    def enter(self) -> None:
        item = self._item
        if item is None:
            self.action_cancel()
            return
        reason = self.query_one("#reason", Field).words
        if self._mark == "waived" and not reason:
            self.say("say why in a few words: the next shift will ask")
            return
        told = self._tells and self.query_one("#told", Choice).value == _TOLD
        if told and not reason:
            self.say("say where people were told, and what")
            return
        answer = self.query_one("#answer", Choice).value if self._decides else ""
        self.dismiss(None)
        step = item.step
        marked = StepMarked(step.id, self._mark, title=step.title, reason="" if told else reason, answer=answer)
        self.war_room.enter(marked, *([UpdateSent("outside", reason)] if told else []))

    @property
    def _mark(self) -> Mark:
        wanted = self.goto.partition(":")[0]
        return next((mark for mark in _WORDS if mark == wanted), "open")

    @property
    def _decides(self) -> bool:
        return self._mark == "done" and self._item is not None and bool(self._item.step.branches)

    @property
    def _tells(self) -> bool:
        """Whether people were told something, which nobody but whoever did it knows."""
        return self._mark == "done" and self._item is not None and self._item.step.means == "update sent"

    @functools.cached_property
    def _item(self) -> Item | None:
        wanted = self.goto.partition(":")[2]
        return self.frame.checklist.find(wanted)


def leads_to(goto: str, active: Active) -> str:
    """Where an answer leads: the number and title of the step, as the checklist has them."""
    if not goto:
        return "on to the next step"
    found = active.find(goto)
    return f"to step {found.number}, {found.step.title}" if found is not None else f"to: {step_title(goto)}"


def _answers(item: Item, active: Active) -> list[Option]:
    return [Option(branch.answer, branch.answer, (leads_to(branch.goto, active),)) for branch in item.step.branches]


def _about(frame: Frame, item: Item, mark: Mark, width: int) -> Sequence[Line]:
    step, state = item.step, item.state
    rows = paragraphs((step.title,), width, "strong")
    if mark == "open":
        rows += paragraphs((f"{state.mark} by {state.by} at {frame.times.clock(state.at)}",), width, "dim")
        if state.reason:
            rows += labelled("because", state.reason, width, indent=9)
        if state.mark == "sensed":
            rows += paragraphs(("Opened again, it never ticks itself any more.",), width)
    elif mark == "done":
        rows += labelled("SEE", step.expect, width, indent=5) if step.expect else []
    return rows
