"""What every benchmark here needs: programs under a pty, their CPU and memory from the kernel, ratios side by side.

Cases are interleaved round by round and reported as min / median, and as the ratio of the medians: these machines are
shared, so an absolute time means little. CPU is on-CPU time of all threads (`/proc/PID/task/*/schedstat`), which leaves
out what waiting for the processor cost.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

ENVIRONMENT = {
    "TERM": "xterm-256color",
    "COLORTERM": "truecolor",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
}
READ = 1 << 16


class Case(msgspec.Struct):
    """One case and what was measured of it, in the order of the rounds."""

    name: str
    run: Callable[[], float]
    samples: list[float] = msgspec.field(default_factory=list)

    @property
    def best(self) -> float:
        return min(self.samples)

    @property
    def median(self) -> float:
        return statistics.median(self.samples)


def interleave(cases: Sequence[Case], rounds: int, *, warm_up: int = 1) -> None:
    """Run all cases in turn, so that drift of the machine meets each of them."""
    for number in range(warm_up + rounds):
        for case in cases:
            sample = case.run()
            if number >= warm_up:
                case.samples.append(sample)


def table(title: str, unit: str, cases: Sequence[Case], control: Case) -> str:
    """A block of text: min / median of each case, and its ratio to the control."""
    lines = [f"{title}  ({unit}, n={len(control.samples)}, min / median)"]
    lines += [
        f"  {case.name:<44} {case.best:9.1f} / {case.median:9.1f}   {case.median / control.median:6.3f}x"
        for case in cases
    ]
    return "\n".join(lines)


def cpu_ms(pid: int) -> float:
    """On-CPU milliseconds of a process so far, all its threads."""
    total = 0
    for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):
            total += int(task.read_text().split()[0])
    return total / 1e6


def rss_mb(pid: int) -> float:
    """Resident memory now, MB."""
    return _status(pid, "VmRSS")


def peak_mb(pid: int) -> float:
    """The highest resident memory of a process so far, MB."""
    return _status(pid, "VmHWM")


def _status(pid: int, field: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def children(pid: int) -> list[int]:
    """Processes that `pid` has started and that still run."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(child) for child in path.read_text().split()]
    return found


class Screen:
    """A program under a pty. Output is read as raw bytes: nothing here costs more than the reading."""

    def __init__(
        self, command: Sequence[str], *, columns: int = 200, rows: int = 50, environment: dict[str, str] | None = None
    ) -> None:
        self.started = time.perf_counter()
        self.received = 0
        self.recent = b""
        primary, secondary = pty.openpty()
        fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.fd = primary
        self.process = subprocess.Popen(
            command,
            stdin=secondary,
            stdout=secondary,
            stderr=secondary,
            start_new_session=True,
            env={**os.environ, **ENVIRONMENT, **(environment or {})},
        )
        os.close(secondary)

    @property
    def pid(self) -> int:
        return self.process.pid

    def read(self, timeout: float) -> bytes:
        """What came within `timeout` seconds, at least one chunk unless nothing did."""
        ready, _, _ = select.select([self.fd], [], [], timeout)
        if not ready:
            return b""
        try:
            chunk = os.read(self.fd, READ)
        except OSError:
            return b""
        self.received += len(chunk)
        self.recent = (self.recent + chunk)[-READ:]
        return chunk

    def wait_for(self, marker: bytes, deadline: float = 60.0) -> float:
        """Seconds from now until `marker` was read. Raises TimeoutError with the last output."""
        began = time.perf_counter()
        self.recent = b""
        while marker not in self.recent:
            if not self.read(0.5) and time.perf_counter() - began > deadline:
                raise TimeoutError(f"{marker!r} never came; last output: {self.recent[-300:]!r}")
            if time.perf_counter() - began > deadline:
                raise TimeoutError(f"{marker!r} never came; last output: {self.recent[-300:]!r}")
        return time.perf_counter() - began

    def type(self, keys: bytes) -> None:
        os.write(self.fd, keys)

    def drain(self, seconds: float) -> int:
        """Read for so long; how many bytes came."""
        before, until = self.received, time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            self.read(left)
        return self.received - before

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.fd)


@contextlib.contextmanager
def screen(
    command: Sequence[str], *, columns: int = 200, rows: int = 50, environment: dict[str, str] | None = None
) -> Iterator[Screen]:
    """A `Screen` that is ended whatever happens."""
    opened = Screen(command, columns=columns, rows=rows, environment=environment)
    try:
        yield opened
    finally:
        opened.end()


HELLO = """
from textual.app import App, ComposeResult
from textual.widgets import Static
class Hello(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("FIRST-PAINT", markup=False)
Hello().run()
"""


def hello_command() -> list[str]:
    """The control of every start-up figure: the smallest Textual application."""
    return [sys.executable, "-c", HELLO]


def compiled() -> None:
    """Compile the package first: a checkout without bytecode starts four times slower, and nobody runs it so twice."""
    package = Path(__file__).parents[2] / "wfconsole"
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(package)], check=True)
