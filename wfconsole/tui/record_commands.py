"""Commands that change the record. Each is checked when it is typed and entered when the prompt is gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, get_args

from wfconsole.incident.events import (
    EntryAmended,
    Event,
    Moment,
    MomentSet,
    NoteAdded,
    PlaybookChosen,
    RoleTaken,
    SeverityChanged,
    StatusChanged,
    UpdateSent,
)
from wfconsole.incident.policy import SEVERITIES, STATUSES
from wfconsole.session.moments import EXPECTED, instant_meant, instant_spoken_of
from wfconsole.tui.asked import Act, Refused
from wfconsole.tui.record_keys import no_incident
from wfconsole.tui.screens.note import note_of
from wfconsole.tui.screens.stand_down import gate_of, refusal, resolve

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

ENTRY_SHOWN: Final = 8  # characters of an entry's id, as the timeline shows them
_LEAST_OF_ID: Final = 4
LONGEST_NAME: Final = 60
MOMENTS: Final[tuple[Moment, ...]] = get_args(Moment)


def severities(room: WarRoom) -> Sequence[str]:
    del room
    return tuple(name[-1] for name in SEVERITIES)


def severity(room: WarRoom, words: str) -> Act:
    need_incident(room)
    number, _, reason = words.partition(" ")
    wanted = next((known for known in SEVERITIES if number.upper().replace("-", "") in (known[-1], known)), None)
    if wanted is None or not reason.strip():
        raise Refused
    if wanted == room.session.view().incident.severity:
        raise Refused(f"it is {wanted} already")
    return entered_by(room, SeverityChanged(wanted, reason.strip()), name="declare")


def statuses(room: WarRoom) -> Sequence[str]:
    del room
    return STATUSES


def status(room: WarRoom, words: str) -> Act:
    need_incident(room)
    said = words.lower()
    wanted = next((known for known in STATUSES if said == known or said.startswith(f"{known} ")), None)
    if wanted is None:
        raise Refused(f"usage: :state {' | '.join(STATUSES)}, and a reason")
    reason = words[len(wanted) :].strip()
    incident = room.session.view().incident
    if wanted == incident.status:
        raise Refused(f"it is {wanted} already")
    if wanted != "resolved":
        return entered_by(room, StatusChanged(wanted, reason), name="declare")
    if not reason and (why := refusal(gate_of(room))):
        raise Refused(why)

    def act() -> str:
        resolve(room, reason)
        return ""

    return act


def moments(room: WarRoom) -> Sequence[str]:
    del room
    return MOMENTS


def moment(room: WarRoom, words: str) -> Act:
    name, _, rest = words.partition(" ")
    when, _, why = rest.strip().partition(" ")
    wanted = next((known for known in MOMENTS if known == name), None)
    if wanted is None or not when:
        raise Refused
    view, now = room.session.view(), room.session.now()
    instant = instant_spoken_of(when, now, view, room.times)
    if instant is None:
        instant = instant_meant(when, room.session.transport.show(), view, room.times)
    if instant is None:
        raise Refused(f"no time: {when!r}; {EXPECTED}")
    return entered_by(room, MomentSet(wanted, instant, why.strip()))


def note(room: WarRoom, words: str) -> Act:
    now = room.session.now()
    made = note_of(words, at_time=now, when=lambda said: instant_spoken_of(said, now, room.session.view(), room.times))
    if made is None:
        raise Refused
    noted = made

    def act() -> str:
        room.enter(noted, name="note")
        return ""

    return act


def mark(room: WarRoom, words: str) -> Act:
    """At the instant on show: whoever looks back marks what is there."""
    if not words:
        raise Refused
    made = NoteAdded(words, "mark", at_time=room.session.now())

    def act() -> str:
        room.enter(made, name="note")
        return ""

    return act


def entries(room: WarRoom) -> Sequence[str]:
    newest = sorted(room.session.view().incident.lines.values(), key=lambda line: -line.seq)
    return tuple(line.entry[:ENTRY_SHOWN] for line in newest)


def entry_named(room: WarRoom, wanted: str) -> str:
    """The entry whose id begins so, "" where that is none, or more than one."""
    wanted = wanted.lstrip("#")
    lines = room.session.view().incident.lines
    found = [entry for entry in lines if entry.startswith(wanted)] if len(wanted) >= _LEAST_OF_ID else []
    return found[0] if len(found) == 1 else ""


def amend(room: WarRoom, words: str) -> Act:
    wanted, _, text = words.partition(" ")
    entry = entry_named(room, wanted)
    if not entry or not text.strip():
        raise Refused("usage: :amend ENTRY WORDS   ENTRY: the characters that the timeline shows under a line")
    return entered_by(room, EntryAmended(entry, text.strip()), declared=False)


def roles(room: WarRoom) -> Sequence[str]:
    return tuple(dict.fromkeys(("commander", *(name.lower() for name, _ in room.session.runbook.roles))))


def role(room: WarRoom, words: str) -> Act:
    said = words.lower()
    wanted = max((name for name in roles(room) if said.startswith(f"{name} ")), key=len, default="")
    person = words[len(wanted) :].strip()
    if not wanted or not person:
        raise Refused(f"usage: :role {' | '.join(roles(room))}, and a name")
    return entered_by(room, RoleTaken(wanted, person[:LONGEST_NAME]))


def playbooks(room: WarRoom) -> Sequence[str]:
    return tuple(book.id for book in room.session.runbook.playbooks)


def playbook(room: WarRoom, words: str) -> Act:
    wanted, _, why = words.partition(" ")
    if wanted not in playbooks(room):
        raise Refused(f"usage: :check {' | '.join(playbooks(room)) or 'PLAYBOOK'}, and why")
    return entered_by(room, PlaybookChosen(wanted, why.strip()), name="declare")


def update(room: WarRoom, words: str) -> Act:
    if not words:
        raise Refused("usage: :update WORDS   what people outside were told by other means; m writes and sends")
    return entered_by(room, UpdateSent("outside", words))


def acknowledge_incident(room: WarRoom, words: str) -> Act:
    if "acknowledged" in room.session.view().incident.moments:
        raise Refused("it is acknowledged already; :moment acknowledged TIME corrects the time")
    return entered_by(room, MomentSet("acknowledged", room.session.now(), words))


def declare(room: WarRoom, words: str) -> Act:
    del words

    def act() -> str:
        room.action_declare()
        return ""

    return act


def need_incident(room: WarRoom) -> None:
    if not room.session.view().incident.declared:
        raise Refused(no_incident(room.declare_key))


def entered_by(room: WarRoom, event: Event, *, name: str = "", declared: bool = True) -> Act:
    if declared:
        need_incident(room)

    def act() -> str:
        room.enter(event, name=name)
        return ""

    return act
