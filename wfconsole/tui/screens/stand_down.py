"""Before an incident is called resolved: the runbook's list, confirmed line by line. `goto` is why it is over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from wfconsole.incident.checklist import confirm_checklist
from wfconsole.incident.events import Event, StatusChanged
from wfconsole.tui.forms.confirm import ConfirmForm

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

_LIST: Final = "stand-down"


class StandDownForm(ConfirmForm):
    """The last line resolves the incident."""

    TITLE = "STAND DOWN  DO-CONFIRM: do it, then confirm each line aloud"
    ACTION = "declare"
    LIST_ID = _LIST

    def outcome(self) -> Sequence[Event]:
        return (StatusChanged("resolved", self.goto),)


def resolve(room: WarRoom, reason: str) -> None:
    """Ask for the runbook's list first; a runbook without one has nothing to ask."""
    if confirm_checklist(room.session.runbook, _LIST, room.session.view().incident) is None:
        room.enter(StatusChanged("resolved", reason), name="declare")
    else:
        room.push_screen(StandDownForm(reason))
