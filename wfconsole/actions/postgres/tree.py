"""Who waits for whom at this moment, and what is true once one of them is gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from wfconsole.actions.postgres.server import Database
from wfconsole.actions.postgres.target import called
from wfconsole.clock import Millis
from wfconsole.incident.wording import spell_duration
from wfconsole.observations.locks import with_tree
from wfconsole.observations.sessions import PREPARED, SessionRow, doing, name_of
from wfconsole.redaction import redact_text
from wfconsole.sources.postgres import connection
from wfconsole.sources.postgres.sessions import LIMIT, session_rows
from wfconsole.text import safe

NAMED: Final = 8  # sessions in one sentence
_STATEMENT: Final = 120
# Rows that are among no locks are not asked for: nothing lasts that long.
_FOREVER_S: Final = 1_000_000_000


class Tree(NamedTuple):
    """All sessions that are among locks, by key, and for each waiter whom it waits for. `at`: the server's clock;
    `whole`: these are all of them."""

    rows: Mapping[str, SessionRow]
    blockers: Mapping[str, frozenset[str]]
    at: Millis
    whole: bool = True

    def waiters(self, key: str) -> list[str]:
        """All who wait for it, directly or not, those nearest to it first."""
        found: list[str] = []
        level = [key]
        while level:
            level = sorted(
                each
                for each, those in self.blockers.items()
                if not those.isdisjoint(level) and each not in found and each != key
            )
            found += level
        return found

    def direct(self, key: str) -> list[str]:
        """Those who wait for it itself."""
        return [each for each in self.waiters(key) if key in self.blockers.get(each, ())]

    def roots(self, key: str) -> list[str]:
        """Who is at the top of all that it waits for; itself where it waits for nobody."""
        above = self._above(key)
        return sorted(each for each in above if not self.blockers.get(each)) or sorted(above)[:1]

    def freed(self, key: str) -> list[str]:
        """Those who wait for it and, in the end, for nobody else but those whom it holds up itself."""
        return [each for each in self.waiters(key) if not self.others(each, key)]

    def others(self, key: str, gone: str) -> list[str]:
        """Who is still at the top of what this one waits for when that other one is gone."""
        above = self._above(key, gone) - {key, gone}
        return sorted(each for each in above if not self.blockers.get(each))

    def next_root(self, key: str) -> str:
        """Who holds up the others once this one is gone; "" where nobody will."""
        later = {each: self._behind(each) for each in self.direct(key)}
        held = {each: count for each, count in later.items() if count}
        return max(sorted(held), key=lambda each: held[each], default="")

    def circles(self, key: str) -> bool:
        """Whether it waits for itself in the end."""
        return any(key in self.blockers.get(each, ()) for each in self._above(key) if each != key)

    def named(self, keys: Sequence[str]) -> str:
        """`pid 12 (checkout-api) for 40 s, pid 13 ...`"""
        told = [self.name(key) for key in keys[:NAMED]]
        return ", ".join([*told, f"and {len(keys) - NAMED} more"] if len(keys) > NAMED else told)

    def name(self, key: str) -> str:
        row = self.rows.get(key)
        if row is None:
            return safe(key, 80)
        who = f" ({called(row.application)})" if row.application else ""
        since = f" for {spell_duration(self.at - row.waiting_at)}" if row.waiting_at else ""
        return f"{name_of(row)}{who}{since}"

    def lines(self, key: str) -> Iterable[str]:
        """It and all who wait for it, one a line, as evidence."""
        for each in [key, *self.waiters(key)]:
            row = self.rows.get(each)
            if row is None:
                continue
            holds = ", ".join(safe(other, 60) for other in sorted(self.blockers.get(each, ())))
            waits = f"waits for {holds}: {safe(row.wants, 100)}" if holds else doing(row)
            yield f"{self.name(each)}; {safe(row.user, 63)}; {waits}; {shown(row.query)}"

    def _above(self, key: str, short_of: str = "") -> set[str]:
        """It and all whom it waits for, directly or not; not those above `short_of`."""
        found: set[str] = set()
        follow = [key]
        while follow:
            each = follow.pop()
            if each not in found:
                found.add(each)
                follow += () if each == short_of else self.blockers.get(each, ())
        return found

    def _behind(self, key: str) -> int:
        return len(self.waiters(key))


def read_tree(database: Database, clock_ms: Millis) -> Tree:
    """The tree as it is now. Raises SourceError."""
    found = database.rows(connection.statement("sessions"), {"least_s": _FOREVER_S, "limit": LIMIT + 1})
    prepared = database.rows(connection.statement("prepared"))
    rows, blockers = session_rows(found[:LIMIT], prepared)
    placed = with_tree(rows, blockers)
    edges = {key: frozenset(each for each in those if each != key) for key, those in blockers.items() if those - {key}}
    return Tree(placed, edges, clock_ms, len(found) <= LIMIT)


def prepared_roots(tree: Tree) -> list[SessionRow]:
    """Prepared transactions, those that hold somebody up first."""
    found = [row for row in tree.rows.values() if row.state == PREPARED]
    return sorted(found, key=lambda row: (-row.behind, row.xact_at))


def shown(query: str) -> str:
    """A statement as evidence: one bounded line without what looks like a secret."""
    return redact_text(safe(" ".join(query.split()), _STATEMENT))
