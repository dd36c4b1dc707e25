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
    """All sessions that are among locks, by key, for each waiter whom it waits for, and the other way round. `at`: the
    server's clock; `whole`: these are all of them.

    A queue of 500 has 125,000 edges: each question goes through them once, and not once for each session.
    """

    rows: Mapping[str, SessionRow]
    blockers: Mapping[str, frozenset[str]]
    children: Mapping[str, Sequence[str]]
    at: Millis
    whole: bool = True

    def waiters(self, key: str) -> list[str]:
        """All who wait for it, directly or not, those nearest to it first."""
        return [each for each in self._below([key]) if each != key]

    def roots(self, *keys: str) -> list[str]:
        """Who is at the top of all that they wait for; themselves where they wait for nobody."""
        above = self._above(keys)
        return sorted(each for each in above if not self.blockers.get(each)) or sorted(above)[:1]

    def freed(self, key: str) -> list[str]:
        """Those who wait for it and, in the end, for nobody else but those whom it holds up itself."""
        held = set(self._below(self._other_roots(key), short_of=key))
        return [each for each in self.waiters(key) if each not in held]

    def others(self, key: str) -> list[str]:
        """Who else is at the top of what those who wait for it wait for."""
        waiting = set(self.waiters(key))
        return [each for each in self._other_roots(key) if not waiting.isdisjoint(self._below([each], short_of=key))]

    def next_root(self, key: str) -> str:
        """Who holds up the others once this one is gone; "" where nobody will."""
        held = {each: self.rows[each].behind for each in self.children.get(key, ()) if each in self.rows}
        found = max(sorted(held), key=lambda each: held[each], default="")
        return found if held.get(found) else ""

    def circles(self, key: str) -> bool:
        """Whether it waits for itself in the end."""
        return any(key in self.blockers.get(each, ()) for each in self._above([key]) if each != key)

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

    def _other_roots(self, key: str) -> list[str]:
        return sorted(each for each in self.children if each != key and not self.blockers.get(each))

    def _above(self, keys: Iterable[str]) -> set[str]:
        """They and all whom they wait for, directly or not."""
        found: set[str] = set()
        follow = list(keys)
        while follow:
            each = follow.pop()
            if each not in found:
                found.add(each)
                follow += self.blockers.get(each, ())
        return found

    def _below(self, keys: Iterable[str], short_of: str = "") -> list[str]:
        """They and all who wait for them, level by level; nobody who waits for `short_of` alone."""
        found = dict.fromkeys(keys)
        level = list(found)
        while level:
            children = sorted({each for key in level if key != short_of for each in self.children.get(key, ())})
            level = [each for each in children if each not in found]
            found.update(dict.fromkeys(level))
        return list(found)


def tree_of(
    rows: Mapping[str, SessionRow], blockers: Mapping[str, set[str]], at: Millis, *, whole: bool = True
) -> Tree:
    """The tree from what the server says of each waiter."""
    edges = {key: frozenset(those - {key}) for key, those in blockers.items() if those - {key}}
    children: dict[str, list[str]] = {}
    for key, those in edges.items():
        for each in those:
            children.setdefault(each, []).append(key)
    return Tree(with_tree(rows, blockers), edges, children, at, whole)


def read_tree(database: Database, clock_ms: Millis) -> Tree:
    """The tree as it is now. Raises SourceError."""
    found = database.rows(connection.statement("sessions"), {"least_s": _FOREVER_S, "limit": LIMIT + 1})
    prepared = database.rows(connection.statement("prepared"))
    rows, blockers = session_rows(found[:LIMIT], prepared)
    return tree_of(rows, blockers, clock_ms, whole=len(found) <= LIMIT)


def prepared_roots(tree: Tree) -> list[SessionRow]:
    """Prepared transactions, those that hold somebody up first."""
    found = [row for row in tree.rows.values() if row.state == PREPARED]
    return sorted(found, key=lambda row: (-row.behind, row.xact_at))


def shown(query: str) -> str:
    """A statement as evidence: one bounded line without what looks like a secret."""
    return redact_text(safe(" ".join(query.split()), _STATEMENT))
