"""When the next frame for data may come: frames after a key know no pace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from wfconsole.clock import SECOND, Clock, Millis

# Changes within this time of a repaint wait for the next one: many sources, one frame.
DATA_FRAME_EVERY: Final[Millis] = 250
# Sources look at the same beat, and are heard one after the other: one frame for all of them.
HEARD_WITHIN: Final[Millis] = 60
# At first what there is comes piece by piece, and everybody waits for it.
FIRST_FRAMES_EVERY: Final[Millis] = 50
FIRST_FRAMES_FOR: Final[Millis] = 5 * SECOND


class FramePace:
    """Which frames there were, and when. Used by the event loop alone."""

    def __init__(self, clock: Clock, tick: Callable[[], object]) -> None:
        """`tick` asks for a frame when none came for a while."""
        self._clock = clock
        self._began_at = clock.monotonic()
        self._painted_at: Millis = self._began_at - DATA_FRAME_EVERY
        self._behind_since: Millis | None = None
        self._ask = tick
        self._asks: asyncio.TimerHandle | None = None

    @property
    def every_ms(self) -> Millis:
        """From one frame for data to the next."""
        return FIRST_FRAMES_EVERY if self._early else DATA_FRAME_EVERY

    @property
    def wait_ms(self) -> Millis:
        """How long the next frame for data has to wait."""
        least = 0 if self._early else HEARD_WITHIN
        return max(least, self._painted_at + self.every_ms - self._clock.monotonic())

    @property
    def _early(self) -> bool:
        return self._clock.monotonic() - self._began_at < FIRST_FRAMES_FOR

    def left_out(self) -> None:
        """A frame was due, and the terminal still had to take the one before."""
        if self._behind_since is None:
            self._behind_since = self._clock.monotonic()

    def caught_up(self) -> Millis:
        """The terminal takes frames; how long it did not."""
        since, self._behind_since = self._behind_since, None
        return 0 if since is None else self._clock.monotonic() - since

    def painted(self) -> Millis:
        """There is a frame; the monotonic instant."""
        self._painted_at = self._clock.monotonic()
        return self._painted_at

    def tick_in(self, seconds: float) -> None:
        """Ask for a frame after so long, instead of whenever that was to be. The loop's own timer: one of Textual's is
        a task, and making it costs a twentieth of a frame."""
        if self._asks is not None:
            self._asks.cancel()
        self._asks = asyncio.get_running_loop().call_later(seconds, self._ask)
