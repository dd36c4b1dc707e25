"""Replicas: bytes behind first, the server's seconds beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from wfconsole.observations.levels import Quality
from wfconsole.observations.replicas import ReplicaRow
from wfconsole.text import UNKNOWN, age, memory
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.listings.listing import Cells, Column, Listing, SortedKeys, counted, next_line, row_line, said
from wfconsole.tui.state_words import level_ink, mark


class ReplicasListing(Listing):
    """Those that are fed, those that are missing, and the server itself where it is a standby."""

    title = "replicas"
    source = "replicas"
    orders: ClassVar = ("worst", "name")
    columns = (
        Column("", 1, keep=100),
        Column("REPLICA", 16, grow=1, keep=99),
        Column("CLIENT", 15, keep=60),
        Column("BEHIND", 8, right=True, keep=95),
        Column("TIME", 6, right=True, keep=70),
        Column("STATE", 10, keep=85),
        Column("SYNC", 6, keep=50),
        Column("WHY", 16, grow=2, keep=90),
    )

    def __init__(self) -> None:
        self._sorted = SortedKeys()

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        table = frame.view.judged.rows("replicas")

        def rank(key: str, row: ReplicaRow) -> tuple[Any, ...]:
            if order == "name":
                return (row.name, key)
            return (-table.finding(key).level, -(row.lag_bytes or 0), key)

        return self._sorted.keys(table.rows, table.findings, order, rank, table)

    def cells(self, frame: Frame, key: str) -> Cells:
        row = frame.view.world.replicas.get(key)
        if row is None:
            return tuple(Span("") for _ in self.columns)
        finding = frame.view.judged.finding("replicas", key)
        return (
            mark(frame.glyphs, finding.level),
            Span(row.name, "strong"),
            Span(row.client),
            Span(behind(row), level_ink(finding.level)),
            Span(UNKNOWN if row.lag_ms is None else age(row.lag_ms), "dim"),
            Span(row.state or UNKNOWN),
            Span(row.sync, "dim"),
            Span(finding.reason or "follows", level_ink(finding.level)),
        )

    def counts(self, frame: Frame) -> Line:
        rows = frame.view.world.replicas.values()
        found = sum(row.role == "replica" for row in rows)
        missing = sum(row.expected - row.found for row in rows)
        number = UNKNOWN if not found and self.quality(frame) == Quality.PARTIAL else found
        standby = "   this server is a standby itself" if any(row.role == "standby" for row in rows) else ""
        words = f"{number} replicas" if number == UNKNOWN else counted(found, "replica")
        return said((f" {words}", "strong"), f"{f'   {missing} missing' if missing else ''}{standby}")

    def detail(self, frame: Frame, key: str) -> list[Line]:
        row = frame.view.world.replicas.get(key)
        if row is None:
            return []
        finding = frame.view.judged.finding("replicas", key)
        since = f"   fed since {frame.times.clock(row.started_at)}" if row.started_at else ""
        written = frame.times.clock(row.replayed_at)
        replayed = f"   replayed last what was written at {written}" if row.replayed_at else ""
        return [
            row_line("ROW", (row.name, "strong"), f"   {row.client}   {row.state or UNKNOWN}{since}"),
            row_line("why", (finding.reason or "follows", level_ink(finding.level))),
            row_line("behind", f"{behind(row)}{replayed}{'   replay is paused' if row.paused else ''}"),
            next_line(("Enter", "all of it"), ("N", "note with this row"), ("y", "copy")),
        ]

    def nothing(self, frame: Frame) -> str:
        del frame
        return "there are no replicas, and none is expected"


def behind(row: ReplicaRow) -> str:
    """Bytes; nothing for those that are not there."""
    if row.role == "missing":
        return UNKNOWN
    return UNKNOWN if row.lag_bytes is None else f"{memory(row.lag_bytes)}B"
