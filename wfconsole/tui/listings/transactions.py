"""Sessions that last: idle in a transaction, prepared, or with one query for long. And what is said of any session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.sessions import (
    PREPARED,
    SessionRow,
    busy_since,
    is_idle_in_transaction,
    name_of,
    remedy,
)
from wfconsole.text import UNKNOWN, age
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.listings.listing import Cells, Column, Listing, Opens, SortedKeys, next_line, row_line, said
from wfconsole.tui.state_words import level_ink, mark


class TransactionsListing(Listing):
    """The oldest first, whether or not anybody waits for them."""

    title = "transactions"
    source = "sessions"
    orders: ClassVar = ("age", "worst", "app")
    columns = (
        Column("", 1, keep=100),
        Column("SESSION", 9, keep=99),
        Column("APP", 14, grow=1, keep=80),
        Column("STATE", 11, keep=85),
        Column("FOR", 6, right=True, keep=95),
        Column("IN TX", 6, right=True, keep=75),
        Column("HOLDS UP", 8, right=True, keep=60),
        Column("QUERY", 14, grow=3, keep=70),
    )

    def __init__(self) -> None:
        self._sorted = SortedKeys()
        self._rows: Mapping[str, SessionRow] = {}
        self._some: Mapping[str, SessionRow] = {}

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        table = frame.view.judged.rows("sessions")
        if table.rows is not self._rows:
            self._rows = table.rows
            self._some = {key: row for key, row in self._rows.items() if not row.blockers and busy_since(row)}

        def rank(key: str, row: SessionRow) -> tuple[Any, ...]:
            match order:
                case "app":
                    return (row.application, row.xact_at, key)
                case "worst":
                    return (-table.finding(key).level, row.xact_at or row.query_at, key)
                case _:
                    return (row.xact_at or row.query_at, key)

        return self._sorted.keys(self._some, table.findings, order, rank)

    def cells(self, frame: Frame, key: str) -> Cells:
        row = frame.view.world.sessions.get(key)
        if row is None:
            return tuple(Span("") for _ in self.columns)
        finding = frame.view.judged.finding("sessions", key)
        return (
            mark(frame.glyphs, finding.level),
            Span(str(row.pid or name_of(row)), "strong" if finding.level >= Level.WARNING else "text"),
            Span(row.application or row.user),
            Span(doing(row), level_ink(finding.level)),
            Span(_for(frame, busy_since(row)), level_ink(finding.level)),
            Span(_for(frame, row.xact_at)),
            Span(str(row.behind), "strong" if row.behind else "dim"),
            Span(row.query, "dim"),
        )

    def counts(self, frame: Frame) -> Line:
        rows = frame.view.world.sessions.values()
        counts = {
            "idle in transaction": sum(is_idle_in_transaction(row) for row in rows),
            "run long": sum(row.state == "active" and not row.blockers for row in rows),
            "prepared": sum(row.state == PREPARED for row in rows),
        }
        hidden = self.quality(frame) == Quality.PARTIAL
        words = [f"{UNKNOWN if hidden and not count else count} {word}" for word, count in counts.items()]
        return said((f" {words[0]}", "strong"), f"   {'   '.join(words[1:])}")

    def detail(self, frame: Frame, key: str) -> list[Line]:
        return session_detail(frame, key)

    def opens(self, frame: Frame, key: str) -> Opens | None:
        return Opens("sessions", key) if key in frame.view.world.sessions else None

    def nothing(self, frame: Frame) -> str:
        del frame
        return "there are no sessions that run or idle in a transaction for long"


def doing(row: SessionRow) -> str:
    """Its state in a few cells."""
    return row.state.replace("idle in transaction", "idle in tx") or row.backend or UNKNOWN


def session_detail(frame: Frame, key: str) -> list[Line]:
    """Who it is, what it waits for or holds up, and what ends it."""
    row = frame.view.world.sessions.get(key)
    if row is None:
        return []
    finding = frame.view.judged.finding("sessions", key)
    why = f"{finding.reason} for {age(frame.now - finding.since)}" if finding.since else finding.reason
    lines = [
        row_line("ROW", (name_of(row), "strong"), f"   {who(row)}   {instants(frame, row)}"),
        row_line("why", (why or "nobody waits for it", level_ink(finding.level)), waits_for(frame, row)),
        row_line("last" if row.state != "active" else "runs", row.query or UNKNOWN),
    ]
    if remedy(row):
        lines.append(row_line("ends", remedy(row)))
    lines.append(next_line(("Enter", "who waits for it"), ("N", "note with this row"), ("y", "copy")))
    return lines


def who(row: SessionRow) -> str:
    """`user batch  app reconcile  client 10.2.8.14`, of what is known."""
    known = {"user": row.user, "app": row.application, "client": row.client, "database": row.database}
    return "  ".join(f"{name} {value}" for name, value in known.items() if value) or "nobody knows whose"


def instants(frame: Frame, row: SessionRow) -> str:
    since = f"in transaction since {frame.times.clock(row.xact_at)}" if row.xact_at else "in no transaction"
    return f"{since}   xid {row.transaction}" if row.transaction else since


def waits_for(frame: Frame, row: SessionRow) -> str:
    """Whom it waits for, and how many more."""
    if not row.blockers:
        return ""
    rows = frame.view.world.sessions
    names = [name_of(rows[key]) for key in row.blocked_by if key in rows][:2]
    more = row.blockers - len(names)
    named = ", ".join(names) or "somebody who ended"
    return f"   held by {named}{f' and {more} more' if names and more else ''}"


def _for(frame: Frame, since: int) -> str:
    return age(frame.now - since) if since else UNKNOWN
