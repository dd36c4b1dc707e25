"""The collector as a child process: started, spoken to without ever waiting, and ended with everything it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Sequence

from wfconsole import exit_codes
from wfconsole.clock import SECOND, Millis
from wfconsole.text import safe

STDERR_KEPT = 4096
READ_AT_ONCE = 65_536
PIPE_BYTES = 1024 * 1024  # the most that Linux gives to everybody
LAST_WORDS_WITHIN_MS: Millis = 200
DIES_WITHIN_MS: Millis = 200  # once it was killed; longer only where the kernel itself hangs on a dead disk


class Child:
    """One process, in a session of its own: the terminal's Ctrl-C is not for it. It waits for its settings, the first
    line that it is told. Raises OSError where none starts."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self.pid = self._process.pid
        self.output = self._process.stdout.fileno()
        self._input = self._process.stdin
        self._writing = threading.Lock()
        self._ending = threading.Lock()
        self._over = False
        self._words = b""
        _widen(self.output)
        os.set_blocking(self._input.fileno(), False)  # one that stopped reading must not stop a key press
        self._listener = threading.Thread(target=self._listen, name="collector-stderr", daemon=True)
        self._listener.start()

    def tell(self, line: bytes) -> None:
        """Send one line; lost without a word where it is not read any more."""
        with self._writing, contextlib.suppress(OSError, ValueError):
            self._input.write(line + b"\n")

    def ask_to_end(self) -> None:
        """It ends in its own time, a moment; `end` sees to it. Never waits."""
        with contextlib.suppress(OSError):
            self._process.terminate()

    def end(self, within_ms: Millis) -> str:
        """Wait for its end at most so long, kill what is left of its session, and say in words how it ended.

        From any thread, and from several: the words are for the first one. What it wrote stays readable until `close`.
        """
        self.ask_to_end()
        with self._ending:
            if self._over:
                return ""
            self._over = True
            self._await(within_ms)
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
            self._await(DIES_WITHIN_MS)
        said = self._last_words()
        if said and self.code == exit_codes.CLUSTER:  # it refused to begin, and says why
            return said
        return f"{_ended(self.code)}: {said}" if said else _ended(self.code)

    @property
    def code(self) -> int | None:
        """Its exit code once it has ended, minus the signal's number where one killed it."""
        return self._process.returncode

    def close(self) -> None:
        """Give its pipes back; only by whoever reads them, and after `end`."""
        with self._writing:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()

    def _await(self, within_ms: Millis) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(within_ms / SECOND)

    def _last_words(self) -> str:
        self._listener.join(LAST_WORDS_WITHIN_MS / SECOND)
        lines = self._words.decode(errors="replace").strip().splitlines()
        return safe(lines[-1].removeprefix("collector: "), 600) if lines else ""

    def _listen(self) -> None:
        """Keep the end of what it writes to its standard error."""
        pipe = self._process.stderr
        if pipe is None:
            return
        with pipe:
            while words := pipe.read(READ_AT_ONCE):
                self._words = (self._words + words)[-STDERR_KEPT:]


def _widen(pipe: int) -> None:
    """Let a first list of ten thousand pods through in a few writes. `Popen` can do so too, but fails where the system
    grants no more; a pipe of the usual size only takes longer."""
    with contextlib.suppress(ImportError, AttributeError, OSError):  # Linux alone has it
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _ended(code: int | None) -> str:
    if code is None:
        return "the collector hangs and cannot even be killed"
    if code >= 0:
        return f"the collector ended with exit code {code}"
    try:
        return f"the collector was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"the collector was killed by signal {-code}"
