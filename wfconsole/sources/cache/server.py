"""The server itself: INFO, the round trip of a PING, and what it would refuse."""

from __future__ import annotations

import statistics
import time
from typing import Final

import msgspec

from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.observations.snapshot import Lack
from wfconsole.sources.cache.commands import Permissions, not_known, permissions
from wfconsole.sources.cache.connection import CachePoll, Session
from wfconsole.sources.cache.failures import where
from wfconsole.sources.cache.info import Counters, cache_row, counters_of, parsed, server_time, started_at
from wfconsole.sources.sealing import seal

_PINGS: Final = 3  # their median: one alone may have waited for us
# Permissions change seldom; one that lacks is asked for again at each look.
_PERMISSIONS_EVERY_S: Final = MINUTE / SECOND


class ServerPoll(CachePoll):
    """Fills `table` with one row."""

    def __init__(self, session: Session, interval_ms: Millis) -> None:
        super().__init__("cache", session, interval_ms)
        self._counters: Counters | None = None
        self._started_at: Millis = 0
        self._permissions = Permissions()
        self._asked_at: float | None = None  # monotonic
        self._unmeasured: tuple[Lack, ...] = ()

    def read(self) -> None:
        name = where(self.session.settings)
        with self.turn():
            info = parsed(self.ask("INFO"))
            ping_ms = None
            if info.get("loading") != "1":  # it refuses everything else then
                ping_ms = self._ping()
                self._look_up_permissions()
        self.session.heard(server_time(info))
        before, self._counters = self._counters, counters_of(info, time.monotonic())
        self._started_at = started_at(info, self._started_at)
        row = msgspec.structs.replace(
            cache_row(name, info, self._counters, before, self._started_at),
            ping_ms=ping_ms,
            commands=self._permissions.commands,
            commands_for=self._permissions.user,
        )
        self.keep({name: seal(row)})

    def lacks(self) -> tuple[Lack, ...]:
        return (*self._unmeasured, *self._permissions.lacks)

    def _ping(self) -> float | None:
        """The round trip in milliseconds; None where PING is not ours to run."""
        from redis.exceptions import NoPermissionError

        try:
            measured = self._timed()
        except NoPermissionError as error:
            self._unmeasured = (not_known("the round trip is not known", error, "+ping", self.session.settings),)
            return None
        self._unmeasured = ()  # not before: somebody else may ask while it is measured
        return measured

    def _timed(self) -> float:
        times = []
        for _ in range(_PINGS):
            began = time.perf_counter()
            self.ask("PING")
            times.append((time.perf_counter() - began) * 1000)
        return round(statistics.median(times), 2)

    def _look_up_permissions(self) -> None:
        now = time.monotonic()
        asked_at = None if self._permissions.lacks else self._asked_at
        if asked_at is None or now - asked_at >= _PERMISSIONS_EVERY_S:
            self._permissions = permissions(self.ask, self.session.settings)
            self._asked_at = now
