"""A decision: what was proposed, what speaks against it, who decides, and how."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.widget import Widget

from wfconsole.incident.events import DecisionMade, DecisionOutcome
from wfconsole.text import safe
from wfconsole.tui.forms.choice import Choice, Option
from wfconsole.tui.forms.fields import LONGEST_WORDS, Field, Row, Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.wrapping import labelled

_OBJECTIONS_AT_MOST = 8


class Objection(Field):
    """Backspace where nothing is typed takes the last objection back."""

    def action_delete_left(self) -> None:
        if self.value:
            super().action_delete_left()
        elif isinstance(self.screen, DecisionForm):
            self.screen.take_back()


class DecisionForm(Form):
    """`goto` may be the proposal. Enter in the objections takes one, and asks for the next; an empty one goes on."""

    TITLE = "DECISION"
    ACTION = "decision"
    DRAFT = "decision"
    NEEDS_INCIDENT = True
    KEYS = "Enter next   Tab move   Esc cancel"

    def __init__(self, goto: str = "") -> None:
        super().__init__(goto)
        self._objections: list[str] = []

    def fields(self) -> Iterable[Widget]:
        incident = self.frame.view.incident
        yield Row("Proposal", Field(self.goto, id="proposal", placeholder="what is to be done, or left", select=False))
        yield Words(id="objections", make=self._taken)
        yield Row("Against it", Objection(id="against", placeholder="an objection; Enter takes it, empty goes on"))
        yield Row("Decided by", Field(incident.commander or self.frame.operator, id="by", longest=60))
        yield Choice(
            (Option("agreed", "agreed", ("it is done",)), Option("rejected", "rejected", ("it is not done",))),
            id="outcome",
            title="Outcome",
        )
        yield Row("Why", Field(id="reason", placeholder="in a few words, if you like"))

    def prepare(self) -> None:
        self.query_one("#objections").display = False

    def written(self) -> dict[str, str]:
        return super().written() | {"objections": "\n".join(self._objections)}

    def fill(self, written: Mapping[str, str]) -> None:
        super().fill(written)
        said = filter(None, written.get("objections", "").split("\n"))
        self._objections = [safe(text, LONGEST_WORDS) for text in said][:_OBJECTIONS_AT_MOST]
        self._redraw()

    def go_on(self) -> None:
        against = self.query_one("#against", Field)
        if self.focused is against and against.words and self._take():
            return
        super().go_on()

    def take_back(self) -> None:
        """The last objection is in its field again."""
        if self._objections:
            self.query_one("#against", Field).value = self._objections.pop()
            self._redraw()

    def enter(self) -> None:
        proposal, by = self.query_one("#proposal", Field).words, self.query_one("#by", Field).words
        self._take()
        if not proposal or not by:
            self.say("what was proposed?" if not proposal else "who decided?")
            return
        outcome: DecisionOutcome = "rejected" if self.query_one(Choice).value == "rejected" else "agreed"
        reason = self.query_one("#reason", Field).words
        self.dismiss(None)
        self.war_room.enter(
            DecisionMade(proposal, by, outcome, tuple(self._objections), reason), name=self.ACTION or ""
        )

    def _take(self) -> bool:
        """What is written in the field is one more objection."""
        against = self.query_one("#against", Field)
        if not against.words or len(self._objections) == _OBJECTIONS_AT_MOST:
            return False
        self._objections.append(against.words)
        against.value = ""
        self._redraw()
        return True

    def _redraw(self) -> None:
        words = self.query_one("#objections", Words)
        words.display = bool(self._objections)
        words.redraw()

    def _taken(self, width: int) -> list[Line]:
        rows: list[Line] = []
        for number, said in enumerate(self._objections, 1):
            rows += labelled(f"{'':12}{number} ", said, width, indent=14)
        return rows or [(Span(""),)]
