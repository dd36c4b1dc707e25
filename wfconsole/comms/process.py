"""One sender process: started with its plan on standard input, heard to its end, cut at its deadline."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence

import msgspec

from wfconsole.clock import SECOND, Millis
from wfconsole.comms.plan import Arrived, Failed, Leaving, Outcome, Plan, Said
from wfconsole.decoding import decoder_of
from wfconsole.text import safe

# The sender keeps its deadline by itself; one that does not even do that is killed a moment later.
OVER_THE_DEADLINE_MS: Millis = 3 * SECOND


def sender_command() -> tuple[str, ...]:
    """The command line of a sender; it holds no secret and no words of the message."""
    return (sys.executable, "-m", "wfconsole.comms.sender")


class Sending:
    """One attempt. `outcome` blocks until it is over: call it in a thread of its own."""

    def __init__(self, command: Sequence[str], plan: Plan) -> None:
        self._command = tuple(command)
        self._plan = plan
        self._process: subprocess.Popen[bytes] | None = None
        self._cut = False
        self._lock = threading.Lock()

    def cut(self) -> None:
        """End it now. From any thread."""
        with self._lock:
            self._cut = True
            self._kill()

    def outcome(self) -> Outcome:
        """What came of it. A sender that ended without a word may have sent, if it had begun to."""
        try:
            process = self._start()
        except OSError as error:
            return Failed(f"no sender could be started: {safe(error.strerror or '', 100)}", again=True)
        if process is None:
            return Failed("the console ends", again=True)
        watchdog = threading.Timer((self._plan.deadline_ms + OVER_THE_DEADLINE_MS) / SECOND, self.cut)
        watchdog.daemon = True
        watchdog.start()
        try:
            return self._heard(process)
        finally:
            watchdog.cancel()
            with self._lock:
                self._kill()
                self._process = None
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(1)

    def _start(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._cut:
                return None
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            return self._process

    def _heard(self, process: subprocess.Popen[bytes]) -> Outcome:
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(OSError):
            process.stdin.write(msgspec.json.encode(self._plan) + b"\n")
            process.stdin.flush()  # it stays open: its end would tell the sender that we are gone
        left = False
        for line in process.stdout:
            try:
                said: Said = decoder_of(Said).decode(line)
            except msgspec.MsgspecError:
                continue
            if isinstance(said, Leaving):
                left = True
            elif isinstance(said, Arrived):
                return msgspec.structs.replace(said, reference=safe(said.reference, 300))
            else:
                return said
        return Failed("the sender ended without a word", again=True, unknown=left)

    def _kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
