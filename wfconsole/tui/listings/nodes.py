"""Nodes: ready, pressure, use of CPU and memory, pods; and the GPUs that can be had and that are taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from wfconsole.observations.conditions import message_of
from wfconsole.observations.levels import Level
from wfconsole.observations.nodes import NodeRow, share
from wfconsole.text import UNKNOWN, age, coarse_age, memory, millicores, percent
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.listings.listing import Cells, Column, Listing, Opens, SortedKeys, next_line, row_line, said
from wfconsole.tui.state_words import level_ink, mark


class NodesListing(Listing):
    """All nodes, those with GPUs, or those that are not well."""

    source = "nodes"
    orders: ClassVar = ("worst", "name", "cpu", "memory")
    columns = (
        Column("", 1, keep=100),
        Column("NODE", 20, grow=2, keep=99),
        Column("CPU", 5, right=True, keep=90),
        Column("MEM", 5, right=True, keep=91),
        Column("PODS", 8, right=True, keep=75),
        Column("GPU", 7, right=True, keep=85),
        Column("STATE", 18, grow=3, keep=95),
        Column("VERSION", 9, keep=30),
        Column("AGE", 4, right=True, keep=50),
    )

    def __init__(self, which: str) -> None:
        self._which = which
        self._sorted = SortedKeys()
        self._some: Mapping[str, NodeRow] = {}
        self._seen: tuple[Any, Any] = (None, None)

    @property
    def name(self) -> str:
        return self._which

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        table = frame.view.judged.rows("nodes")
        rows: Mapping[str, NodeRow] = table.rows
        if self._which != "nodes":
            if self._seen[0] is not table.rows or self._seen[1] is not table.findings:
                self._seen = (table.rows, table.findings)
                gpu = self._which == "gpu"
                self._some = {
                    key: row for key, row in rows.items() if (row.gpus if gpu else table.finding(key).level > Level.OK)
                }
            rows = self._some

        def rank(key: str, row: NodeRow) -> tuple[Any, ...]:
            match order:
                case "name":
                    return (row.name,)
                case "cpu":
                    return (-(share(row.cpu_used, row.cpu) or -1.0), row.name)
                case "memory":
                    return (-(share(row.memory_used, row.memory) or -1.0), row.name)
                case _:
                    return (-table.finding(key).level, -(share(row.memory_used, row.memory) or -1.0), row.name)

        return self._sorted.keys(rows, table.findings, order, rank)

    def cells(self, frame: Frame, key: str) -> Cells:
        row = frame.view.world.nodes.get(key)
        if row is None:
            return tuple(Span("") for _ in self.columns)
        finding = frame.view.judged.finding("nodes", key)
        return (
            mark(frame.glyphs, finding.level),
            Span(row.name, "strong" if finding.level >= Level.WARNING else "text"),
            Span(percent(row.cpu_used, row.cpu)),
            Span(percent(row.memory_used, row.memory)),
            Span(f"{row.pods}/{row.pod_slots or UNKNOWN}", "dim"),
            Span(f"{row.gpus_allocated}/{row.gpus}" if row.gpus else "", "text"),
            Span(finding.reason or "Ready", level_ink(finding.level)),
            Span(row.version, "dim"),
            Span(coarse_age(frame.now - row.created_at if row.created_at else None), "dim"),
        )

    def counts(self, frame: Frame) -> Line:
        rows = frame.view.world.nodes.values()
        ready = sum(row.ready for row in rows)
        gpus = sum(row.gpus for row in rows)
        taken = sum(row.gpus_allocated for row in rows)
        measured = [row for row in rows if row.cpu_used is not None]
        cpu = percent(sum(row.cpu_used or 0 for row in measured), sum(row.cpu for row in measured))
        mem = percent(sum(row.memory_used or 0 for row in measured), sum(row.memory for row in measured))
        gpu = f"   gpu {taken}/{gpus} allocated" if gpus else ""
        return said((f" {ready}/{len(rows)} ready", "strong"), f"   cpu {cpu}   memory {mem}{gpu}")

    def detail(self, frame: Frame, key: str) -> list[Line]:
        row = frame.view.world.nodes.get(key)
        if row is None:
            return []
        finding = frame.view.judged.finding("nodes", key)
        cpu = f"{millicores(row.cpu_used)} used, {millicores(row.cpu_requested)} requested of {millicores(row.cpu)}"
        mem = f"{memory(row.memory_used)} used, {memory(row.memory_requested)} requested of {memory(row.memory)}"
        measured = f"measured {age(frame.now - row.used_at)} ago" if row.used_at else "use is not measured"
        roles = ", ".join(row.roles) or "no role"
        said = f"   {message_of(row.conditions, *row.pressures)}" if row.pressures else ""
        gpu = f"   {row.gpu_resource} {row.gpus_allocated}/{row.gpus}" if row.gpus else ""
        return [
            row_line("ROW", (row.name, "strong"), f"   {roles}   {row.version}{'   cordoned' if row.cordoned else ''}"),
            row_line("why", (finding.reason or "ready", level_ink(finding.level)), f"{gpu}{said}"),
            row_line("cpu", f"{cpu}   {measured}"),
            row_line("memory", mem),
            next_line(("Enter", "conditions, pods, events"), ("N", "note with this row"), ("y", "copy")),
        ]

    def opens(self, frame: Frame, key: str) -> Opens | None:
        return Opens("nodes", key) if key in frame.view.world.nodes else None

    def nothing(self, frame: Frame) -> str:
        rows = frame.view.world.nodes
        if not rows:
            return "there are no nodes"
        return "no node has GPUs" if self._which == "gpu" else f"all {len(rows)} nodes are well"
