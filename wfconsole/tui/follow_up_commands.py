"""Commands for what comes after the incident: follow-ups, and the post-mortem meeting."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, get_args

from wfconsole.incident.events import Event, FollowUpAdded, FollowUpClosed, Horizon, MeetingSet, TaskOutcome
from wfconsole.incident.follow_up import (
    HORIZON_WORDS,
    MEETING_EXPECTED,
    default_due,
    iso_date,
    meeting,
    meeting_time,
    named,
    new_name,
)
from wfconsole.tui.asked import Act, Refused
from wfconsole.tui.record_commands import LONGEST_NAME, need_incident

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

OUTCOMES: tuple[TaskOutcome, ...] = get_args(TaskOutcome)


def horizons(room: WarRoom) -> Sequence[str]:
    return (*HORIZON_WORDS, *room.session.view().incident.follow_ups)


def follow_up(room: WarRoom, words: str) -> Act:
    """Adds one, closes one that is named, or opens the form."""
    need_incident(room)
    incident = room.session.view().incident
    first, _, rest = words.partition(" ")
    meant = named(incident, first)
    outcome, _, reason = rest.strip().partition(" ")
    if len(meant) > 1:
        raise Refused(f"{first} may be {', '.join(meant)}")
    if not words or (meant and not rest.strip()):
        return _opens(room, meant[0] if meant else "")
    if meant:
        wanted = next((known for known in OUTCOMES if known == outcome), None)
        if wanted is None or (wanted == "dropped" and not reason.strip()):
            raise Refused(f"usage: :followup {first} done [WORDS], or dropped and why")
        return _enters(room, FollowUpClosed(meant[0], wanted, reason.strip()), "follow-up")
    return _enters(room, _added(room, words), "follow-up")


def meeting_set(room: WarRoom, words: str) -> Act:
    need_incident(room)
    if not words:
        raise Refused
    meant = meeting_time(words, room.session.now())
    if meant is None:
        raise Refused(f"no time: {words!r}; {MEETING_EXPECTED}")
    return _enters(room, MeetingSet(*meant), "")


def _added(room: WarRoom, words: str) -> FollowUpAdded:
    """`4w @kim 2026-03-20 lint the configuration`: horizon, owner and day, in this order and each may be left out."""
    horizon: Horizon = "0-7 days"
    owner = due = ""
    first, _, rest = words.partition(" ")
    if first in HORIZON_WORDS:
        horizon, words = HORIZON_WORDS[first], rest.strip()
        first, _, rest = words.partition(" ")
    if first.startswith("@") and first != "@":
        owner, words = first[1 : 1 + LONGEST_NAME], rest.strip()
        first, _, rest = words.partition(" ")
    if iso_date(first) is not None:
        due, words = first, rest.strip()
    if not words:
        raise Refused("say what is to be done")
    session = room.session
    due = due or default_due(horizon, session.now(), session.runbook.policy.calendar)
    return FollowUpAdded(new_name(session.view().incident, uuid.uuid4().hex), words, horizon, owner, due)


def _opens(room: WarRoom, name: str) -> Act:
    def act() -> str:
        room.action_open("follow-up", name)
        return ""

    return act


def _enters(room: WarRoom, event: Event, name: str) -> Act:
    def act() -> str:
        entered = room.enter(event, name=name)
        session = room.session
        stands = meeting(session.view().incident, session.now(), session.runbook.policy)
        if entered and isinstance(event, MeetingSet) and stands.standing == "set too late":
            return f"entered; that is later than {stands.within} after the resolution, and the record says so"
        return ""

    return act
