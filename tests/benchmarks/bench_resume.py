"""B8: going on with an incident of three days and 10,000 entries, beside one of three entries and an empty Textual app.

From the start of the program until the incident is on the screen and answers a key; the journal is read from disk,
and its chain is verified. The wall-clock figure is the one that a person waits for.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.bench_first_paint import own_state
from tests.benchmarks.harness import (
    HELLO_MARKER,
    Case,
    Report,
    compiled,
    console_command,
    cpu_ms,
    hello_command,
    interleave,
    processes,
    screen,
)
from tests.journal.long_record import INCIDENT, long_record, write

ROUNDS = 12
ENTRIES = 10_000
SECONDS = 1.0  # the incident of three days opens in less
MARKER = b"checkout fails"
HELP = b"HELP"


def hello_cpu() -> float:
    with screen(hello_command()) as shown:
        shown.wait_for(HELLO_MARKER)
        return cpu_ms(shown.pid)


def hello_wall() -> float:
    with screen(hello_command()) as shown:
        shown.wait_for(HELLO_MARKER)
        return 1000 * (time.perf_counter() - shown.started)


def resume_cpu(state: str) -> float:
    """Launcher and console, without the collector."""
    with screen(console_command("resume", INCIDENT), environment=own_state(state)) as shown:
        shown.wait_for(MARKER)
        return processes(shown.pid).console_cpu_ms()


def resume_wall(state: str) -> float:
    with screen(console_command("resume", INCIDENT), environment=own_state(state)) as shown:
        shown.wait_for(MARKER)
        return 1000 * (time.perf_counter() - shown.started)


def interactive_wall(state: str) -> float:
    """Until a key that was pressed as soon as the incident was there has done what it does."""
    with screen(console_command("resume", INCIDENT), environment=own_state(state)) as shown:
        shown.wait_for(MARKER)
        shown.type(b"?")
        shown.wait_for(HELP)
        return 1000 * (time.perf_counter() - shown.started)


def main(rounds: int = ROUNDS) -> Report:
    compiled()
    report = Report(f"B8  resume: a journal of {ENTRIES} entries over three days, beside 3 entries and an empty app")
    with tempfile.TemporaryDirectory() as folder:
        long, short = str(Path(folder) / "long"), str(Path(folder) / "short")
        for state, count in ((long, ENTRIES), (short, 5)):
            Path(state).mkdir()
            write(Path(state) / "incidents" / INCIDENT / "journal", long_record(count)[: count if count > 5 else 3])
        cpu = [
            Case("an empty Textual app", hello_cpu),
            Case("resume, 3 entries", lambda: resume_cpu(short)),
            Case(f"resume, {ENTRIES} entries", lambda: resume_cpu(long)),
        ]
        interleave(cpu, rounds)
        report.table("CPU ms until the incident is on the screen", cpu, cpu[0])
        report.sane("the empty app's slowest / fastest start", max(cpu[0].samples) / cpu[0].best, 1.3)
        wall = [
            Case("an empty Textual app", hello_wall),
            Case("resume, 3 entries", lambda: resume_wall(short)),
            Case(f"resume, {ENTRIES} entries", lambda: resume_wall(long)),
            Case(f"resume, {ENTRIES} entries, until a key is answered", lambda: interactive_wall(long)),
        ]
        interleave(wall, rounds)
        report.table("wall ms", wall, wall[0])
        report.sane("the empty app's wall time / its CPU", wall[0].median / cpu[0].median, 1.3)
        report.figure("ratio to 3 entries, of the medians", f"{wall[2].median / wall[1].median:.3f}")
        report.target("the incident of three days opens, best", wall[2].best / 1000, SECONDS, " s")
        report.target("the same, median", wall[2].median / 1000, SECONDS, " s")
    return report


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
