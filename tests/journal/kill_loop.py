"""Run as a program: writers that are killed with SIGKILL at random moments, again and again, on the same journals.

Each writer is forked from this process, so that a run costs milliseconds. It says over a pipe what it was told is on
disk; what it said last before it died is what must be there. Prints one line of JSON with the totals.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
from pathlib import Path

from wfconsole.clock import SystemClock
from wfconsole.journal.journal import Journal
from wfconsole.journal.survey import read

RUNS_ON_ONE_JOURNAL = 20


def write_until_killed(home: Path, run: int, pipe: int) -> None:
    """Append as fast as the disk confirms, sometimes in bursts. Returns only when something is wrong."""
    clock = SystemClock()
    window = threading.Semaphore(64)  # not confirmed yet, so that memory stays small and the kill meets all phases

    def confirmed(ids: list[str]) -> None:
        os.write(pipe, "".join(f"{entry}\n" for entry in ids).encode())
        for _ in ids:
            window.release()

    journal = Journal.open(home, clock=clock, on_ack=confirmed)
    for number in range(1_000_000):
        window.acquire()
        body = b'{"type":"note","text":"' + b"x" * (number * 37 % 900) + b'"}'
        journal.append(id=f"{run}-{number}", at=clock.now(), kind="note", actor="kim", body=body)


def killed_writer(home: Path, run: int, after_s: float) -> list[str]:
    """Fork a writer, kill it, and give back what it had been told is on disk."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            write_until_killed(home, run, writer)
        finally:
            os._exit(3)
    os.close(writer)
    killer = threading.Timer(after_s, os.kill, (child, signal.SIGKILL))
    killer.start()
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read()
    killer.join()
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"the writer of run {run} ended by itself: {status}"
    assert os.WTERMSIG(status) == signal.SIGKILL
    # The last line may be cut: a kill can come between two parts of a write to a pipe.
    return said.decode().rpartition("\n")[0].split()


def main(directory: Path, runs: int, seed: int) -> None:
    chance = random.Random(seed)
    totals = {"runs": 0, "confirmed": 0, "lost": 0, "twice": 0, "torn": 0, "damaged": 0, "disordered": 0}
    confirmed: list[str] = []
    for run in range(runs):
        home = directory / f"INC-{run // RUNS_ON_ONE_JOURNAL}" / "journal"
        if run % RUNS_ON_ONE_JOURNAL == 0:
            confirmed = []
        said = killed_writer(home, run, chance.uniform(0.002, 0.12))
        confirmed += said
        records, report = read(home)
        there = [record.id for record in records]
        totals["runs"] += 1
        totals["confirmed"] += len(said)
        totals["lost"] += len(set(confirmed) - set(there))
        totals["twice"] += len(there) - len(set(there))
        totals["torn"] = max(totals["torn"], len(report.torn))
        totals["damaged"] += not report.intact
        order = [tuple(map(int, entry.split("-"))) for entry in there]
        totals["disordered"] += order != sorted(order)
    print(json.dumps(totals))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
