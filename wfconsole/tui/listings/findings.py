"""Findings of Security Hub that nobody has dealt with, CRITICAL ones first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from wfconsole.observations.findings import FindingRow, is_critical, is_new, rank
from wfconsole.observations.levels import Level
from wfconsole.text import UNKNOWN, age, coarse_age, number
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.listings.listing import Cells, Column, Listing, Opens, SortedKeys, next_line, row_line, said
from wfconsole.tui.state_words import level_ink, mark


class FindingsListing(Listing):
    """One row for each finding."""

    title = "findings"
    source = "findings"
    orders: ClassVar = ("worst", "newest", "region", "resource")
    columns = (
        Column("", 1, keep=100),
        Column("SEVERITY", 8, keep=98),
        Column("FINDING", 24, grow=4, keep=99),
        Column("RESOURCE", 16, grow=2, keep=90, keep_end=True),
        Column("REGION", 14, keep=70),
        Column("STATUS", 8, keep=80),
        Column("SEEN", 4, right=True, keep=85),
        Column("ACCOUNT", 12, keep=40),
    )

    def __init__(self) -> None:
        self._sorted = SortedKeys()

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        table = frame.view.judged.rows("findings")

        def by(key: str, row: FindingRow) -> tuple[Any, ...]:
            match order:
                case "newest":
                    return (-row.updated_at, *rank(row))
                case "region":
                    return (row.region, *rank(row))
                case "resource":
                    return (row.resource, *rank(row))
                case _:
                    return (-table.finding(key).level, *rank(row))

        return self._sorted.keys(table.rows, table.findings, order, by, table)

    def cells(self, frame: Frame, key: str) -> Cells:
        row = frame.view.world.findings.get(key)
        if row is None:
            return tuple(Span("") for _ in self.columns)
        level = frame.view.judged.finding("findings", key).level
        return (
            mark(frame.glyphs, level),
            Span(row.severity, level_ink(level)),
            Span(row.title or UNKNOWN, "strong" if level >= Level.WARNING else "text"),
            Span(row.resource or UNKNOWN),
            Span(row.region, "dim"),
            Span(row.workflow, "strong" if is_new(row) else "dim"),
            Span(coarse_age(frame.now - row.last_at if row.last_at else None), "dim"),
            Span(row.account, "dim"),
        )

    def counts(self, frame: Frame) -> Line:
        rows = frame.view.world.findings.values()
        critical = sum(map(is_critical, rows))
        facts = frame.view.world.snapshots["findings"].facts
        shown = facts.get("shown", number(len(rows)))
        regions = facts.get("regions", "")
        return said(
            (f" {critical} critical   {len(rows) - critical} high", "strong"),
            f"   {sum(map(is_new, rows))} new   {shown} open{f'   in {regions}' if regions else ''}",
        )

    def detail(self, frame: Frame, key: str) -> list[Line]:
        row = frame.view.world.findings.get(key)
        if row is None:
            return []
        finding = frame.view.judged.finding("findings", key)
        more = f" and {row.resources - 1} more" if row.resources > 1 else ""
        first = f"{age(frame.now - row.first_at)} ago" if row.first_at else UNKNOWN
        last = f"at {frame.times.clock(row.last_at)}, {age(frame.now - row.last_at)} ago" if row.last_at else UNKNOWN
        return [
            row_line("ROW", (row.title or UNKNOWN, "strong")),
            row_line("why", (finding.reason, level_ink(finding.level)), f"   by {row.product or UNKNOWN}"),
            row_line("on", f"{row.resource_type} {row.resource or UNKNOWN}{more}".strip()),
            row_line("seen", f"first {first}, last {last}   {row.region}   account {row.account or UNKNOWN}"),
            next_line(("Enter", "all of it"), ("N", "note with this row"), ("y", "copy")),
        ]

    def opens(self, frame: Frame, key: str) -> Opens | None:
        return Opens("findings", key) if key in frame.view.world.findings else None

    def nothing(self, frame: Frame) -> str:
        del frame
        return "there are no open findings of severity HIGH or CRITICAL"
