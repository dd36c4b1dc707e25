"""GPUs by node and pod: how busy, how full, how hot; beside it how many are allocated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from wfconsole.observations.gpus import GpuRow, count_xids, mean_utilization, memory_share, tells_errors
from wfconsole.observations.levels import Level
from wfconsole.text import UNKNOWN, coarse_age, memory, percent
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.listings.listing import Cells, Column, Listing, SortedKeys, counted, next_line, row_line, said
from wfconsole.tui.state_words import level_ink, mark

_DCGM: Final = "dcgm"
_PROGRAMS: Final = 3  # that are shown


class GpusListing(Listing):
    """One row for each GPU, instance of one, or pod that shares one."""

    title = "gpu use"
    source = "gpus"
    orders: ClassVar = ("worst", "use", "memory", "name")
    columns = (
        Column("", 1, keep=100),
        Column("NODE", 12, grow=1, keep=95, keep_end=True),
        Column("GPU", 5, keep=96),
        Column("POD", 14, grow=2, keep=80, keep_end=True),
        Column("UTIL", 5, right=True, keep=98),
        Column("MEM", 5, right=True, keep=97),
        Column("TEMP", 5, right=True, keep=85),
        Column("POWER", 6, right=True, keep=50),
        Column("XID", 4, right=True, keep=75),
        Column("STATE", 16, grow=2, keep=60),
        Column("MODEL", 12, keep=30),
    )

    def __init__(self) -> None:
        self._sorted = SortedKeys()

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        table = frame.view.judged.rows("gpus")

        def rank(key: str, row: GpuRow) -> tuple[Any, ...]:
            use = -1.0 if row.utilization is None else row.utilization
            full = memory_share(row)
            match order:
                case "use":
                    return (-use, key)
                case "memory":
                    return (1.0 if full is None else -full, key)
                case "name":
                    return (key,)
                case _:
                    return (-table.finding(key).level, -use, key)

        return self._sorted.keys(table.rows, table.findings, order, rank, table)

    def cells(self, frame: Frame, key: str) -> Cells:
        row = frame.view.world.gpus.get(key)
        if row is None:
            return tuple(Span("") for _ in self.columns)
        finding = frame.view.judged.finding("gpus", key)
        well = "ok" if tells_errors(row) else UNKNOWN
        return (
            mark(frame.glyphs, finding.level),
            Span(row.node or UNKNOWN, "strong" if finding.level >= Level.WARNING else "text"),
            Span(_card(row)),
            Span(row.pod or ("none" if row.told_by == _DCGM else UNKNOWN), "text" if row.pod else "dim"),
            Span(percent(row.utilization)),
            Span(percent(memory_share(row))),
            Span(_with_unit(row.temperature, "C")),
            Span(_with_unit(row.power, "W"), "dim"),
            Span(UNKNOWN if row.xid is None else str(row.xid), level_ink(finding.level) if row.xid else "dim"),
            Span(finding.reason or well, level_ink(finding.level) if finding.level else "dim"),
            Span(row.model, "dim"),
        )

    def counts(self, frame: Frame) -> Line:
        rows = frame.view.world.gpus.values()
        cards = {(row.node, row.gpu) for row in rows if row.gpu}
        xids = count_xids(rows)
        use = f"   {percent(mean_utilization(rows))} busy   {UNKNOWN if xids is None else xids} with an Xid"
        return said((f" {counted(len(cards), 'GPU')}", "strong"), f"{use}{_allocated(frame)}")

    def why(self, frame: Frame) -> str:
        return f": {frame.view.world.snapshots[self.source].partial}"

    def detail(self, frame: Frame, key: str) -> list[Line]:
        row = frame.view.world.gpus.get(key)
        if row is None:
            return []
        finding = frame.view.judged.finding("gpus", key)
        pod = f"{row.namespace}/{row.pod}   {row.container}" if row.pod else _no_pod(row)
        well = "no complaint" if tells_errors(row) else f"{UNKNOWN} it does not tell of errors"
        ecc = UNKNOWN if row.ecc_errors is None else str(row.ecc_errors)
        filled = f"{memory(row.memory_used)} of {memory(row.memory_total)} memory"
        return [
            row_line("ROW", (f"{row.node} GPU {_card(row)}", "strong"), f"   {row.model}   {pod}"),
            row_line("why", (finding.reason or well, level_ink(finding.level))),
            row_line("use", f"{percent(row.utilization)} busy   {filled}   {_programs(row)}"),
            row_line(
                "card",
                f"{_with_unit(row.temperature, 'C')}   {_with_unit(row.power, 'W')}   "
                f"{ecc} uncorrectable memory errors   told by {row.told_by}, {_age(frame)}",
            ),
            next_line(("Enter", "all of it"), ("v", "inference, nodes"), ("N", "note with this row"), ("y", "copy")),
        ]

    def nothing(self, frame: Frame) -> str:
        snapshot = frame.view.world.snapshots.get("gpus")
        why = snapshot.facts.get("gpus", "") if snapshot is not None else ""
        return f"there are no GPUs in the metrics{': ' + why if why else ''}"


def _card(row: GpuRow) -> str:
    """`0`, `0 3g.40gb 1`, `0 MIG`: a card as a whole that is partitioned; `--` for all cards of a node."""
    return f"{row.gpu or UNKNOWN} {row.instance or ('MIG' if row.mig else '')}".strip()


def _no_pod(row: GpuRow) -> str:
    """Only the metrics say which pod has a card, so that only there none is none."""
    return "no pod has it" if row.told_by == _DCGM else f"pod {UNKNOWN}"


def _programs(row: GpuRow) -> str:
    """The programs with the most memory, where they are told."""
    if not row.processes:
        return "alone no trouble: see inference"
    shown = ", ".join(f"{each.name or UNKNOWN} {memory(each.memory)}" for each in row.processes[:_PROGRAMS])
    more = f", {len(row.processes) - _PROGRAMS} more" if len(row.processes) > _PROGRAMS else ""
    return f"{shown}{more}"


def _age(frame: Frame) -> str:
    snapshot = frame.view.world.snapshots.get("gpus")
    age = snapshot.age_ms(frame.now) if snapshot is not None else None
    return f"{coarse_age(age)} ago"


def _with_unit(value: float | None, unit: str) -> str:
    return UNKNOWN if value is None else f"{value:.0f} {unit}"


def _allocated(frame: Frame) -> str:
    """What the nodes say of allocation, where that is known now."""
    if not frame.view.world.quality("nodes", frame.now).conclusive:
        return f"   {UNKNOWN} allocated"
    nodes = frame.view.world.nodes.values()
    there = sum(row.gpus for row in nodes)
    return f"   {sum(row.gpus_allocated for row in nodes)} of {there} allocated" if there else ""
