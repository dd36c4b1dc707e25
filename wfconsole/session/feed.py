"""The live stream: a collector process (or somebody else's stream) whose lines go to the session as they come.

One reader thread. It never waits for the screen, and the screen never waits for it. A collector that ends is started
again; until it speaks, every source it fed says "stopped", with the rows that it had.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from wfconsole.clock import SECOND, Clock, Millis
from wfconsole.observations.answers import Ask, CollectorSaid
from wfconsole.observations.snapshot import Failure, Patch
from wfconsole.recording.format import Ended, Header, Item, Noted, RecordingError, SourcePatch, StreamReader
from wfconsole.text import safe

CHUNK = 1 << 18
FIRST_RESTART_MS = 500
LONGEST_RESTART_MS = 30 * SECOND
STDERR_KEPT = 4096


class Receiver(Protocol):
    """What the feed hands its lines to."""

    def header(self, header: Header) -> None:
        """A stream begins: what it looks at, and its own idea of the time."""

    def items(self, items: Sequence[Item], lines: bytes) -> None:
        """Decoded items and the very bytes they came from, for the recording."""


class Feed:
    """Reads a stream until it is closed: that of `command`, started again when it ends, or a descriptor, once."""

    def __init__(
        self,
        clock: Clock,
        *,
        command: Sequence[str] = (),
        settings: bytes = b"",
        source: int | None = None,
        sources: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._clock = clock
        self._command = tuple(command)
        self._settings = settings
        self._source = source
        self._sources = sources
        self._receiver: Receiver
        self._child: subprocess.Popen[bytes] | None = None
        self._closing = threading.Event()
        self._write_lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="stream-reader", daemon=True)

    def spawn(self) -> None:
        """Start the collector now, before anything slow is imported; `start` reads it later."""
        if self._command:
            self._child = self._popen()

    def start(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._thread.start()

    def ask(self, ask: Ask) -> None:
        """Send a request; lost without a word when nobody listens (the sources say so themselves)."""
        self._write(msgspec.json.encode(ask) + b"\n")

    def close(self) -> None:
        """End the collector without waiting for it: closing its input is its signal, then TERM."""
        self._closing.set()
        child = self._child
        if child is not None:
            with contextlib.suppress(OSError):
                child.terminate()

    def _popen(self) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        self._child = child
        self._write(self._settings + b"\n")
        if child.stdin is not None:
            os.set_blocking(child.stdin.fileno(), False)  # a collector that stopped reading must not stop a key press
        return child

    def _write(self, line: bytes) -> None:
        child = self._child
        if child is None or child.stdin is None:
            return
        with self._write_lock, contextlib.suppress(OSError, ValueError):
            child.stdin.write(line)

    def _run(self) -> None:
        if not self._command:
            if self._source is not None:
                ended = self._read(self._source)
                if not self._closing.is_set():
                    self._stopped(ended or "the stream ended", 0)
            return
        wait = FIRST_RESTART_MS
        while not self._closing.is_set():
            began = self._clock.monotonic()
            reason = self._once()
            if self._closing.is_set():
                return
            if self._clock.monotonic() - began > LONGEST_RESTART_MS:
                wait = FIRST_RESTART_MS
            self._stopped(reason, wait)
            self._closing.wait(wait / 1000)
            wait = min(wait * 2, LONGEST_RESTART_MS)
            self._child = None

    def _once(self) -> str:
        """Run one collector to its end; why it ended."""
        try:
            child = self._child or self._popen()
        except OSError as error:
            return f"the collector cannot start: {error.strerror}"
        tail = _Tail(child)
        problem = self._read(child.stdout.fileno()) if child.stdout is not None else "it has no output"
        with contextlib.suppress(OSError):
            child.terminate()
        try:
            code = child.wait(timeout=2)
        except subprocess.TimeoutExpired:
            child.kill()
            code = child.wait()
        said = tail.text()
        return problem or f"the collector ended with {code}" + (f": {said}" if said else "")

    def _read(self, fd: int) -> str:
        """Read to the end; why it cannot be read further, or ""."""
        reader = StreamReader(trusted=bool(self._command))
        begun = False
        while True:
            try:
                chunk = os.read(fd, CHUNK)
            except OSError as error:
                return f"the stream broke: {error.strerror}"
            if not chunk:
                return ""
            try:
                items = reader.feed(chunk)
            except RecordingError as error:
                return str(error)
            if reader.header is not None and not begun:
                begun = True
                self._receiver.header(reader.header)
            live = [item for item in items if not isinstance(item, Ended)]
            self._receiver.items(live, chunk)

    def _stopped(self, reason: str, wait_ms: Millis) -> None:
        now = self._clock.now()
        failure = Failure(
            kind="stopped",
            message=safe(reason, 300),
            since=now,
            retry_at=now + wait_ms if wait_ms else 0,
            remedy="it is started again by itself" if wait_ms else "start the stream again",
        )
        patch: Patch[object] = Patch(failure=failure)
        items: list[Item] = [SourcePatch(at=now, source=name, patch=patch, keyframe=False) for name in self._sources()]
        items.append(Noted(at=now, note=CollectorSaid(text=failure.message)))
        self._receiver.items(items, b"")


class _Tail:
    """Keeps the last words of a child's standard error."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self._kept = b""
        self._thread = threading.Thread(target=self._read, args=(child,), name="collector-stderr", daemon=True)
        self._thread.start()

    def text(self) -> str:
        self._thread.join(timeout=0.5)
        lines = self._kept.decode(errors="replace").strip().splitlines()
        return safe(lines[-1], 200) if lines else ""

    def _read(self, child: subprocess.Popen[bytes]) -> None:
        if child.stderr is None:
            return
        for line in child.stderr:
            self._kept = (self._kept + line)[-STDERR_KEPT:]
