"""What every benchmark here needs: programs under a pty, their CPU and memory from the kernel, ratios side by side.

Cases are interleaved round by round and reported as min / median, and as ratios to the control of the same run: these
machines are shared, so an absolute time means little. CPU is on-CPU time of all threads, of those that have ended too,
which leaves out what waiting for the processor cost.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
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

ROOT = Path(__file__).parents[2]
_READ = 1 << 16
_KEPT = 1 << 18
# What a program under the pty inherits; the console must find nothing of whoever runs the benchmark.
_ENVIRONMENT = {
    "TERM": "xterm-256color",
    "COLORTERM": "truecolor",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
}
_NOT_INHERITED = ("PYTHONDONTWRITEBYTECODE", "PYTHONPROFILEIMPORTTIME", "NO_COLOR", "LC_ALL")


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
    """Run all cases in turn, every other round backwards, so that drift of the machine meets each of them."""
    for number in range(warm_up + rounds):
        for case in cases if number % 2 else reversed(cases):
            sample = case.run()
            if number >= warm_up:
                case.samples.append(sample)


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class Report:
    """Prints figures as they come, and remembers whether every target was met and every control was sane."""

    def __init__(self, title: str) -> None:
        self.missed: list[str] = []
        self.insane: list[str] = []
        print(f"\n{title}", flush=True)

    def table(self, unit: str, cases: Sequence[Case], control: Case) -> None:
        """Min / median of each case, and its ratio to the control."""
        print(f"  {f'n={len(control.samples)}, {unit}':<52} {'min':>9}   {'median':>9}    ratio of min / median")
        for case in cases:
            ratios = f"{case.best / control.best:7.3f} / {case.median / control.median:.3f}"
            print(f"  {case.name:<52} {case.best:9.2f} / {case.median:9.2f}  {ratios}", flush=True)

    def figure(self, name: str, value: object) -> None:
        """One figure that has no target."""
        print(f"  {name:<52} {value}", flush=True)

    def target(self, name: str, value: float, most: float, unit: str = "") -> None:
        """One figure that has one."""
        met = value <= most
        if not met:
            self.missed.append(name)
        print(f"  {'PASS' if met else 'MISS'}  {name}: {value:.3f}{unit}, at most {most:g}{unit}", flush=True)

    def sane(self, name: str, value: float, most: float, unit: str = "") -> None:
        """The control's own figure: with an insane one the run counts for nothing, and is to be repeated."""
        fine = value <= most
        if not fine:
            self.insane.append(name)
        word = "sane" if fine else "INSANE, run it again"
        print(f"  control {word}: {name}: {value:.3f}{unit}, at most {most:g}{unit}", flush=True)


# --- what the kernel says of a process ------------------------------------------------------------------------------


def cpu_ms(pid: int) -> float:
    """On-CPU milliseconds of a process so far; 0 when it is gone."""
    with contextlib.suppress(OSError):
        return time.clock_gettime((~pid << 3) | 2) * 1000  # CPUCLOCK_SCHED of a process: see clock_getcpuclockid(3)
    return 0.0


def rss_mb(pid: int) -> float:
    """Resident memory now, MB."""
    return _status(pid, "VmRSS")


def peak_mb(pid: int) -> float:
    """The highest resident memory of a process so far, MB."""
    return _status(pid, "VmHWM")


