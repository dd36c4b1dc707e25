"""Commands for what people say in the room: decisions, corrections of an entry's time, noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wfconsole.incident.events import DecisionMade, EntryHidden, EntryRedated
from wfconsole.session.moments import instant_spoken_of
from wfconsole.tui.asked import Act, Refused
from wfconsole.tui.record_commands import entered_by, entry_named, need_incident

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

A_TIME = "14:05, 2026-03-01T14:05, T+18:40 or -5m, before now"


def decide(room: WarRoom, words: str) -> Act:
    """With words it is agreed, and the commander's; without, the form asks."""
    need_incident(room)
    if words:
        by = room.session.view().incident.commander or room.session.operator
        return entered_by(room, DecisionMade(words, by), name="decision")

    def act() -> str:
        room.action_open("decision")
        return ""

    return act


def redate(room: WarRoom, words: str) -> Act:
    wanted, _, rest = words.partition(" ")
    when, _, why = rest.strip().partition(" ")
    entry = entry_named(room, wanted)
    if not entry or not when:
        raise Refused
    instant = instant_spoken_of(when, room.session.now(), room.session.view(), room.times)
    if instant is None:
        raise Refused(f"no time: {when!r}; {A_TIME}")
    return entered_by(room, EntryRedated(entry, instant, why.strip()))


def hide(room: WarRoom, words: str) -> Act:
    entry = entry_named(room, words)
    if not entry:
        raise Refused
    hidden = room.session.view().incident.lines[entry].hidden
    return entered_by(room, EntryHidden(entry, not hidden), name="hide")
