from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.journal.helpers import FailingDisk, Writing, ids_in, names, report_of, segments, written
from wfconsole.journal.places import fallback_directory, network_type
from wfconsole.journal.records import GENESIS, chained, instant, line_bytes, timestamp
from wfconsole.journal.scan import scan
from wfconsole.journal.survey import read


def only_fallback(home: Path) -> FailingDisk:
    return FailingDisk(lambda _operation, path, _count: path.is_relative_to(home))


def test_a_journal_that_is_not_there_reads_as_empty(home: Path) -> None:
    records, report = read(home)
    assert records == []
    assert report.segments == ()
    assert report.words == ()


def test_reading_changes_nothing(home: Path) -> None:
    written(home, *names(1, 3))
    path = segments(home)[0]
    path.write_bytes(path.read_bytes()[:-5])
    before = [(item.name, item.stat().st_mtime_ns, item.stat().st_size) for item in sorted(home.iterdir())]
    path.chmod(0o400)
    home.chmod(0o500)
    read(home)
    assert [(item.name, item.stat().st_mtime_ns, item.stat().st_size) for item in sorted(home.iterdir())] == before
    home.chmod(0o700)


def test_what_is_no_plain_file_is_left_out_and_said(home: Path, ram: Path) -> None:
    written(home, *names(1, 3))
    (ram / "target").write_text("x")
    (home / "000001-link.jsonl").symlink_to(ram / "target")
    os.mkfifo(home / "000002-fifo.jsonl")
    (home / "000003-directory.jsonl").mkdir()
    (home / "notes.txt").write_text("not a segment")
    records, report = read(home)
    assert [record.id for record in records] == names(1, 3)
    assert [line.split(":")[0].rsplit("/", 1)[1] for line in report.left_out] == [
        "000001-link.jsonl",
        "000002-fifo.jsonl",
        "000003-directory.jsonl",
    ]
    assert not report.intact


def test_a_segment_of_a_newer_version_is_left_out_and_said(home: Path) -> None:
    written(home, *names(1, 3))
    path = segments(home)[0]
    opening = json.loads(path.read_bytes().splitlines()[0])
    opening["body"]["format"] = 2
    del opening["h"]
    text = json.dumps(opening, separators=(",", ":")).encode()[:-1]
    (home / "000009-newer.jsonl").write_bytes(line_bytes(text, chained(GENESIS, text)))
    records, report = read(home)
    assert [record.id for record in records] == names(1, 3)
    assert "written by a newer version (format 2)" in report.left_out[0]


def test_a_directory_that_cannot_be_read_is_said(ram: Path) -> None:
    (ram / "journal").touch()
    records, report = read(ram / "journal")
    assert records == []
    assert "Not a directory" in report.left_out[0]


def test_a_journal_that_lives_in_the_fallback_alone_is_found_by_its_home(home: Path, fallback: Path) -> None:
    written(home, *names(1, 3), fallbacks=[fallback], disk=only_fallback(home))
    assert not home.exists()
    assert ids_in(home, [fallback]) == names(1, 3)
    assert report_of(home, [fallback]).segments[0].fallback


def test_another_incident_of_the_same_name_is_kept_apart(home: Path, ram: Path, fallback: Path) -> None:
    other = ram / "other" / home.parent.name / "journal"
    written(other, "other", fallbacks=[fallback], disk=only_fallback(other))
    written(home, "mine")
    records, report = read(home, [fallback])
    assert [record.id for record in records] == ["mine"]
    assert "of another journal" in report.left_out[0]


def test_a_fallback_directory_that_others_may_write_to_is_neither_read_nor_written(home: Path, fallback: Path) -> None:
    written(home, *names(1, 3), fallbacks=[fallback], disk=only_fallback(home))
    directory = fallback_directory(fallback, home)
    directory.parent.chmod(0o777)
    records, report = read(home, [fallback])
    assert records == []
    assert "others may write" in report.left_out[0]
    writing = Writing(home, fallbacks=[fallback], disk=only_fallback(home))
    assert not writing.save("entry-0004")
    assert writing.condition() == "memory-only"
    assert "others may write" in writing.journal.state.reason
    writing.close()


def test_a_fallback_directory_that_is_a_link_is_neither_read_nor_written(home: Path, ram: Path, fallback: Path) -> None:
    (ram / "trap").mkdir()
    fallback_directory(fallback, home).parent.parent.symlink_to(ram / "trap")
    writing = Writing(home, fallbacks=[fallback], disk=only_fallback(home))
    assert not writing.save("entry-0001")
    assert "not a directory" in writing.journal.state.reason
    assert not writing.close()
    assert not [path for path in (ram / "trap").rglob("*") if path.is_file()]


