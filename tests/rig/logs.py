"""Container logs: files in the CRI's format, which kwok serves as a kubelet does, growing while the rig runs."""

import datetime
import random
import threading
from collections.abc import Callable
from pathlib import Path

_MAX_BYTES = 2_000_000
_INTERVAL_S = 2.0


def _gateway(pick: random.Random) -> str:
    path = pick.choice(["/v1/clean", "/v1/clean/batch", "/v1/jobs/41877", "/healthz", "/v1/users/40312"])
    code = pick.choices([200, 201, 404, 401, 503], [90, 6, 2, 1, 1])[0]
    return f'level=info msg="request" method=POST path={path} status={code} duration={pick.uniform(0.004, 0.4):.3f}s'


def _envoy(pick: random.Random) -> str:
    return f'"POST /v1/clean HTTP/1.1" 200 - {pick.randint(200, 900)} {pick.randint(300, 9000)} {pick.randint(3, 400)}'


def _llm(pick: random.Random) -> str:
    return f"INFO batch done size=8 tokens={pick.randint(300, 2200)} seconds={pick.uniform(0.3, 2.4):.2f}"


def _postgresql(pick: random.Random) -> str:
    return f"LOG:  checkpoint complete: wrote {pick.randint(10, 900)} buffers; sync={pick.uniform(0.001, 0.2):.3f} s"


def _redis(pick: random.Random) -> str:
    return f"* {pick.randint(1, 100)} changes in 300 seconds. Saving..."


def _other(pick: random.Random) -> str:
    return f"INFO tick {pick.randint(1, 10_000)}"


_WRITERS: dict[str, Callable[[random.Random], str]] = {
    "gateway": _gateway,
    "envoy": _envoy,
    "llm": _llm,
    "postgresql": _postgresql,
    "redis": _redis,
    "other": _other,
}

#: Container names that have a log of their own.
CONTAINERS = [name for name in _WRITERS if name != "other"]

_CRASH = (
    'level=info msg="starting" version=2.15.0',
    'level=info msg="reading configuration" file=/etc/clean/gateway.toml',
    'level=error msg="cannot open connection pool" error="password authentication failed for user \\"gateway\\""',
    "panic: no database: giving up after 3 attempts",
    "goroutine 1 [running]:",
    "main.main()",
    "\t/src/cmd/gateway/main.go:61 +0x1d4",
)


class LogWriter:
    """Writes the logs of the world's containers from a thread of its own until it is stopped."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._stopped = threading.Event()
        self._pick = random.Random(7)
        self._thread = threading.Thread(target=self._run, name="rig-logs", daemon=True)

    def start(self) -> None:
        """Write some history, then go on with a few lines a second."""
        now = datetime.datetime.now(datetime.UTC)
        for name in CONTAINERS:
            lines = [_line(now - datetime.timedelta(seconds=len(_CRASH) - i), text) for i, text in enumerate(_CRASH)]
            (self._directory / f"{name}.crash.log").write_text("".join(lines))
        for seconds in range(240, 0, -2):
            self._write(now - datetime.timedelta(seconds=seconds))
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._stopped.wait(_INTERVAL_S):
            self._write(datetime.datetime.now(datetime.UTC))

    def _write(self, when: datetime.datetime) -> None:
        for name, write in _WRITERS.items():
            path = self._directory / f"{name}.log"
            mode = "w" if path.exists() and path.stat().st_size > _MAX_BYTES else "a"
            with path.open(mode) as log:
                log.write(_line(when, write(self._pick)))


def _line(when: datetime.datetime, text: str) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S.%f}000Z stdout F {text}\n"
