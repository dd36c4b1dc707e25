"""What the collector asks of every source, and the few parts that sources share.

A source is rows that change, fed by one or more tasks. A task is a loop's body: one read, however long it may take
within its deadlines. The collector runs each task in a thread of its own, paces it, and decides when to try again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Literal, Protocol

import msgspec

from wfconsole.clock import Millis
from wfconsole.observations.snapshot import FailureKind, Lack


class SourceError(Exception):
    """A read that failed, in the words that the screen will show: what happened, and what mends it.

    `retry_after_ms` is what the server asked for, where it did; `code` the number that its protocol has for this (an
    HTTP status), 0 where there is none; `right` what "denied" refuses, as its system calls it, where that is known.
    Message and right must be safe text.
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        remedy: str = "",
        retry_after_ms: Millis | None = None,
        code: int = 0,
        right: str = "",
    ) -> None:
        super().__init__(message)
        self.kind: FailureKind = kind
        self.message = message
        self.remedy = remedy
        self.retry_after_ms = retry_after_ms
        self.code = code
        self.right = right

    def lack(self, text: str) -> Lack:
        """What is missing because of this, said in `text`."""
        return Lack(text, "permission" if self.kind == "denied" else "failing", self.remedy, self.right)


class CutShort(Exception):  # noqa: N818  no error: somebody wanted it
    """A step that `Task.cut` ended."""


class Task(Protocol):
    """The body of one reading loop. Only its own thread calls `step`."""

    @property
    def name(self) -> str:
        """What it reads, in a word or two: "pods", "node metrics"."""

    def overdue_ms(self) -> Millis:
        """How far a step that is under way is beyond all its deadlines, because something hangs that none of them can
        reach (a home directory that does not answer, a bug); 0 while all is as it should be."""

    def step(self, proven: Callable[[], None]) -> Millis:
        """One read. Calls `proven` whenever what it holds is known to be current; returns how long to wait before the
        next step. Raises SourceError and CutShort; any other exception is reported as a SourceError."""

    def cut(self) -> None:
        """End a step that waits, soon. Called from other threads, at any time."""


# "whole": nothing is known without it. "part": some rows or columns are missing without it. "extra": good to have.
# "check": gives nothing itself; while it fails, the rest cannot be relied on. "instead": gives the rows while nothing
# that is "whole" does, and asks nothing otherwise.
Role = Literal["whole", "part", "extra", "check", "instead"]


class Part(msgspec.Struct, frozen=True):
    """A task that a source rests on, and what is missing without it, in words: "requests and pod counts". Of one that
    stands in, `gives` says what its rows are: "from the gateway's metrics"."""

    task: Task
    role: Role = "whole"
    gives: str = ""


class Source(Protocol):
    """One kind of rows. The collector's pacer calls these methods; the tasks fill the rows from their own threads."""

    @property
    def name(self) -> str:
        """One of `observations.kinds.KINDS`."""

    @property
    def interval_ms(self) -> Millis:
        """How often it promises to look."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """What it rests on; a task may serve several sources."""

    def take(self) -> Mapping[str, bytes | None]:
        """Encoded rows by key that changed since the last call; None for one that is gone."""

    def lacks(self) -> tuple[Lack, ...]:
        """What the rows lack apart from what failing parts would give; nothing when they are all of it."""

    def facts(self) -> Mapping[str, str]:
        """What holds for the source as a whole."""


class RowTable:
    """Rows by key as encoded bytes, and which of them changed since somebody looked. Safe between threads.

    Bytes rather than objects: comparing tells whether a row changed, a patch is put together by joining, the garbage
    collector never walks them, and ten thousand healthy pods take about 4 MB.
    """

    def __init__(self) -> None:
        self._rows: dict[str, bytes] = {}
        self._changed: dict[str, None] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: str) -> bool:
        return key in self._rows

    def rows(self) -> dict[str, bytes]:
        """All rows as they are now."""
        with self._lock:
            return dict(self._rows)

    def put(self, key: str, row: bytes) -> None:
        """Keep `row`; nothing happens when it is the same as before."""
        with self._lock:
            if self._rows.get(key) != row:
                self._rows[key] = row
                self._changed[key] = None

    def remove(self, key: str) -> None:
        with self._lock:
            if self._rows.pop(key, None) is not None:
                self._changed[key] = None

    def replace(self, rows: Mapping[str, bytes]) -> None:
        """Keep exactly these rows: what a look saw that sees everything."""
        with self._lock:
            for key in [key for key in self._rows if key not in rows]:
                del self._rows[key]
                self._changed[key] = None
            for key, row in rows.items():
                if self._rows.get(key) != row:
                    self._rows[key] = row
                    self._changed[key] = None

    def take(self) -> dict[str, bytes | None]:
        """What changed since the last call, in the order of the first change."""
        with self._lock:
            changed, self._changed = self._changed, {}
            return {key: self._rows.get(key) for key in changed}
