"""Events of the cluster: warnings first, those that are news before the others, then the newest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from wfconsole.observations.events import EventRow, workload_of
from wfconsole.observations.levels import Level
from wfconsole.text import coarse_age
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.listings.listing import Cells, Column, Listing, Opens, SortedKeys, next_line, row_line, said
from wfconsole.tui.state_words import level_ink, mark

_KEYS: Final = (("N", "note with this row"), ("y", "copy"))
# The source whose row Enter opens for an event about such an object, and what that is called.
_OPENS: Final = {
    "Pod": ("pods", "pod"),
    "Node": ("nodes", "node"),
    "HorizontalPodAutoscaler": ("hpas", "autoscaler"),
    "Deployment": ("workloads", "workload"),
    "ReplicaSet": ("workloads", "workload"),
    "StatefulSet": ("workloads", "workload"),
    "DaemonSet": ("workloads", "workload"),
    "Service": ("services", "service"),
    "Ingress": ("ingresses", "ingress"),
}


class EventsListing(Listing):
    """Every event with its object; a series is one row with a count."""

    title = "events"
    source = "events"
    orders = ("warnings", "newest", "count")
    columns = (
        Column("", 1, keep=100),
        Column("LAST", 4, right=True, keep=90),
        Column("REASON", 14, grow=1, keep=99),
        Column("x", 4, right=True, keep=70),
        Column("OBJECT", 14, grow=2, keep=95, keep_end=True),
        Column("MESSAGE", 14, grow=3, keep=80),
        Column("NAMESPACE", 12, keep=40),
    )

    def __init__(self) -> None:
        self._sorted = SortedKeys()

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        table = frame.view.judged.rows("events")

        def rank(key: str, row: EventRow) -> tuple[Any, ...]:
            if order == "newest":
                return (-row.last_at, key)
            if order == "count":
                return (-row.count, -row.last_at, key)
            return (-table.finding(key).level, row.type == "Normal", -row.last_at, key)

        return self._sorted.keys(table.rows, table.findings, order, rank)

    def cells(self, frame: Frame, key: str) -> Cells:
        row = frame.view.world.events.get(key)
        if row is None:
            return tuple(Span("") for _ in self.columns)
        level = frame.view.judged.finding("events", key).level
        return (
            mark(frame.glyphs, level),
            Span(coarse_age(frame.now - row.last_at if row.last_at else None), "dim"),
            Span(row.reason, level_ink(level) if level > Level.OK else "text"),
            Span(f"{row.count}", "text" if row.count > 1 else "dim"),
            Span(f"{row.kind}/{row.name}"),
            Span(row.message, "text" if level > Level.OK else "dim"),
            Span(row.namespace, "dim"),
        )

    def counts(self, frame: Frame) -> Line:
        rows = frame.view.world.events.values()
        warnings = sum(row.type != "Normal" for row in rows)
        return said((f" {warnings} warnings", "strong"), f" of {len(rows)} events that the cluster still keeps")

    def detail(self, frame: Frame, key: str) -> list[Line]:
        row = frame.view.world.events.get(key)
        if row is None:
            return []
        first = frame.times.clock(row.first_at or None)
        times = f"first {first}  last {frame.times.clock(row.last_at or None)}  x{row.count}  from {row.source or '--'}"
        return [
            row_line("ROW", (f"{row.kind}/{row.name}", "strong"), f"   {row.namespace}   {row.type} {row.reason}"),
            row_line("says", row.message),
            row_line("when", times),
            next_line(("Enter", f"the {_OPENS[row.kind][1]}"), *_KEYS) if self.opens(frame, key) else next_line(*_KEYS),
        ]

    def nothing(self, frame: Frame) -> str:
        return f"no events that the cluster still keeps{self.scope(frame)}"

    def opens(self, frame: Frame, key: str) -> Opens | None:
        row = frame.view.world.events.get(key)
        if row is None or row.kind not in _OPENS:
            return None
        source = _OPENS[row.kind][0]
        if source != "workloads":
            return Opens(source, row.name if source == "nodes" else f"{row.namespace}/{row.name}")
        workload = workload_of(row)
        return Opens(source, workload) if workload in frame.view.world.workloads else None
