"""Sources that read everything anew at each look, within one deadline that nothing can stretch.

The clients of these systems bound single reads at best, so that a server that drips a byte a second holds them for
ever. Here one watchdog for the whole process cuts the sockets of whoever is not done in time, with `shutdown()` and
never `close()`: the descriptor could be somebody else's by then.
"""

from __future__ import annotations

import abc
import contextlib
import heapq
import itertools
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from wfconsole.clock import SECOND, Millis
from wfconsole.observations.snapshot import Lack
from wfconsole.sources.contract import CutShort, Part, RowTable, SourceError
from wfconsole.sources.resolver import Addresses, Resolver

# A look may take so long, or as long as its interval where that is shorter.
DEADLINE_MS: Final[Millis] = 5 * SECOND


class Watchdog:
    """Calls back whoever is not done by its deadline. One thread, started by the first who needs it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int]] = []
        self._calls: dict[int, Callable[[], None]] = {}
        self._numbers = itertools.count()
        self._started = False

    def watch(self, at: float, call: Callable[[], None]) -> int:
        """Call at this instant (of `time.monotonic`) unless `done` comes first; returns the number for `done`."""
        with self._changed:
            number = next(self._numbers)
            self._calls[number] = call
            heapq.heappush(self._waiting, (at, number))
            if not self._started:
                self._started = True
                threading.Thread(target=self._run, name="deadlines", daemon=True).start()
            self._changed.notify()
        return number

    def done(self, number: int) -> None:
        with self._changed:
            self._calls.pop(number, None)

    def _run(self) -> None:
        while True:
            call = self._next()
            if call is not None:
                call()

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            while self._waiting and self._waiting[0][1] not in self._calls:
                heapq.heappop(self._waiting)
            wait = self._waiting[0][0] - time.monotonic() if self._waiting else None
            if wait is None or wait > 0:
                self._changed.wait(wait)
                return None
            return self._calls.pop(heapq.heappop(self._waiting)[1])


_WATCHDOG: Final = Watchdog()


class Wires:
    """The connections that one thread opens while it is in here, whichever client opens them; any thread may cut them.

    Python tells of each `connect` before it happens (its audit event `socket.connect`). What is kept is a duplicate of
    the descriptor, so that it is that connection for as long as we hold it; it is given up at the end. One may be
    entered inside another: what is opened in the inner one belongs to both.
    """

    _of_thread = threading.local()
    _listening = False

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: list[socket.socket] = []
        self._cut = False
        self._outer: Wires | None = None

    def __enter__(self) -> Self:
        if not Wires._listening:
            Wires._listening = True
            sys.addaudithook(_heard)
        with self._lock:
            self._cut = False
        self._outer = getattr(Wires._of_thread, "wires", None)
        Wires._of_thread.wires = self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        Wires._of_thread.wires = self._outer
        with self._lock:
            for each in self._held:
                each.close()
            self._held.clear()

    @property
    def was_cut(self) -> bool:
        """Whether `cut` was called since it was entered."""
        return self._cut

    def cut(self) -> None:
        """End what waits on any of them, and what is opened from here on."""
        with self._lock:
            self._cut = True
            for each in self._held:
                shut(each)

    def connecting(self, sock: socket.socket) -> None:
        if self._outer is not None:
            self._outer.connecting(sock)
        with self._lock:
            if self._cut:
                raise TimeoutError("cut")
            self._held.append(socket.socket(fileno=os.dup(sock.fileno())))


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        wires = getattr(Wires._of_thread, "wires", None)
        if wires is not None:
            wires.connecting(arguments[0])


def shut(sock: socket.socket) -> None:
    """End both directions; whoever waits on it, in any thread, goes on at once."""
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # not connected any more


class Poll(abc.ABC):
    """A task (see `contract.Task`) that looks at everything once an interval.

    Who writes one gives `read`, which asks and gives the answer to `keep`, and `explain`, which says what an exception
    of its client means. A connection that outlives the look is cut by an override of `sever`. `resolver` looks up the
    server's name before the client does, which could hang in that for longer than any deadline; one that is known
    only within the look goes through `addresses`.

    A client may take the end of its socket for the end of an answer and return as if all were well. So a look that was
    ended from outside, or is past its deadline, keeps nothing and proves nothing, whatever `read` made of it.
    """

    def __init__(
        self, name: str, interval_ms: Millis, deadline_ms: Millis = DEADLINE_MS, resolver: Resolver | None = None
    ) -> None:
        self.name = name
        self.interval_ms = interval_ms
        self.deadline_ms = min(deadline_ms, interval_ms)
        self.resolver = resolver
        self.wires = Wires()
        self.table = RowTable()
        self.reached: Addresses = []  # of `resolver`, at this look
        self._lock = threading.Lock()
        self._looking_up = resolver
        self._due: float | None = None  # monotonic: of the look that is under way
        self._why = ""

    @abc.abstractmethod
    def read(self) -> None:
        """One look. Raises SourceError, and whatever its client raises."""

    @abc.abstractmethod
    def explain(self, error: Exception) -> SourceError:
        """What an exception of the client means to an operator."""

    def whom(self) -> str:
        """Who is asked, as its messages name it."""
        return self.name if self.resolver is None else self.resolver.server

    def sever(self) -> None:
        """End what waits, from any thread."""
        self.wires.cut()

    def overdue_ms(self) -> Millis:
        due = self._due
        return 0 if due is None else max(0, round((time.monotonic() - due) * 1000))

    def left_s(self) -> float:
        """Seconds until the deadline of the look that is under way, at least a tenth: for a client's own limits."""
        return 0.1 if self._due is None else max(0.1, self._due - time.monotonic())

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """A part of a look with a deadline of its own: what it opened is cut then, and the look goes on. Raises
        TimeoutError where it was cut, whatever the client made of that; our own errors say more, and stay."""
        part = Wires()
        number = _WATCHDOG.watch(time.monotonic() + seconds, part.cut)
        try:
            with part:
                yield
        except Exception as error:
            if part.was_cut and not isinstance(error, SourceError | CutShort):
                raise TimeoutError from None
            raise
        finally:
            _WATCHDOG.done(number)
        if part.was_cut:
            raise TimeoutError

    def cut(self) -> None:
        self._end("cut")

    @property
    def ended(self) -> str:
        """Why the look under way was ended from outside: "late" or "cut"; "" while it goes on."""
        return self._why

    def check(self) -> None:
        """Raise CutShort where this look was ended: before anything begins that `sever` has missed by now."""
        if self._why:
            raise CutShort

    def keep(self, rows: Mapping[str, bytes]) -> None:
        """These are all rows there are, unless this look was ended: then CutShort is raised."""
        self.check()
        self.table.replace(rows)

    def addresses(self, resolver: Resolver, within_s: float) -> Addresses:
        """Where a server is, within so many seconds; a look that is cut does not wait for it."""
        self._looking_up = resolver
        return resolver.addresses(within_s, given_up=lambda: self._why == "cut")

    def step(self, proven: Callable[[], None]) -> Millis:
        began = time.monotonic()
        with self._lock:
            self._why, self._due = "", began + self.deadline_ms / 1000
        number = _WATCHDOG.watch(self._due, lambda: self._end("late"))
        try:
            with self.wires:
                if self.resolver is not None:
                    self.reached = self.addresses(self.resolver, self.left_s())
                self.check()
                self.read()
            self._end_well()
        except Exception as error:  # noqa: BLE001  the client's own words come after ours
            raise self._failure(error) from None
        finally:
            with self._lock:
                self._due = None
            _WATCHDOG.done(number)
        proven()
        return self.interval_ms  # from here on, not from its beginning: a server that is slow is left in peace

    def _end_well(self) -> None:
        """The look is over; raises CutShort where it was ended before, or should have been."""
        with self._lock:
            if self._due is not None and time.monotonic() > self._due:
                self._why = self._why or "late"
            self.check()
            self._due = None

    def _end(self, why: str) -> None:
        with self._lock:
            if self._due is None or self._why:
                return
            self._why = why
            if self._looking_up is not None:
                self._looking_up.wake()
            self.sever()  # inside the lock: a look that begins meanwhile must not be hit

    def _failure(self, error: Exception) -> Exception:
        if self._why == "late":
            if isinstance(error, SourceError) and error.kind == "timeout":
                return error  # it knows what took so long
            said = f"{self.whom()}: no answer within {self.deadline_ms / SECOND:g} s"
            return SourceError(
                "timeout", said, remedy="The server or the way to it hangs; it is tried again by itself."
            )
        if self._why == "cut":
            return CutShort()
        return error if isinstance(error, SourceError | CutShort) else self.explain(error)


class PolledSource(msgspec.Struct, frozen=True):
    """One kind of rows; see `contract.Source`."""

    name: str
    interval_ms: Millis
    parts: tuple[Part, ...]
    take: Callable[[], Mapping[str, bytes | None]]
    lacks: Callable[[], tuple[Lack, ...]] = tuple
    facts: Callable[[], Mapping[str, str]] = dict
