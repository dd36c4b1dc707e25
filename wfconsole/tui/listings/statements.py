"""Statements by what they cost since the incident began: the server's own counters may be months old."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from wfconsole.clock import Millis
from wfconsole.observations.statement_book import Growth, StatementBook
from wfconsole.observations.statements import StatementRow
from wfconsole.text import UNKNOWN, number, percent
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.listings.listing import Cells, Column, Listing, counted, next_line, row_line, said

_NONE: Final = Growth(0, 0, 0.0)


class StatementsListing(Listing):
    """What cost most since then comes first. The average of all times is told of one row only."""

    title = "slow"
    source = "statements"
    orders: ClassVar = ("total", "mean", "calls")
    columns = (
        Column("TOTAL", 7, right=True, keep=98),
        Column("SHARE", 5, right=True, keep=80),
        Column("CALLS", 8, right=True, keep=90),
        Column("MEAN", 7, right=True, keep=95),
        Column("SINCE", 6, keep=85),
        Column("USER", 10, keep=40),
        Column("QUERY", 20, grow=4, keep=99),
    )

    def __init__(self) -> None:
        self._rows: Mapping[str, StatementRow] = {}
        self._book = StatementBook()
        self._how: tuple[Millis, str] = (0, "total")
        self._growth: dict[str, Growth] = {}
        self._keys: list[str] = []

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        rows, book = frame.view.world.statements, frame.view.statements
        how = (frame.incident_since, order)
        if rows is not self._rows or book is not self._book or how != self._how:
            self._rows, self._book, self._how = rows, book, how
            self._growth = {key: book.growth(key, row, frame.incident_since) for key, row in rows.items()}
            self._keys = sorted(self._growth, key=lambda key: _rank(self._growth[key], order, key))
        return self._keys

    def cells(self, frame: Frame, key: str) -> Cells:
        row = frame.view.world.statements.get(key)
        if row is None:
            return tuple(Span("") for _ in self.columns)
        growth = self._of(frame, key)
        ink: Ink = "text" if growth.calls else "dim"
        return (
            Span(duration(growth.total_ms), "strong" if growth.calls else "dim"),
            Span(percent(growth.total_ms, self._total()), ink),
            Span(number(growth.calls), ink),
            Span(duration(growth.mean_ms), ink),
            Span(minute(frame, _since(frame, growth)), "dim"),
            Span(row.user or UNKNOWN, "dim"),
            Span(row.query or "its text is hidden from us", ink),
        )

    def counts(self, frame: Frame) -> Line:
        self.keys(frame, self._how[1])
        ran = sum(growth.calls > 0 for growth in self._growth.values())
        since = frame.incident_since
        when = f"since {minute(frame, since)}, when the incident began" if since else "since the console first saw each"
        return said((f" {duration(self._total())} in {counted(ran, 'statement')}", "strong"), f"   {when}")

    def detail(self, frame: Frame, key: str) -> list[Line]:
        row = frame.view.world.statements.get(key)
        if row is None:
            return []
        growth = self._of(frame, key)
        began = frame.incident_since and growth.since <= frame.incident_since
        which = "the incident began" if began else "the console first saw it, or its counters began anew"
        cost = f"{duration(growth.total_ms)} in {counted(growth.calls, 'call')}"
        since = _since(frame, growth)
        ever = f"{counted(row.calls, 'call')}   mean {duration(_mean(row))}   longest {duration(row.longest_ms)}"
        cached = percent(row.hits, row.hits + row.reads)
        return [
            row_line("ROW", (cost, "strong"), f"   user {row.user or UNKNOWN}   database {row.database or UNKNOWN}"),
            row_line("since", f"{frame.times.clock(since) if since else UNKNOWN}, when {which}"),
            row_line("query", row.query or "its text is hidden from us"),
            row_line("ever", f"{ever}   {cached} of its blocks were in the server's memory"),
            next_line(("Enter", "all of it"), ("N", "note with this row"), ("y", "copy")),
        ]

    def nothing(self, frame: Frame) -> str:
        del frame
        return "there are no statements in pg_stat_statements yet"

    def _of(self, frame: Frame, key: str) -> Growth:
        self.keys(frame, self._how[1])
        return self._growth.get(key, _NONE)

    def _total(self) -> float:
        return sum(growth.total_ms for growth in self._growth.values())


def duration(ms: float | None) -> str:
    """`0.42ms` `38ms` `4.2s` `310s` `82m`: three figures at most."""
    if ms is None:
        return UNKNOWN
    if ms < 10:
        return f"{ms:.2f}ms" if ms else "0ms"
    if ms < 1000:
        return f"{ms:.0f}ms"
    seconds = ms / 1000
    if seconds < 100:
        return f"{seconds:.1f}s"
    return f"{seconds:.0f}s" if seconds < 1000 else f"{seconds / 60:,.0f}m"


def minute(frame: Frame, ms: int) -> str:
    """`14:32Z`, or as a clock here shows it."""
    return (frame.times.column(ms)[:5] + ("" if frame.times.way == "local" else "Z")) if ms else UNKNOWN


def _since(frame: Frame, growth: Growth) -> int:
    """From when on it is counted: the mark before the incident began stands for its beginning."""
    return max(growth.since, frame.incident_since)


def _rank(growth: Growth, order: str, key: str) -> tuple[float, str]:
    match order:
        case "mean":
            return (-(growth.mean_ms or 0.0), key)
        case "calls":
            return (-growth.calls, key)
        case _:
            return (-growth.total_ms, key)


def _mean(row: StatementRow) -> float | None:
    return row.total_ms / row.calls if row.calls else None
