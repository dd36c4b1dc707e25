"""pg_stat_statements: what statements cost, chosen by what they cost lately and not by what they cost ever."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from wfconsole.clock import MINUTE, Millis
from wfconsole.observations.statements import StatementRow
from wfconsole.sources.contract import SourceError
from wfconsole.sources.postgres.connection import Row, Session, statement
from wfconsole.sources.postgres.looking import PostgresPoll
from wfconsole.sources.sealing import seal

BY_GROWTH: Final = 60
BY_TOTAL: Final = 20
_ROUND_MS: Final[Millis] = 10 * MINUTE
_HIDDEN: Final = "<insufficient privilege>"
_NOT_LOADED: Final = "55000"

Key = tuple[int, int, int]  # statement, role, database


class _Count(NamedTuple):
    at: Millis
    calls: int
    total_ms: float


class Baselines:
    """What the counters were when they were first read, and some ten to twenty minutes ago."""

    def __init__(self) -> None:
        self.first: dict[Key, _Count] = {}
        self._last: dict[Key, _Count] = {}
        self._older: dict[Key, _Count] = {}
        self._newer: dict[Key, _Count] = {}
        self._round_at: Millis = 0
        self._looked_at: Millis = 0

    def follow(self, counts: Mapping[Key, _Count], now: Millis) -> None:
        """One look. What was not there at the look before, or counts less than it did, began from nothing."""
        first: dict[Key, _Count] = {}
        for key, count in counts.items():
            last = self._last.get(key)
            if last is not None and count.calls >= last.calls:
                first[key] = self.first[key]
            else:
                first[key] = _Count(self._looked_at, 0, 0.0) if self._looked_at else count
        self.first = first
        self._last = dict(counts)
        self._looked_at = now
        if not self._round_at or now - self._round_at >= _ROUND_MS:
            self._older, self._newer, self._round_at = self._newer or dict(counts), dict(counts), now

    def growth(self, key: Key, count: _Count) -> float:
        before = self._older.get(key)
        return count.total_ms if before is None or before.calls > count.calls else count.total_ms - before.total_ms


class StatementsPoll(PostgresPoll):
    """Some eighty statements."""

    def __init__(self, session: Session, interval_ms: Millis) -> None:
        super().__init__("statements", session, interval_ms)
        self._baselines = Baselines()
        self._texts: dict[Key, Row] = {}

    def look(self) -> Mapping[str, bytes]:
        names = self._names()
        now = self.standing.at
        found = {
            (row["queryid"], row["userid"], row["dbid"]): row
            for row in self.rows(statement("statements").format_map(names), {})
        }
        counts = {key: _Count(now, row["calls"], row["total_ms"]) for key, row in found.items()}
        self._baselines.follow(counts, now)
        chosen = self._chosen(counts)
        self._learn(chosen, names)
        return {
            "/".join(map(str, key)): seal(_row_of(found[key], self._texts.get(key), self._baselines.first[key]))
            for key in chosen
        }

    def explain(self, error: Exception) -> SourceError:
        if getattr(error, "sqlstate", None) == _NOT_LOADED:
            return SourceError(
                "configuration",
                "pg_stat_statements is installed but not loaded",
                remedy="Add it to shared_preload_libraries, and restart the server.",
            )
        return super().explain(error)

    def _names(self) -> Mapping[str, str]:
        """Where the extension is, and what its columns are called. Raises SourceError where it is not there."""
        found = self.rows(statement("extension"))
        if not found:
            raise SourceError(
                "not-served",
                "pg_stat_statements is not installed in this database",
                remedy="CREATE EXTENSION pg_stat_statements, in the database that the console connects to.",
            )
        columns = set(found[0]["columns"])
        since_13 = "total_exec_time" in columns
        return {
            "schema": _quoted(found[0]["schema"]),
            "total": "total_exec_time" if since_13 else "total_time",
            "longest": "max_exec_time" if since_13 else "max_time",
        }

    def _chosen(self, counts: Mapping[Key, _Count]) -> list[Key]:
        grown = heapq.nlargest(BY_GROWTH, counts, key=lambda key: self._baselines.growth(key, counts[key]))
        costly = heapq.nlargest(BY_TOTAL, counts, key=lambda key: counts[key].total_ms)
        return list(dict.fromkeys((*grown, *costly)))

    def _learn(self, chosen: Iterable[Key], names: Mapping[str, str]) -> None:
        """Ask for texts that are not known yet: the server reads them from a file, all of them each time."""
        self._texts = {key: self._texts[key] for key in chosen if key in self._texts}
        unknown = {key[0] for key in chosen if key not in self._texts}
        if not unknown:
            return
        for row in self.rows(statement("statement-texts").format_map(names), {"ids": sorted(unknown)}):
            if row["query"] != _HIDDEN:
                self._texts[row["queryid"], row["userid"], row["dbid"]] = row


def _row_of(row: Row, text: Mapping[str, Any] | None, base: _Count) -> StatementRow:
    said = text or {"query": "", "username": "", "database": ""}
    return StatementRow(
        query=said["query"] or "",
        user=said["username"],
        database=said["database"],
        calls=row["calls"],
        total_ms=round(row["total_ms"], 3),
        longest_ms=round(row["longest_ms"], 3),
        rows=row["rows"],
        hits=row["hits"],
        reads=row["reads"],
        base_at=base.at,
        base_calls=base.calls,
        base_ms=round(base.total_ms, 3),
    )


def _quoted(name: str) -> str:
    """An identifier, quoted; a percent sign stands for a value unless there are two."""
    return '"' + name.replace('"', '""').replace("%", "%%") + '"'
