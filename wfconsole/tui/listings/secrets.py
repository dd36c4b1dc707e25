"""Secrets by the time since they were changed. Their values are nowhere in here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from wfconsole.clock import Millis
from wfconsole.observations.levels import Level
from wfconsole.observations.secrets import SecretRow, renewed_at
from wfconsole.text import UNKNOWN, coarse_age, number
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.listings.listing import Cells, Column, Listing, SortedKeys, counted, next_line, row_line, said
from wfconsole.tui.state_words import level_ink, mark


class SecretsListing(Listing):
    """One row for each secret, the stalest first."""

    title = "secrets"
    source = "secrets"
    orders: ClassVar = ("worst", "name", "region")
    columns = (
        Column("", 1, keep=100),
        Column("SECRET", 24, grow=3, keep=99, keep_end=True),
        Column("CHANGED", 7, right=True, keep=98),
        Column("ROTATED", 7, right=True, keep=85),
        Column("READ", 5, right=True, keep=80),
        Column("ROTATION", 8, keep=75),
        Column("STATE", 20, grow=2, keep=95),
        Column("REGION", 14, keep=60),
    )

    def __init__(self) -> None:
        self._sorted = SortedKeys()

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        table = frame.view.judged.rows("secrets")

        def by(key: str, row: SecretRow) -> tuple[Any, ...]:
            match order:
                case "name":
                    return (row.name, row.region)
                case "region":
                    return (row.region, row.name)
                case _:
                    return (-table.finding(key).level, renewed_at(row), row.name, row.region)

        return self._sorted.keys(table.rows, table.findings, order, by, table)

    def cells(self, frame: Frame, key: str) -> Cells:
        row = frame.view.world.secrets.get(key)
        if row is None:
            return tuple(Span("") for _ in self.columns)
        finding = frame.view.judged.finding("secrets", key)
        return (
            mark(frame.glyphs, finding.level),
            Span(row.name, "strong" if finding.level >= Level.WARNING else "text"),
            Span(_ago(frame, renewed_at(row)), level_ink(finding.level)),
            Span(_ago(frame, row.rotated_at), "dim"),
            Span(_ago(frame, row.accessed_at), "dim"),
            Span("on" if row.rotation else "off", "dim"),
            Span(finding.reason or "fresh", level_ink(finding.level)),
            Span(row.region, "dim"),
        )

    def counts(self, frame: Frame) -> Line:
        table = frame.view.judged.rows("secrets")
        stale = sum(finding.level > Level.OK for finding in table.findings.values())
        shown = frame.view.world.snapshots["secrets"].facts.get("shown", number(len(table.rows)))
        return said((f" {counted(stale, 'stale secret')}", "strong"), f"   {shown} in all   values are never read")

    def detail(self, frame: Frame, key: str) -> list[Line]:
        row = frame.view.world.secrets.get(key)
        if row is None:
            return []
        finding = frame.view.judged.finding("secrets", key)
        limit = f"   stale after {row.stale_days} days without a change"
        return [
            row_line("ROW", (row.name, "strong"), f"   {row.region}"),
            row_line("why", (finding.reason or "changed lately", level_ink(finding.level)), limit),
            row_line("change", f"{_at(frame, renewed_at(row))}, rotated {_at(frame, row.rotated_at)}"),
            row_line("made", f"{_at(frame, row.created_at)}, last read {_at(frame, row.accessed_at)[:10]}"),
            next_line(("Enter", "everything about it"), ("N", "note with this row"), ("y", "copy"), ("i", "evidence")),
        ]

    def nothing(self, frame: Frame) -> str:
        del frame
        return "there are no secrets in these regions"


def _ago(frame: Frame, at: Millis) -> str:
    return coarse_age(frame.now - at if at else None)


def _at(frame: Frame, at: Millis) -> str:
    return frame.times.calendar(at) if at else UNKNOWN
