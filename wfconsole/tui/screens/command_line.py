"""The prompt: one line at the bottom, what fits above it."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual.widget import Widget
from textual.widgets import Input

from wfconsole.session.moments import EXPECTED
from wfconsole.text import cut
from wfconsole.tui.commands import COMMANDS, LONGEST, Command, obey
from wfconsole.tui.forms.form import WIDTH, Form, Words
from wfconsole.tui.ink import Line, Span

SHOWN = 10


class CommandLine(Form):
    """Enter obeys; the up key brings back the line before."""

    TITLE = "COMMAND"
    PREFIX = ""

    def keys_words(self) -> str:
        return "Enter does it   Up the one before   Esc leaves"

    def fields(self) -> Iterable[Widget]:
        yield Words(id="found")
        yield Input(self.PREFIX, id="line", max_length=LONGEST)
        yield self.said()

    def on_mount(self) -> None:
        line = self.query_one(Input)
        line.focus()
        line.cursor_position = len(line.value)
        self._find(line.value)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._find(event.value)

    def on_key(self, event: events.Key) -> None:
        history = self.war_room.typed
        if event.key == "up" and history:
            line = self.query_one(Input)
            line.value = history[-1]
            line.cursor_position = len(line.value)
            event.stop()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        room, words = self.war_room, event.value.strip()
        if not words:
            self.dismiss(None)
            return
        depth = len(room.screen_stack)
        room.typed = (*room.typed[-50:], words)
        answer = obey(room, words)
        if answer:
            self.say(answer)
            return
        # A command may have opened a screen above this prompt: the prompt alone goes.
        if room.screen is self:
            self.dismiss(None)
        elif len(room.screen_stack) > depth or self in room.screen_stack:
            self.remove_from_stack()

    def remove_from_stack(self) -> None:
        """Leave, though another screen is on top."""
        room = self.war_room
        top = room.screen
        room.pop_screen()
        self.dismiss(None)
        room.push_screen(top)

    def _find(self, typed: str) -> None:
        name = typed.strip().partition(" ")[0]
        found = [command for command in COMMANDS.values() if name in command.name] if name else list(COMMANDS.values())
        lines = [_line(command) for command in found[:SHOWN]]
        if len(found) > SHOWN:
            lines.append((Span(f"and {len(found) - SHOWN} more", "dim"),))
        self.query_one("#found", Words).set(lines or [(Span("no such command", "dim"),)])


class GoToTime(CommandLine):
    """The prompt with `goto` typed already."""

    TITLE = f"GO TO  {EXPECTED}"
    PREFIX = "goto "


def _line(command: Command) -> Line:
    return (Span(f":{command.usage:<24}", "key"), Span(cut(command.does, WIDTH - 26)))
