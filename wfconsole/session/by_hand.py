"""Commands by hand: a process of its own for each, begun when the record holds the intent, ended with the console.

the screen --> run(entry) --> [thread] the entry is on disk? --> wfconsole.hands --> a shell
                                    `--> what it says, live   `--> CommandEnded, through the one door
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from wfconsole.clock import SECOND, Clock, Millis
from wfconsole.decoding import decoder_of
from wfconsole.incident.events import CommandEnded, CommandStarted, Entry
from wfconsole.session.confirming import is_on_disk
from wfconsole.session.session import Session
from wfconsole.session.view import Running
from wfconsole.text import safe

CLOSES_WITHIN_MS: Final[Millis] = 500
_LATE_MS: Final[Millis] = 5 * SECOND  # after deadline and grace: the process that should have ended it hangs
_READ_AT_ONCE: Final = 64 << 10
_LOST = "the console ended before the command did: look what it has done"


def end_unknown(session: Session) -> None:
    """The console that ran these was killed: the record says that nobody knows how they ended."""
    for name, run in session.view.incident.commands.items():
        if not run.outcome:
            session.submit(CommandEnded(name, "unknown", reason=_LOST))


class ByHand:
    """See `session.console.Hands`; one command at a time."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        environment: Mapping[str, str],
        *,
        command: tuple[str, ...] = (sys.executable, "-m", "wfconsole.hands"),
    ) -> None:
        """`environment` is what the commands need beyond that of the login."""
        self._session = session
        self._clock = clock
        self._environment = dict(environment)
        self._command = command
        self._lock = threading.Lock()
        self._running: Running | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._group = 0
        self._planned = False  # it has its plan: before that, a word to it would be taken for one
        self._word = b""
        self._ended = False  # somebody has said how, or is about to
        self._closing = False
        self._over = threading.Event()
        self._over.set()

    def refusal(self) -> str:
        if not self._over.is_set():
            return "a command runs already: stop it, or wait for its end"
        condition = self._session.view.journal.condition
        if condition == "memory-only":
            return "the record is on no disk: a command that nothing would tell of is not run"
        return "the console is closing" if self._closing else ""

    def run(self, started: Entry, text: str) -> None:
        event = started.event
        assert isinstance(event, CommandStarted)
        with self._lock:
            self._running = Running(event.command, event.text, started.at, event.deadline_ms)
            self._planned, self._word, self._ended = False, b"", False
            self._over.clear()
        threading.Thread(target=self._run, args=(started, event, text), name="by-hand", daemon=True).start()

    def show(self) -> Running | None:
        return self._running

    def stop(self) -> None:
        from wfconsole.hands.plan import STOP

        self._tell(STOP)

    def close(self) -> None:
        """End what runs, and write down that it was cancelled; takes less than `CLOSES_WITHIN_MS`."""
        from wfconsole.hands.plan import HURRY

        self._closing = True
        if self._over.is_set():
            return
        self._tell(HURRY)
        if not self._over.wait(CLOSES_WITHIN_MS / SECOND):
            self._kill()
            self._end("cancelled", reason="the console was quit")

    # --- the thread of one command

    def _run(self, started: Entry, event: CommandStarted, text: str) -> None:
        if not is_on_disk(self._session, started.id):
            self._end("not started", reason="no disk has confirmed the intent")
            return
        if self._closing or self._word:
            self._end("cancelled", reason="stopped before it began")
            return
        try:
            self._attend(text, event.deadline_ms)
        except OSError as error:
            self._end("not started", reason=safe(f"no process: {error.strerror or error}", 200))

    def _attend(self, text: str, deadline_ms: Millis) -> None:
        """Begin the process, and hear what it says until it says no more."""
        from wfconsole.hands.plan import Began, Ended, Plan, Report, Said, clean

        process = self._begin(clean(os.environ))
        plan = Plan(text, deadline_ms)
        with self._lock:
            self._write(msgspec.json.encode(plan))
            self._planned = True
            if self._word:
                self._write(self._word)
        self._set(stage="stopping" if self._word else "running")
        decode = decoder_of(Report).decode
        for line in self._lines(process, deadline_ms + plan.grace_ms + _LATE_MS):
            report = decode(line)
            if isinstance(report, Began):
                self._group = report.group
            elif isinstance(report, Said):
                self._hear(report.lines, report.left_out)
            elif isinstance(report, Ended):
                reason = report.reason or ("the console was quit" if self._closing else "")
                self._end(report.outcome, code=report.code, took_ms=report.took_ms, reason=reason)
                return
        self._kill()
        self._end("unknown", reason="the process that ran it is gone: look what the command has done")

    def _begin(self, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """The process; it needs to find us, the command does not."""
        ours = {name: os.environ[name] for name in ("PYTHONPATH", "VIRTUAL_ENV") if name in os.environ}
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env={**environment, **ours, **self._environment},
            start_new_session=True,
        )
        with self._lock:
            self._process, self._group = process, 0
        return process

    def _lines(self, process: subprocess.Popen[bytes], within_ms: Millis) -> Iterator[bytes]:
        """What it says, line by line, until it closes its output or says nothing for too long."""
        assert process.stdout is not None
        until = self._clock.monotonic() + within_ms
        rest = b""
        while True:
            left = max(0, until - self._clock.monotonic())
            try:
                ready = select.select([process.stdout], [], [], left / SECOND)[0]
                chunk = process.stdout.read(_READ_AT_ONCE) if ready else b""
            except ValueError:  # it was cut short, and its pipe is closed
                return
            if not chunk:
                return
            *whole, rest = (rest + chunk).split(b"\n")
            yield from whole

    def _hear(self, lines: tuple[str, ...], left_out: int) -> None:
        from wfconsole.hands.plan import BYTES_KEPT, LINES_KEPT

        with self._lock:
            running = self._running
            assert running is not None
            before = () if left_out else running.lines
            everything = (*before, *lines)
            kept = _last(everything, LINES_KEPT, BYTES_KEPT)
            gone = running.left_out + left_out + len(everything) - len(kept)
            gone += len(running.lines) if left_out else 0
            self._running = msgspec.structs.replace(running, lines=kept, left_out=gone)
        self._session.repaint()

    def _end(self, outcome: str, *, code: int = 0, took_ms: Millis = 0, reason: str = "") -> None:
        """Once for each command: whoever comes first says how it ended. The record has it before the screen says so."""
        with self._lock:
            running = self._running
            if running is None or self._ended:
                return
            self._ended = True
            event = CommandEnded(
                running.command,
                outcome,  # type: ignore[arg-type]  # one of the literals, by its callers
                code=code,
                lines=running.lines,
                left_out=running.left_out,
                took_ms=took_ms,
                reason=reason,
            )
        self._session.submit(event)
        with self._lock:
            self._running = msgspec.structs.replace(running, stage="over", ended=event)
        self._over.set()
        self._session.repaint()
        self._reap()

    # --- the process

    def _set(self, *, stage: str) -> None:
        with self._lock:
            if self._running is not None and self._running.stage != "over":
                self._running = msgspec.structs.replace(self._running, stage=stage)
        self._session.repaint()

    def _tell(self, word: bytes) -> None:
        with self._lock:
            if self._running is None or self._running.stage == "over":
                return
            self._word = word
            self._running = msgspec.structs.replace(self._running, stage="stopping")
            if self._planned:
                self._write(word)
        self._session.repaint()

    def _write(self, line: bytes) -> None:
        process = self._process
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):
                process.stdin.write(line + b"\n")

    def _kill(self) -> None:
        """The process and the shell: only where they did not end as they were told."""
        process = self._process
        for group in (self._group, process.pid if process is not None and process.poll() is None else 0):
            if group:
                with contextlib.suppress(OSError):
                    os.killpg(group, signal.SIGKILL)

    def _reap(self) -> None:
        with self._lock:
            process, self._process, self._group = self._process, None, 0
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(CLOSES_WITHIN_MS / SECOND)


def _last(lines: tuple[str, ...], count: int, size: int) -> tuple[str, ...]:
    """The last lines, at most so many and so long altogether."""
    kept: list[str] = []
    for line in reversed(lines[-count:]):
        size -= len(line) + 1
        if size < 0:
            break
        kept.append(line)
    return tuple(reversed(kept))
