"""What there is to say about one alert, by section: what it says, who took it up, its labels, and its history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from wfconsole.incident.alarms import Alarm
from wfconsole.observations.alerts import cause, title
from wfconsole.text import UNKNOWN, age
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span, faded
from wfconsole.tui.listings.alerts import state_line
from wfconsole.tui.listings.standing import doubt, is_old
from wfconsole.tui.panes.long_texts import in_place
from wfconsole.tui.panes.pod_sections import heading
from wfconsole.tui.state_words import level_ink
from wfconsole.tui.widgets.scroll_text import Section

_SHOWN: Final = 12


def sections_of_alert(frame: Frame, key: str) -> list[Section]:
    """All sections; those of an alert that is over stay for as long as it is remembered."""
    alarm = frame.alarms.by_key.get(key)
    if alarm is None:
        told = doubt(frame, "alerts", without="not there") or "not there any more"
        return [Section(heading(frame, "NOW"), [(Span(f"  {told}", "strong"),)])]
    sections = [_now(frame, alarm), _labels(frame, alarm), _history(frame, alarm), _same_cause(frame, alarm)]
    if not is_old(frame.view.world.quality("alerts", frame.now)):
        return sections
    how_old = age(frame.view.world.snapshots["alerts"].age_ms(frame.now))
    as_it_was: Line = (Span(f"  as it was {how_old} ago", "strong"),)
    first, *rest = [Section(each.heading, [faded(line) for line in each.lines]) for each in sections]
    return [Section(first.heading, [as_it_was, *first.lines]), *rest]


def _now(frame: Frame, alarm: Alarm) -> Section:
    row = alarm.row
    since = f"{age(frame.now - alarm.started_at)}, since {frame.times.calendar(alarm.started_at)}"
    first_out = "   FIRST-OUT of its burst" if alarm.first_out else ""
    lines: list[Line] = [
        *in_place("  ", title(row), level_ink(alarm.level)),
        (Span(f"  {state_line(frame, alarm)}", "strong" if alarm.state == "new" else "text"),),
        (Span(f"  {row.severity or 'no severity: taken for a warning'}   for {since}{first_out}"),),
    ]
    if row.description:
        lines += in_place("  ", row.description)
    for name, words in (("runbook", row.runbook), ("rule", row.generator), ("sent to", ", ".join(row.receivers))):
        lines += in_place(f"  {name:<8} ", words or UNKNOWN, "text" if words else "dim")
    lines.append(
        (Span("  K and S are entries of the incident; Alertmanager is not told and goes on notifying", "dim"),)
    )
    return Section(heading(frame, "NOW"), lines)


def _labels(frame: Frame, alarm: Alarm) -> Section:
    return Section(heading(frame, "LABELS"), list(_pairs(alarm.row.labels)))


def _pairs(labels: Mapping[str, str]) -> Iterable[Line]:
    for name, value in labels.items():
        yield from in_place(f"  {name:<18} ", value)


def _history(frame: Frame, alarm: Alarm) -> Section:
    lines: list[Line] = [
        (Span(f"  {frame.times.clock(move.at)} ", "dim"), Span("began" if move.came else "ended"))
        for move in alarm.moves
    ]
    if not lines:
        lines = [(Span(f"  {UNKNOWN} it was not seen to begin or end", "dim"),)]
    return Section(heading(frame, "HISTORY", "as this console saw it"), lines)


def _same_cause(frame: Frame, alarm: Alarm) -> Section:
    same = [
        each for each in frame.alarms.by_key.values() if cause(each.row) == cause(alarm.row) and each.key != alarm.key
    ]
    same.sort(key=lambda each: (each.started_at, each.key))
    lines: list[Line] = []
    for each in same[:_SHOWN]:
        words = "  ".join(f"{k}={v}" for k, v in each.row.labels.items() if alarm.row.labels.get(k) != v)
        lines.append((Span(f"  {frame.times.clock(each.started_at or None)} ", "dim"), Span(words or title(each.row))))
    if len(same) > _SHOWN:
        lines.append((Span(f"  and {len(same) - _SHOWN} more", "dim"),))
    note = "the same name, namespace and service"
    return Section(heading(frame, "SAME CAUSE", note), lines or [(Span("  none", "dim"),)])
