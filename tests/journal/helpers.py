"""What the journal's tests share: short ways to write and read one, and disks that fail on purpose."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from wfconsole.clock import ManualClock
from wfconsole.journal.disk import Disk
from wfconsole.journal.journal import Journal
from wfconsole.journal.records import Record
from wfconsole.journal.report import JournalReport
from wfconsole.journal.survey import read
from wfconsole.journal.writer import JournalState

START = 1_767_755_561_250  # 2026-01-07T03:12:41.250Z
PATIENCE_S = 30.0


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until it is true; fail with `what` when it does not become so."""
    deadline = time.monotonic() + PATIENCE_S
    nap = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        nap.wait(0.002)


class Writing:
    """A journal with everything that it said."""

    def __init__(
        self,
        directory: Path,
        *,
        fallbacks: Iterable[Path] = (),
        disk: Disk | None = None,
        clock: ManualClock | None = None,
        retry_ms: int = 60_000,
    ) -> None:
        self.clock = clock or ManualClock(START)
        self.acked: list[str] = []
        self.states: list[JournalState] = []
        self.journal = Journal.open(
            directory,
            clock=self.clock,
            fallbacks=tuple(fallbacks),
            on_ack=self.acked.extend,
            on_state=self.states.append,
            disk=disk,
            retry_ms=retry_ms,
        )

    def add(self, *ids: str) -> None:
        """Queue one note for each id, a second apart."""
        for entry in ids:
            self.clock.advance(1_000)
            body = msgspec.json.encode({"type": "note", "text": f"text of {entry} ⎈ \x1b]52;c;AAAA\x07 \x7f"})
            self.journal.append(id=entry, at=self.clock.now(), kind="note", actor="kim", body=body)

    def save(self, *ids: str) -> bool:
        """Queue them and wait: whether all is on disk."""
        self.add(*ids)
        return self.journal.flush(30_000)

    def close(self) -> bool:
        return self.journal.close(30_000)

    def condition(self) -> str:
        return self.journal.state.condition

    def may_act(self) -> bool:
        return self.journal.holds_lock


def written(directory: Path, *ids: str, **options: object) -> Writing:
    """A journal with these entries, closed."""
    writing = Writing(directory, **options)  # type: ignore[arg-type]
    assert writing.save(*ids)
    assert writing.close()
    return writing


def names(first: int, last: int) -> list[str]:
    return [f"entry-{number:04}" for number in range(first, last + 1)]


def ids_in(directory: Path, fallbacks: Iterable[Path] = ()) -> list[str]:
    return [record.id for record in read(directory, tuple(fallbacks))[0]]


def report_of(directory: Path, fallbacks: Iterable[Path] = ()) -> JournalReport:
    return read(directory, tuple(fallbacks))[1]


def text_of(record: Record) -> str:
    body = msgspec.json.decode(record.body)
    assert isinstance(body["text"], str)
    return body["text"]


def segments(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.jsonl"))


class FailingDisk(Disk):
    """Fails at chosen calls: `fails(operation, path, count)` is asked before each, `count` from 1 over all calls."""

    def __init__(self, fails: Callable[[str, Path, int], bool], number: int = errno.EIO, *, torn: int = 0) -> None:
        self.fails = fails
        self.calls: list[str] = []
        self._number = number
        self._torn = torn  # bytes that a failing write leaves in the file
        self._paths: dict[int, Path] = {}

    def make_directory(self, directory: Path) -> None:
        self._enter("make_directory", directory)
        super().make_directory(directory)

    def create(self, path: Path) -> int:
        self._enter("create", path)
        descriptor = super().create(path)
        self._paths[descriptor] = path
        return descriptor

    def allocate(self, descriptor: int, offset: int, size: int) -> bool:
        self._enter("allocate", self._paths[descriptor])
        return super().allocate(descriptor, offset, size)

    def write(self, descriptor: int, data: memoryview) -> int:
        if self._torn:
            os.write(descriptor, data[: self._torn]) if self._asks("write", self._paths[descriptor]) else None
            self._raise_if_asked()
        else:
            self._enter("write", self._paths[descriptor])
        return super().write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        self._enter("sync", self._paths[descriptor])
        super().sync(descriptor)

    def sync_directory(self, directory: Path) -> None:
        self._enter("sync_directory", directory)
        super().sync_directory(directory)

    def _enter(self, operation: str, path: Path) -> None:
        self._asks(operation, path)
        self._raise_if_asked()

    def _asks(self, operation: str, path: Path) -> bool:
        self.calls.append(operation)
        self._failing = self.fails(operation, path, len(self.calls))
        return self._failing

    def _raise_if_asked(self) -> None:
        if self._failing:
            raise OSError(self._number, os.strerror(self._number))


class GatedDisk(Disk):
    """A disk on which a sync takes until the gate is opened."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.waiting = threading.Event()
        self.gate.set()

    def sync(self, descriptor: int) -> None:
        if not self.gate.is_set():
            self.waiting.set()
            assert self.gate.wait(PATIENCE_S)
        super().sync(descriptor)
