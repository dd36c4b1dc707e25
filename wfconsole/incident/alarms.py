"""Alerts as people have to deal with them: new, acknowledged, shelved, held; in a flood by cause. Pure.

What fires comes from the sources, who took it up from the incident's record. An acknowledgement holds for as long as
that alert fires: when it begins anew, it is new. What is shelved, silenced or inhibited counts nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec

from wfconsole.clock import Millis
from wfconsole.incident.state import IncidentState
from wfconsole.observations.alert_log import AlertLog, Flood, Move
from wfconsole.observations.alerts import STANDING_AFTER, AlertRow, cause, cause_title, is_heartbeat, judge_alert, title
from wfconsole.observations.board import HEADLINE_CELLS
from wfconsole.observations.headlines.facts import Facts
from wfconsole.observations.levels import Level
from wfconsole.observations.world import World
from wfconsole.text import cells, cut

AlarmState = Literal["new", "acked", "ended", "held", "shelved", "silenced", "inhibited", "pending", "heartbeat"]

HELD: Final = "held"
GROUPED: Final = "cause:"  # how the key of a group begins
_OPEN: Final = ("new", "ended", "acked", "held")
_ASIDE: Final = ("shelved", "silenced", "inhibited")
# What nobody has to answer now is no worse than this, whatever its rule says.
_AT_MOST: Final[Mapping[AlarmState, Level]] = {
    "ended": Level.WATCH,
    "held": Level.WATCH,
    "shelved": Level.OK,
    "silenced": Level.OK,
    "inhibited": Level.OK,
    "pending": Level.OK,
    "heartbeat": Level.OK,
}


class Alarm(msgspec.Struct, frozen=True):
    """One alert. `by`, `until` and `reason` are those of whoever acknowledged, shelved or silenced it."""

    key: str
    row: AlertRow
    state: AlarmState
    level: Level
    started_at: Millis
    ended_at: Millis = 0
    by: str = ""
    until: Millis = 0
    reason: str = ""
    first_out: bool = False
    standing: bool = False
    moves: tuple[Move, ...] = ()


class AlarmGroup(msgspec.Struct, frozen=True):
    """One line of the list: an alert, in a flood all of one cause, or all that chatter."""

    key: str
    title: str
    alarms: tuple[Alarm, ...]  # the earliest first

    @property
    def first(self) -> Alarm:
        return self.alarms[0]

    @property
    def state(self) -> AlarmState:
        """What is left to do decides: one that is new makes all of them new."""
        return min((alarm.state for alarm in self.alarms), key=_ORDER.__getitem__)

    @property
    def level(self) -> Level:
        return max(alarm.level for alarm in self.alarms)

    @property
    def first_out(self) -> bool:
        return any(alarm.first_out for alarm in self.alarms)


_ORDER: Final[Mapping[AlarmState, int]] = {
    "new": 0,
    "ended": 1,
    "acked": 2,
    "held": 3,
    "pending": 4,
    "shelved": 5,
    "silenced": 6,
    "inhibited": 7,
    "heartbeat": 8,
}


class Alarms(msgspec.Struct, frozen=True):
    """All alerts at one instant. `known`: what they show is true now, if not all of it."""

    by_key: Mapping[str, Alarm] = msgspec.field(default_factory=dict)
    open: tuple[AlarmGroup, ...] = ()
    aside: tuple[AlarmGroup, ...] = ()
    every: tuple[AlarmGroup, ...] = ()
    flood: Flood | None = None
    first_out: Alarm | None = None
    known: bool = False
    heartbeat: str = ""  # the one that should fire and does not

    def count(self, *states: AlarmState) -> int:
        return sum(alarm.state in states for alarm in self.by_key.values())

    def group(self, key: str) -> AlarmGroup | None:
        """The line with this key, whichever list it is in."""
        found = next((group for group in (*self.open, *self.aside) if group.key == key), None)
        if found is None and key in self.by_key:
            return _alone(self.by_key[key])
        return found


def alarms_of(world: World, log: AlertLog, incident: IncidentState, now: Millis) -> Alarms:
    """Every alert with what people did about it."""
    snapshot = world.snapshots.get("alerts")
    if snapshot is None:
        return Alarms()
    quality = snapshot.quality(now)
    found = {key: _alarm(key, row, log, incident, now) for key, row in world.alerts.items()}
    for key, past in log.pasts.items():
        if key not in found and past.ended_at:
            alarm = _ended(key, log, incident, now)
            if alarm is not None:
                found[key] = alarm
    heartbeat = snapshot.facts.get("heartbeat", "")
    missing = heartbeat and quality.conclusive and all(row.name != heartbeat for row in world.alerts.values())
    ordered = sorted(found.values(), key=_rank)
    return Alarms(
        found,
        tuple(_grouped((alarm for alarm in ordered if alarm.state in _OPEN), flood=log.flood is not None)),
        tuple(_alone(alarm) for alarm in ordered if alarm.state in _ASIDE),
        tuple(_alone(alarm) for alarm in ordered),
        log.flood,
        found.get(log.first_out),
        quality.tells,
        heartbeat if missing else "",
    )


def unacknowledged(alarms: Iterable[Alarm]) -> dict[str, Millis]:
    """Those that somebody can acknowledge, by key: since when each fires."""
    return {alarm.key: alarm.started_at for alarm in alarms if alarm.state in ("new", "ended", "held")}


def facts_of(alarms: Alarms) -> Facts:
    """What the board says: how many nobody has taken up, and what came first."""
    unacked = [alarm for alarm in alarms.by_key.values() if alarm.state == "new"]
    level = max((alarm.level for alarm in alarms.by_key.values()), default=Level.OK)
    if alarms.heartbeat:
        level = max(level, Level.WATCH)
    first = alarms.first_out if alarms.first_out is not None and alarms.first_out.state in _OPEN else None
    worst = min(unacked, key=_rank, default=None)
    if alarms.flood is not None:
        head = f"FLOOD {alarms.flood.new} new"
        reason = f"{_count(sum(group.key != HELD for group in alarms.open), 'cause')}, within 10 min"
    else:
        head = f"{len(unacked)} unacked"
        reason = f"{title(worst.row)}: {worst.row.severity or 'no severity'}" if worst is not None else ""
    second = ""
    if first is not None:
        second = f"first-out: {title(first.row)}"
    elif worst is not None:
        second = title(worst.row)
    elif alarms.heartbeat:
        second, reason = f"{alarms.heartbeat} is missing", "the heartbeat does not fire: alerts may not arrive"
    else:
        second = _quiet(alarms)
    told = (head, cut(second, HEADLINE_CELLS - cells(head) - 2)) if second else (head,)
    return Facts(told, level, reason)


def _quiet(alarms: Alarms) -> str:
    """What there is where nothing is new."""
    counted = (alarms.count("acked"), alarms.count("ended"), alarms.count("held"), alarms.count("shelved"))
    words = ("acked", "over, not acked", "held", "shelved")
    return next((f"{count} {word}" for count, word in zip(counted, words, strict=True) if count), "")


def _alarm(key: str, row: AlertRow, log: AlertLog, incident: IncidentState, now: Millis) -> Alarm:
    """One that the source shows now."""
    past = log.pasts.get(key)
    finding = judge_alert(row, now)
    started = row.starts_at or (past.started_at if past is not None else 0)
    state, by, until, reason = _state_of(key, row, started, incident, now)
    if state in ("new", "acked") and past is not None and past.held_until > now:
        state, until = "held", past.held_until
    return Alarm(
        key,
        row,
        state,
        min(finding.level, _AT_MOST.get(state, Level.CRITICAL)),
        started,
        by=by,
        until=until,
        reason=reason,
        first_out=key == log.first_out,
        standing=bool(started) and now - started >= STANDING_AFTER,
        moves=past.moves if past is not None else (),
    )


def _state_of(
    key: str, row: AlertRow, started: Millis, incident: IncidentState, now: Millis
) -> tuple[AlarmState, str, Millis, str]:
    """Its state, and who put it there, until when and why."""
    kind = judge_alert(row, now).kind
    if is_heartbeat(row):
        return "heartbeat", "", 0, ""
    if kind == "silenced":
        silence = row.silences[0]
        return "silenced", silence.by, silence.until, silence.why
    if kind == "inhibited":
        return "inhibited", "", 0, "another alert makes it pointless"
    shelved = incident.shelved.get(key)
    if shelved is not None and shelved.until > now:
        return "shelved", shelved.by, shelved.until, shelved.reason
    if kind == "pending":
        return "pending", "", 0, "its rule holds, but not for long enough yet"
    acked = incident.acked.get(key)
    if acked is not None and started <= acked.started_at:
        return "acked", acked.by, 0, ""
    return "new", "", 0, ""


def _ended(key: str, log: AlertLog, incident: IncidentState, now: Millis) -> Alarm | None:
    """One that is over: worth a line while it chatters, or until somebody has taken note of it."""
    past = log.pasts[key]
    shelved, acked = incident.shelved.get(key), incident.acked.get(key)
    if shelved is not None and shelved.until > now:
        return None
    held = past.held_until > now
    rule = judge_alert(past.row, now).level
    if not held and (rule < Level.WARNING or (acked is not None and past.started_at <= acked.started_at)):
        return None
    state: AlarmState = "held" if held else "ended"
    return Alarm(
        key,
        past.row,
        state,
        min(rule, _AT_MOST[state]),
        past.started_at,
        past.ended_at,
        until=past.held_until if held else 0,
        first_out=key == log.first_out,
        moves=past.moves,
    )


def _rank(alarm: Alarm) -> tuple[int, bool, int, Millis, str]:
    return (_ORDER[alarm.state], not alarm.first_out, -alarm.level, alarm.started_at, alarm.key)


def _alone(alarm: Alarm) -> AlarmGroup:
    return AlarmGroup(alarm.key, title(alarm.row), (alarm,))


def _grouped(alarms: Iterable[Alarm], *, flood: bool) -> list[AlarmGroup]:
    """The lines of the list, as they rank: what chatters in one, and in a flood each cause in one."""
    lines: dict[str, list[Alarm]] = {}
    for alarm in alarms:
        line = HELD if alarm.state == "held" else f"{GROUPED}{cause(alarm.row)}" if flood else alarm.key
        lines.setdefault(line, []).append(alarm)
    groups = []
    for key, members in lines.items():
        members.sort(key=lambda alarm: (alarm.started_at, alarm.key))
        if key == HELD:
            groups.append(AlarmGroup(key, f"chattering: {title(members[0].row)}", tuple(members)))
        elif len(members) == 1:
            groups.append(AlarmGroup(key, title(members[0].row), tuple(members)))
        else:
            groups.append(AlarmGroup(key, cause_title(members[0].row), tuple(members)))
    return groups


def _count(count: int, one: str) -> str:
    return f"{count} {one}" if count == 1 else f"{count} {one}s"
