"""Isolation: which pods the union of network policies closes, and to whom they stay open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from wfconsole.observations.isolation import Allowance, IsolationRow, Side, is_open
from wfconsole.text import number
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.listings.listing import Cells, Column, Listing, Opens, SortedKeys, counted, next_line, row_line, said
from wfconsole.tui.state_words import level_ink, mark


class IsolationListing(Listing):
    """A row for each workload, what surprises first."""

    title = "isolation"
    source = "isolation"
    orders: ClassVar = ("worst", "open", "name")
    columns = (
        Column("", 1, keep=100),
        Column("PODS OF", 20, grow=2, keep=99),
        Column("PODS", 5, right=True, keep=70),
        Column("INGRESS", 18, grow=2, keep=98),
        Column("EGRESS", 14, grow=1, keep=95),
        Column("BY", 16, grow=1, keep=80),
        Column("NAMESPACE", 12, keep=40),
    )

    def __init__(self) -> None:
        self._sorted = SortedKeys()

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        table = frame.view.judged.rows("isolation")

        def rank(key: str, row: IsolationRow) -> tuple[Any, ...]:
            if order == "name":
                return (row.namespace, row.name, key)
            if order == "open":
                return (not is_open(row), row.namespace, row.name, key)
            return (-table.finding(key).level, is_open(row), row.namespace, row.name, key)

        return self._sorted.keys(table.rows, table.findings, order, rank, table)

    def cells(self, frame: Frame, key: str) -> Cells:
        row = frame.view.world.isolation.get(key)
        if row is None:
            return tuple(Span("") for _ in self.columns)
        finding = frame.view.judged.finding("isolation", key)
        by = dict.fromkeys((*row.ingress.by, *row.egress.by))
        return (
            mark(frame.glyphs, finding.level),
            Span(who(row), "text"),
            Span(number(row.pods), "dim"),
            Span(side_word(row.ingress), level_ink(finding.level) if row.ingress.isolated else "dim"),
            Span(side_word(row.egress), "text" if row.egress.isolated else "dim"),
            Span(", ".join(by) or "none", "dim"),
            Span(row.namespace, "dim"),
        )

    def counts(self, frame: Frame) -> Line:
        rows = frame.view.world.isolation.values()
        ingress, egress = sum(row.ingress.isolated for row in rows), sum(row.egress.isolated for row in rows)
        bare = {row.namespace for row in rows if not row.policies_here}
        more = f"   {counted(len(bare), 'namespace')} without any policy" if bare else ""
        words = f"   isolated: {ingress} for ingress, {egress} for egress{more}"
        return said((f" {counted(len(rows), 'group')} of pods", "strong"), words)

    def detail(self, frame: Frame, key: str) -> list[Line]:
        row = frame.view.world.isolation.get(key)
        if row is None:
            return []
        finding = frame.view.judged.finding("isolation", key)
        return [
            row_line("ROW", (who(row), "strong"), f"   {row.namespace}   {counted(row.pods, 'pod')}   {row.labels}"),
            row_line("why", (finding.reason or plainly(row), level_ink(finding.level))),
            row_line("in", _short(row.ingress)),
            row_line("out", _short(row.egress)),
            next_line(("Enter", "everything that is allowed"), ("N", "note with this row"), ("y", "copy")),
        ]

    def opens(self, frame: Frame, key: str) -> Opens | None:
        return Opens("isolation", key) if key in frame.view.world.isolation else None

    def nothing(self, frame: Frame) -> str:
        return f"there are no pods that a policy could isolate{self.scope(frame)}"


def who(row: IsolationRow) -> str:
    return f"{row.kind}/{row.name}" if row.kind else row.name


def side_word(side: Side) -> str:
    """One direction in a few words."""
    if not side.isolated:
        return "open"
    if not side.allows:
        return "nothing allowed"
    more = len(side.allows) + side.more - 1
    return f"only {allowance(side.allows[0])}" + (f" and {more} more" if more else "")


def allowance(each: Allowance) -> str:
    return each.peers if each.ports == "all ports" else f"{each.peers} at {each.ports}"


def plainly(row: IsolationRow) -> str:
    """What holds for the row where nothing surprises."""
    if not row.policies_here:
        return "open: its namespace has no policy"
    if is_open(row):
        return "open: no policy selects it"
    sides = [name for name, side in (("ingress", row.ingress), ("egress", row.egress)) if side.isolated]
    return f"isolated for {' and '.join(sides)}"


def _short(side: Side) -> str:
    return f"{side_word(side)}   by {', '.join(side.by)}" if side.isolated else "open to everyone"
