"""Before an incident is called resolved: the runbook's list, confirmed line by line. `goto` is why it is over.

Without a reason every signal of recovery has to be verified, up to the last line, and nothing may be public any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from textual.widget import Widget

from wfconsole.incident.checklist import confirm_checklist
from wfconsole.incident.events import Event, StatusChanged
from wfconsole.incident.recovery import Gate, Verdict, gate
from wfconsole.text import cells, cut
from wfconsole.tui.forms.confirm import ConfirmForm
from wfconsole.tui.forms.fields import Words
from wfconsole.tui.ink import Ink, Line, Span

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

_LIST: Final = "stand-down"
_NAME_CELLS: Final = 12


class StandDownForm(ConfirmForm):
    """The last line resolves the incident."""

    TITLE = "STAND DOWN  DO-CONFIRM: do it, then confirm each line aloud"
    ACTION = "declare"
    LIST_ID = _LIST

    def first_fields(self) -> Iterable[Widget]:
        yield Words(id="gate", make=lambda width: gate_lines(gate_of(self.war_room), width))

    def not_yet(self) -> str:
        return "" if self.goto else refusal(gate_of(self.war_room))

    def outcome(self) -> Sequence[Event]:
        return (_resolved(self.war_room, self.goto),)


def gate_of(room: WarRoom) -> Gate:
    """What stands between the incident and "resolved", of this instant."""
    session = room.session
    view = session.view()
    return gate(session.runbook, view.incident, view.recovery, view.world, session.now())


def gate_lines(found: Gate, width: int) -> list[Line]:
    """A row for each signal, and for each thing that the public is still told."""
    rows: list[Line] = []
    for verdict in found.verdicts:
        done = verdict.state == "verified"
        mark = "[v]" if done else "[ ]"
        ink: Ink = "text" if done else "warn"
        rows.append((Span(f"{mark} ", "dim"), Span(_of_a_signal(verdict, width - 4), ink)))
    rows += [(Span("[ ] ", "dim"), Span(cut(f"public: {words}", width - 4), "warn")) for words in found.public]
    return rows


def _of_a_signal(verdict: Verdict, width: int) -> str:
    """How it stands is said whole; of its name only as much as is left."""
    left = max(_NAME_CELLS, width - cells(verdict.words) - 2)
    return cut(f"{cut(verdict.text, left)}: {verdict.words}", width)


def refusal(found: Gate) -> str:
    """Why it cannot be resolved without a reason, "" where it can."""
    return "" if found.open else f"resolving needs a reason: {'; '.join(found.missing)}"


def resolve(room: WarRoom, reason: str) -> None:
    """Ask for the runbook's list first; a runbook without one has nothing to ask."""
    if confirm_checklist(room.session.runbook, _LIST, room.session.view().incident) is None:
        room.enter(_resolved(room, reason), name="declare")
    else:
        room.push_screen(StandDownForm(reason))


def _resolved(room: WarRoom, reason: str) -> StatusChanged:
    """What was verified goes into the record, and what was not stands behind the reason."""
    return StatusChanged("resolved", reason, gate_of(room).verified)
