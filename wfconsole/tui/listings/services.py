"""Services: who answers behind each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from wfconsole.observations.levels import Level
from wfconsole.observations.services import ServiceRow
from wfconsole.text import UNKNOWN
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.listings.listing import Cells, Column, Listing, Opens, SortedKeys, counted, next_line, row_line, said
from wfconsole.tui.state_words import level_ink, mark


class ServicesListing(Listing):
    """Every service with its endpoints."""

    title = "services"
    source = "services"
    orders: ClassVar = ("worst", "name")
    columns = (
        Column("", 1, keep=100),
        Column("SERVICE", 18, grow=2, keep=99),
        Column("READY", 7, right=True, keep=98),
        Column("STOPPING", 8, right=True, keep=60),
        Column("PODS", 5, right=True, keep=70),
        Column("STATE", 18, grow=2, keep=95),
        Column("PORTS", 12, grow=1, keep=80),
        Column("TYPE", 12, keep=50),
        Column("SELECTOR", 14, grow=1, keep=45),
        Column("NAMESPACE", 12, keep=40),
    )

    def __init__(self) -> None:
        self._sorted = SortedKeys()

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        table = frame.view.judged.rows("services")

        def rank(key: str, row: ServiceRow) -> tuple[Any, ...]:
            level = 0 if order == "name" else -table.finding(key).level
            return (level, row.namespace, row.name)

        return self._sorted.keys(table.rows, table.findings, order, rank, table)

    def cells(self, frame: Frame, key: str) -> Cells:
        row = frame.view.world.services.get(key)
        if row is None:
            return tuple(Span("") for _ in self.columns)
        finding = frame.view.judged.finding("services", key)
        return (
            mark(frame.glyphs, finding.level),
            Span(row.name, "strong" if finding.level >= Level.WARNING else "text"),
            Span(ready_of(row), level_ink(finding.level)),
            Span(_number(row.terminating)),
            Span(_number(row.pods)),
            Span(finding.reason or "ok", level_ink(finding.level)),
            Span(ports_of(row)),
            Span(type_of(row), "dim"),
            Span(row.selector or "none", "dim"),
            Span(row.namespace, "dim"),
        )

    def counts(self, frame: Frame) -> Line:
        rows = frame.view.world.services.values()
        table = frame.view.judged.rows("services")
        down = sum(finding.level == Level.CRITICAL for finding in table.findings.values())
        unsure = sum(finding.kind == "unknown" for finding in table.findings.values())
        more = f"   endpoints of {unsure} not known" if unsure else ""
        return said((f" {counted(len(rows), 'service')}", "strong"), f"   {down} without an endpoint{more}")

    def detail(self, frame: Frame, key: str) -> list[Line]:
        row = frame.view.world.services.get(key)
        if row is None:
            return []
        finding = frame.view.judged.finding("services", key)
        ends = f"{ready_of(row)} ready   {_number(row.serving)} answer   {_number(row.terminating)} shut down"
        pods = f"{_number(row.pods)} match {row.selector or 'no selector'}   {_number(row.pods_ready)} ready"
        return [
            row_line("ROW", (row.name, "strong"), f"   {row.namespace}   {type_of(row)}   {address_of(row)}"),
            row_line("why", (finding.reason or "answers", level_ink(finding.level))),
            row_line("ends", row.external_name or ends),
            row_line("pods", pods),
            next_line(("Enter", "ports, ways in"), ("N", "note with this row"), ("y", "copy")),
        ]

    def opens(self, frame: Frame, key: str) -> Opens | None:
        return Opens("services", key) if key in frame.view.world.services else None

    def nothing(self, frame: Frame) -> str:
        return f"there are no services{self.scope(frame)}"


def ready_of(row: ServiceRow) -> str:
    """`3/4`: endpoints that are ready, of all."""
    if row.external_name:
        return ""
    return UNKNOWN if row.ready is None else f"{row.ready}/{row.endpoints}"


def ports_of(row: ServiceRow) -> str:
    return ",".join(f"{each.port}{'' if each.protocol == 'TCP' else '/' + each.protocol.lower()}" for each in row.ports)


def type_of(row: ServiceRow) -> str:
    return "headless" if row.headless else row.type


def address_of(row: ServiceRow) -> str:
    if row.external_name:
        return f"another name for {row.external_name}"
    return "no address yet" if row.pending else row.address or "no address"


def _number(value: int | None) -> str:
    return UNKNOWN if value is None else str(value)
