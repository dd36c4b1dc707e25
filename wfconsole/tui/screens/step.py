"""What a step asks before it is marked: which way a decision went, or why it is waived."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Input

from wfconsole.incident.checklist import Item
from wfconsole.incident.events import StepMarked
from wfconsole.incident.playbook import Mark
from wfconsole.text import cut, safe
from wfconsole.tui.forms.choice import Choice, Option
from wfconsole.tui.forms.form import WIDTH, Form, Words
from wfconsole.tui.ink import Span


class StepForm(Form):
    """`goto` is "done:<step id>" for a decision, "waived:<step id>" for a waiver."""

    def title_words(self) -> str:
        item = self._item()
        what = "WAIVE" if self._waives else "DECIDE"
        return f"{what} step {item.number}" if item is not None else what

    def keys_words(self) -> str:
        return "Enter enters it   Tab move   Esc cancel"

    def fields(self) -> Iterable[Widget]:
        item = self._item()
        words = Words(id="words")
        words.set([(Span(cut(item.step.title if item is not None else "this step is gone", WIDTH), "strong"),)])
        yield words
        if item is not None and not self._waives:
            options = [Option(branch.answer, branch.answer, _leads_to(branch.goto)) for branch in item.step.branches]
            yield Choice(options, id="answer")
        yield _label("WHY  a waived step needs a reason" if self._waives else "WHY  in a few words, if you like")
        yield Input(id="reason", max_length=400)
        yield self.said()

    def on_mount(self) -> None:
        self.focus_next()

    def on_choice_taken(self) -> None:
        self.focus_next()

    def on_input_submitted(self) -> None:
        item = self._item()
        reason = safe(self.query_one("#reason", Input).value.strip(), 400)
        if item is None:
            self.dismiss(None)
        elif self._waives and not reason:
            self.say("say why in a few words: the next shift will ask")
        else:
            answer = "" if self._waives else self.query_one("#answer", Choice).value
            self.dismiss(None)
            mark: Mark = "waived" if self._waives else "done"
            self.war_room.enter(StepMarked(item.step.id, mark, title=item.step.title, reason=reason, answer=answer))

    @property
    def _waives(self) -> bool:
        return self.goto.startswith("waived:")

    def _item(self) -> Item | None:
        wanted = self.goto.partition(":")[2]
        return next((item for item in self.frame.checklist.items if item.step.id == wanted), None)


def _leads_to(goto: str) -> str:
    return f"to: {goto.rpartition('/')[2].replace('-', ' ')}" if goto else "to the next step"


def _label(text: str) -> Words:
    words = Words(id="reason-label")
    words.set([(Span(text, "title"),)])
    return words
