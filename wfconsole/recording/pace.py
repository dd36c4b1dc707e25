"""The time of a player: how fast, and what a clock shows meanwhile."""

from __future__ import annotations

from typing import Final

from wfconsole.clock import Clock, Millis

SPEEDS: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 60.0)

# Above this speed the clock does not run, it goes from event to event, so that each can be seen.
CONTINUOUS_UP_TO: Final = 16.0
SHORTEST_STEP: Final[Millis] = 10
LONGEST_STEP: Final[Millis] = 500


def nearest_speed(speed: float) -> float:
    return min(SPEEDS, key=lambda known: abs(known - speed))


def next_speed(speed: float, steps: int) -> float:
    """So many speeds up, or down; the ends are the ends."""
    return SPEEDS[max(0, min(SPEEDS.index(speed) + steps, len(SPEEDS) - 1))]


def step_ms(gap: Millis, speed: float) -> Millis:
    """How long the event before a gap of the recording is shown, where the clock goes from event to event."""
    return max(SHORTEST_STEP, min(int(gap / speed), LONGEST_STEP))


class PlayerClock:
    """The recording's time: it runs at the player's speed, stands while paused, jumps at a seek, and ends with it.

    `monotonic` goes on with the recording's time and does not go back with it.
    """

    def __init__(self, real: Clock, start: Millis) -> None:
        self._real = real
        # Replaced whole, so that other threads see one consistent state: the recording's instant, the real one that
        # belongs to it, recording's milliseconds for each real one, where it ends, and what had passed before.
        self._course = (start, real.monotonic(), 0.0, start, 0)

    def now(self) -> Millis:
        return self._read()[0]

    def monotonic(self) -> Millis:
        return self._read()[1]

    def run(self, rate: float, limit: Millis) -> None:
        """Run at `rate` (0: stand) from here on, at most to `limit`."""
        now, passed = self._read()
        self._course = (now, self._real.monotonic(), rate, limit, passed)

    def jump(self, instant: Millis) -> None:
        """Show `instant`, and go on from there as before."""
        now, passed = self._read()
        _, _, rate, limit, _ = self._course
        self._course = (instant, self._real.monotonic(), rate, limit, passed + max(0, instant - now))

    def until(self, instant: Millis) -> Millis | None:
        """Real milliseconds until `instant` is reached; None while the clock stands."""
        rate = self._course[2]
        if rate == 0:
            return None
        return max(0, -int(-(instant - self.now()) // rate))

    def _read(self) -> tuple[Millis, Millis]:
        instant, real, rate, limit, passed = self._course
        now = instant + int((self._real.monotonic() - real) * rate)
        now = max(instant, min(now, limit))
        return now, passed + now - instant
