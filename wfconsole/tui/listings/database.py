"""The database server: its clients by state, against the slots that they may use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from wfconsole.observations.database import DatabaseRow, usable
from wfconsole.text import UNKNOWN, percent
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.listings.listing import Cells, Column, Listing, next_line, row_line, said
from wfconsole.tui.state_words import level_ink, mark


class ConnectionsListing(Listing):
    """One row for each server."""

    title = "connections"
    source = "database"
    orders: ClassVar = ("name",)
    columns = (
        Column("", 1, keep=100),
        Column("SERVER", 20, grow=1, keep=99),
        Column("USED", 9, right=True, keep=98),
        Column("SHARE", 5, right=True, keep=90),
        Column("ACTIVE", 6, right=True, keep=80),
        Column("IDLE", 5, right=True, keep=70),
        Column("IN TX", 5, right=True, keep=75),
        Column("VERSION", 8, keep=40),
    )

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        del order
        return sorted(frame.view.world.database)

    def cells(self, frame: Frame, key: str) -> Cells:
        row = frame.view.world.database.get(key)
        if row is None:
            return tuple(Span("") for _ in self.columns)
        finding = frame.view.judged.finding("database", key)
        in_transaction = sum(count for state, count in row.states.items() if state.startswith("idle in transaction"))
        return (
            mark(frame.glyphs, finding.level),
            Span(row.name, "strong"),
            Span(f"{_count(row, row.clients)}/{usable(row)}", level_ink(finding.level)),
            Span(percent(row.clients, usable(row)), level_ink(finding.level)),
            Span(_count(row, row.states.get("active", 0))),
            Span(_count(row, row.states.get("idle", 0))),
            Span(_count(row, in_transaction)),
            Span(row.version, "dim"),
        )

    def counts(self, frame: Frame) -> Line:
        rows = frame.view.world.database.values()
        known = [row.clients for row in rows if row.clients is not None]
        clients = sum(known) if len(known) == len(rows) else UNKNOWN
        slots = sum(usable(row) for row in rows)
        return said((f" {clients} of {slots} connections", "strong"))

    def detail(self, frame: Frame, key: str) -> list[Line]:
        row = frame.view.world.database.get(key)
        if row is None:
            return []
        finding = frame.view.judged.finding("database", key)
        states = "   ".join(f"{count} {state}" for state, count in sorted(row.states.items())) or UNKNOWN
        return [
            row_line("ROW", (row.name, "strong"), f"   {row.database}   PostgreSQL {row.version}"),
            row_line("why", (finding.reason or "has room", level_ink(finding.level))),
            row_line("slots", f"{row.max_connections}, of which {row.reserved} are reserved"),
            row_line("states", states),
            next_line(("Enter", "all of it"), ("N", "note with this row"), ("y", "copy")),
        ]

    def nothing(self, frame: Frame) -> str:
        del frame
        return "there are no servers"


def _count(row: DatabaseRow, count: int | None) -> str:
    """A count of sessions, where others' are not hidden."""
    return UNKNOWN if row.clients is None else str(count)
