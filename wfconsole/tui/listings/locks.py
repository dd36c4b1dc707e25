"""Who waits for whom: the tree of locks, from the root that holds up most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.locks import Branch, drawn
from wfconsole.observations.sessions import SessionRow, is_root, name_of
from wfconsole.text import UNKNOWN, age
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.listings.listing import Cells, Column, Listing, Opens, said
from wfconsole.tui.listings.transactions import doing, session_detail
from wfconsole.tui.state_words import level_ink, mark

# Deeper levels are told by their number: their lines would leave no room for the session.
_LEVELS_DRAWN: Final = 6


class LocksListing(Listing):
    """Sessions that wait for a lock, each under the deepest one that it waits for."""

    title = "locks"
    source = "sessions"
    orders: ClassVar = ("worst",)
    columns = (
        Column("", 1, keep=100),
        Column("SESSION", 14, grow=1, keep=99),
        Column("APP", 14, grow=1, keep=70),
        Column("STATE", 11, keep=75),
        Column("FOR", 6, right=True, keep=90),
        Column("HOLDS UP", 8, right=True, keep=95),
        Column("QUERY", 14, grow=3, keep=80),
    )

    def __init__(self) -> None:
        self._rows: Mapping[str, SessionRow] = {}
        self._branches: dict[str, Branch] = {}
        self._keys: list[str] = []

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        del order
        rows = frame.view.world.sessions
        if rows is not self._rows:
            self._rows = rows
            self._branches = {branch.key: branch for branch in drawn(rows)}
            self._keys = list(self._branches)
        return self._keys

    def cells(self, frame: Frame, key: str) -> Cells:
        row = frame.view.world.sessions.get(key)
        if row is None:
            return tuple(Span("") for _ in self.columns)
        finding = frame.view.judged.finding("sessions", key)
        since = row.waiting_at if row.blockers else row.xact_at
        name = f"{stem(self._branches.get(key, Branch(key)))}{row.pid or name_of(row)}"
        return (
            mark(frame.glyphs, finding.level),
            Span(name, "strong" if is_root(row) else "text"),
            Span(row.application or row.user or row.backend),
            Span(doing(row), level_ink(finding.level) if is_root(row) else "text"),
            Span(age(frame.now - since) if since else UNKNOWN),
            Span(str(row.behind), "strong" if row.behind else "dim"),
            Span(row.query, "dim"),
        )

    def counts(self, frame: Frame) -> Line:
        rows = frame.view.world.sessions.values()
        waiting = sum(row.blockers > 0 for row in rows)
        if not waiting and self.quality(frame) == Quality.PARTIAL:
            return said((f" {UNKNOWN} wait for a lock", "strong"))
        roots = sum(is_root(row) for row in rows)
        circle = sum(row.cycle for row in rows)
        words = f"   behind {roots} {'root' if roots == 1 else 'roots'}" if roots else ""
        return said((f" {waiting} wait for a lock", "strong"), f"{words}{f'   {circle} in a circle' if circle else ''}")

    def detail(self, frame: Frame, key: str) -> list[Line]:
        return session_detail(frame, key)

    def opens(self, frame: Frame, key: str) -> Opens | None:
        return Opens("sessions", key) if key in frame.view.world.sessions else None

    def nothing(self, frame: Frame) -> str:
        lasting = sum(finding.level > Level.OK for finding in frame.view.judged.rows("sessions").findings.values())
        more = f"; v shows {lasting} that run or idle for long" if lasting else ""
        return f"there are no sessions that wait for a lock{more}"


def stem(branch: Branch) -> str:
    """What is drawn before a session: the branch that it hangs on."""
    if not branch.more:
        return ""
    *above, last = branch.more
    cut = f"{len(above) + 1}: " if len(above) >= _LEVELS_DRAWN else ""
    lines = "".join("│ " if more else "  " for more in above[:_LEVELS_DRAWN])
    return f"{lines}{'├ ' if last else '└ '}{cut}"
