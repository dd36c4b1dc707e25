"""What the scribe writes of alerts: how a burst began, what is critical, and a flood. Never each alert: the pane has
them, and the recording keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wfconsole.clock import Millis
from wfconsole.incident.sights import Sight, literal
from wfconsole.observations.alert_log import AlertLog, AlertPast
from wfconsole.observations.alerts import cause, cause_title, judge_alert, title
from wfconsole.observations.levels import Level

_FLOOD: Final = "alert-flood alerts"


def sights_of_alerts(log: AlertLog, lasting: frozenset[str], now: Millis) -> dict[str, tuple[Sight, str]]:
    """By key the sight and its subject. One cause is one line, however many alerts it raises."""
    causes: dict[str, list[AlertPast]] = {}
    for past in log.pasts.values():
        if not past.ended_at and past.held_until <= now:
            causes.setdefault(cause(past.row), []).append(past)
    began = log.pasts.get(log.burst_first)
    first = cause(began.row) if began is not None else ""
    seen: dict[str, tuple[Sight, str]] = {}
    for name, pasts in causes.items():
        key = f"alert {name}"
        level = max(judge_alert(past.row, now).level for past in pasts)
        urgent = level == Level.CRITICAL and log.flood is None
        if level >= Level.WARNING and (name == first or urgent or key in lasting):
            seen[key] = _sight(pasts, level, first_out=name == first and log.first_out != ""), _subject(pasts[0])
    if log.flood is not None:
        seen[_FLOOD] = _flood(log, causes), "alerts"
    return seen


def _sight(pasts: list[AlertPast], level: Level, *, first_out: bool) -> Sight:
    earliest = min(pasts, key=lambda past: past.started_at)
    said = title(earliest.row) if len(pasts) == 1 else f"{cause_title(earliest.row)}, {len(pasts)} alerts"
    text = f"alert: {said}{' (first-out)' if first_out else ''}"
    return Sight("alert", "alert", level, literal(text), earliest.started_at, len(pasts))


def _flood(log: AlertLog, causes: Mapping[str, list[AlertPast]]) -> Sight:
    began = log.pasts.get(log.first_out)
    first = f", first-out {title(began.row)}" if began is not None else ""
    new = log.flood.new if log.flood is not None else 0
    text = f"alert flood: {new} new within 10 min, {len(causes)} causes{first}"
    since = log.flood.since if log.flood is not None else 0
    return Sight("alert-flood", "alert", Level.WARNING, literal(text), since, new)


def _subject(past: AlertPast) -> str:
    name = cause_title(past.row).replace("/", " ")
    return f"Alert/{past.row.labels.get('namespace', '')}/{name}"
