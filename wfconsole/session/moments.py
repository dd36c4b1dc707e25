"""A time as people say it: 14:32, 14:32:07, T+18:40, -5m, 40%."""

from __future__ import annotations

import re

from wfconsole.clock import DAY, HOUR, MINUTE, SECOND, Millis
from wfconsole.session.view import TransportView, View

EXPECTED = "14:32, T+18:40, -5m or 40%"
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR}


def instant_meant(said: str, time: TransportView, view: View) -> Millis | None:
    """The instant that somebody means, on the axis of `time`; None when it is no time of these forms.

    A time of day is UTC and the last one before the end; T+ counts from the beginning of the incident, or of the
    recording where none is declared; -5m from the end; a percentage is of the whole.
    """
    said = said.strip()
    if found := re.fullmatch(r"(\d{1,3}(?:\.\d+)?)\s*%", said):
        return time.start + int((time.end - time.start) * min(100.0, float(found[1])) / 100)
    if found := re.fullmatch(r"-\s*(\d{1,5})\s*([smh])", said):
        return max(time.start, time.end - int(found[1]) * _UNITS[found[2]])
    if found := re.fullmatch(r"[Tt]?\+((?:\d{1,3}:)?\d{1,3}:\d{2})", said):
        incident = view.incident
        began = incident.moments.get("started") or incident.declared_at or time.start
        return began + _clock_ms(found[1], minutes_first=True)
    if found := re.fullmatch(r"(\d{1,2}:\d{2}(?::\d{2})?)[Zz]?", said):
        of_day = _clock_ms(found[1], minutes_first=False)
        instant = time.end // DAY * DAY + of_day
        return instant if instant <= time.end else max(time.start, instant - DAY)
    return None


def _clock_ms(text: str, *, minutes_first: bool) -> Millis:
    """Two parts are minutes and seconds (`minutes_first`) or hours and minutes; three are always hours first."""
    parts = [int(part) for part in text.split(":")]
    if len(parts) == 2:
        parts = [0, *parts] if minutes_first else [*parts, 0]
    hours, minutes, seconds = parts
    return hours * HOUR + minutes * MINUTE + seconds * SECOND
