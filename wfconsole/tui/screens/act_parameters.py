"""What an action has to be told before it can be planned."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from wfconsole.incident.offers import Offer, Parameter
from wfconsole.text import cut
from wfconsole.tui import acting
from wfconsole.tui.forms.choice import Choice, Option
from wfconsole.tui.forms.fields import LABEL_CELLS, Field, Row, Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.ink import Line
from wfconsole.tui.wrapping import paragraphs


class ActParametersForm(Form):
    """One field for each parameter; then the plan, which changes nothing either."""

    ACTION = acting.ACTION
    NEEDS_INCIDENT = True
    KEYS = "Enter next   Tab move   Esc leaves: nothing is changed"

    def __init__(self, offer: Offer, step: str = "") -> None:
        super().__init__()
        self._offer = offer
        self._step = step

    def title_words(self) -> str:
        return f"ACTION   {self.frame.environment}"

    def fields(self) -> Iterable[Widget]:
        yield Words(id="what", make=self._what)
        for number, each in enumerate(self._offer.parameters):
            yield _field(number, each)

    def enter(self) -> None:
        said = {each.name: self._said(number, each) for number, each in enumerate(self._offer.parameters)}
        if missing := self._offer.missing(said):
            self.say(missing)
            return
        self.dismiss(None)
        acting.plan_said(self.war_room, self._offer, said, self._step)

    def _said(self, number: int, parameter: Parameter) -> str:
        if parameter.choices:
            return self.query_one(f"#said-{number}", Choice).value
        return self.query_one(f"#said-{number}", Field).words

    def _what(self, width: int) -> list[Line]:
        return [*paragraphs((f"{self._offer.title}: {self._offer.aim}",), width, "strong"), ()]


def _field(number: int, parameter: Parameter) -> Widget:
    name = f"said-{number}"
    if parameter.choices:
        options = [Option(value, f"{parameter.label}: {value}") for value in parameter.choices]
        return Choice(options, id=name, chosen=parameter.value)
    return Row(cut(parameter.label, LABEL_CELLS - 1), Field(parameter.value, id=name, placeholder=parameter.hint))
