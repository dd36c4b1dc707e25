"""Ingresses: where each host and path leads, and whether somebody answers there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from wfconsole.observations.ingresses import IngressPath, IngressRow, has_tls, trouble
from wfconsole.observations.levels import Level
from wfconsole.text import UNKNOWN, number
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.listings.listing import Cells, Column, Listing, Opens, SortedKeys, next_line, row_line, said
from wfconsole.tui.state_words import level_ink, mark

PATHS_SHOWN = 3


class IngressesListing(Listing):
    """Every ingress with its ways in."""

    title = "ingress"
    source = "ingresses"
    orders: ClassVar = ("worst", "name")
    columns = (
        Column("", 1, keep=100),
        Column("INGRESS", 16, grow=1, keep=99),
        Column("WAY IN", 22, grow=3, keep=95),
        Column("STATE", 18, grow=2, keep=98),
        Column("TLS", 4, keep=80),
        Column("CLASS", 8, keep=60),
        Column("ADDRESS", 12, grow=1, keep=50),
        Column("NAMESPACE", 12, keep=40),
    )

    def __init__(self) -> None:
        self._sorted = SortedKeys()

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        table = frame.view.judged.rows("ingresses")

        def rank(key: str, row: IngressRow) -> tuple[Any, ...]:
            level = 0 if order == "name" else -table.finding(key).level
            return (level, row.namespace, row.name)

        return self._sorted.keys(table.rows, table.findings, order, rank, table)

    def cells(self, frame: Frame, key: str) -> Cells:
        row = frame.view.world.ingresses.get(key)
        if row is None:
            return tuple(Span("") for _ in self.columns)
        finding = frame.view.judged.finding("ingresses", key)
        more = f" and {len(row.paths) - 1} more" if len(row.paths) > 1 else ""
        return (
            mark(frame.glyphs, finding.level),
            Span(row.name, "strong" if finding.level >= Level.WARNING else "text"),
            Span(f"{way(row.paths[0])}{more}" if row.paths else "none"),
            Span(finding.reason or "ok", level_ink(finding.level)),
            Span(tls_word(row)),
            Span(row.class_name or "default", "dim"),
            Span(row.addresses[0] if row.addresses else UNKNOWN, "dim"),
            Span(row.namespace, "dim"),
        )

    def counts(self, frame: Frame) -> Line:
        rows = frame.view.world.ingresses.values()
        findings = frame.view.judged.rows("ingresses").findings.values()
        broken = sum(finding.level >= Level.WARNING for finding in findings)
        many = f" {number(len(rows))} {'ingress' if len(rows) == 1 else 'ingresses'}"
        return said((many, "strong"), f"   {broken} with paths that lead nowhere")

    def detail(self, frame: Frame, key: str) -> list[Line]:
        row = frame.view.world.ingresses.get(key)
        if row is None:
            return []
        finding = frame.view.judged.finding("ingresses", key)
        lines = [
            row_line("ROW", (row.name, "strong"), f"   {row.namespace}   class {row.class_name or 'default'}"),
            row_line("why", (finding.reason or "every path is answered", level_ink(finding.level))),
        ]
        for path in row.paths[:PATHS_SHOWN]:
            lines.append(row_line("path", way(path), f"   {answer(path)}"))
        keys = (("Enter", "every path, TLS"), ("N", "note with this row"), ("y", "copy"))
        return [*lines, next_line(*keys)]

    def opens(self, frame: Frame, key: str) -> Opens | None:
        return Opens("ingresses", key) if key in frame.view.world.ingresses else None

    def nothing(self, frame: Frame) -> str:
        return f"there are no ingresses{self.scope(frame)}"


def way(path: IngressPath) -> str:
    """`shop.example/cart -> cart:8080`"""
    where = f"{path.host or 'any host'}{path.path}" if path.host or path.path else "all else"
    exactly = " exactly" if path.exact else ""
    return f"{where}{exactly} -> {path.service}{':' + path.port if path.port else ''}"


def answer(path: IngressPath) -> str:
    """Who answers on this way, in words."""
    if path.state == "elsewhere":
        return "not a service of pods"
    return trouble(path) or f"{path.ready} ready"


def tls_word(row: IngressRow) -> str:
    """Whether it ends TLS: for all of its hosts, for some, for none."""
    hosts = {path.host for path in row.paths}
    covered = sum(has_tls(row, host) for host in hosts)
    if not covered:
        return "no"
    return "yes" if covered == len(hosts) else "part"
