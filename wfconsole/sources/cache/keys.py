"""How many keys there are, by how they begin: a walk with SCAN that takes a small piece of every look.

KEYS would stop the server for as long as it takes. SCAN keeps its place in the server's answer alone, so that the walk
goes on at the next look, on another connection if need be. It shows every key that is there all the time at least
once; one that moves while the server grows its table may come twice.
"""

from __future__ import annotations

import time
from typing import Final

from wfconsole.clock import Millis, SystemClock
from wfconsole.config.systems import CacheSettings
from wfconsole.observations.cache import EVERYTHING_ELSE, KeysRow
from wfconsole.sources.cache.connection import CachePoll, Session
from wfconsole.sources.cache.failures import where
from wfconsole.sources.sealing import seal
from wfconsole.text import safe

# For one look, of the server's single thread: 0.4 % of it at the usual interval.
BUDGET_S: Final = 0.02
_COUNT: Final = 500
# Beginnings that nobody named are found by themselves: what stands before the first colon.
_MOST_FOUND: Final = 40
_LONGEST: Final = 64


class Walk:
    """Counts what SCAN shows, by beginnings: the named ones first, then others as they are found."""

    def __init__(self, named: tuple[str, ...]) -> None:
        self._named = tuple((each.encode(), each) for each in sorted(named, key=len, reverse=True))
        self.counts: dict[str, int] = dict.fromkeys(named, 0)
        self.cursor = b"0"
        self.walked = 0
        self.done = False

    def take(self, cursor: bytes, keys: list[bytes]) -> None:
        """One answer of SCAN."""
        for key in keys:
            beginning = self._beginning(key)
            self.counts[beginning] = self.counts.get(beginning, 0) + 1
        self.walked += len(keys)
        self.cursor, self.done = cursor, cursor == b"0"

    def _beginning(self, key: bytes) -> str:
        for each, name in self._named:
            if key.startswith(each):
                return name
        end = key.find(b":", 0, _LONGEST)
        if end < 0:
            return EVERYTHING_ELSE
        found = safe(key[: end + 1])
        if found not in self.counts and len(self.counts) >= _MOST_FOUND + len(self._named):
            return EVERYTHING_ELSE
        return found


class KeysPoll(CachePoll):
    """Fills `table` with a row for each beginning. A walk that ends is followed by the next one."""

    def __init__(self, session: Session, interval_ms: Millis, budget_s: float = BUDGET_S) -> None:
        super().__init__("keys", session, interval_ms)
        self._budget_s = budget_s
        self._walk = Walk(session.settings.session_prefixes)
        self._whole: Walk | None = None
        self._whole_at: Millis = 0

    def read(self) -> None:
        settings = self.session.settings
        with self.turn():
            total = int(self.ask("DBSIZE"))
            until = time.monotonic() + self._budget_s
            while not self._walk.done:
                self._walk.take(*scanned(self.ask("SCAN", self._walk.cursor.decode(), "COUNT", _COUNT)))
                if time.monotonic() >= until:
                    break
        ended = self._walk.done
        if ended:
            self._whole, self._whole_at = self._walk, SystemClock().now()
            self._walk = Walk(settings.session_prefixes)
        self.keep(self._rows(settings, total, 0 if ended else self._whole_at))

    def _rows(self, settings: CacheSettings, total: int, counted_at: Millis) -> dict[str, bytes]:
        whole = self._whole.counts if self._whole is not None else None
        walk = self._walk
        rows = {}
        for prefix in {**(whole or {}), **walk.counts}:
            row = KeysRow(
                prefix=prefix,
                database=settings.database,
                sessions=prefix in settings.session_prefixes,
                keys=whole.get(prefix, 0) if whole is not None else None,
                counted_at=counted_at if whole is not None else 0,
                so_far=walk.counts.get(prefix, 0),
                walked=walk.walked,
                total=total,
            )
            rows[safe(f"{where(settings)}/{settings.database}/{prefix}")] = seal(row)
        return rows


def scanned(answer: object) -> tuple[bytes, list[bytes]]:
    """What SCAN promises. Raises ValueError for anything else."""
    match answer:
        case [bytes() as cursor, list() as keys] if cursor.isdigit() and all(isinstance(key, bytes) for key in keys):
            return cursor, keys
    raise ValueError("no answer of SCAN")
