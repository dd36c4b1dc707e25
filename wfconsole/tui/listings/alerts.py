"""Alerts: what is open, with who has taken it up; what is out of the way; and every one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, Literal

from wfconsole.incident.alarms import HELD, Alarm, AlarmGroup, AlarmState
from wfconsole.observations.alert_log import FLOOD_BEGINS
from wfconsole.observations.levels import Level
from wfconsole.text import UNKNOWN, age, coarse_age
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.listings.listing import Cells, Column, Listing, Opens, counted, next_line, row_line, said
from wfconsole.tui.state_words import level_ink, mark

Which = Literal["open", "shelved", "all"]

STATE_WORDS: Final[dict[AlarmState, str]] = {
    "new": "NEW",
    "acked": "ack",
    "ended": "over, not ack",
    "held": "held",
    "shelved": "shelved",
    "silenced": "silenced",
    "inhibited": "inhibited",
    "pending": "pending",
    "heartbeat": "heartbeat",
}
_KEYS: Final = (("Enter", "all of it"), ("K", "ack"), ("S", "shelve"), ("N", "note"))


class AlertsListing(Listing):
    """In a flood the open ones are grouped by cause: what K and S do, they do to the group."""

    source = "alerts"
    orders: ClassVar = ("urgency", "newest", "name")
    columns = (
        Column("", 1, keep=100),
        Column("STATE", 13, keep=98),
        Column("x", 5, right=True, keep=85),
        Column("ALERT", 24, grow=3, keep=99),
        Column("SINCE", 9, keep=90),
        Column("FOR", 4, right=True, keep=80),
        Column("", 14, grow=1, keep=88),
        Column("NAMESPACE", 12, keep=40),
    )

    def __init__(self, which: Which) -> None:
        self._which = which

    @property
    def name(self) -> str:
        return self._which

    def groups(self, frame: Frame) -> Sequence[AlarmGroup]:
        alarms = frame.alarms
        return {"open": alarms.open, "shelved": alarms.aside, "all": alarms.every}[self._which]

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        groups = self.groups(frame)
        if order == "newest":
            groups = sorted(groups, key=lambda group: -group.first.started_at)
        elif order == "name":
            groups = sorted(groups, key=lambda group: group.title.lower())
        return [group.key for group in groups]

    def cells(self, frame: Frame, key: str) -> Cells:
        group = frame.alarms.group(key)
        if group is None:
            return tuple(Span("") for _ in self.columns)
        first, new = group.first, group.state == "new"
        count = len(group.alarms)
        return (
            mark(frame.glyphs, group.level),
            Span(_state_words(group), _state_ink(group)),
            Span(f"x{count}" if count > 1 else "", "strong"),
            Span(group.title, level_ink(group.level) if new and group.level > Level.OK else "text"),
            Span(frame.times.column(first.started_at or None), "dim"),
            Span(coarse_age(frame.now - first.started_at if first.started_at else None), "dim"),
            Span(_remark(frame, group), "strong" if group.first_out else "dim"),
            Span(first.row.labels.get("namespace", ""), "dim"),
        )

    def counts(self, frame: Frame) -> Line:
        alarms = frame.alarms
        if alarms.flood is not None:
            causes = counted(sum(group.key != HELD for group in alarms.open), "cause")
            words = f" FLOOD {alarms.flood.new} new in 10 min (limit {FLOOD_BEGINS})"
            return said((words, "strong"), f", grouped: {causes}")
        new = alarms.count("new")
        counts = (alarms.count("acked"), alarms.count("ended"), alarms.count("held"))
        named = zip(counts, ("acked", "over and not acked", "held"), strict=True)
        others = "".join(f"   {count} {word}" for count, word in named if count)
        aside = alarms.count("shelved", "silenced", "inhibited")
        return said((f" {new} unacked", "strong"), others, f"   {aside} shelved or silenced" if aside else "")

    def detail(self, frame: Frame, key: str) -> list[Line]:
        group = frame.alarms.group(key)
        if group is None:
            return []
        first, row = group.first, group.first.row
        many = f"   {len(group.alarms)} alerts" if len(group.alarms) > 1 else ""
        return [
            row_line("ROW", (row.name, "strong"), f"   {row.severity or 'no severity'}{many}"),
            row_line("says", row.description or row.summary or UNKNOWN),
            row_line("state", (state_line(frame, first), _state_ink(group))),
            row_line("labels", labels_line(row.labels)),
            next_line(*_KEYS),
        ]

    def opens(self, frame: Frame, key: str) -> Opens | None:
        group = frame.alarms.group(key)
        return Opens("alerts", group.first.key) if group is not None else None

    def about(self, frame: Frame, key: str) -> str:
        group = frame.alarms.group(key)
        return f"alert {group.title}" if group is not None else "alerts"

    def nothing(self, frame: Frame) -> str:
        del frame
        return {
            "open": "there are no alerts that need anybody",
            "shelved": "there are no alerts that somebody shelved, silenced or inhibited",
            "all": "there are no alerts",
        }[self._which]


def state_line(frame: Frame, alarm: Alarm) -> str:
    """The state of one alert in words: by whom, until when, why."""
    by = f" by {alarm.by}" if alarm.by else ""
    left = age(max(0, alarm.until - frame.now))
    until = f" until {frame.times.clock(alarm.until)}, {left} left" if alarm.until else ""
    why = f": {alarm.reason}" if alarm.reason else ""
    over = f", ended {age(frame.now - alarm.ended_at)} ago" if alarm.ended_at else ""
    standing = ", standing for more than a day" if alarm.standing else ""
    words = {
        "new": "nobody acknowledged it",
        "acked": "acknowledged",
        "ended": "back to normal, and nobody acknowledged it",
        "held": "chatters, held as one line",
    }.get(alarm.state, alarm.state)
    return f"{words}{by}{until}{why}{over}{standing}"


def labels_line(labels: object) -> str:
    """`service=checkout pod=checkout-1`, without what stands elsewhere."""
    pairs = labels.items() if isinstance(labels, dict) else ()
    return "  ".join(f"{name}={value}" for name, value in pairs if name not in ("alertname", "severity")) or "none"


def _state_words(group: AlarmGroup) -> str:
    alarm = next(alarm for alarm in group.alarms if alarm.state == group.state)
    return f"ack {alarm.by}" if group.state == "acked" else STATE_WORDS[group.state]


def _state_ink(group: AlarmGroup) -> Ink:
    inks: tuple[Ink, ...] = ("strong", "watch-badge", "warn-badge", "crit-badge")
    return inks[group.level] if group.state == "new" else "dim"


def _remark(frame: Frame, group: AlarmGroup) -> str:
    """What else there is to say in a few words."""
    first, out = group.first, frame.alarms.first_out
    if group.first_out:
        return "FIRST-OUT"
    if group.state in ("shelved", "silenced", "held") and first.until:
        return f"{age(max(0, first.until - frame.now))} left"
    if first.standing:
        return "standing"
    later = first.started_at - out.started_at if out is not None else -1
    if frame.alarms.flood is not None and later >= 0:
        return f"+{age(later)} later"
    return ""
