"""Start and end the servers that tests and the rig need: any server, on loopback, with nothing left behind.

Start servers from the main thread: Linux sends the parent-death signal when the creating *thread* ends.
"""

import contextlib
import ctypes
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Below Linux's ephemeral range (32768-60999), so that no outgoing connection sits on a port that we chose.
PORTS = range(20000, 32000)

_OWNER_FILE = "owner.pid"


class ServerError(RuntimeError):
    """A server did not start, or ended too early; the message carries the end of its log."""


class PortTakenError(ServerError):
    """Somebody else got the port between our choice and the server's bind."""


@dataclass
class Server:
    """A running server process. `log` is the file that holds its standard output and error."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    ports: tuple[int, ...] = ()

    @property
    def pid(self) -> int:
        """The process id, also after its end."""
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def log_tail(self, lines: int = 25) -> str:
        """The last lines of the server's log, for a failure message."""
        try:
            text = self.log.read_text(errors="replace")
        except OSError as error:
            return f"(no log: {error})"
        return "\n".join(text.splitlines()[-lines:])

    def stop(self, deadline_s: float = 5.0) -> None:
        """End the process with its stop signal, then with KILL; a stopped (SIGSTOP) process is woken first."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGCONT)
                self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(deadline_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(deadline_s)


@dataclass(frozen=True)
class Account:
    """The user that a server runs as. PostgreSQL refuses to be root; when we are not root there is no choice."""

    uid: int
    gid: int

    @classmethod
    def named(cls, name: str) -> "Account | None":
        """The account called `name` when we are root and it exists, else None: keep our own."""
        import pwd

        if os.geteuid() != 0:
            return None
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            return None
        return cls(entry.pw_uid, entry.pw_gid)


@dataclass
class ServerPlan:
    """How to start one server. `command` and `ready` get the ports, chosen anew for each try."""

    name: str
    command: Callable[..., Sequence[str | Path]]
    ready: Callable[..., bool]
    directory: Path
    port_count: int = 1
    deadline_s: float = 30.0
    stop_signal: signal.Signals = signal.SIGTERM
    #: What the kernel sends when this Python dies. KILL suits servers whose data is thrown away.
    orphan_signal: signal.Signals = signal.SIGKILL
    account: Account | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    nice: int = 0


def start(plan: ServerPlan, tries: int = 4) -> Server:
    """Start a server and wait until it is ready; other ports are tried when one is taken. Raises ServerError."""
    for attempt in range(tries):
        try:
            return _start_once(plan, tuple(free_port() for _ in range(plan.port_count)))
        except PortTakenError:
            if attempt == tries - 1:
                raise
    raise AssertionError("unreachable")


def _start_once(plan: ServerPlan, ports: tuple[int, ...]) -> Server:
    log = plan.directory / f"{plan.name}.log"
    command = [str(part) for part in plan.command(*ports)]
    identity: dict[str, Any] = {}
    if plan.account is not None:
        identity = {"user": plan.account.uid, "group": plan.account.gid, "extra_groups": []}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=plan.directory,
            env=minimal_env(plan.directory) | dict(plan.env),
            preexec_fn=_in_child(plan.orphan_signal, plan.nice),  # noqa: PLW1509  see the module's docstring
            # A Ctrl-C in the terminal must reach us alone: we end the servers in order.
            start_new_session=True,
            **identity,
        )
    server = Server(plan.name, process, log, plan.stop_signal, ports)
    try:
        _await_ready(server, plan, ports)
    except BaseException:
        server.stop()
        raise
    return server


def _await_ready(server: Server, plan: ServerPlan, ports: tuple[int, ...]) -> None:
    deadline = time.monotonic() + plan.deadline_s
    while not plan.ready(*ports):
        if not server.alive:
            tail = server.log_tail()
            kind = PortTakenError if "address already in use" in tail.lower() else ServerError
            raise kind(f"{plan.name} ended with code {server.process.returncode} before it was ready:\n{tail}")
        if time.monotonic() > deadline:
            raise ServerError(f"{plan.name} was not ready within {plan.deadline_s:.0f} s:\n{server.log_tail()}")
        time.sleep(0.05)


def _in_child(orphan_signal: signal.Signals, nice: int) -> Callable[[], None]:
    # Loaded before the fork: an import between fork and exec can deadlock.
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    pr_set_pdeathsig = 1

    def prepare() -> None:
        if libc is not None:
            libc.prctl(pr_set_pdeathsig, int(orphan_signal))
        if nice:
            os.nice(nice)

    return prepare


def minimal_env(home: Path) -> dict[str, str]:
    """An environment that holds nothing of the developer's: no proxy, no kubeconfig, no locale surprises."""
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        # Small heaps that live for minutes: looking for garbage would be a fifth of what a control plane computes.
        "GOGC": "400",
    }


def free_port() -> int:
    """A loopback port that was free a moment ago. Callers retry on "address in use"."""
    for port in random.sample(PORTS, 200):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ServerError(f"no free port between {PORTS.start} and {PORTS.stop}")


def accepts(port: int) -> bool:
    """Whether something listens on this loopback port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def temporary_directory(prefix: str, account: Account | None = None) -> Iterator[Path]:
    """A directory in the system's temporary folder, removed at the end.

    Directories of owners that were killed are swept first, so that a `kill -9` leaves nothing for long.
    """
    _sweep(prefix)
    path = Path(tempfile.mkdtemp(prefix=prefix))
    (path / _OWNER_FILE).write_text(str(os.getpid()))
    if account is not None:
        os.chown(path, account.uid, account.gid)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _sweep(prefix: str) -> None:
    for path in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        try:
            owner = int((path / _OWNER_FILE).read_text())
        except (OSError, ValueError):
            continue
        if not process_exists(owner):
            shutil.rmtree(path, ignore_errors=True)


def process_exists(pid: int) -> bool:
    """Whether a process with this id exists, ours or not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
