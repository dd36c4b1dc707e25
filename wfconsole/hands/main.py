"""Runs one command to its end, its deadline, or until it is stopped, and says what happens meanwhile.

    stdin:  the plan, then "stop" or "hurry"; its end means that the console is gone: the command ends with it
    stdout: Began, Said ..., Ended

Three threads wait (for the shell, for its output, for the console), and the main one decides.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from wfconsole.clock import SECOND, Millis, SystemClock
from wfconsole.decoding import decoder_of
from wfconsole.hands import group
from wfconsole.hands.output import Output
from wfconsole.hands.plan import HURRIED_MS, HURRY, STOP, Began, Ended, Plan, Report, clean
from wfconsole.hands.words import words_of_the_console
from wfconsole.text import safe

_READ_AT_ONCE: Final = 64 << 10
_TOLD_EVERY_MS: Final[Millis] = 100
_LAST_OUTPUT_WITHIN_S: Final = 1.0  # once everything that could write is dead

Sign = int | bytes  # the shell's exit code, or a word of the console


def main() -> int:
    """The process. Signals that are meant for the console do not end it: it ends when its command has."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    words = words_of_the_console()
    plan = decoder_of(Plan).decode(next(words))
    group.adopt_orphans()
    signs: queue.SimpleQueue[Sign] = queue.SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGHUP):  # before there is a command that one of them would leave alone
        signal.signal(number, lambda *_: signs.put(HURRY))
    began_at = SystemClock().monotonic()  # not when it has begun: by then it may be over
    try:
        shell = group.begin(plan.command or group.in_a_shell(plan.text), clean(os.environ))
    except (OSError, ValueError) as error:  # ValueError: a NUL in an argument
        what = plan.command[0] if plan.command else "no shell"
        why = error.strerror if isinstance(error, OSError) else error
        _tell(Ended("not started", reason=safe(f"{what}: {why or error}", 200)))
        return 0
    _tell(Began(shell.pid))
    _tell(_Run(plan, shell, began_at, words, signs).to_the_end())
    return 0


class _Run:
    def __init__(
        self,
        plan: Plan,
        shell: subprocess.Popen[bytes],
        began_at: Millis,
        words: Iterator[bytes],
        signs: queue.SimpleQueue[Sign],
    ) -> None:
        self._plan = plan
        self._words = words
        self._shell = shell
        self._clock = SystemClock()
        self._began_at = began_at  # monotonic
        self._output = Output()
        self._signs = signs
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._stopped: Literal["", "timed out", "cancelled"] = ""
        self._kill_at: Millis | None = None

    def to_the_end(self) -> Ended:
        self._reader.start()
        for wait in (self._wait, self._listen):
            threading.Thread(target=wait, daemon=True).start()
        code = self._attend()
        took = max(1, self._clock.monotonic() - self._began_at)  # 0 would say that nobody knows
        group.end(self._shell.pid)
        self._reader.join(_LAST_OUTPUT_WITHIN_S)
        self._output.finish()
        self._say_output()
        return Ended(self._stopped or "exit", 128 - code if code < 0 else code, took)

    def _attend(self) -> int:
        """Until the shell has ended; its exit code."""
        while True:
            with contextlib.suppress(queue.Empty):
                sign = self._signs.get(timeout=self._next_look_ms() / SECOND)
                if isinstance(sign, int):
                    return sign
                self._stop("cancelled", self._plan.grace_ms if sign == STOP else HURRIED_MS)
            now = self._clock.monotonic()
            if now - self._began_at >= self._plan.deadline_ms:
                self._stop("timed out", self._plan.grace_ms)
            if self._kill_at is not None and now >= self._kill_at:
                group.end(self._shell.pid)
            self._say_output()

    def _next_look_ms(self) -> Millis:
        now = self._clock.monotonic()
        until = self._began_at + self._plan.deadline_ms if self._kill_at is None else self._kill_at
        return max(1, min(_TOLD_EVERY_MS, until - now))

    def _stop(self, why: Literal["timed out", "cancelled"], grace_ms: Millis) -> None:
        """The first reason counts; whoever is in a hurry shortens the grace."""
        kill_at = self._clock.monotonic() + grace_ms
        if not self._stopped:
            self._stopped = why
            group.ask_to_end(self._shell.pid)
        self._kill_at = kill_at if self._kill_at is None else min(kill_at, self._kill_at)

    def _say_output(self) -> None:
        said = self._output.take()
        if said is not None:
            _tell(said)

    # --- the threads that wait

    def _wait(self) -> None:
        self._signs.put(self._shell.wait())

    def _read(self) -> None:
        pipe = self._shell.stdout
        assert pipe is not None
        while chunk := os.read(pipe.fileno(), _READ_AT_ONCE):
            self._output.feed(chunk)

    def _listen(self) -> None:
        for word in self._words:
            self._signs.put(word)
        self._signs.put(HURRY)


def _tell(report: Report) -> None:
    """A console that is gone hears nothing; the command is ended all the same."""
    with contextlib.suppress(OSError):
        os.write(1, msgspec.json.encode(report) + b"\n")
