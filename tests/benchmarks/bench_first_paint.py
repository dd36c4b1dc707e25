"""B1: what the console costs until its first frame is on the screen, beside an empty Textual application."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.harness import (
    HELLO_MARKER,
    Case,
    Report,
    compiled,
    console_command,
    cpu_ms,
    everything_configured,
    hello_command,
    interleave,
    processes,
    screen,
    unreachable_kubeconfig,
)
from tests.recording.streams import Cluster

ROUNDS = 24
MOST = 1.10
MARKER = b"NO INCIDENT"


def hello_cpu() -> float:
    with screen(hello_command()) as shown:
        shown.wait_for(HELLO_MARKER)
        return cpu_ms(shown.pid)


def console_cpu(arguments: list[str | Path], state: str) -> float:
    """Launcher and console together, without the collector."""
    with screen(console_command(*arguments), environment=own_state(state)) as shown:
        shown.wait_for(MARKER)
        return processes(shown.pid).console_cpu_ms()


def hello_wall() -> float:
    with screen(hello_command()) as shown:
        shown.wait_for(HELLO_MARKER)
        return 1000 * (time.perf_counter() - shown.started)


def console_wall(arguments: list[str | Path], state: str) -> float:
    with screen(console_command(*arguments), environment=own_state(state)) as shown:
        shown.wait_for(MARKER)
        return 1000 * (time.perf_counter() - shown.started)


def own_state(folder: str) -> dict[str, str]:
    """A console without any configuration, that writes only into this folder; its cluster is one that nobody runs."""
    kubeconfig = Path(folder) / "nowhere.kubeconfig"
    kubeconfig.write_text(unreachable_kubeconfig(), encoding="ascii")
    return {"WFCONSOLE_STATE_DIR": folder, "XDG_CONFIG_HOME": folder, "KUBECONFIG": str(kubeconfig)}


def main(rounds: int = ROUNDS) -> Report:
    compiled()
    report = Report("B1  first paint: CPU of launcher and console until the first frame, against an empty Textual app")
    with tempfile.TemporaryDirectory() as folder:
        recording = Path(folder) / "short.jsonl"
        recording.write_bytes(Cluster(pods=20).live(20).end().stream)
        live: list[str | Path] = ["live"]
        everything: list[str | Path] = ["live", "--config", everything_configured(Path(folder))]
        replay: list[str | Path] = ["replay", recording, "--paused"]
        cpu = [
            Case("an empty Textual app", hello_cpu),
            Case("wfconsole live", lambda: console_cpu(live, folder)),
            Case("wfconsole live, every source", lambda: console_cpu(everything, folder)),
            Case("wfconsole replay", lambda: console_cpu(replay, folder)),
        ]
        interleave(cpu, rounds)
        report.table("CPU ms", cpu, cpu[0])
        report.sane("the empty app's slowest / fastest start", max(cpu[0].samples) / cpu[0].best, 1.3)
        for case in cpu[1:]:
            report.target(f"{case.name}, ratio of the medians", case.median / cpu[0].median, MOST)
        wall = [
            Case("an empty Textual app", hello_wall),
            Case("wfconsole live", lambda: console_wall(live, folder)),
            Case("wfconsole replay", lambda: console_wall(replay, folder)),
        ]
        interleave(wall, rounds // 2)
        report.table("wall ms", wall, wall[0])
    return report


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
