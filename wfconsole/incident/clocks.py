"""The clocks of everything that an incident owes. All times come from the record and the policy.

Respond, next update and resolve; whoever the severity wants called by a time; tasks that were given; the post-mortem
meeting; follow-ups with a day. A clock that was set back never makes one longer than it was.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from wfconsole.clock import Millis
from wfconsole.incident.policy import BusinessCalendar, Call, SeverityPolicy, SeverityRule, Span
from wfconsole.incident.state import IncidentState

ClockState = Literal["ok", "due-soon", "overdue", "met"]
ClockKind = Literal["respond", "update", "resolve", "call", "task", "meeting", "follow-up"]

# A clock is due soon when less than this share of its span is left.
_DUE_SOON_SHARE = 0.25
WORDS: Final = {
    "respond": "response",
    "update": "status update",
    "resolve": "resolution",
    "meeting": "post-mortem meeting",
}
OF_SEVERITY: Final = ("respond", "update", "resolve")  # these kinds are the severity's own
CALL_WORDS: Final = {"page": "page", "tell": "tell", "escalate": "escalate to"}
_HORIZON_DAYS = 3660  # a calendar without any working day within ten years is an error of the policy


class Clock(msgspec.Struct, frozen=True):
    """One clock at one instant.

    `name` is its own: "respond", "update", "resolve", "meeting", "task <id>", "call <who>", "follow-up <id>". `words`
    say what is owed, `label` the same in one word. `left_ms` is negative when overdue, and for a met clock what was
    left when it was. `fraction` is the share of the span that is used, 0 to 1. Spans in business days count only the
    time that people work. `text` is the span as the policy has it.
    """

    name: str
    started_at: Millis
    due_at: Millis
    met_at: Millis = 0
    state: ClockState = "ok"
    left_ms: Millis = 0
    fraction: float = 0.0
    text: str = ""
    kind: ClockKind = "respond"
    label: str = ""
    words: str = ""


class CalendarError(ValueError):
    """The policy's calendar cannot be counted with; the message says why."""


def clocks(state: IncidentState, policy: SeverityPolicy, now: Millis) -> tuple[Clock, ...]:
    """The clocks of the declared incident at `now`; none before that.

    In this order: respond, update, resolve, calls, tasks, meeting, follow-ups. Respond and resolve run from the
    declaration, by the severity that holds now: raising it shortens both. The update clock starts again with every
    update, and with a change of severity it is due by the new cadence. With the incident resolved, no update is owed.
    Calls run from when the severity began to hold, until somebody has made them or users are well again. Of tasks and
    follow-ups only those that are open have a clock.
    """
    if not state.declared:
        return ()
    rule = policy.rule(state.severity)
    calendar = policy.calendar
    acknowledged = state.moments.get("acknowledged", 0)
    resolved = state.moments.get("resolved", 0)
    declared = state.declared_at
    shown = [_clock("respond", rule.respond, calendar, start=declared, met=acknowledged or resolved, now=now)]
    if rule.update is not None and not resolved:
        shown.append(_clock("update", rule.update, calendar, start=state.last_update_at or declared, now=now))
    shown.append(_clock("resolve", rule.resolve, calendar, start=declared, met=resolved, now=now))
    shown += _calls(state, rule, calendar, now)
    shown += _tasks(state, now)
    if rule.meeting is not None and resolved:
        shown.append(_clock("meeting", rule.meeting, calendar, start=resolved, met=state.meeting_at, now=now))
    shown += _follow_ups(state, calendar, now)
    return tuple(shown)


def call_step(who: str) -> str:
    """The step that is marked when somebody was called: "done", or "waived" with a reason. No list has such a name."""
    return f"@call/{'-'.join(who.lower().split())}"


def open_calls(policy: SeverityPolicy, state: IncidentState) -> tuple[Call, ...]:
    """Whom the severity wants called and nobody has called yet, those without a clock too."""
    rule = next((rule for rule in policy.rules if state.declared and rule.name == state.severity), None)
    calls = rule.calls if rule is not None and not state.resolved else ()
    return tuple(call for call in calls if not _made_at(state, call))


def _made_at(state: IncidentState, call: Call) -> Millis:
    made = state.steps.get(call_step(call.who))
    return made.at if made is not None and made.mark in ("done", "waived") else 0


def _calls(state: IncidentState, rule: SeverityRule, calendar: BusinessCalendar, now: Millis) -> Iterator[Clock]:
    if state.status in ("monitoring", "resolved"):
        return
    for call in rule.calls:
        if call.within is None:
            continue
        clock = _clock("call", call.within, calendar, start=state.severity_since, met=_made_at(state, call), now=now)
        words = f"{CALL_WORDS[call.kind]} {call.who}"
        yield msgspec.structs.replace(clock, name=f"call {call.who}", label=call.who, words=words)


def _tasks(state: IncidentState, now: Millis) -> Iterator[Clock]:
    for name, task in state.tasks.items():
        if not task.outcome:
            clock = _until("task", task.given_at, task.due_at, now)
            words = f"{task.person}: {task.text}"
            yield msgspec.structs.replace(clock, name=f"task {name}", label=task.person, words=words)


def _follow_ups(state: IncidentState, calendar: BusinessCalendar, now: Millis) -> Iterator[Clock]:
    """Each is due at the end of its day, where people work; a day that is none has no clock."""
    for name, found in state.follow_ups.items():
        due = _end_of_day(found.due, calendar) if found.due and not found.outcome else 0
        if due:
            clock = _until("follow-up", min(found.added_at, due), due, now)
            owner = f"{found.owner or 'nobody yet'}: {found.text}"
            yield msgspec.structs.replace(clock, name=f"follow-up {name}", label="follow-up", words=owner)


