"""Help: on one screen what there is; again, or with a word, every key and command."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from textual.widget import Widget

from wfconsole.observations.levels import Level, Quality
from wfconsole.text import fit
from wfconsole.tui import action_names
from wfconsole.tui.action_names import ACTIONS, Action
from wfconsole.tui.commands import COMMANDS
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.panes.strips import rule
from wfconsole.tui.screens.console_screen import ConsoleScreen
from wfconsole.tui.state_words import badge
from wfconsole.tui.widgets.scrolled import Block, BlockList

PLACES: Final = {
    "all": "everywhere",
    "lists": "in a list",
    "zoom": "in a pane",
    "checklist": "in the checklist",
    "timeline": "in the timeline",
    "sources": "on the sources screen",
    "logs": "in logs",
}


class Keys(BlockList):
    """Everything that a key or a command does, with the keys as they are now."""

    BINDINGS = action_names.bindings("lists")
    wanted = ""

    def head(self, frame: Frame, width: int) -> Sequence[Line]:
        title: Line = (Span("HELP", "title"), Span("  lower case only looks; capitals change the record or the world"))
        glyphs = frame.glyphs
        states: list[Span] = [Span(" ")]
        for level in reversed(Level):
            states += [badge(glyphs, level, Quality.LIVE), Span("  ")]
        for quality in (Quality.STALE, Quality.UNKNOWN, Quality.DENIED, Quality.ERROR):
            states += [badge(glyphs, Level.OK, quality), Span("  ")]
        old = " (in brackets): the last good value, old.   --: nobody knows.   Keys can be changed: keymap.toml"
        return [rule(title, width, frame), tuple(states), (Span(old, "dim"),)]

    def blocks(self, frame: Frame, width: int) -> Sequence[Block]:
        del frame
        blocks: list[Block] = []
        for where, words in PLACES.items():
            shown = [action for action in ACTIONS if action.where == where and self._is_wanted(action)]
            if shown:
                blocks.append(Block("", ((Span(f" {words}", "title"),),)))
            blocks += [Block(action.id, (self._line(action),)) for action in shown]
        named = [command for command in COMMANDS.values() if self.wanted in command.usage + command.does]
        if named:
            blocks.append(Block("", ((Span(" commands", "title"),),)))
        for command in named:
            usage = fit(f"   :{command.usage}", min(36, width // 2))
            blocks.append(Block(f":{command.name}", ((Span(usage, "key"), Span(f" {command.does}")),)))
        return blocks

    def action_open_row(self) -> None:
        """Nothing to open."""

    def _is_wanted(self, action: Action) -> bool:
        return self.wanted.lower() in f"{action.id} {action.does} {' '.join(action.keys)}".lower()

    def _line(self, action: Action) -> Line:
        keys = " ".join(action_names.key_word(key) for key in self._keys_of(action))
        mark = "CHANGE" if action.kind == "change" else ""
        return (Span(f"   {fit(keys, 18)}", "key"), Span(fit(action.does, 64)), Span(mark, "dim"))

    def _keys_of(self, action: Action) -> tuple[str, ...]:
        keys: dict[str, tuple[str, ...]] = getattr(self.app, "keys", {})
        return keys.get(action.id, action.keys)


class HelpScreen(ConsoleScreen):
    """`goto` is the word that is looked for."""

    SCOPES = ("all", "lists")
    FIRST_FOCUS = "body"

    def __init__(self, goto: str = "") -> None:
        super().__init__()
        self._goto = goto

    def body(self) -> Iterable[Widget]:
        keys = Keys(id="body")
        keys.wanted = self._goto
        yield keys
