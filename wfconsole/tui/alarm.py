"""The sound of what the screen shows. Made after the first frame, which is silent."""

from __future__ import annotations

from collections.abc import Callable

from wfconsole.clock import Millis
from wfconsole.incident.bell import Bell
from wfconsole.tui.frame import Frame


class Alarm:
    """Rings for the frames that it hears of. Replays, looks back and observers make no sound."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._bell = Bell()

    def hear(self, frame: Frame, now: Millis) -> None:
        """One more frame is on show; `now` is of a clock that never goes back."""
        live = frame.may_change and frame.time.mode == "live"
        if self._bell.rings(frame.board, frame.clocks, live=live, now=now):
            self._ring()
