"""The time of whoever observes: a stream from another machine is told by that machine's clock."""

from __future__ import annotations

from wfconsole.clock import SECOND, Clock, Millis

SKEW_THAT_MATTERS = 5 * SECOND


class StreamClock:
    """The time of whoever observes. A stream from another machine may differ from ours; ages are counted by its clock.

    `skew_ms` is what the other clock is ahead of ours, 0 for a difference that a slow start explains. A stream that
    began long ago and is read only now looks like a clock that is behind, until it has caught up.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.skew_ms: Millis = 0

    def now(self) -> Millis:
        return self._clock.now() + self.skew_ms

    def monotonic(self) -> Millis:
        return self._clock.monotonic()

    def follow(self, started_at: Millis) -> None:
        """The stream began at `started_at` by its own clock, and we have just heard of it."""
        self._set(started_at - self._clock.now())

    def keep_up(self, instant: Millis) -> None:
        """The stream has come to `instant`. A clock that stays behind it would call old things new."""
        ahead = instant - self.now()
        if ahead > (0 if self.skew_ms else SKEW_THAT_MATTERS):
            self._set(self.skew_ms + ahead)

    def _set(self, skew: Millis) -> None:
        self.skew_ms = skew if abs(skew) > SKEW_THAT_MATTERS else 0
