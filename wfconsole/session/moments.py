"""A time as people say it: 14:32, 14:32:07, T+18:40, -5m, 40%."""

from __future__ import annotations

import re

from wfconsole.clock import HOUR, MINUTE, SECOND, Millis
from wfconsole.session.view import TransportView, View
from wfconsole.times import UTC_TIMES, Times

EXPECTED = "14:32, T+18:40, -5m or 40%"
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR}


def instant_meant(said: str, time: TransportView, view: View, times: Times = UTC_TIMES) -> Millis | None:
    """The instant that somebody means, on the axis of `time`; None when it is no time of these forms.

    A time of day is the last one before the end, on a clock like those on the screen (`times`), with a Z in UTC; T+
    counts from the beginning of the incident, or of the recording where none is declared; -5m from the instant on show;
    a percentage is of the whole. It may lie beyond either end: see `beyond`.
    """
    said = said.strip()
    if found := re.fullmatch(r"(\d{1,3}(?:\.\d+)?)\s*%", said):
        return time.start + int((time.end - time.start) * float(found[1]) / 100)
    if found := re.fullmatch(r"-\s*(\d{1,5})\s*([smh])", said):
        return time.position - int(found[1]) * _UNITS[found[2]]
    if found := re.fullmatch(r"[Tt]?\+((?:\d{1,3}:)?\d{1,3}:\d{2})", said):
        incident = view.incident
        began = incident.moments.get("started") or incident.declared_at or time.start
        return began + _clock_ms(found[1], minutes_first=True)
    return _of_day(said, time.end, times)


def beyond(instant: Millis, time: TransportView, times: Times = UTC_TIMES) -> str:
    """Why an instant cannot be shown, with what can; "" where it can."""
    if time.start <= instant <= time.end:
        return ""
    where = "before the beginning" if instant < time.start else "after the end"
    return f"that is {where}: there is {times.calendar(time.start)} to {times.calendar(time.end)}"


def instant_spoken_of(said: str, now: Millis, view: View, times: Times = UTC_TIMES) -> Millis | None:
    """The instant before `now` that words speak of, however long ago; None when it is none, or yet to come.

    As `instant_meant`, without the percentage, and with a day: `2026-03-01T14:32`, `2026-03-01T14:32:07Z`.
    """
    said = said.strip()
    if found := re.fullmatch(r"-\s*(\d{1,5})\s*([smh])", said):
        return now - int(found[1]) * _UNITS[found[2]]
    if found := re.fullmatch(r"[Tt]?\+((?:\d{1,3}:)?\d{1,3}:\d{2})", said):
        began = view.incident.moments.get("started") or view.incident.declared_at
        instant = began + _clock_ms(found[1], minutes_first=True)
        return instant if began and instant <= now else None
    if found := re.fullmatch(r"(\d{4}-\d{2}-\d{2})[Tt ](\d{1,2}:\d{2}(?::\d{2})?[Zz]?)", said):
        instant_on_day = times.on_day(found[1], found[2])
        return instant_on_day if instant_on_day is not None and instant_on_day <= now else None
    return _of_day(said, now, times)


def _of_day(said: str, end: Millis, times: Times) -> Millis | None:
    found = re.fullmatch(r"(\d{1,2}):(\d{2})(?::(\d{2}))?([Zz]?)", said)
    if found is None:
        return None
    hours, minutes, seconds = int(found[1]), int(found[2]), int(found[3] or 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    return (UTC_TIMES if found[4] else times).of_day(hours, minutes, seconds, before=end)


def _clock_ms(text: str, *, minutes_first: bool) -> Millis:
    """Two parts are minutes and seconds (`minutes_first`) or hours and minutes; three are always hours first."""
    parts = [int(part) for part in text.split(":")]
    if len(parts) == 2:
        parts = [0, *parts] if minutes_first else [*parts, 0]
    hours, minutes, seconds = parts
    return hours * HOUR + minutes * MINUTE + seconds * SECOND
