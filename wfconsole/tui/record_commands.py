"""Commands that change the record. Each is checked when it is typed and entered when the prompt is gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, get_args

from wfconsole.incident.events import (
    EntryAmended,
    Event,
    Moment,
    MomentSet,
    PlaybookChosen,
    RoleTaken,
    SeverityChanged,
    StatusChanged,
    UpdateSent,
)
from wfconsole.incident.policy import SEVERITIES, STATUSES
from wfconsole.session.moments import EXPECTED, instant_meant
from wfconsole.tui.asked import Act, Refused
from wfconsole.tui.record_keys import NO_INCIDENT
from wfconsole.tui.screens.note import note_of
from wfconsole.tui.screens.stand_down import resolve

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

ENTRY_SHOWN: Final = 8  # characters of an entry's id, as the timeline shows them
_LEAST_OF_ID: Final = 4
_LONGEST_NAME: Final = 60
MOMENTS: Final[tuple[Moment, ...]] = get_args(Moment)


def severities(room: WarRoom) -> Sequence[str]:
    del room
    return tuple(name[-1] for name in SEVERITIES)


def severity(room: WarRoom, words: str) -> Act:
    _need_incident(room)
    number, _, reason = words.partition(" ")
    wanted = next((known for known in SEVERITIES if number.upper().replace("-", "") in (known[-1], known)), None)
    if wanted is None or not reason.strip():
        raise Refused
    if wanted == room.session.view().incident.severity:
        raise Refused(f"it is {wanted} already")
    return _enters(room, SeverityChanged(wanted, reason.strip()), name="declare")


def statuses(room: WarRoom) -> Sequence[str]:
    del room
    return STATUSES


def status(room: WarRoom, words: str) -> Act:
    _need_incident(room)
    said = words.lower()
    wanted = next((known for known in STATUSES if said == known or said.startswith(f"{known} ")), None)
    if wanted is None:
        raise Refused(f"usage: :state {' | '.join(STATUSES)}, and a reason")
    reason = words[len(wanted) :].strip()
    incident = room.session.view().incident
    if wanted == incident.status:
        raise Refused(f"it is {wanted} already")
    if wanted != "resolved":
        return _enters(room, StatusChanged(wanted, reason), name="declare")
    if not reason:
        raise Refused("resolving needs a reason: what shows that it is over?")

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
    instant = instant_meant(when, room.session.transport.show(), room.session.view())
    if instant is None:
        raise Refused(f"no time: {when!r}; {EXPECTED}")
    return _enters(room, MomentSet(wanted, instant, why.strip()))


def note(room: WarRoom, words: str) -> Act:
    made = note_of(words, at_time=room.session.now())
    if made is None:
        raise Refused
    noted = made

    def act() -> str:
        room.enter(noted, name="note")
        return ""

    return act


def entries(room: WarRoom) -> Sequence[str]:
    newest = sorted(room.session.view().incident.lines.values(), key=lambda line: -line.seq)
    return tuple(line.entry[:ENTRY_SHOWN] for line in newest)


def amend(room: WarRoom, words: str) -> Act:
    wanted, _, text = words.partition(" ")
    wanted = wanted.lstrip("#")
    lines = room.session.view().incident.lines
    found = [entry for entry in lines if entry.startswith(wanted)] if len(wanted) >= _LEAST_OF_ID else []
    if len(found) != 1 or not text.strip():
        raise Refused("usage: :amend ENTRY WORDS   ENTRY: the characters that the timeline shows under a line")
    return _enters(room, EntryAmended(found[0], text.strip()), declared=False)


def roles(room: WarRoom) -> Sequence[str]:
    return tuple(dict.fromkeys(("commander", *(name.lower() for name, _ in room.session.runbook.roles))))


def role(room: WarRoom, words: str) -> Act:
    said = words.lower()
    wanted = max((name for name in roles(room) if said.startswith(f"{name} ")), key=len, default="")
    person = words[len(wanted) :].strip()
    if not wanted or not person:
        raise Refused(f"usage: :role {' | '.join(roles(room))}, and a name")
    return _enters(room, RoleTaken(wanted, person[:_LONGEST_NAME]))


def playbooks(room: WarRoom) -> Sequence[str]:
    return tuple(book.id for book in room.session.runbook.playbooks)


def playbook(room: WarRoom, words: str) -> Act:
    wanted, _, why = words.partition(" ")
    if wanted not in playbooks(room):
        raise Refused(f"usage: :check {' | '.join(playbooks(room)) or 'PLAYBOOK'}, and why")
    return _enters(room, PlaybookChosen(wanted, why.strip()), name="declare")


def update(room: WarRoom, words: str) -> Act:
    if not words:
        raise Refused("usage: :update WORDS   what people outside were told by other means; m writes and sends")
    return _enters(room, UpdateSent("outside", words))


def acknowledge(room: WarRoom, words: str) -> Act:
    if "acknowledged" in room.session.view().incident.moments:
        raise Refused("it is acknowledged already; :moment acknowledged TIME corrects the time")
    return _enters(room, MomentSet("acknowledged", room.session.now(), words))


def declare(room: WarRoom, words: str) -> Act:
    del words

    def act() -> str:
        room.action_declare()
        return ""

    return act


def _need_incident(room: WarRoom) -> None:
    if not room.session.view().incident.declared:
        raise Refused(NO_INCIDENT)


def _enters(room: WarRoom, event: Event, *, name: str = "", declared: bool = True) -> Act:
    if declared:
        _need_incident(room)

    def act() -> str:
        room.enter(event, name=name)
        return ""

    return act
