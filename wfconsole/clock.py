"""Time: the only module that asks the machine what time it is.

An instant is `Millis`: whole milliseconds since the Unix epoch, UTC. A duration is whole milliseconds too.
"""

from __future__ import annotations

import time
from typing import Protocol

Millis = int

SECOND: Millis = 1_000
MINUTE: Millis = 60 * SECOND
HOUR: Millis = 60 * MINUTE
DAY: Millis = 24 * HOUR


class Clock(Protocol):
    """What time it is, for whoever has to know before an event tells it."""

    def now(self) -> Millis:
        """Wall-clock instant."""

    def monotonic(self) -> Millis:
        """Milliseconds of a clock that never goes back; only differences mean something."""


class SystemClock:
    """The clock of this machine."""

    def now(self) -> Millis:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> Millis:
        return time.monotonic_ns() // 1_000_000


class ManualClock:
    """A clock that stands still until it is told to move: for tests and for a player that is paused."""

    def __init__(self, now: Millis = 0) -> None:
        self._now = now
        self._monotonic = 0

    def now(self) -> Millis:
        return self._now

    def monotonic(self) -> Millis:
        return self._monotonic

    def advance(self, duration_ms: Millis) -> None:
        """Let time pass on both clocks."""
        self._now += duration_ms
        self._monotonic += duration_ms

    def jump(self, now: Millis) -> None:
        """Set the wall clock alone, as an NTP step does."""
        self._now = now
