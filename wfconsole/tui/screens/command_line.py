"""The prompt: one line at the bottom, what fits above it, the rest of the word in it, the lines before under Up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from textual import events
from textual.suggester import Suggester
from textual.widget import Widget

from wfconsole.session.moments import EXPECTED
from wfconsole.tui.asked import Refused
from wfconsole.tui.commands import COMMANDS, LONGEST, Command, completed, named, understood
from wfconsole.tui.forms.fields import Field, Row, Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.wrapping import labelled

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

SHOWN: Final = 8
KEPT: Final = 50
_USAGE_CELLS: Final = 26


class Completion(Suggester):
    """The rest of what was begun, in the prompt; Right takes it."""

    def __init__(self, room: WarRoom) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._room = room

    async def get_suggestion(self, value: str) -> str | None:
        return completed(self._room, value) or None


class CommandLine(Form):
    """Enter does it; what cannot be done is said, and the line stays. `goto` is what is typed already."""

    TITLE = "COMMAND"
    ACTION = None
    KEYS = "Enter does it   Right completes   Up the one before   Esc leaves"

    def fields(self) -> Iterable[Widget]:
        yield Words(id="found", make=self._found)
        line = Field(self.goto, id="line", longest=LONGEST, suggester=Completion(self.war_room), select=False)
        yield Row(":", line, cells=2)

    def __init__(self, goto: str = "") -> None:
        super().__init__(goto)
        self._back = 0  # how many lines of the history we have gone back

    def prepare(self) -> None:
        self.add_class("-bottom")

    def on_input_changed(self) -> None:
        self.say("")
        self.query_one("#found", Words).redraw()

    def on_key(self, event: events.Key) -> None:
        if event.key in ("up", "down") and self.focused is self.query_one(Field):
            event.stop()
            event.prevent_default()
            self._recall(1 if event.key == "up" else -1)

    def enter(self) -> None:
        room, line = self.war_room, self.query_one(Field).words
        if not line:
            self.action_cancel()
            return
        room.typed = (*(known for known in room.typed[-KEPT:] if known != line), line)
        try:
            act = understood(room, line)
        except Refused as why:
            self.say(str(why))
            return
        self.dismiss(None)
        if words := act():
            room.say(words)

    def _recall(self, steps: int) -> None:
        typed = self.war_room.typed
        self._back = max(0, min(self._back + steps, len(typed)))
        field = self.query_one(Field)
        field.value = typed[-self._back] if self._back else self.goto
        field.cursor_position = len(field.value)

    def _found(self, width: int) -> Sequence[Line]:
        line = next(iter(self.query(Field)), None)
        name, space, _ = (line.value if line is not None else self.goto).strip().removeprefix(":").partition(" ")
        if space and (command := named(name)) is not None:
            return _rows(command, width)
        found = [command for command in COMMANDS.values() if command.name.startswith(name)]
        found += [command for command in COMMANDS.values() if command not in found and name in command.name]
        if not found:
            return [(Span("no such command", "dim"),)]
        lines = [row for command in found[:SHOWN] for row in _rows(command, width)]
        if len(found) > SHOWN:
            lines.append((Span(f"and {len(found) - SHOWN} more: :help lists them", "dim"),))
        return lines


class GoToTime(CommandLine):
    """The prompt with `goto` typed already."""

    TITLE = f"GO TO  {EXPECTED}"

    def __init__(self, goto: str = "") -> None:
        super().__init__(f"goto {goto}")


def _rows(command: Command, width: int) -> list[Line]:
    return labelled(f":{command.usage} ", command.does, width, indent=_USAGE_CELLS, label_ink="key")
