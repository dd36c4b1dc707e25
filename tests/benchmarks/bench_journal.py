"""What the chain costs on top of a durable append: `python -m tests.benchmarks.bench_journal [DIRECTORY]`.

One entry of about 300 bytes at a time, each synced, in DIRECTORY (default: where temporary files go; name one on the
disk that counts). Cases take turns, so that whatever else the machine does meets each of them; read the ratios.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from tests.benchmarks.harness import Case, interleave
from wfconsole.clock import SystemClock
from wfconsole.journal.disk import Disk
from wfconsole.journal.records import Draft
from wfconsole.journal.segment import SegmentFile
from wfconsole.redaction import redact_text

ENTRIES = 100
ROUNDS = 15
BODY = b'{"type":"note","text":"' + b"readiness lost on wearforce-clean-llm " * 4 + b'"}'


class Unsynced(Disk):
    """Shows what of the cost is the disk."""

    def sync(self, descriptor: int) -> None:
        pass


def draft(number: int) -> Draft:
    return Draft(id=f"{number:032x}", at=1_767_755_561_250, mono=number, kind="note", actor="kim", body=BODY)


def plain(directory: Path) -> Callable[[], float]:
    """The same bytes with write and fdatasync, and nothing else."""
    line = b"x" * 330 + b"\n"

    def run() -> float:
        descriptor = os.open(directory / f"plain-{perf_counter()}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        started = perf_counter()
        for _ in range(ENTRIES):
            os.write(descriptor, line)
            os.fdatasync(descriptor)
        took = perf_counter() - started
        os.close(descriptor)
        return took / ENTRIES

    return run


def chained(directory: Path, disk: Disk, *, at_once: int = 1) -> Callable[[], float]:
    clock = SystemClock()

    def run() -> float:
        segment = SegmentFile.create(disk, directory, clock.monotonic(), draft(0), 1)
        drafts = [draft(number) for number in range(ENTRIES)]
        started = perf_counter()
        for place in range(0, ENTRIES, at_once):
            segment.commit(drafts[place : place + at_once])
        took = perf_counter() - started
        segment.close()
        return took / ENTRIES

    return run


def redacting(text: str) -> Callable[[], float]:
    def run() -> float:
        started = perf_counter()
        for _ in range(20):
            redact_text(text)
        return (perf_counter() - started) / 20

    return run


def main(directory: Path) -> None:
    cases = [
        Case("plain fdatasync", plain(directory)),
        Case("chained fdatasync", chained(directory, Disk())),
        Case("chained, groups of 20", chained(directory, Disk(), at_once=20)),
        Case("chained, no sync", chained(directory, Unsynced())),
    ]
    interleave(cases, ROUNDS)
    print(f"append, {ENTRIES} entries in each of {ROUNDS} rounds, in {directory}")
    for case in cases:
        ratio = case.median / cases[0].median
        print(f"  {case.name:24} {case.best * 1e6:8.0f} / {case.median * 1e6:8.0f} us   {ratio:5.2f}x plain")
    for label, text in (
        ("plain words", "readiness lost "),
        ("only names of secrets", "password"),
        ("flags", "-a-pass "),
    ):
        long, short = (Case(label, redacting(text * (size // len(text)))) for size in (32_000, 4_000))
        interleave([long, short], ROUNDS)
        growth = long.best / short.best
        print(f"redacting {label:22} {long.median * 1e6:8.0f} us for 32 KB, {growth:5.1f}x of 4 KB (8 is linear)")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        main(Path(name))
