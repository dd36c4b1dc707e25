"""What there is to say about one signal: its value, its bounds, its last hour, the question, and its services."""

from __future__ import annotations

from typing import Final

from wfconsole.observations.levels import Level
from wfconsole.observations.signals import SignalRow, shown
from wfconsole.text import age
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span, faded
from wfconsole.tui.listings.signals import bounds_words, hour
from wfconsole.tui.listings.standing import doubt, is_old
from wfconsole.tui.panes.long_texts import in_place
from wfconsole.tui.panes.pod_sections import heading
from wfconsole.tui.state_words import level_ink, mark
from wfconsole.tui.widgets.scroll_text import Section

_SERVICES_SHOWN: Final = 20


def signal_sections(frame: Frame, key: str) -> list[Section]:
    """All sections of the row; what it was when it was last seen where nobody sees it any more."""
    rows = frame.view.world.signals
    row = rows.get(key)
    if row is None:
        said = doubt(frame, "signals", without="not there") or "not there any more"
        return [Section(heading(frame, "NOW"), [(Span(f"  {said}", "strong"),)])]
    total = rows.get(row.rule, row)
    sections = [
        Section(heading(frame, "NOW"), _now(frame, key, row)),
        Section(
            heading(frame, "LAST HOUR", "one cell a minute"), [(Span("  "), *hour(frame, key, row)), *_doubt(frame)]
        ),
        Section(
            heading(frame, "QUESTION"), in_place("  ", row.promql or total.promql or "this recording does not tell")
        ),
    ]
    services = _services(frame, row.rule)
    return [*sections, Section(heading(frame, "SERVICES", "the worst first"), services)] if services else sections


def _now(frame: Frame, key: str, row: SignalRow) -> list[Line]:
    finding = frame.view.judged.finding("signals", key)
    lines: list[Line] = [
        (Span("  "), Span(finding.reason or f"{shown(row)}, within its bounds", level_ink(finding.level))),
        (Span(f"  {bounds_words(row)}{'   a promise to users' if row.slo else ''}"),),
    ]
    if not is_old(frame.view.world.quality("signals", frame.now)):
        return lines
    how_old = age(frame.view.world.snapshots["signals"].age_ms(frame.now))
    return [(Span(f"  as it was {how_old} ago", "strong"),), *map(faded, lines)]


def _doubt(frame: Frame) -> list[Line]:
    said = doubt(frame, "signal_history", without="this")
    return [(Span(f"  {said}", "strong"),)] if said else []


def _services(frame: Frame, rule: str) -> list[Line]:
    judged = frame.view.judged.rows("signals")
    found = [(key, row) for key, row in frame.view.world.signals.items() if row.rule == rule and row.group]
    found.sort(key=lambda each: (-judged.finding(each[0]).level, each[1].value is None, -(each[1].value or 0.0)))
    old = is_old(frame.view.world.quality("signals", frame.now))
    lines: list[Line] = []
    for key, row in found[:_SERVICES_SHOWN]:
        level = Level.OK if old else judged.finding(key).level
        words = (Span(f" {shown(row):>9}  ", level_ink(level)), Span(row.group))
        lines.append((Span("  "), mark(frame.glyphs, level), *words))
    return [faded(line) for line in lines] if old else lines