def test_a_fallback_base_that_is_missing_is_not_made(home: Path, ram: Path) -> None:
    writing = Writing(home, fallbacks=[ram / "nowhere"], disk=only_fallback(home))
    assert not writing.save("entry-0001")
    assert not writing.close()
    assert not (ram / "nowhere").exists()


def test_a_hundred_starts_read_in_order(home: Path) -> None:
    for number in range(100):
        written(home, f"entry-{number:03}")
    records, report = read(home)
    assert [record.id for record in records] == [f"entry-{number:03}" for number in range(100)]
    assert report.intact
    assert report.words == ()


def test_a_circle_of_forged_segments_is_read_to_its_end(home: Path) -> None:
    written(home, "a")
    written(home, "b")
    first, second = segments(home)
    first.rename(home / "000005-forged.jsonl")
    records, report = read(home)
    assert sorted(record.id for record in records) == ["a", "b"]
    assert [gap.segment for gap in report.gaps] == [first.name]
    assert second.exists()


@pytest.mark.parametrize("at", [0, 1, 999, 1_767_755_561_250, 951_782_400_000, 253_402_300_799_999])
def test_an_instant_is_written_and_read_to_the_millisecond(at: int) -> None:
    assert instant(timestamp(at)) == at
    assert len(timestamp(at)) == len("2026-01-07T03:12:41.250Z")


MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
40 22 0:40 / /home rw,relatime shared:1 - nfs4 server:/home rw
41 40 0:41 / /home/kim/local\\040disk rw - xfs /dev/vdb rw
42 22 0:42 / /mnt/notes rw master:3 - fuse.sshfs host: rw
"""


@pytest.mark.parametrize(
    ("directory", "kind"),
    [
        ("/var/lib/wfconsole", ""),
        ("/home/kim/.local/state", "nfs4"),
        ("/home", "nfs4"),
        ("/homes/kim", ""),
        ("/home/kim/local disk/state", ""),
        ("/mnt/notes/x", "fuse.sshfs"),
    ],
)
def test_a_network_file_system_is_recognised(tmp_path: Path, directory: str, kind: str) -> None:
    (tmp_path / "mountinfo").write_text(MOUNTS)
    assert network_type(Path(directory), tmp_path / "mountinfo") == kind


def test_a_system_without_a_list_of_mounts_is_taken_as_local(tmp_path: Path) -> None:
    assert network_type(tmp_path, tmp_path / "missing") == ""


@given(st.binary(max_size=400))
def test_any_bytes_can_be_scanned(data: bytes) -> None:
    segment = scan(data, Path("x"))
    assert segment.lines == ()
    assert bool(segment.torn or segment.damage or segment.lines) or not data


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_a_journal_that_was_chewed_up_is_read_without_inventing_anything(home: Path, seed: int) -> None:
    """Blocks cut out, moved, doubled, overwritten: what is read is a part of what was written, or is complained of."""
    if not home.exists():
        written(home, *names(1, 20))
    whole = segments(home)[0].read_bytes()
    chance = random.Random(seed)
    data = bytearray(whole)
    for _ in range(chance.randrange(1, 5)):
        start, size = chance.randrange(len(data) + 1), chance.randrange(700)
        block = bytes(data[chance.randrange(len(data) + 1) :][:size])
        match chance.randrange(4):
            case 0:
                del data[start : start + size]
            case 1:
                data[start:start] = block
            case 2:
                data[start : start + size] = block
            case _:
                data[start : start + size] = chance.randbytes(size)
    segment = scan(bytes(data), segments(home)[0])
    original = {record.id: record for record in scan(whole, segments(home)[0]).entries()}
    for record in segment.entries():
        assert original[record.id].at == record.at
        assert bytes(original[record.id].body) == bytes(record.body)
    numbers = [record.seq for record in segment.entries()]
    assert numbers == sorted(set(numbers))
    if bytes(data) != whole and not whole.startswith(bytes(data)):
        assert segment.damage or segment.torn


def test_a_journal_that_is_read_tells_how_many_consoles_have_it_open(home: Path) -> None:
    consoles = [Writing(home), Writing(home)]
    for console, name in zip(consoles, names(1, 2), strict=True):
        assert console.save(name)
    assert report_of(home).open_consoles == 2
    assert consoles[0].close()
    assert report_of(home).open_consoles == 1
    assert consoles[1].close()
    assert report_of(home).open_consoles == 0
