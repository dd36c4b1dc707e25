"""When the terminal's bell rings: a clock has run out, or something is critical that was not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from wfconsole.clock import SECOND, Millis
from wfconsole.incident.clocks import Clock
from wfconsole.observations.board import BoardLine
from wfconsole.observations.levels import Level

QUIET: Final[Millis] = 30 * SECOND


class Bell:
    """What one console has rung for. What is bad when it is looked at for the first time began before: it is silent.

    Only trusted data counts: a pane that goes stale while it is critical, and is critical afterwards, is not new.
    """

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._told: set[str] = set()
        self._rang_at: Millis | None = None

    def rings(self, lines: Iterable[BoardLine], clocks: Iterable[Clock], *, live: bool, now: Millis) -> bool:
        """Whether to ring now. At most once in `QUIET`; what came meanwhile is told after it, if it still lasts.

        `live`: the screen shows now, to somebody who may act. Whatever comes while it does not is told afterwards.
        `now` only ever grows.
        """
        if not live:
            return False
        states = {f"pane {line.number}": line.level == Level.CRITICAL for line in lines if line.quality.conclusive}
        states |= {f"clock {clock.name}": clock.state == "overdue" for clock in clocks if clock.kind != "follow-up"}
        bad = {name for name, is_bad in states.items() if is_bad}
        self._told -= states.keys() - bad
        self._told |= bad - self._known
        self._known |= states.keys()
        new = bad - self._told
        if not new or (self._rang_at is not None and now - self._rang_at < QUIET):
            return False
        self._told |= new
        self._rang_at = now
        return True
