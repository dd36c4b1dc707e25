"""Every key and every command, with the keys as they are now; searchable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

from wfconsole.text import fit
from wfconsole.tui import action_names
from wfconsole.tui.action_names import ACTIONS, Action
from wfconsole.tui.commands import COMMANDS, Command
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.panes.strips import rule
from wfconsole.tui.screens.list_screen import ListScreen
from wfconsole.tui.widgets.scrolled import Block, BlockList
from wfconsole.tui.wrapping import labelled

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

PLACES: Final = {
    "all": "everywhere",
    "lists": "in a list",
    "items": "on checklist, timeline, sources, replays, post-mortem and this list",
    "zoom": "in a pane",
    "alerts": "in the pane of alerts",
    "checklist": "in the checklist",
    "timeline": "in the timeline",
    "axis": "on the time axis",
    "sources": "on the sources screen",
    "logs": "in logs",
    "triage": "on triage",
    "comms": "while a message is written",
    "ledger": "on the ledger of messages",
    "running": "while a command runs",
    "replays": "on replays",
    "actions": "on actions, and on what became of one",
}
_KEYS: Final = 24
_USAGE: Final = 30


class Keys(BlockList):
    """A line for each, with its id: what a keymap calls it."""

    def head(self, frame: Frame, width: int) -> Sequence[Line]:
        filtered = f"  / {self.filter}" if self.filter else ""
        title: Line = (Span("HELP", "title"), Span(f" {self.stack.count} keys and commands{filtered}"))
        said = " lower case looks, CAPITALS change the record; [id]: its name in keymap.toml"
        return [rule(title, width, frame), (Span(said[:width], "dim"),)]

    def blocks(self, frame: Frame, width: int) -> Sequence[Block]:
        del frame
        blocks: list[Block] = []
        for where, words in PLACES.items():
            blocks.append(Block("", [(Span(f" {words}", "title"),)]))
            blocks += [self._action(action, width) for action in ACTIONS if action.where == where]
        blocks.append(Block("", [(Span(" commands", "title"),)]))
        return [*blocks, *(_command(command, width) for command in COMMANDS.values())]

    def action_open_row(self) -> None:
        """Nothing to open: it is all said."""

    def _action(self, action: Action, width: int) -> Block:
        keys = " ".join(action_names.key_word(key) for key in cast("WarRoom", self.app).keys[action.id])
        change = "CHANGES  " if action.kind == "change" else ""
        rows = labelled(
            f"   {fit(keys, _KEYS - 4)}", f"{change}{action.does}  [{action.id}]", width, indent=_KEYS, label_ink="key"
        )
        return Block(action.id, rows, words=f"{keys} {action.id} {action.does} {action.mnemonic} {action.label}")


class HelpScreen(ListScreen):
    """`goto` is a word to look for."""

    PLACE = "this list"

    def make_list(self) -> BlockList:
        keys = Keys(id="body")
        keys.filter = self.goto
        return keys


def _command(command: Command, width: int) -> Block:
    change = "CHANGES  " if command.changes is not None else ""
    rows = labelled(f"   :{command.usage} ", f"{change}{command.does}", width, indent=_USAGE, label_ink="key")
    return Block(f":{command.name}", rows, words=f":{command.usage} {command.does}")
