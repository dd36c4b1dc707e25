"""`wfconsole act` as a process that is forked from one that has everything in memory, so that a round costs little."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import wfconsole.wiring.act
import wfconsole.wiring.commands  # noqa: F401
from wfconsole.cli import main
from wfconsole.session import act_life

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


class Console:
    """One of them, with what it prints in a file."""

    def __init__(self, words: Sequence[str], out: Path, environment: dict[str, str]) -> None:
        self.out = out
        self._process: ForkServerProcess = _FORKS.Process(target=_run, args=(list(words), str(out), environment))
        self._process.start()

    @property
    def printed(self) -> str:
        return self.out.read_text() if self.out.exists() else ""

    @property
    def acting(self) -> list[int]:
        """The processes that act for it."""
        found: list[int] = []
        with suppress(OSError):
            for task in Path(f"/proc/{self._process.pid}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
        return found

    @property
    def code(self) -> int | None:
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()
        self._process.join(30)

    def interrupt(self) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, signal.SIGINT)

    def end(self) -> int | None:
        """Wait for it."""
        self._process.join(60)
        return self.code


def _run(words: list[str], out: str, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    act_life.IN_FLIGHT_MS = 100  # type: ignore[misc]  # it is a short way to the server of a test
    signal.signal(signal.SIGINT, signal.default_int_handler)
    file = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115  it is the process's own
    sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
    code = main(words)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def gone(pid: int) -> bool:
    """Whether it has ended: whoever has it as a child may not have noticed."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