def _status(pid: int, field: str) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def command_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def children(pid: int) -> list[int]:
    """Processes that `pid` has started and that still run."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(child) for child in path.read_text().split()]
    return found


class Processes(msgspec.Struct, frozen=True):
    """A console: its launcher and itself, and its collector where it has one."""

    console: tuple[int, ...]
    collector: tuple[int, ...]

    def cpu_ms(self) -> float:
        return sum(map(cpu_ms, (*self.console, *self.collector)))

    def console_cpu_ms(self) -> float:
        return sum(map(cpu_ms, self.console))

    def rss_mb(self) -> float:
        return sum(map(rss_mb, (*self.console, *self.collector)))


def processes(pid: int) -> Processes:
    """The processes of the console that `pid` began."""
    console, collector = [pid], list[int]()
    waiting = children(pid)
    while waiting:
        child = waiting.pop()
        (collector if "wfconsole.collector" in command_of(child) else console).append(child)
        waiting += children(child)
    return Processes(tuple(console), tuple(collector))


# --- a program under a pty ------------------------------------------------------------------------------------------


class Screen:
    """A program under a pty that is its terminal. Output is read as raw bytes: nothing here costs more than that."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 200,
        rows: int = 50,
        environment: dict[str, str] | None = None,
        stdin: int | None = None,
    ) -> None:
        self.received = 0
        self.recent = b""
        self.kept: list[tuple[float, bytes]] = []  # chunks with the time at which they came, from `keep` on
        self._keeps = False
        inherited = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
        self.fd, secondary = pty.openpty()
        fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=secondary if stdin is None else stdin,
            stdout=secondary,
            stderr=secondary,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(2, termios.TIOCSCTTY, 0),  # noqa: PLW1509  no other thread runs here
            cwd=ROOT,
            env={**inherited, **_ENVIRONMENT, **(environment or {})},
        )
        os.close(secondary)

    @property
    def pid(self) -> int:
        return self.process.pid

    def read(self, timeout: float, most: int = _READ) -> bytes:
        """What came within `timeout` seconds, one chunk of `most` bytes unless nothing did."""
        ready, _, _ = select.select([self.fd], [], [], timeout)
        if not ready:
            return b""
        try:
            chunk = os.read(self.fd, most)
        except OSError:
            return b""
        self.received += len(chunk)
        if self._keeps:
            self.kept.append((time.perf_counter(), chunk))
        self.recent = (self.recent + chunk)[-_KEPT:]
        return chunk

    def wait_for(self, marker: bytes, deadline: float = 60.0) -> float:
        """Seconds from now until `marker` was read. Raises TimeoutError with the last output."""
        began = time.perf_counter()
        self.recent = b""
        while marker not in self.recent:
            left = began + deadline - time.perf_counter()
            if left <= 0 or (not self.read(min(left, 0.5)) and self.process.poll() is not None):
                raise TimeoutError(f"{marker!r} never came; last output: {self.recent[-600:]!r}")
        return time.perf_counter() - began

    def keep(self) -> None:
        """Keep what comes from now on, for whoever wants to know later when something was shown."""
        self._keeps = True

    def type(self, keys: bytes) -> None:
        os.write(self.fd, keys)

    def drain(self, seconds: float) -> int:
        """Read for so long; how many bytes came."""
        before, until = self.received, time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            self.read(left)
        return self.received - before

    def settle(self, quiet: float = 0.5, deadline: float = 30.0) -> None:
        """Read until nothing has come for `quiet` seconds."""
        until = time.perf_counter() + deadline
        while self.read(quiet):
            if time.perf_counter() > until:
                raise TimeoutError("the screen never came to rest")

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.fd)


@contextlib.contextmanager
def screen(
    command: Sequence[str],
    *,
    columns: int = 200,
    rows: int = 50,
    environment: dict[str, str] | None = None,
    stdin: int | None = None,
) -> Iterator[Screen]:
    """A `Screen` that is ended whatever happens."""
    opened = Screen(command, columns=columns, rows=rows, environment=environment, stdin=stdin)
    try:
        yield opened
    finally:
        opened.end()


_HELLO = """
from textual.app import App, ComposeResult
from textual.widgets import Static
class Hello(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("FIRST-PAINT", markup=False)
Hello().run()
"""
HELLO_MARKER = b"FIRST-PAINT"


def hello_command() -> list[str]:
    """The control of every start-up figure: the smallest Textual application."""
    return [sys.executable, "-c", _HELLO]


def console_command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "wfconsole", *map(str, arguments)]


def unreachable_kubeconfig(port: int = 9) -> str:
    """A kubeconfig for a server on loopback that nobody runs (9 is the discard port)."""
    return (
        "apiVersion: v1\nkind: Config\ncurrent-context: nowhere\n"
        "contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]\n"
        f"clusters: [{{name: nowhere, cluster: {{server: 'https://127.0.0.1:{port}'}}}}]\n"
        "users: [{name: nobody, user: {token: none}}]\n"
    )


def everything_configured(folder: Path, port: int = 9) -> Path:
    """A configuration with every system at one port, where nobody answers or whatever the caller has put there."""
    written, url = folder / "everything.toml", f"http://127.0.0.1:{port}"
    tables: dict[str, dict[str, object]] = {
        "database": {"host": "127.0.0.1", "port": port},
        "auth": {"table": "auth_logs"},
        "cache": {"host": "127.0.0.1", "port": port},
        "prometheus": {"url": url},
        "alertmanager": {"url": url},
        "aws": {"regions": ["eu-west-1", "us-west-2"], "endpoint_url": url},
    }
    lines = [line for name, values in tables.items() for line in (f"[{name}]", *_assigned(values))]
    written.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return written


def _assigned(values: dict[str, object]) -> list[str]:
    return [f"{key} = {json.dumps(value)}" for key, value in values.items()]


def compiled() -> None:
    """Compile the package first: a checkout without bytecode starts four times slower, and nobody runs it so twice."""
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(ROOT / "wfconsole")], check=True)
