"""A scribe with its incident, told look by look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.builders import NOW, a_snapshot, an_entry, declared
from wfconsole.clock import SECOND, Millis
from wfconsole.incident.advance import advance
from wfconsole.incident.events import SCRIBE, Noticed, Target
from wfconsole.incident.scribe import ScribeMemory, notice
from wfconsole.incident.state import IncidentState
from wfconsole.observations.world import World

PINNED = declared(target=Target(context="prod", namespace="production"))


class Room:
    """A scribe with its incident; `said` is what it wrote, as "phase text"."""

    def __init__(self) -> None:
        self.state = IncidentState()
        self.now = NOW
        self.seq = 0
        self.start_over()
        self.enter(PINNED, "op1")

    def start_over(self) -> None:
        """The console starts again, with nothing but the state."""
        self.world = World()
        self.memory = ScribeMemory.from_state(self.state) if self.state.lines else ScribeMemory()
        self.said: list[str] = []
        self.noticed: list[Noticed] = []

    def enter(self, event: Any, actor: str) -> None:
        self.seq += 1
        self.state = advance(self.state, an_entry(event, self.seq, self.now, actor))

    def see(self, source: str, rows: Iterable[Any], after_ms: Millis = 5 * SECOND, **changes: Any) -> list[str]:
        """What is written when `source` shows these rows a little later; a bare source shows what it showed before."""
        self.now += after_ms
        fields = {"interval_ms": 5_000, **changes}
        keyed = rows if isinstance(rows, Mapping) else list(rows)
        self.world = self.world.with_snapshot(a_snapshot(source, keyed, self.now, **fields))
        self.memory, noticed = notice(self.memory, self.state, self.world, source, self.now)
        for event in noticed:
            self.enter(event, SCRIBE)
        said = [f"{event.phase} {event.text}" for event in noticed]
        self.said += said
        self.noticed += noticed
        return said
