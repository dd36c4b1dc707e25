"""Who waits for whom: the tree of locks, from the root that holds up most; long queues are folded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.locks import REST, Branch, drawn, folded
from wfconsole.observations.sessions import SessionRow, is_root, name_of
from wfconsole.text import UNKNOWN, age
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.listings.listing import Cells, Column, Listing, Opens, next_line, row_line, said
from wfconsole.tui.listings.transactions import doing, session_detail
from wfconsole.tui.state_words import level_ink, mark

# Deeper levels are told by their number: their lines would leave no room for the session.
_LEVELS_DRAWN: Final = 6
_NAMED: Final = 6  # folded sessions that the block below the table names


class LocksListing(Listing):
    """Sessions that wait for a lock, each under the deepest one that it waits for."""

    title = "locks"
    source = "sessions"
    orders: ClassVar = ("worst", "every waiter")
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
        self._order = ""
        self._branches: dict[str, Branch] = {}
        self._keys: list[str] = []

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        rows = frame.view.world.sessions
        if rows is not self._rows or order != self._order:
            self._rows, self._order = rows, order
            tree = folded(rows) if order == self.orders[0] else drawn(rows)
            self._branches = {branch.key: branch for branch in tree}
            self._keys = list(self._branches)
        return self._keys

    def cells(self, frame: Frame, key: str) -> Cells:
        if (branch := self._rest(key)) is not None:
            return rest_cells(frame, branch)
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

    def searched(self, frame: Frame, key: str) -> str:
        """Whoever looks for a session that is folded finds the line that it is in."""
        branch, rows = self._rest(key), frame.view.world.sessions
        if branch is None:
            return super().searched(frame, key)
        hidden = (rows[each] for each in branch.rest if each in rows)
        return " ".join(f"{name_of(row)} {row.application} {row.user} {row.query}" for row in hidden).lower()

    def detail(self, frame: Frame, key: str) -> list[Line]:
        branch = self._rest(key)
        return session_detail(frame, key) if branch is None else rest_detail(frame, branch)

    def opens(self, frame: Frame, key: str) -> Opens | None:
        held_by = key.removeprefix(REST)
        return Opens("sessions", held_by) if held_by in frame.view.world.sessions else None

    def _rest(self, key: str) -> Branch | None:
        """The branch of this key, where it stands for sessions that are folded."""
        branch = self._branches.get(key)
        return branch if branch is not None and branch.rest else None

    def nothing(self, frame: Frame) -> str:
        lasting = sum(finding.level > Level.OK for finding in frame.view.judged.rows("sessions").findings.values())
        more = f"; v shows {lasting} that run or idle for long" if lasting else ""
        return f"there are no sessions that wait for a lock{more}"


def rest_cells(frame: Frame, branch: Branch) -> Cells:
    """`+31 more`, of which applications, and for how long the first of them has waited."""
    rows = _hidden(frame, branch)
    findings = frame.view.judged.rows("sessions")
    level = max((findings.finding(key).level for key in branch.rest), default=Level.OK)
    since = min((row.waiting_at for row in rows if row.waiting_at), default=0)
    return (
        mark(frame.glyphs, level),
        Span(f"{stem(branch)}+{len(branch.rest)} more"),
        Span(_applications(rows), "dim"),
        Span("waiting", "dim"),
        Span(age(frame.now - since) if since else UNKNOWN),
        Span(""),
        Span("", "dim"),
    )


def rest_detail(frame: Frame, branch: Branch) -> list[Line]:
    """Whom they wait for, and the first of them by name."""
    rows = sorted(_hidden(frame, branch), key=lambda row: row.waiting_at)
    held_by = frame.view.world.sessions.get(branch.key.removeprefix(REST))
    names = [f"{name_of(row)} {age(frame.now - row.waiting_at)}" for row in rows[:_NAMED]]
    more = f", and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
    behind = f" behind {name_of(held_by)}" if held_by is not None else ""
    return [
        row_line("ROW", (f"{len(branch.rest)} more wait{behind}", "strong")),
        row_line("apps", _applications(rows)),
        row_line("first", ", ".join(names) + more),
        next_line(("Enter", "all of them"), ("s", "every waiter in the list")),
    ]


def _hidden(frame: Frame, branch: Branch) -> list[SessionRow]:
    rows = frame.view.world.sessions
    return [rows[key] for key in branch.rest if key in rows]


def _applications(rows: Sequence[SessionRow]) -> str:
    """`checkout-api 25, orders-svc 6`."""
    counts = Counter(row.application or row.user or UNKNOWN for row in rows)
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())


def stem(branch: Branch) -> str:
    """What is drawn before a session: the branch that it hangs on."""
    if not branch.more:
        return ""
    *above, last = branch.more
    cut = f"{len(above) + 1}: " if len(above) >= _LEVELS_DRAWN else ""
    lines = "".join("│ " if more else "  " for more in above[:_LEVELS_DRAWN])
    return f"{lines}{'├ ' if last else '└ '}{cut}"
