"""Inference services by model. It is in the pane of the GPUs: a busy GPU means something only beside its queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from wfconsole.observations.gpus import mean_utilization
from wfconsole.observations.inference import InferenceRow
from wfconsole.observations.levels import Level
from wfconsole.observations.signals import form
from wfconsole.text import UNKNOWN, percent
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.listings.listing import Cells, Column, Listing, SortedKeys, counted, next_line, row_line, said
from wfconsole.tui.state_words import level_ink, mark


class InferenceListing(Listing):
    """One row for each model."""

    title = "inference"
    source = "inference"
    orders: ClassVar = ("worst", "queue", "latency", "name")
    columns = (
        Column("", 1, keep=100),
        Column("MODEL", 18, grow=2, keep=99),
        Column("QUEUE", 6, right=True, keep=98),
        Column("LOWEST", 6, right=True, keep=60),
        Column("LATENCY", 8, right=True, keep=95),
        Column("OF", 4, keep=90),
        Column("BATCH", 6, right=True, keep=70),
        Column("CACHE", 5, right=True, keep=75),
        Column("STATE", 18, grow=3, keep=80),
    )

    def __init__(self) -> None:
        self._sorted = SortedKeys()

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        table = frame.view.judged.rows("inference")

        def rank(key: str, row: InferenceRow) -> tuple[Any, ...]:
            queue = -1.0 if row.queue is None else row.queue
            latency = -1.0 if row.latency is None else row.latency
            match order:
                case "queue":
                    return (-queue, key)
                case "latency":
                    return (-latency, key)
                case "name":
                    return (key,)
                case _:
                    return (-table.finding(key).level, -queue, key)

        return self._sorted.keys(table.rows, table.findings, order, rank, table)

    def cells(self, frame: Frame, key: str) -> Cells:
        row = frame.view.world.inference.get(key)
        if row is None:
            return tuple(Span("") for _ in self.columns)
        finding = frame.view.judged.finding("inference", key)
        return (
            mark(frame.glyphs, finding.level),
            Span(row.name, "strong" if finding.level >= Level.WARNING else "text"),
            Span(form(row.queue, "count"), level_ink(finding.level)),
            Span(form(row.queue_low, "count"), "dim"),
            Span(form(row.latency, "seconds"), level_ink(finding.level)),
            Span(_kind(row), "dim"),
            Span(form(row.batch, "count")),
            Span(percent(row.cache)),
            Span(finding.reason or "ok", level_ink(finding.level) if finding.level else "dim"),
        )

    def counts(self, frame: Frame) -> Line:
        rows = frame.view.world.inference.values()
        queues = [row.queue for row in rows if row.queue is not None]
        waiting = form(sum(queues), "count") if queues else UNKNOWN
        busy = UNKNOWN
        if frame.view.world.quality("gpus", frame.now).conclusive:
            busy = percent(mean_utilization(frame.view.world.gpus.values()))
        return said((f" {counted(len(rows), 'model')}", "strong"), f"   {waiting} requests wait   GPUs {busy} busy")

    def detail(self, frame: Frame, key: str) -> list[Line]:
        row = frame.view.world.inference.get(key)
        if row is None:
            return []
        finding = frame.view.judged.finding("inference", key)
        waits = f"{form(row.queue, 'count')} requests wait   at least {form(row.queue_low, 'count')} in the window"
        takes = f"{_kind(row) or 'latency'} {form(row.latency, 'seconds')}   may take {row.latency_limit:g}s"
        return [
            row_line("ROW", (row.name, "strong")),
            row_line("why", (finding.reason or "keeps up", level_ink(finding.level))),
            row_line("queue", f"{waits}   may be {row.queue_limit:g}"),
            row_line("takes", f"{takes}   batch {form(row.batch, 'count')}   cache {percent(row.cache)} in use"),
            next_line(("Enter", "all of it"), ("v", "nodes, gpu use"), ("N", "note with this row"), ("y", "copy")),
        ]

    def nothing(self, frame: Frame) -> str:
        del frame
        return "there are no models in the metrics"


def _kind(row: InferenceRow) -> str:
    if row.latency is None:
        return ""
    return "mean" if row.latency_is_mean else "p95"
