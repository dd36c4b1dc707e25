"""Commands for alerts: the one with the cursor, or all. What they enter is what the keys of the pane enter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from wfconsole.clock import HOUR, Millis
from wfconsole.incident.alarms import AlarmGroup, unacknowledged
from wfconsole.incident.events import SHELVED_AT_MOST, AlertsAcknowledged, AlertsShelved
from wfconsole.incident.tasks import BACK_BY, back_by
from wfconsole.text import cut
from wfconsole.tui import action_names, screens
from wfconsole.tui.asked import Act, Refused
from wfconsole.tui.record_commands import acknowledge_incident, entered_by, need_incident
from wfconsole.tui.screens.shelve import NO_REASON

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

LONGEST_TITLE: Final = 200
ALL: Final = "all"
BACK: Final = "back"


@runtime_checkable
class _AboutAlert(Protocol):
    """A screen that knows of which alert it is."""

    def alert(self) -> str:
        """The key of the alert, or of the group of alerts; "" where there is none."""


def alert_here(room: WarRoom) -> AlarmGroup | None:
    """The alert that the screen under the prompt is about, in a flood all of its cause; None for another screen."""
    below = room.console_screen
    return room.frame().alarms.group(below.alert()) if isinstance(below, _AboutAlert) else None


def which(room: WarRoom) -> Sequence[str]:
    del room
    return (ALL,)


def acknowledge(room: WarRoom, words: str) -> Act:
    """`all`, or nothing where an alert has the cursor; everything else is about the incident."""
    if words == ALL:
        need_incident(room)
        waiting = [group for group in room.frame().alarms.open if unacknowledged(group.alarms)]
        alerts = unacknowledged(alarm for group in waiting for alarm in group.alarms)
        title = cut(", ".join(group.title for group in waiting), LONGEST_TITLE)
        return _acknowledged(room, alerts, title, "no alert waits for it")
    group = alert_here(room)
    if words or group is None:
        return acknowledge_incident(room, words)
    need_incident(room)
    nothing = f"nothing to acknowledge: it is {group.state}"
    return _acknowledged(room, unacknowledged(group.alarms), group.title, nothing)


def _acknowledged(room: WarRoom, alerts: dict[str, Millis], title: str, nothing: str) -> Act:
    if not alerts:
        raise Refused(nothing)
    return entered_by(room, AlertsAcknowledged(alerts, title), name="acknowledge")


def spans(room: WarRoom) -> Sequence[str]:
    del room
    return ("15m", "30m", "1h", "2h", "4h", "8h", BACK)


def shelve(room: WarRoom, words: str) -> Act:
    """`30m WHY`; without words the form of the key."""
    need_incident(room)
    group = alert_here(room)
    if group is None:
        pane = room.key_of(action_names.BY_ID["zoom-1"])
        raise Refused(f"no alert has the cursor: {pane} opens the alerts; there, on one of them, :shelve 30m WHY")
    if not words:
        return _opens_form(room, group)
    said, _, why = words.partition(" ")
    keys = tuple(alarm.key for alarm in group.alarms)
    until = _until(room, said, group)
    if said != BACK and not why.strip():
        raise Refused(NO_REASON)
    return entered_by(room, AlertsShelved(keys, until, why.strip(), group.title), name="shelve")


def _until(room: WarRoom, said: str, group: AlarmGroup) -> Millis:
    now = room.session.now()
    if said == BACK:
        if group.state != "shelved":
            raise Refused(f"it is not shelved: it is {group.state}")
        return now
    until = back_by(said, now)
    if until is None:
        raise Refused(f"no time: {said!r}; {BACK_BY}, or {BACK}")
    if until - now > SHELVED_AT_MOST:
        raise Refused(f"at most {SHELVED_AT_MOST // HOUR} h")
    return until


def _opens_form(room: WarRoom, group: AlarmGroup) -> Act:
    def act() -> str:
        room.push_screen(screens.load("shelve")(group.key))
        return ""

    return act
