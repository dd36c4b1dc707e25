"""What it takes to quit: beside an empty Textual application, with a server that answers and with one that hangs."""

from __future__ import annotations

import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.bench_first_paint import own_state
from tests.benchmarks.harness import (
    HELLO_MARKER,
    Case,
    Report,
    Screen,
    compiled,
    console_command,
    everything_configured,
    hello_command,
    interleave,
    screen,
    unreachable_kubeconfig,
)
from tests.recording.streams import Cluster

ROUNDS = 10
MOST_MS = 1000


def until_gone(shown: Screen, keys: bytes) -> float:
    """Milliseconds from the last key until the process has ended."""
    began = time.perf_counter()
    shown.type(keys)
    while shown.process.poll() is None:
        shown.read(0.005)
        if time.perf_counter() - began > 30:
            raise TimeoutError("it never ended")
    return 1000 * (time.perf_counter() - began)


def hello() -> float:
    with screen(hello_command()) as shown:
        shown.wait_for(HELLO_MARKER)
        shown.settle(quiet=0.3)
        return until_gone(shown, b"\x11")


def console(arguments: Sequence[str | Path], environment: dict[str, str]) -> float:
    """From the answer to the question whether to quit."""
    with screen(console_command(*arguments), environment=environment) as shown:
        shown.wait_for(b"NO INCIDENT")
        shown.drain(1.5)  # it is in the middle of asking the server
        shown.type(b"Q")
        shown.wait_for(b"QUIT")
        shown.type(b"\x1b[B")
        shown.drain(0.3)
        return until_gone(shown, b"\r")


@contextmanager
def hanging_server() -> Iterator[int]:
    """A port that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        yield int(server.getsockname()[1])


def main(rounds: int = ROUNDS) -> Report:
    compiled()
    report = Report("quitting: from the last key until the process is gone")
    with tempfile.TemporaryDirectory() as folder, hanging_server() as port:
        kubeconfig = Path(folder) / "hangs.kubeconfig"
        kubeconfig.write_text(unreachable_kubeconfig(port), encoding="ascii")
        recording = Path(folder) / "short.jsonl"
        recording.write_bytes(Cluster(pods=20).live(20).end().stream)
        own = own_state(folder)
        everything = everything_configured(Path(folder), port)
        cases = [
            Case("an empty Textual app", hello),
            Case("wfconsole replay", lambda: console(["replay", recording, "--paused"], own)),
            Case(
                "wfconsole live, every server hangs",
                lambda: console(["live", "--config", everything], {**own, "KUBECONFIG": str(kubeconfig)}),
            ),
        ]
        interleave(cases, rounds)
    report.table("wall ms", cases, cases[0])
    report.target("live with every server hanging, the slowest", max(cases[-1].samples), MOST_MS, " ms")
    return report


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
