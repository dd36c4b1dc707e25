"""What is owed after an incident: follow-ups in three horizons, with owners and due dates, and a meeting."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final, Literal, get_args

import msgspec

from wfconsole.clock import DAY, HOUR, MINUTE, Millis
from wfconsole.incident.clocks import due_at
from wfconsole.incident.events import Horizon
from wfconsole.incident.policy import BusinessCalendar, SeverityPolicy, Span
from wfconsole.incident.state import FollowUp, IncidentState
from wfconsole.text import calendar_time

HORIZONS: Final[tuple[Horizon, ...]] = get_args(Horizon)
# The last day of each horizon. Three months are 13 weeks, so that the day of the week stays.
LAST_DAY: Final[dict[Horizon, int]] = {"0-7 days": 7, "1-4 weeks": 28, "1-3 months": 91}
HORIZON_WORDS: Final[dict[str, Horizon]] = {"7d": "0-7 days", "4w": "1-4 weeks", "3m": "1-3 months"}
HORIZON_MEANS: Final[dict[Horizon, str]] = {
    "0-7 days": "quick fixes, monitoring and alerts, documentation",
    "1-4 weeks": "code that keeps it from happening again, process, tools",
    "1-3 months": "architecture, infrastructure, training",
}
MEETING_WITHIN: Final = Span(48 * HOUR, text="48 hours")  # where no severity policy is at hand
MEETING_EXPECTED: Final = "14:30, 2026-03-02 14:30, +20h or none; times are UTC"
NOBODY: Final = "nobody yet"

MeetingStanding = Literal["not owed", "not yet owed", "due", "set", "set too late", "missed"]


class Meeting(msgspec.Struct, frozen=True):
    """How it stands with the post-mortem meeting. `due_at` is 0 while the incident is not resolved, and where the
    severity owes none; `within` is the policy's time.

    Nobody tells the record whether it took place: "set" stays "set".
    """

    standing: MeetingStanding
    due_at: Millis = 0
    at: Millis = 0
    where: str = ""
    within: str = ""


def meeting(state: IncidentState, now: Millis, policy: SeverityPolicy | None = None) -> Meeting:
    """When the meeting is due, from the resolution on, and whether it is set. Without a policy: within 48 hours."""
    rule = next((rule for rule in policy.rules if rule.name == state.severity), None) if policy is not None else None
    span = MEETING_WITHIN if rule is None else rule.meeting
    resolved, at, where = state.moments.get("resolved", 0), state.meeting_at, state.meeting_where
    calendar = policy.calendar if policy is not None else BusinessCalendar()
    due = due_at(span, calendar, resolved) if span is not None and resolved else 0
    within = span.text if span is not None else ""
    if at:
        return Meeting("set too late" if due and at > due else "set", due, at, where, within)
    if span is None:
        return Meeting("not owed")
    if not due:
        return Meeting("not yet owed", within=within)
    return Meeting("missed" if now > due else "due", due, within=within)


def meeting_words(found: Meeting) -> str:
    """The same in a few words."""
    where = f", {found.where}" if found.where else ""
    match found.standing:
        case "not owed":
            return "none is owed at this severity"
        case "not yet owed":
            return f"due within {found.within} of the resolution"
        case "due":
            return f"not set; due by {calendar_time(found.due_at)}"
        case "missed":
            return f"MISSED: none was set by {calendar_time(found.due_at)}"
        case "set too late":
            return f"{calendar_time(found.at)}{where}; LATE: it was due by {calendar_time(found.due_at)}"
    return f"{calendar_time(found.at)}{where}"


def meeting_time(said: str, now: Millis) -> tuple[Millis, str] | None:
    """The instant and the place that somebody means: a time to come, then words; 0 for "none". None: it is no time.

    A time of day is UTC and the next one; `+20h` counts from now, in minutes (m), hours (h) or days (d).
    """
    first, _, rest = said.strip().partition(" ")
    if first.lower() == "none":
        return 0, ""
    if found := re.fullmatch(r"\+(\d{1,4})([mhd])", first):
        return now + int(found[1]) * {"m": MINUTE, "h": HOUR, "d": DAY}[found[2]], rest.strip()
    if of_day := _time_of_day(first):
        instant = now // DAY * DAY + of_day[0]
        return (instant if instant > now else instant + DAY), rest.strip()
    day = iso_date(first.partition("T")[0])
    time, _, where = rest.strip().partition(" ")
    if "T" in first:
        time, where = first.partition("T")[2], rest
    at = _time_of_day(time)
    if day is None or at is None:
        return None
    return _midnight(day) + at[0], where.strip()


def _time_of_day(text: str) -> tuple[Millis] | None:
    """In a tuple, because midnight is 0."""
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)[Zz]?", text)
    return (int(found[1]) * HOUR + int(found[2]) * MINUTE,) if found else None


def _midnight(day: dt.date) -> Millis:
    return round(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp() * 1000)


def default_due(horizon: Horizon, now: Millis, calendar: BusinessCalendar) -> str:
    """The last working day of a horizon that begins now, as an ISO date; the last day where none of them is one."""
    first = today(now, calendar)
    last = first + dt.timedelta(days=LAST_DAY[horizon])
    day = last
    while day > first:
        if day.weekday() in calendar.days and day.isoformat() not in calendar.holidays:
            return day.isoformat()
        day -= dt.timedelta(days=1)
    return last.isoformat()


def today(now: Millis, calendar: BusinessCalendar) -> dt.date:
    """Which day it is where the calendar's people work; UTC's, where nobody knows the zone."""
    import zoneinfo  # here, because the first frame counts no days

    try:
        zone: dt.tzinfo = zoneinfo.ZoneInfo(calendar.timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        zone = dt.UTC
    return dt.datetime.fromtimestamp(now / 1000, zone).date()


def is_overdue(item: FollowUp, day: dt.date) -> bool:
    """Open, and its day is over. What has no day is never overdue."""
    due = iso_date(item.due)
    return not item.outcome and due is not None and due < day


def iso_date(text: str) -> dt.date | None:
    """A date written 2026-12-25; None for anything else."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def by_horizon(state: IncidentState) -> dict[Horizon, list[tuple[str, FollowUp]]]:
    """All follow-ups, each horizon's in the order in which they were added."""
    found: dict[Horizon, list[tuple[str, FollowUp]]] = {horizon: [] for horizon in HORIZONS}
    for name, item in state.follow_ups.items():
        found[item.horizon].append((name, item))
    return found


def new_name(state: IncidentState, token: str) -> str:
    """`F3-9c1d`: short enough to type; `token` keeps two consoles that add at the same time apart."""
    return f"F{len(state.follow_ups) + 1}-{token[:4]}"


def named(state: IncidentState, said: str) -> tuple[str, ...]:
    """The follow-ups that somebody means: by their name, or by a beginning of it."""
    if said in state.follow_ups:
        return (said,)
    wanted = said.casefold()
    short = tuple(name for name in state.follow_ups if name.partition("-")[0].casefold() == wanted)
    return short or tuple(name for name in state.follow_ups if wanted and name.casefold().startswith(wanted))
