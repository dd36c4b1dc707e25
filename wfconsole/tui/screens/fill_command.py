"""Before a command is confirmed: which one of a step's, and what its blanks are."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from wfconsole.incident import by_hand
from wfconsole.incident.checklist import Item
from wfconsole.incident.playbook import Command
from wfconsole.text import cut
from wfconsole.tui import by_hand as way
from wfconsole.tui.forms.choice import Choice, Option
from wfconsole.tui.forms.fields import LABEL_CELLS, Field, Row, Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.ink import Line
from wfconsole.tui.panes.command_sections import text_rows

_FIRST_LINES = 3


class PickCommandForm(Form):
    """A step with several blocks: each with its first lines."""

    ACTION = way.ACTION
    NEEDS_INCIDENT = True
    KEYS = "arrows choose   Enter goes on   Esc leaves: nothing runs"

    def __init__(self, item: Item) -> None:
        super().__init__()
        self._item = item

    def title_words(self) -> str:
        return f"COMMAND of step {self._item.number}"

    def fields(self) -> Iterable[Widget]:
        yield Choice(
            [_option(place, command) for place, command in enumerate(self._item.step.commands)],
            id="which",
            always_open=True,
        )

    def enter(self) -> None:
        place = int(self.query_one(Choice).value)
        self.dismiss(None)
        way.go_on_with(self.war_room, self._item, place)


class FillCommandForm(Form):
    """One field for each blank of the command; what the pinned target says is filled in already."""

    ACTION = way.ACTION
    NEEDS_INCIDENT = True
    KEYS = "Enter next   Tab move   Esc leaves: nothing runs"

    def __init__(self, item: Item, place: int) -> None:
        super().__init__()
        self._item = item
        self._place = place
        self._command = item.step.commands[place]
        self._blanks = by_hand.blanks(self._command, self.frame.view.target)

    def title_words(self) -> str:
        return f"COMMAND of step {self._item.number}: its blanks"

    def fields(self) -> Iterable[Widget]:
        yield Words(id="text", make=self._text)
        for number, blank in enumerate(self._blanks):
            hint = f"what stands for {blank}"
            field = Field(id=f"blank-{number}", longest=by_hand.LONGEST_VALUE, placeholder=hint)
            yield Row(cut(blank.strip("<>"), LABEL_CELLS - 1), field)

    def go_on(self) -> None:
        """A value that cannot be taken is asked for again at once."""
        self.say("")
        for number, blank in enumerate(self._blanks):
            field = self.query_one(f"#blank-{number}", Field)
            refusal = by_hand.value_refused(self._command, blank, field.words)
            if self.focused is field and refusal:
                self.say(refusal)
                return
        super().go_on()

    def enter(self) -> None:
        values = {blank: self.query_one(f"#blank-{number}", Field).words for number, blank in enumerate(self._blanks)}
        refused = [by_hand.value_refused(self._command, blank, value) for blank, value in values.items()]
        if told := next(filter(None, refused), ""):
            self.say(told)
            return
        self.dismiss(None)
        way.confirm(self.war_room, self._item, self._place, values)

    def _text(self, width: int) -> list[Line]:
        known = by_hand.pinned(self.frame.view.target)
        return [*text_rows(by_hand.filled(self._command, known), width), ()]


def _option(place: int, command: Command) -> Option:
    first, *more = command.text.splitlines() or [""]
    left = len(more) - (_FIRST_LINES - 1)
    shown = (*more[: _FIRST_LINES - 1], *((f"and {left} more lines",) if left > 0 else ()))
    return Option(str(place), first, shown)
