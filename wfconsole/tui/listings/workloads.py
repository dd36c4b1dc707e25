"""Workloads: ready of desired, the rollout, the revision and its image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wfconsole.observations.changes import short_image
from wfconsole.observations.levels import Level
from wfconsole.observations.workloads import WorkloadRow, is_short, rolled_out_at
from wfconsole.text import coarse_age
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.listings.listing import Cells, Column, Listing, SortedKeys, counted, next_line, row_line, said
from wfconsole.tui.state_words import level_ink, mark


class WorkloadsListing(Listing):
    """Deployments, stateful sets and daemon sets."""

    title = "workloads"
    source = "workloads"
    orders = ("worst", "name", "changed")
    columns = (
        Column("", 1, keep=100),
        Column("WORKLOAD", 22, grow=3, keep=99),
        Column("READY", 7, keep=98),
        Column("NEW", 5, right=True, keep=60),
        Column("REV", 4, right=True, keep=80),
        Column("ROLLED", 6, right=True, keep=85),
        Column("IMAGE", 16, grow=2, keep=70),
        Column("STATE", 12, grow=2, keep=75),
        Column("NAMESPACE", 12, keep=40),
    )

    def __init__(self) -> None:
        self._sorted = SortedKeys()

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        table = frame.view.judged.rows("workloads")

        def rank(key: str, row: WorkloadRow) -> tuple[Any, ...]:
            if order == "name":
                return (row.namespace, row.name)
            if order == "changed":
                return (-rolled_out_at(row), row.name)
            return (-table.finding(key).level, row.ready / row.desired if row.desired else 1.0, row.namespace, row.name)

        return self._sorted.keys(table.rows, table.findings, order, rank)

    def cells(self, frame: Frame, key: str) -> Cells:
        row = frame.view.world.workloads.get(key)
        if row is None:
            return tuple(Span("") for _ in self.columns)
        finding = frame.view.judged.finding("workloads", key)
        rolled = rolled_out_at(row)
        return (
            mark(frame.glyphs, finding.level),
            Span(row.name, "strong" if finding.level >= Level.WARNING else "text"),
            Span(f"{row.ready}/{row.desired}", level_ink(finding.level)),
            Span(str(row.updated), "dim"),
            Span(str(row.revision or "--"), "dim"),
            Span(coarse_age(frame.now - rolled if rolled else None), "dim"),
            Span(", ".join(short_image(image) for image in row.images)),
            Span(finding.reason, level_ink(finding.level)),
            Span(row.namespace, "dim"),
        )

    def counts(self, frame: Frame) -> Line:
        rows = frame.view.world.workloads.values()
        short = sum(is_short(row) for row in rows)
        down = sum(row.desired > 0 and not row.ready for row in rows)
        return said((f" {counted(len(rows), 'workload')}", "strong"), f"   {short} short of replicas   {down} down")

    def nothing(self, frame: Frame) -> str:
        return f"there are no workloads{self.scope(frame)}"

    def detail(self, frame: Frame, key: str) -> list[Line]:
        row = frame.view.world.workloads.get(key)
        if row is None:
            return []
        finding = frame.view.judged.finding("workloads", key)
        counts = f"desired {row.desired}  ready {row.ready}  new {row.updated}  available {row.available}"
        lines = [
            row_line("ROW", (f"{row.kind}/{row.name}", "strong"), f"   {row.namespace}   {counts}"),
            row_line("why", (finding.reason or "as many ready as desired", level_ink(finding.level))),
        ]
        for revision in sorted(row.revisions, key=lambda item: -item.number)[:3]:
            images = ", ".join(short_image(image) for image in revision.images)
            when = frame.times.calendar(revision.created_at)
            restart = "  restart only" if revision.restart_only else ""
            ready = f"{revision.ready}/{revision.replicas}  " if row.kind == "Deployment" else ""  # others do not say
            lines.append(row_line(f"rev {revision.number}", f"{when}  {ready}{images}{restart}  {revision.cause}"))
        return [*lines, next_line(("Enter", "all of it"), ("N", "note with this row"), ("y", "copy"))]
