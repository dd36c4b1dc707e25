"""Two ways to the same rows: the first choice, and one that stands in for it while it gives nothing.

Both are tasks of their own, so that a first choice that hangs takes no time from the other. Who stands in asks nothing
while it is not needed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from wfconsole.clock import SECOND, Millis
from wfconsole.observations.snapshot import Lack
from wfconsole.sources.contract import CutShort, Part, RowTable, Task
from wfconsole.sources.polling import PolledSource

# How soon a stand-in notices that it is needed.
_NOTICE_MS: Final[Millis] = SECOND


class Way(msgspec.Struct, frozen=True):
    """A task that fills `table`, and what else it rests on; what its rows lack, while they are shown.

    `gives` says in words where they come from: "from the gateway's metrics". The facts of a stand-in hold all the time.
    """

    task: Task
    table: RowTable
    gives: str
    more: tuple[Part, ...] = ()
    lacks: Callable[[], tuple[Lack, ...]] = tuple
    facts: Callable[[], Mapping[str, str]] = dict


def chosen_source(name: str, interval_ms: Millis, first: Way, instead: Way | None = None) -> PolledSource:
    """The source with these rows, by the first way, or by either."""
    if instead is None:
        return PolledSource(
            name, interval_ms, (Part(first.task), *first.more), first.table.take, first.lacks, first.facts
        )
    choice = _Choice(first, instead)
    parts = (
        *(Part(_First(choice)), *first.more),
        *(Part(_StandIn(choice), "instead", instead.gives), *instead.more),
    )
    return PolledSource(name, interval_ms, parts, choice.table.take, choice.lacks, choice.facts)


class _Choice:
    """Whose rows are shown, and these rows. Safe between threads."""

    def __init__(self, first: Way, instead: Way) -> None:
        self.first, self.instead = first, instead
        self.table = RowTable()
        self._shown = first
        self._needed = False
        self._lock = threading.Lock()

    @property
    def needed(self) -> bool:
        """Whether the first choice failed at its last look."""
        return self._needed

    def failed(self) -> None:
        with self._lock:
            self._needed = True

    def looked(self, way: Way) -> None:
        """One of the two has looked. A stand-in that comes too late is not shown."""
        with self._lock:
            if way is self.first:
                self._needed = False
            elif not self._needed:
                return
            self._shown = way
            self.table.replace(way.table.rows())

    def lacks(self) -> tuple[Lack, ...]:
        return self._shown.lacks()

    def facts(self) -> Mapping[str, str]:
        return {**self.instead.facts(), **self._shown.facts()}


class _Wrapped:
    """A task (see `contract.Task`) that is another one, and says what became of each look."""

    def __init__(self, choice: _Choice, way: Way) -> None:
        self._choice, self._way = choice, way

    @property
    def name(self) -> str:
        return self._way.task.name

    def overdue_ms(self) -> Millis:
        return self._way.task.overdue_ms()

    def cut(self) -> None:
        self._way.task.cut()

    def _look(self, proven: Callable[[], None]) -> Millis:
        def looked() -> None:
            self._choice.looked(self._way)
            proven()

        return self._way.task.step(looked)


class _First(_Wrapped):
    def __init__(self, choice: _Choice) -> None:
        super().__init__(choice, choice.first)

    def step(self, proven: Callable[[], None]) -> Millis:
        try:
            return self._look(proven)
        except CutShort:
            raise
        except Exception:  # whatever it is, there is another to ask
            self._choice.failed()
            raise


class _StandIn(_Wrapped):
    def __init__(self, choice: _Choice) -> None:
        super().__init__(choice, choice.instead)

    def step(self, proven: Callable[[], None]) -> Millis:
        return self._look(proven) if self._choice.needed else _NOTICE_MS
