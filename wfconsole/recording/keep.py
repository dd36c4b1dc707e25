"""Keeps a live stream on disk, best effort: it never makes anybody wait, and says what it could not keep."""

from __future__ import annotations

import os
import threading
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from wfconsole.clock import SECOND, Clock, Millis
from wfconsole.recording.lines import LIMITS, MIB, Item, Limits, Note, Noted, RecordingError, SourcePatch
from wfconsole.recording.redact import redact_body
from wfconsole.recording.tape import LAST_WORDS, Redact, Tape
from wfconsole.redaction import words_of

# What waits for a disk that does not answer; beyond it lines are lost, and the recording says so.
INBOX_BYTES = 32 * MIB
GATHER: Millis = 250  # lines are taken together; and a console that starts has better things to do
READABLE_AFTER: Millis = 1 * SECOND  # so old may the newest line be that a look back does not see
SYNC_AFTER: Millis = 5 * SECOND
# A third of the time of zlib's own choice, for a quarter more bytes: a thirtieth of the lines instead of a fortieth.
_LEVEL = 3


class RecorderState(msgspec.Struct, frozen=True):
    """How it stands with a recording. `size` in bytes on disk, `lost` in lines."""

    path: str
    condition: Literal["recording", "stopped"]
    reason: str = ""  # why it stopped
    size: int = 0
    lost: int = 0


class Output(Protocol):
    """Where the bytes go; each call may raise OSError."""

    def write(self, data: bytes) -> None: ...

    def sync(self) -> None: ...

    def close(self) -> None: ...


class NewFile:
    """A file that did not exist before, for its owner alone."""

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self._fd = os.open(path, flags, 0o600)
        except OSError as error:
            remedy = "Choose another name; nothing is overwritten." if isinstance(error, FileExistsError) else ""
            raise RecordingError(f"cannot be written: {error.strerror}", remedy=remedy, path=str(path)) from None

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]

    def sync(self) -> None:
        os.fsync(self._fd)

    def close(self) -> None:
        os.close(self._fd)


class Packer:
    """Bytes as they go to disk: plain, or gzip with one member for each group, so that it can be entered there."""

    def __init__(self, *, compress: bool) -> None:
        self._member = _new_member() if compress else None

    def pack(self, groups: Sequence[bytes]) -> bytes:
        """`groups` as `Tape.take` gives them."""
        if self._member is None:
            return b"".join(groups)
        packed: list[bytes] = []
        for index, group in enumerate(groups):
            if index:
                packed.append(self._member.flush())
                self._member = _new_member()
            packed.append(self._member.compress(group))
        return b"".join(packed)

    def readable(self) -> bytes:
        """What makes everything so far readable for somebody who reads the growing file."""
        return self._member.flush(zlib.Z_SYNC_FLUSH) if self._member is not None else b""

    def finish(self) -> bytes:
        return self._member.flush() if self._member is not None else b""


def _new_member() -> zlib._Compress:
    return zlib.compressobj(_LEVEL, zlib.DEFLATED, 31)