def _end_of_day(text: str, calendar: BusinessCalendar) -> Millis:
    try:
        day = dt.date.fromisoformat(text)
        return _Working(calendar).end_of(day)
    except (ValueError, OverflowError):
        return 0


def next_due(shown: tuple[Clock, ...]) -> Clock | None:
    """The clock that runs out first, of those that still run. What is owed by the severity and over comes before it,
    whatever else is over after it; a follow-up's day is for later."""

    def rank(clock: Clock) -> tuple[int, Millis]:
        own = clock.kind in OF_SEVERITY
        return (1 if clock.state != "overdue" else 0 if own else 2), clock.due_at

    running = (clock for clock in shown if clock.state != "met" and clock.kind != "follow-up")
    return min(running, key=rank, default=None)


def spans(rule: SeverityRule) -> tuple[tuple[str, str], ...]:
    """What a severity means in time, for the declaration: name of the clock and span as the policy writes it."""
    update = "none" if rule.update is None else rule.update.text + (" (our default)" if rule.update_is_default else "")
    return (("respond", rule.respond.text), ("update", update), ("resolve", rule.resolve.text))


def due_at(span: Span, calendar: BusinessCalendar, start: Millis) -> Millis:
    """When a span that starts at `start` is over. Raises CalendarError where the calendar has no working time."""
    if not span.business_days:
        return start + span.duration_ms
    return _Working(calendar).add_days(start, span.business_days)


def _clock(
    kind: ClockKind, span: Span, calendar: BusinessCalendar, *, start: Millis, met: Millis = 0, now: Millis
) -> Clock:
    due = due_at(span, calendar, start)
    at = max(start, met or now)
    if span.business_days:
        working = _Working(calendar)
        whole = working.between(start, due)
        used = working.between(start, min(at, due))
    else:
        whole = due - start
        used = min(at, due) - start
    return _at(kind, start, due, at, used=used / whole if whole > 0 else 1.0, met=met, text=span.text)


def _until(kind: ClockKind, start: Millis, due: Millis, now: Millis) -> Clock:
    """A clock that runs to an instant."""
    at = max(start, now)
    return _at(kind, start, due, at, used=(min(at, due) - start) / (due - start) if due > start else 1.0)


def _at(
    kind: ClockKind, start: Millis, due: Millis, at: Millis, *, used: float, met: Millis = 0, text: str = ""
) -> Clock:
    fraction = min(1.0, max(0.0, used))
    left = due - at
    state: ClockState = "ok"
    if met:
        state = "met"
    elif left < 0:
        state = "overdue"
    elif 1.0 - fraction < _DUE_SOON_SHARE:
        state = "due-soon"
    return Clock(kind, start, due, met, state, left, fraction, text, kind, kind, WORDS.get(kind, ""))


class _Working:
    """Counts working time of a calendar, in its own time zone: a day of 23 or 25 hours changes no working hour."""

    def __init__(self, calendar: BusinessCalendar) -> None:
        import zoneinfo  # here, because the first frame counts no business days

        try:
            self._zone = zoneinfo.ZoneInfo(calendar.timezone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise CalendarError(f"the business calendar names no known time zone: {calendar.timezone!r}") from error
        if not 0 <= calendar.start_minute < calendar.end_minute <= 24 * 60:
            raise CalendarError("the business calendar's day must begin before it ends, within one day")
        self._days = frozenset(calendar.days)
        self._holidays = frozenset(calendar.holidays)
        self._start = calendar.start_minute
        self._end = calendar.end_minute

    def add_days(self, start: Millis, days: int) -> Millis:
        """The same time of day so many working days later; what starts outside working time starts with the next one.

        "1 business day" from Friday 15:00 is Monday 15:00; from Saturday it is Monday's end of work.
        """
        day = self._date(start)
        opens, closes = self._hours(day)
        if not self._works(day) or start >= closes:
            return self._hours(self._nth_working_day(day, days))[1]
        if start <= opens:
            return self._hours(self._nth_working_day(day, days - 1))[1]
        after = self._nth_working_day(day, days)
        local = dt.datetime.fromtimestamp(start / 1000, self._zone).time()
        return _millis(dt.datetime.combine(after, local, self._zone))

    def end_of(self, day: dt.date) -> Millis:
        """Midnight at the end of a day."""
        return self._minute(day, 24 * 60)

    def between(self, start: Millis, end: Millis) -> Millis:
        """Working milliseconds from `start` to `end`."""
        total = 0
        day = self._date(start)
        last = self._date(end)
        while day <= last:
            if self._works(day):
                opens, closes = self._hours(day)
                total += max(0, min(end, closes) - max(start, opens))
            day += dt.timedelta(days=1)
        return total

    def _date(self, at: Millis) -> dt.date:
        return dt.datetime.fromtimestamp(at / 1000, self._zone).date()

    def _works(self, day: dt.date) -> bool:
        return day.weekday() in self._days and day.isoformat() not in self._holidays

    def _hours(self, day: dt.date) -> tuple[Millis, Millis]:
        return self._minute(day, self._start), self._minute(day, self._end)

    def _minute(self, day: dt.date, minute: int) -> Millis:
        if minute == 24 * 60:
            day, minute = day + dt.timedelta(days=1), 0
        return _millis(dt.datetime.combine(day, dt.time(minute // 60, minute % 60), self._zone))

    def _nth_working_day(self, after: dt.date, count: int) -> dt.date:
        day = after
        for _ in range(_HORIZON_DAYS):
            if count <= 0:
                return day
            day += dt.timedelta(days=1)
            count -= self._works(day)
        raise CalendarError("the business calendar has no working day within ten years")


def _millis(moment: dt.datetime) -> Millis:
    return round(moment.timestamp() * 1000)
