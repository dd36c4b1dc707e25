"""Logins that fail: who attacks and who is attacked, the worst first, each with what it looks like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from wfconsole.observations.auth import AuthRow, per_minute
from wfconsole.observations.levels import Level
from wfconsole.text import UNKNOWN, coarse_age, number
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.listings.listing import Cells, Column, Listing, SortedKeys, counted, next_line, row_line, said
from wfconsole.tui.state_words import level_ink, mark

_VIEWS: Final = {"failures": ("source", "user"), "by source": ("source",), "by user": ("user",)}
_TARGETS: Final = {"source": "user", "user": "source"}


class FailuresListing(Listing):
    """Users and source addresses with many failures, or one of the two."""

    source = "auth"
    orders: ClassVar = ("worst", "failed", "newest", "name")
    columns = (
        Column("", 1, keep=100),
        Column("BY", 6, keep=70),
        Column("WHO", 16, grow=2, keep=99),
        Column("FAILED", 6, right=True, keep=98),
        Column("OK", 4, right=True, keep=90),
        Column("TRIED", 11, right=True, keep=85),
        Column("LOOKS LIKE", 18, grow=2, keep=95),
        Column("LAST", 4, right=True, keep=60),
    )

    def __init__(self, view: str) -> None:
        self._view = view
        self._sorted = SortedKeys()
        self._some: Mapping[str, AuthRow] = {}
        self._seen: Any = None

    @property
    def name(self) -> str:
        return self._view

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        table = frame.view.judged.rows("auth")
        if self._seen is not table.rows:
            self._seen = table.rows
            self._some = {key: row for key, row in table.rows.items() if row.by in _VIEWS[self._view]}

        def rank(key: str, row: AuthRow) -> tuple[Any, ...]:
            match order:
                case "failed":
                    return (-row.failed, row.by, row.name)
                case "newest":
                    return (-row.last_failed_at, row.by, row.name)
                case "name":
                    return (row.name, row.by)
                case _:
                    return (-table.finding(key).level, row.by, -row.failed, row.name)

        return self._sorted.keys(self._some, table.findings, order, rank)

    def cells(self, frame: Frame, key: str) -> Cells:
        row = frame.view.world.auth.get(key)
        if row is None:
            return tuple(Span("") for _ in self.columns)
        finding = frame.view.judged.finding("auth", key)
        got_in = row.failed_before_success > 0
        return (
            mark(frame.glyphs, finding.level),
            Span(row.by, "dim"),
            Span(row.name or "(no name)", "strong" if finding.level >= Level.WARNING else "text"),
            Span(number(row.failed), level_ink(finding.level)),
            Span(number(row.succeeded), level_ink(finding.level) if got_in else "text"),
            Span(_tried(row)),
            Span(finding.reason, level_ink(finding.level)),
            Span(coarse_age(frame.now - row.last_failed_at if row.last_failed_at else None), "dim"),
        )

    def counts(self, frame: Frame) -> Line:
        total = frame.view.world.auth.get("all")
        if total is None:
            return said((f" {UNKNOWN}", "dim"))
        finding = frame.view.judged.finding("auth", "all")
        rate = f" {per_minute(total.per_minute)} failures/min, usually {per_minute(total.usual_per_minute)}"
        users = UNKNOWN if total.users is None else counted(total.users, "user")
        spread = f"   {number(total.failed)} in {total.window_minutes} min, of {users}"
        if total.sources is not None:
            spread += f" from {counted(total.sources, 'source')}"
        return said((rate, level_ink(finding.level) if finding.level else "strong"), spread + _left_out(frame, total))

    def why(self, frame: Frame) -> str:
        return f": {frame.view.world.snapshots[self.source].partial}"

    def detail(self, frame: Frame, key: str) -> list[Line]:
        row = frame.view.world.auth.get(key)
        if row is None:
            return []
        finding = frame.view.judged.finding("auth", key)
        got_in = "never" if row.succeeded is not None else UNKNOWN
        if row.succeeded_at:
            after = f", after {counted(row.failed_before_success, 'failure')}" if row.failed_before_success else ""
            got_in = f"last at {frame.times.clock(row.succeeded_at)}{after}"
        first, last = frame.times.clock(row.first_failed_at or None), frame.times.clock(row.last_failed_at or None)
        counts = f"   {number(row.failed)} failed, {number(row.succeeded)} succeeded in {row.window_minutes} min"
        spread = f"   tried {_tried(row)}" if row.by == "source" else f"   from {_tried(row)}"
        return [
            row_line("ROW", (f"{row.by} {row.name or '(no name)'}", "strong"), counts),
            row_line("why", (finding.reason or "nothing that an attack looks like", level_ink(finding.level))),
            row_line("failed", f"first at {first}, last at {last}{spread}"),
            row_line("got in", (got_in, "crit" if finding.kind == "guessed" else "text")),
            next_line(("Enter", "all of it"), ("N", "note with this row"), ("y", "copy"), ("i", "evidence")),
        ]

    def nothing(self, frame: Frame) -> str:
        total = frame.view.world.auth.get("all")
        whose = {"failures": "users or sources", "by source": "sources", "by user": "users"}[self._view]
        if total is not None and total.told_by == "gateway":
            return f"the gateway's metrics tell no {whose} with many failures"
        if total is not None and total.sources is None and self._view == "by source":
            return "there are no sources in this log: it has no addresses"
        few = f": {counted(total.failed, 'failure')} in {total.window_minutes} min" if total is not None else ""
        return f"there are no {whose} with many failures{few}"


def _tried(row: AuthRow) -> str:
    """`500 users`: what this source tried, or from where this user was tried."""
    return UNKNOWN if row.others is None else counted(row.others, _TARGETS[row.by])


def _left_out(frame: Frame, total: AuthRow) -> str:
    """`   50 of 812 users listed`, where not all are."""
    said = ""
    for by, there in (("user", total.users_listed), ("source", total.sources_listed)):
        shown = sum(row.by == by for row in frame.view.world.auth.values())
        if shown < there:
            said += f"   {shown} of {number(there)} {by}s listed"
    return said
