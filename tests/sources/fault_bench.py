"""A source, its server, and a proxy between them that breaks the way: what the matrix of faults rests on."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.sources.api_double import until
from tests.sources.fault_proxy import FaultProxy
from tests.sources.polled import SYSTEMS, Polled, Where, built, polls_of
from tests.threads import comes_to_an_end, in_the_end
from wfconsole.clock import Millis
from wfconsole.sources.contract import CutShort, Source, SourceError
from wfconsole.sources.polling import Poll
from wfconsole.text import is_safe

PATIENT_MS: Final[Millis] = 20_000  # for a look that must succeed, imports and all
SECRETS: Final = ("monitor-me", "nobody-may-see-this")


class Bench:
    """A source, the proxy that it asks through, and what was there before the fault."""

    def __init__(self, system: str, name: str, server: Any, proxy: FaultProxy) -> None:
        self.polled: Polled = SYSTEMS[system]
        self.proxy = proxy
        self.host = "127.0.0.1"
        self._server, self._system, self._name = server, system, name
        self.source = self.anew()
        self.look()  # imports, and the watchdog
        self.before = held()

    def anew(self, ca_file: Path | None = None) -> Source:
        """The source as after a start: it has no connection yet."""
        return built(self._system, self._name, self._server, Where(self.host, self.proxy.port, ca_file))

    def look(self) -> None:
        for task in polls_of(self.source):
            task.deadline_ms = PATIENT_MS
            task.step(lambda: None)

    def forget(self) -> None:
        """Give up the connection that is kept, by starting anew."""
        self.source = None  # type: ignore[assignment]
        until(lambda: gc.collect() >= 0 and not self.proxy.open, "the connection is given up")
        self.source = self.anew()
        self.before = held()

    def failing(self, task: Poll, *, at_once: bool = False) -> SourceError:
        """The error of one look, which must come in the end. `at_once`: no deadline comes before that."""
        task.deadline_ms = PATIENT_MS if at_once else self.polled.deadline_ms
        with pytest.raises(SourceError) as told:
            in_the_end(lambda: task.step(lambda: None))
        return told.value

    def check(self, error: SourceError, kinds: set[str]) -> None:
        assert error.kind in kinds, error.message
        assert self.polled.called.format(port=self.proxy.port) in error.message
        assert len(error.remedy) > 10
        assert is_safe(error.message)
        assert not any(secret in error.message + error.remedy for secret in SECRETS)

    def is_well_again(self) -> None:
        self.proxy.heal()
        self.look()

    def left_nothing(self) -> None:
        gc.collect()
        until(lambda: held() <= self.before, f"{held()} held, {self.before} before", 5)


class Held(tuple[int, int]):
    """Threads and descriptors of this process."""

    def __le__(self, other: object) -> bool:
        assert isinstance(other, Held)
        return all(mine <= theirs for mine, theirs in zip(self, other, strict=True))


def held() -> Held:
    return Held((threading.active_count(), len(os.listdir("/proc/self/fd"))))


def ended_by(cut: Callable[[], object], task: Poll, waits: Callable[[], bool]) -> list[BaseException]:
    """What a look in another thread raises, which has all the time it wants, when this is done to it once it waits."""
    raised: list[BaseException] = []
    task.deadline_ms = PATIENT_MS

    def looking() -> None:
        try:
            task.step(lambda: None)
        except (CutShort, SourceError) as error:
            raised.append(error)

    thread = threading.Thread(target=looking)
    thread.start()
    until(waits, "the look waits")
    cut()
    comes_to_an_end(thread)
    return raised
