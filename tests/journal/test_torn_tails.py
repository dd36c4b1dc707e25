"""What a killed writer, a lost power line or a full disk leaves at the end of a file costs nothing that was whole."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journal.helpers import ids_in, names, report_of, segments, written
from wfconsole.journal.survey import read

ENTRIES = 8
PAGE = 4096


def cut(data: bytes, offset: int) -> bytes:
    return data[:offset]


def zeros(data: bytes, offset: int) -> bytes:
    return data[:offset] + bytes(len(data) - offset)


def zero_page(data: bytes, offset: int) -> bytes:
    return data[:offset] + bytes(PAGE - offset % PAGE)


def garbage(data: bytes, offset: int) -> bytes:
    return data[:offset] + random.Random(offset).randbytes(len(data) - offset)


def lines_of_garbage(data: bytes, offset: int) -> bytes:
    noise = bytes(byte % 11 for byte in random.Random(offset).randbytes(len(data) - offset))
    return data[:offset] + noise


def stale_block(data: bytes, offset: int) -> bytes:
    """The disk gives back what an earlier part of the file holds: whole lines that hang together, too."""
    start = data.index(b"\n") + 1
    return data[:offset] + data[start : start + len(data) - offset]


TEARS = [cut, zeros, zero_page, garbage, lines_of_garbage, stale_block]


@pytest.mark.parametrize("tear", TEARS, ids=lambda tear: tear.__name__)
def test_a_tail_torn_at_any_byte_of_the_last_three_lines_leaves_exactly_the_whole_lines(
    home: Path, tear: Callable[[bytes, int], bytes]
) -> None:
    written(home, *names(1, ENTRIES))
    path = segments(home)[0]
    whole = path.read_bytes()
    ends = [place + 1 for place, byte in enumerate(whole) if byte == 10]
    for offset in range(ends[-4], len(whole)):
        torn = tear(whole, offset)
        path.write_bytes(torn)
        kept = sum(end <= offset for end in ends)
        records, report = read(home)
        assert [record.id for record in records] == names(1, kept - 1), f"{tear.__name__} at {offset}"
        if tear is stale_block:
            continue  # what it looks like depends on where the blocks meet; the prefix above is what counts
        assert report.intact, report.words
        if torn == whole[: ends[kept - 1]]:
            assert report.torn == ()
        else:
            (tail,) = report.torn
            assert (tail.line, tail.offset, tail.size) == (kept + 1, ends[kept - 1], len(torn) - ends[kept - 1])


def test_a_line_that_lacks_only_its_newline_was_never_confirmed_and_is_torn(home: Path) -> None:
    written(home, *names(1, 3))
    path = segments(home)[0]
    path.write_bytes(path.read_bytes()[:-1])
    records, report = read(home)
    assert [record.id for record in records] == names(1, 2)
    assert len(report.torn) == 1


def test_a_file_that_is_empty_is_reported(home: Path) -> None:
    written(home, "entry-0001")
    (home / "000001-other-1-00000000.jsonl").touch()
    report = report_of(home)
    assert [(tail.offset, tail.size) for tail in report.torn] == [(0, 0)]


@pytest.mark.parametrize("tear", TEARS, ids=lambda tear: tear.__name__)
def test_writing_goes_on_after_a_torn_tail_without_touching_it(home: Path, tear: Callable[[bytes, int], bytes]) -> None:
    written(home, *names(1, ENTRIES))
    path = segments(home)[0]
    whole = path.read_bytes()
    for place, offset in enumerate(range(len(whole) - 20, len(whole) - 400, -61)):
        for other in segments(home)[1:]:
            other.unlink()
        torn = tear(whole, offset)
        path.write_bytes(torn)
        kept = ids_in(home)
        again = written(home, f"later-{place}")
        assert path.read_bytes() == torn
        assert again.journal.found.words
        second = segments(home)[1].read_text().splitlines()[0]
        assert again.journal.found.words[0] in second.encode().decode("unicode_escape")
        assert ids_in(home) == [*kept, f"later-{place}"]


LIMITED_WRITER = """
import resource, sys
from pathlib import Path
from wfconsole.clock import SystemClock
from wfconsole.journal.journal import Journal

home, limits = Path(sys.argv[1]), [int(limit) for limit in sys.argv[2].split(",")]
journal = None
for limit in limits:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    journal = Journal.open(
        home / str(limit) / "journal", clock=SystemClock(), on_ack=lambda ids: acked.extend(ids), retry_ms=60_000
    )
    acked = []
    for number in range(12):
        journal.append(id=f"e{number}", at=1, kind="note", actor="kim", body=b'{"text":"' + b"x" * 40 * number + b'"}')
        journal.flush(30_000)
    condition = journal.state.condition
    journal.close(30_000)
    print(limit, condition, len(journal.unsaved()), *acked, flush=True)
"""


def test_writes_torn_at_an_exact_byte_lose_nothing_confirmed(ram: Path) -> None:
    """RLIMIT_FSIZE makes write(2) stop at that byte, for every user; no file can hold all, so many are needed."""
    limits = range(1_000, 2_900, 8)
    result = subprocess.run(
        [sys.executable, "-c", LIMITED_WRITER, str(ram), ",".join(map(str, limits))],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        preexec_fn=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
    )
    torn = 0
    lines = result.stdout.splitlines()
    assert len(lines) == len(limits)
    for line in lines:
        limit, condition, unsaved, *acked = line.split()
        directory = ram / limit / "journal"
        records, report = read(directory)
        assert [record.id for record in records] == acked == [f"e{number}" for number in range(len(acked))]
        assert len(acked) + int(unsaved) == 12
        assert (condition == "durable") == (int(unsaved) == 0)
        assert report.intact, report.words
        assert all(path.stat().st_size <= int(limit) for path in segments(directory))
        torn += len(report.torn)
    assert torn > len(limits)
