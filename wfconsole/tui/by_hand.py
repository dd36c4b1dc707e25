"""The way of a command by hand through its forms: which one, what its blanks are, then the whole text to confirm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wfconsole.incident import by_hand
from wfconsole.incident.checklist import Item
from wfconsole.tui import screens
from wfconsole.tui.record_keys import no_incident

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

ACTION = "run-command"


def open_command(room: WarRoom, item: Item) -> None:
    """C on a step: the command that runs already, or the first question about the step's own."""
    running = room.session.hands.show()
    if running is not None and running.stage != "over":
        room.action_open("running")
    elif refusal := refused(room, item):
        room.say(refusal)
    elif len(item.step.commands) > 1:
        from wfconsole.tui.screens.fill_command import PickCommandForm

        room.push_screen(PickCommandForm(item))
    else:
        go_on_with(room, item, 0)


def refused(room: WarRoom, item: Item) -> str:
    """Why no command of this step can be run now, "" when one can."""
    if refusal := room.refused_change(ACTION):
        return refusal
    if not room.session.view().incident.declared:
        return no_incident(room.declare_key)
    if not item.step.commands:
        return "this step has no command to run by hand"
    return room.session.hands.refusal()


def go_on_with(room: WarRoom, item: Item, place: int) -> None:
    """This command it is: its blanks first, where it has any."""
    from wfconsole.tui.screens.fill_command import FillCommandForm

    command = item.step.commands[place]
    if refusal := by_hand.not_runnable(command):
        room.say(refusal)
    elif by_hand.blanks(command, room.session.view().target):
        room.push_screen(FillCommandForm(item, place))
    else:
        confirm(room, item, place, {})


def confirm(room: WarRoom, item: Item, place: int, values: Mapping[str, str]) -> None:
    """Show the text as it will run, and ask."""
    form: Any = screens.load("run-command")
    room.push_screen(form(item, place, values))
