"""Signals: one row for each rule, or for each service of each rule, with the bounds and the last hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from wfconsole.clock import MINUTE
from wfconsole.observations.levels import Level
from wfconsole.observations.signals import SignalRow, form, judge_signal, shown, signal_key, worst_of_rules
from wfconsole.text import UNKNOWN, age
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import BLANK, Line, Span
from wfconsole.tui.listings.listing import Cells, Column, Listing, Opens, SortedKeys, counted, next_line, row_line, said
from wfconsole.tui.listings.standing import is_old
from wfconsole.tui.state_words import level_ink, mark
from wfconsole.tui.widgets.trend import trend_line

# Every sparkline has cells of the same three minutes, so that rows can be read against each other.
_CELLS: Final = 20
_CELL_MS: Final = 3 * MINUTE
_HOUR_CELLS: Final = 60


class SignalsListing(Listing):
    """The golden signals (totals), or those of each service."""

    source = "signals"
    orders: ClassVar = ("worst", "name", "value")
    columns = (
        Column("", 1, keep=100),
        Column("SIGNAL", 13, grow=1, keep=99),
        Column("SERVICE", 12, grow=3, keep=70, keep_end=True),
        Column("VALUE", 8, right=True, keep=98),
        Column("BOUND", 8, right=True, keep=90),
        Column("LAST 60 MIN", _CELLS, keep=80),
        Column("STATE", 18, grow=2, keep=60),
    )

    def __init__(self, which: str) -> None:
        self._which = which
        self._sorted = SortedKeys()
        self._some: Mapping[str, SignalRow] = {}
        self._seen: tuple[Any, Any] = (None, None)

    @property
    def name(self) -> str:
        return self._which

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        table = frame.view.judged.rows("signals")
        if self._seen[0] is not table.rows or self._seen[1] is not table.findings:
            self._seen = (table.rows, table.findings)
            self._some = self._shown(table.rows)

        def rank(key: str, row: SignalRow) -> tuple[Any, ...]:
            match order:
                case "name":
                    return (row.title, row.group)
                case "value":
                    return (row.value is None, row.unit, -(row.value or 0.0), row.title, row.group)
                case _:
                    return (-table.finding(key).level, row.value is None, row.place, -(row.value or 0.0), row.group)

        return self._sorted.keys(self._some, table.findings, order, rank)

    def _shown(self, rows: Mapping[str, SignalRow]) -> Mapping[str, SignalRow]:
        """Services; or totals, and in place of a total that a rule does not have its worst service."""
        if self._which != "golden":
            return {key: row for key, row in rows.items() if row.group}
        return {
            signal_key(row.rule, row.group): row
            for rule in dict.fromkeys(row.rule for row in rows.values())
            for row in ([rows[rule]] if rule in rows else [_worst(rows, rule)])
        }

    def cells(self, frame: Frame, key: str) -> Cells:
        row = frame.view.world.signals.get(key)
        if row is None:
            return tuple(Span("") for _ in self.columns)
        finding = frame.view.judged.finding("signals", key)
        return (
            mark(frame.glyphs, finding.level),
            Span(row.title, "strong" if finding.level >= Level.WARNING else "text"),
            Span(row.group or "all", "text" if row.group else "dim"),
            Span(shown(row), level_ink(finding.level) if row.value is not None else "dim"),
            Span(form(row.bound, row.unit) if row.bound is not None else "", "dim"),
            Span("".join(span.text for span in _trend(frame, key, row, _CELLS, _CELL_MS)), "dim"),
            Span(finding.reason or "ok", level_ink(finding.level) if finding.level else "dim"),
        )

    def counts(self, frame: Frame) -> Line:
        rows = frame.view.world.signals.values()
        known = [row for row in rows if not row.group and row.value is not None]
        nothing = sum(row.state == "none" for row in rows)
        services = {row.group for row in rows if row.group}
        more = f"   {counted(nothing, 'rule')} without series" if nothing else ""
        return said((f" {counted(len(known), 'signal')}", "strong"), f"   {counted(len(services), 'service')}{more}")

    def detail(self, frame: Frame, key: str) -> list[Line]:
        row = frame.view.world.signals.get(key)
        if row is None:
            return []
        finding = frame.view.judged.finding("signals", key)
        return [
            row_line("ROW", (row.title, "strong"), f"   {row.group or 'all services'}   {shown(row)}"),
            row_line("why", (finding.reason or "within its bounds", level_ink(finding.level))),
            row_line("bounds", bounds_words(row)),
            row_line("hour", *hour(frame, key, row)),
            next_line(("Enter", "query, hour, services"), ("N", "note with this row"), ("y", "copy")),
        ]

    def opens(self, frame: Frame, key: str) -> Opens | None:
        return Opens("signals", key) if key in frame.view.world.signals else None

    def nothing(self, frame: Frame) -> str:
        return "there are no rules" if not frame.view.world.signals else "there are no services that a rule tells apart"


def _worst(rows: Mapping[str, SignalRow], rule: str) -> SignalRow:
    return worst_of_rules((row, judge_signal(row, 0)) for row in rows.values() if row.rule == rule)[0][0]


def bounds_words(row: SignalRow) -> str:
    side = "below" if row.below else "above"
    named = (("warning", row.warning), ("critical", row.critical))
    words = [f"{name} {side} {form(bound, row.unit)}" for name, bound in named if bound is not None]
    return "   ".join(words) or "none: it is only shown"


def hour(frame: Frame, key: str, row: SignalRow) -> Line:
    """The last hour minute by minute, with its best and worst value; what is past the first bound is coloured."""
    history = frame.view.world.signal_history.get(key)
    if history is None:
        return (Span(UNKNOWN, "dim"),)
    known = [value for value in history.points if value is not None]
    range_words = f"  {form(min(known), row.unit)} to {form(max(known), row.unit)}" if known else "  no values"
    until = f"  until {frame.times.clock(history.end)}"
    if is_old(frame.view.world.quality("signal_history", frame.now)):
        until += f", {age(frame.now - history.end)} ago"
    return (*_trend(frame, key, row, _HOUR_CELLS, MINUTE), Span(range_words), Span(until, "dim"))


def _trend(frame: Frame, key: str, row: SignalRow, cells: int, cell_ms: int) -> Line:
    """The hour before now in cells that stand on multiples of their length; the worst value of each is drawn."""
    history = frame.view.world.signal_history.get(key)
    if history is None:
        return BLANK
    first = frame.now // cell_ms - cells + 1
    worse = min if row.below else max
    values: list[float | None] = [None] * cells
    last = len(history.points) - 1
    for index, value in enumerate(history.points):
        place = (history.end - (last - index) * history.step_ms) // cell_ms - first
        if value is not None and 0 <= place < cells:
            before = values[place]
            values[place] = value if before is None else worse(before, value)
    top = _top(row, [value for value in values if value is not None])
    scaled = [None if value is None else value / top for value in values]
    limit = row.bound / top if row.bound is not None else None
    return trend_line(scaled, cells, frame.glyphs, limit=limit, low_is_worse=row.below)


def _top(row: SignalRow, known: Sequence[float]) -> float:
    """The value at the top of the scale: fixed by the bounds where there are any, else the highest of the hour."""
    if row.bound and not row.below:
        highest = row.critical or 2 * row.bound
        return min(1.0, highest * 1.25) if row.unit == "ratio" else highest * 1.25
    return max(1.0 if row.unit == "ratio" else 0.0, *known, 1e-9)
