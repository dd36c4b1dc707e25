"""Autoscalers: how many they run, may run and want; and whether they can act at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from wfconsole.observations.conditions import message_of
from wfconsole.observations.hpas import HpaRow, at_max, size_wanted, wants, why_blind, worst_ratio
from wfconsole.observations.levels import Finding, Level
from wfconsole.text import UNKNOWN, age, coarse_age
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.listings.listing import Cells, Column, Listing, Opens, SortedKeys, counted, next_line, row_line, said
from wfconsole.tui.state_words import level_ink, mark


class HpasListing(Listing):
    """The autoscalers that cannot do their work, or all of them."""

    source = "hpas"
    orders: ClassVar = ("worst", "name", "load")
    columns = (
        Column("", 1, keep=100),
        Column("AUTOSCALER", 20, grow=2, keep=99),
        Column("NOW/MAX", 7, keep=98),
        Column("MIN", 4, right=True, keep=60),
        Column("WANTS", 5, right=True, keep=90),
        Column("METRIC", 18, grow=2, keep=85),
        Column("STATE", 14, grow=2, keep=95),
        Column("SCALED", 6, right=True, keep=70),
        Column("NAMESPACE", 12, keep=40),
    )

    def __init__(self, which: str) -> None:
        self._which = which
        self._sorted = SortedKeys()
        self._troubled: Mapping[str, HpaRow] = {}
        self._seen: tuple[Any, Any] = (None, None)

    @property
    def name(self) -> str:
        return self._which

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        table = frame.view.judged.rows("hpas")
        rows: Mapping[str, HpaRow] = table.rows
        if self._which == "troubled":
            if self._seen[0] is not table.rows or self._seen[1] is not table.findings:
                self._seen = (table.rows, table.findings)
                self._troubled = {key: row for key, row in rows.items() if table.finding(key).level > Level.OK}
            rows = self._troubled

        def rank(key: str, row: HpaRow) -> tuple[Any, ...]:
            if order == "name":
                return (row.namespace, row.name)
            if order == "load":
                return (-(worst_ratio(row) or 0.0), row.name)
            return (-table.finding(key).level, -(worst_ratio(row) or 0.0), row.namespace, row.name)

        return self._sorted.keys(rows, table.findings, order, rank)

    def cells(self, frame: Frame, key: str) -> Cells:
        row = frame.view.world.hpas.get(key)
        if row is None:
            return tuple(Span("") for _ in self.columns)
        finding = frame.view.judged.finding("hpas", key)
        wanted = wants(row)
        blind = bool(why_blind(row))
        more = wanted is not None and wanted > row.maximum
        return (
            mark(frame.glyphs, finding.level),
            Span(row.name, "strong" if finding.level >= Level.WARNING else "text"),
            Span(f"{row.current}/{row.maximum}", level_ink(finding.level)),
            Span(str(row.minimum), "dim"),
            Span(UNKNOWN if wanted is None or blind else str(wanted), "strong" if more else "text"),
            Span(_metric(row)),
            Span(_state(row, finding), level_ink(finding.level)),
            Span(coarse_age(frame.now - row.last_scaled_at if row.last_scaled_at else None), "dim"),
            Span(row.namespace, "dim"),
        )

    def counts(self, frame: Frame) -> Line:
        rows = frame.view.world.hpas.values()
        full = sum(at_max(row) for row in rows)
        blind = sum(bool(why_blind(row)) and not row.disabled for row in rows)
        disabled = sum(row.disabled for row in rows)
        counts = f"   {full} at max   {blind} blind   {disabled} disabled"
        return said((f" {counted(len(rows), 'autoscaler')}", "strong"), counts)

    def detail(self, frame: Frame, key: str) -> list[Line]:
        row = frame.view.world.hpas.get(key)
        if row is None:
            return []
        finding = frame.view.judged.finding("hpas", key)
        said = message_of(row.conditions, "ScalingActive", "AbleToScale") if why_blind(row) else ""
        replicas = f"runs {row.current}, {size_wanted(row)}, may {row.minimum} to {row.maximum}"
        scaled = f"{age(frame.now - row.last_scaled_at)} ago" if row.last_scaled_at else "never seen"
        lines = [
            row_line("ROW", (row.name, "strong"), f"   {row.namespace}   scales {row.target_kind}/{row.target}"),
            row_line("why", (finding.reason or "can act", level_ink(finding.level)), f"   {said}" if said else ""),
            row_line("sizes", f"{replicas}   last scaled {scaled}"),
        ]
        for metric in row.metrics[:2]:
            lines.append(
                row_line("metric", f"{metric.name}  {metric.current or UNKNOWN} of {metric.target or UNKNOWN}")
            )
        keys = (("Enter", "conditions, events"), ("N", "note with this row"), ("y", "copy"))
        return [*lines, next_line(*keys)]

    def opens(self, frame: Frame, key: str) -> Opens | None:
        return Opens("hpas", key) if key in frame.view.world.hpas else None

    def nothing(self, frame: Frame) -> str:
        rows = frame.view.world.hpas
        if rows:
            return f"all {len(rows)} autoscalers can act.   v shows all of them"
        return f"there are no autoscalers{self.scope(frame)}"


def _metric(row: HpaRow) -> str:
    known = [metric for metric in row.metrics if metric.ratio is not None]
    if not known:
        return UNKNOWN
    worst = max(known, key=lambda metric: metric.ratio or 0.0)
    return f"{worst.name} {worst.current}/{worst.target}"


def _state(row: HpaRow, finding: Finding) -> str:
    if row.disabled:
        return "DISABLED"
    blind = why_blind(row)
    if blind:
        return f"BLIND {blind}"
    return "AT MAX" if at_max(row) else finding.reason or "ok"