class Recorder:
    """Takes a stream's bytes and a console's notes from any thread, and writes them in one of its own.

    Raises RecordingError when the file cannot be made; after that nothing raises and nothing waits: what cannot be
    written is counted, and `state` says why a recording stopped.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        title: str = "",
        redact: Redact | None = redact_body,
        limits: Limits = LIMITS,
        inbox_bytes: int = INBOX_BYTES,
        output: Output | None = None,
    ) -> None:
        self._output = output or NewFile(path)
        self._clock = clock
        self._limits = limits
        self._inbox_bytes = inbox_bytes
        self._packer = Packer(compress=path.suffix == ".gz")
        self._tape = Tape(clock.now(), title=title, redact=redact, limits=limits)
        self._tape_lock = threading.Lock()  # held for work alone, never while the disk is waited for
        self._inbox: deque[bytes | Callable[[], None]] = deque()
        self._waiting = 0  # bytes in the inbox
        self._ready = threading.Condition()
        self._closing = False
        self._path = str(path)
        self._reason = ""  # why it stopped
        self._size = 0
        self._lost = 0
        self._lost_now = 0  # lines lost since the recording last said so
        self._readable_at = self._synced_at = clock.monotonic()
        self._unread = self._unsynced = False
        self._begun = threading.Event()  # somebody can read it, or nobody ever will
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def state(self) -> RecorderState:
        return RecorderState(
            path=self._path,
            condition="stopped" if self._reason else "recording",
            reason=self._reason,
            size=self._size,
            lost=self._lost,
        )

    def keep(self, lines: bytes) -> None:
        """A chunk of the stream, exactly as it came. A chunk that begins with a header begins another stream."""
        with self._ready:
            if self._reason or self._closing:
                return
            self._inbox.append(lines)
            self._waiting += len(lines)
            overflow = self._waiting > self._inbox_bytes
            self._ready.notify()
        if overflow:
            self._lose()

    def note(self, at: Millis, note: Note) -> None:
        """Something that a person did or the console itself noticed."""
        self._post(partial(self._tape.note, at, note))

    def items(self, items: Sequence[Item]) -> None:
        """Items that did not come from the stream's bytes: the console's own word that a collector has ended."""
        for item in items:
            if isinstance(item, SourcePatch):
                self._post(partial(self._tape.step, item))
            elif isinstance(item, Noted):
                self.note(item.at, item.note)

    def await_begun(self, within_ms: Millis) -> None:
        """Wait until there is something to read in it, at most so long."""
        self._begun.wait(within_ms / SECOND)

    def close(self, timeout_ms: int = 2 * SECOND) -> None:
        """Write what waits and the end mark, and stop. After `timeout_ms` the file stays without its end."""
        with self._ready:
            self._closing = True
            self._ready.notify()
        self._thread.join(timeout_ms / SECOND)

    def _post(self, write: Callable[[], None]) -> None:
        with self._ready:
            if not self._reason and not self._closing:
                self._inbox.append(write)
                self._ready.notify()

    def _lose(self) -> None:
        """Follow the chunks that wait without writing them; what people did goes on waiting."""
        with self._tape_lock:
            for entry in self._taken(keep_notes=True):
                if isinstance(entry, bytes):
                    lost = self._tape.lose(entry)
                    self._lost += lost
                    self._lost_now += lost

    def _taken(self, *, keep_notes: bool = False) -> list[bytes | Callable[[], None]]:
        with self._ready:
            taken = list(self._inbox)
            self._inbox.clear()
            if keep_notes:
                self._inbox.extend(entry for entry in taken if not isinstance(entry, bytes))
            self._waiting = 0
        return taken

    def _run(self) -> None:
        try:
            reason = self._record()
            self._output.close()
        except OSError as error:
            reason = error.strerror or str(error)
        except Exception as error:  # noqa: BLE001  a recording never takes the console with it
            reason = words_of(error)
        with self._ready:
            self._reason = reason
            self._inbox.clear()
        self._begun.set()

    def _record(self) -> str:
        """Write until closed or full; which of them it was."""
        while True:
            with self._ready:
                if not self._inbox and not self._closing:
                    self._ready.wait(READABLE_AFTER / SECOND if self._unsynced else None)
                self._ready.wait_for(self._must_not_wait, GATHER / SECOND)
                closing = self._closing
            packed, full = self._recorded(last=closing)
            self._write(packed)
            self._settle(last=closing or bool(full))
            if closing or full:
                return full or "closed"

    def _must_not_wait(self) -> bool:
        return self._closing or self._waiting > self._inbox_bytes // 2

    def _recorded(self, *, last: bool) -> tuple[bytes, str]:
        """Everything that waits, as bytes for the disk, and why nothing more can be written ("": it can)."""
        packed: list[bytes] = []
        size = self._size
        with self._tape_lock:
            entries = self._taken()
            if self._lost_now:
                entries.insert(0, partial(self._tape.start_over, f"{self._lost_now} lines were lost here: a slow disk"))
                self._lost_now = 0
            if last:
                entries.append(self._tape.end)
            for entry in entries:
                groups, full = self._taped(entry, self._limits.file - LAST_WORDS - size)
                if any(groups):
                    self._unread = self._unsynced = True
                packed.append(self._packer.pack(groups))
                size += len(packed[-1])
                if full:
                    return b"".join(packed), full
        return b"".join(packed), ""

    def _taped(self, entry: bytes | Callable[[], None], room: int) -> tuple[list[bytes], str]:
        """What one entry gives to write, and why it is the last one."""
        if isinstance(entry, bytes):
            self._tape.chunk(entry)
        else:
            entry()
        full = self._tape.full
        if not full and self._tape.waiting > room:
            full = f"it has {self._limits.file / MIB:g} MiB"
            self._tape.take()
        if full:
            self._tape.stop(full)
        return self._tape.take(), full

    def _write(self, packed: bytes) -> None:
        if packed:
            self._output.write(packed)
            self._size += len(packed)

    def _settle(self, *, last: bool) -> None:
        """Make what is written readable, and now and then durable."""
        now = self._clock.monotonic()
        if last or (self._unread and now - self._readable_at >= READABLE_AFTER):
            self._write(self._packer.finish() if last else self._packer.readable())
            self._readable_at, self._unread = now, False
            self._begun.set()
        if self._unsynced and (last or now - self._synced_at >= SYNC_AFTER):
            self._output.sync()
            self._synced_at, self._unsynced = now, False
