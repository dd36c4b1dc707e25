"""One process that acts, as a stream of what it reports; see `wfconsole.guard.protocol`."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import msgspec

from wfconsole.clock import SECOND, Clock, Millis
from wfconsole.decoding import decoder_of
from wfconsole.guard.protocol import Begin, Report

_READ_AT_ONCE: Final = 64 << 10
_MOST_BYTES: Final = 8 << 20  # of one report


class Silent(Exception):  # noqa: N818  not always an error
    """It said nothing in time, or it is gone. `gone` tells which."""

    def __init__(self, *, gone: bool) -> None:
        super().__init__("the process that acts is gone" if gone else "the process that acts does not answer")
        self.gone = gone


class ActingProcess(Protocol):
    """What acts, as the console talks to it. `hear` blocks: call it in a thread of its own. All else may be called from
    any thread."""

    def say(self, word: bytes) -> None:
        """One that is gone hears nothing."""

    def hear(self, within_ms: Millis) -> Report:
        """The next report. Raises Silent."""

    def leave(self) -> None:
        """Say that nobody listens any more. One that changes something finishes that, and ends."""

    def kill(self) -> None:
        """It hangs beyond every deadline."""

    def reap(self, within_ms: Millis) -> None:
        """Wait for its end, and close what is left."""


class ActProcess:
    """See `ActingProcess`: a process of its own."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], begin: Begin, clock: Clock) -> None:
        """Raises OSError where no process can be started."""
        self._clock = clock
        self._lock = threading.Lock()
        self._rest = b""
        self._lines: list[bytes] = []
        self._decode = decoder_of(Report).decode
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=dict(environment),
            start_new_session=True,  # what is typed at the console's terminal does not end a change in the middle
        )
        self.say(msgspec.json.encode(begin))

    def say(self, word: bytes) -> None:
        with self._lock:
            pipe = self._process.stdin
            if pipe is not None and not pipe.closed:
                with contextlib.suppress(OSError):
                    pipe.write(word + b"\n")

    def hear(self, within_ms: Millis) -> Report:
        """What cannot be understood counts as gone."""
        until = self._clock.monotonic() + within_ms
        while not self._lines:
            self._read(max(0, until - self._clock.monotonic()))
        try:
            report: Report = self._decode(self._lines.pop(0))
        except msgspec.MsgspecError:
            raise Silent(gone=True) from None
        return report

    def leave(self) -> None:
        with self._lock:
            pipe = self._process.stdin
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def kill(self) -> None:
        if self._process.poll() is None:
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def reap(self, within_ms: Millis) -> None:
        self.leave()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(within_ms / SECOND)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self, within_ms: Millis) -> None:
        pipe = self._process.stdout
        if pipe is None or pipe.closed:
            raise Silent(gone=True)
        if not select.select([pipe], [], [], within_ms / SECOND)[0]:
            raise Silent(gone=False)
        chunk = pipe.read(_READ_AT_ONCE)
        if not chunk or len(self._rest) > _MOST_BYTES:
            raise Silent(gone=True)
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        self._lines += whole
