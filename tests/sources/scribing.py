"""What the scribe writes of the stream of a real collector."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tests.collector.process import CollectorProcess
from wfconsole.incident.events import Noticed
from wfconsole.incident.scribe import ScribeMemory, notice
from wfconsole.incident.state import IncidentState
from wfconsole.observations.world import World


class Scribe:
    """What the scribe writes of the stream of a collector."""

    def __init__(self, collector: CollectorProcess) -> None:
        self._collector = collector
        self._memory, self._state = ScribeMemory(), IncidentState()
        self._heard = 0
        self.world = World()
        self.said: list[Noticed] = []

    def hear(self) -> Sequence[Noticed]:
        """All that it has written up to now."""
        for snapshot in self._collector.history[self._heard :]:
            self._heard += 1
            self.world = self.world.with_snapshot(snapshot)
            self._memory, said = notice(self._memory, self._state, self.world, snapshot.source, snapshot.observed_at)
            self.said += said
        return self.said

    def until(self, phase: str, text: str, seconds: float = 30.0, *, of: str = "") -> Noticed:
        """The first line of this phase with these words, whose key ends in `of`."""
        found = self._collector.until(
            lambda: next(
                (each for each in self.hear() if each.phase == phase and text in each.text and each.key.endswith(of)),
                None,
            ),
            f"{phase} {text}; it said {[f'{each.phase} {each.text}' for each in self.said]}",
            seconds,
        )
        assert isinstance(found, Noticed)
        return found

    def looked(self, source: str, seconds: float = 30.0) -> None:
        """Wait until the source has looked twice more: whatever it has to say again, it would have said."""
        seen = [each for each in self._collector.history if each.source == source and each.good_at]
        until = time.time() * 1000
        self._collector.until(
            lambda: sum(each.source == source and (each.good_at or 0) > until for each in self._collector.history) > 1,
            f"{source} looks again, after {len(seen)}",
            seconds,
        )
        self.hear()
