"""Commands of messages: write one, see what became of them, and restrict who may know of the incident."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from wfconsole.comms.drafts import templates_of
from wfconsole.incident.events import Restricted
from wfconsole.incident.ledger import public_open
from wfconsole.tui.asked import Act, Refused
from wfconsole.tui.record_commands import need_incident

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

_LONGEST_NAME: Final = 40


def templates(room: WarRoom) -> Sequence[str]:
    state = room.session.view().incident
    return tuple(each.id for each in templates_of(room.session.runbook, state)) if state.declared else ()


def message(room: WarRoom, words: str) -> Act:
    if words and words not in templates(room):
        raise Refused(f"there are {', '.join(templates(room)) or 'none before an incident is declared'}")

    def act() -> str:
        room.action_open("comms", words)
        return ""

    return act


def restrict(room: WarRoom, words: str) -> Act:
    """`CODENAME REASON`, or `off` and why."""
    need_incident(room)
    state = room.session.view().incident
    name, _, reason = words.partition(" ")
    reason = reason.strip()
    if not name or not reason:
        raise Refused
    on = name.lower() != "off"
    if not on and not state.restricted:
        raise Refused("it is not restricted")
    if on and len(name) > _LONGEST_NAME:
        raise Refused(f"a code name has at most {_LONGEST_NAME} characters")
    event = Restricted(on=on, code_name=name if on else "", reason=reason)

    def act() -> str:
        room.enter(event, name="")
        return "the status page still shows it as open: the public knows already" if on and public_open(state) else ""

    return act


def restrictions(room: WarRoom) -> Sequence[str]:
    return ("off",) if room.session.view().incident.restricted else ()
