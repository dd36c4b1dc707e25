"""Disks that are full, fail at any call, or vanish: what was confirmed is there, what was not is not said to be."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from tests.journal.helpers import (
    START,
    FailingDisk,
    GatedDisk,
    Writing,
    ids_in,
    names,
    report_of,
    segments,
    until,
    written,
)
from wfconsole.journal.disk import Disk
from wfconsole.journal.survey import read

OPERATIONS = ["write", "sync", "sync_directory", "create", "allocate", "make_directory"]
ENTRIES = 20


def never(_operation: str, _path: Path, _count: int) -> bool:
    return False


def calls_of_a_good_run(directory: Path) -> list[str]:
    disk = FailingDisk(never)
    writing = Writing(directory, disk=disk)
    for entry in names(1, ENTRIES):
        assert writing.save(entry)
    assert writing.close()
    return disk.calls


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC], ids=["EIO", "ENOSPC"])
@pytest.mark.parametrize("torn", [0, 1, 100], ids=lambda torn: f"torn-{torn}")
def test_one_failure_at_any_call_costs_nothing(home: Path, ram: Path, fallback: Path, number: int, torn: int) -> None:
    """Each call in turn fails once, a failing write after it has left some bytes: roll, same ids, go on."""
    calls = calls_of_a_good_run(ram / "good" / "journal")
    assert len(calls) > 40
    for nth in range(1, len(calls) + 1):
        directory = home.parent.parent / f"INC-{nth}" / "journal"
        disk = FailingDisk(lambda _operation, _path, count, nth=nth: count == nth, number, torn=torn)  # type: ignore[misc]
        writing = Writing(directory, fallbacks=[fallback], disk=disk)
        for entry in names(1, ENTRIES):
            assert writing.save(entry), f"call {nth}"
        assert writing.close()
        assert writing.condition() == "durable"
        assert writing.acked == names(1, ENTRIES)
        records, report = read(directory, [fallback])
        assert [record.id for record in records] == names(1, ENTRIES), f"call {nth}"
        assert report.intact, (nth, report.words)
        assert writing.journal.unsaved() == ()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_disk_that_fails_from_some_call_on_sends_entries_to_the_fallback(
    home: Path, fallback: Path, operation: str
) -> None:
    for nth in range(1, 40, 3):
        directory = home.parent.parent / f"INC-{operation}-{nth}" / "journal"

        def fails(asked: str, path: Path, count: int, nth: int = nth, directory: Path = directory) -> bool:
            return count >= nth and asked == operation and path.is_relative_to(directory)

        writing = Writing(directory, fallbacks=[fallback], disk=FailingDisk(fails, torn=7))
        for entry in names(1, ENTRIES):
            assert writing.save(entry)
        assert writing.close()
        assert writing.acked == names(1, ENTRIES)
        records, report = read(directory, [fallback])
        assert [record.id for record in records] == names(1, ENTRIES)
        assert report.intact, report.words
        if operation in ("write", "sync"):
            assert writing.condition() == "fallback"
            assert "Input/output error" in writing.journal.state.reason
            assert writing.journal.state.directory.is_relative_to(fallback)
            assert any(summary.fallback for summary in report.segments)


@pytest.mark.parametrize("nth", range(1, 40))
def test_without_any_disk_nothing_is_confirmed_and_nothing_forgotten(home: Path, fallback: Path, nth: int) -> None:
    ill = True

    def fails(_operation: str, _path: Path, count: int) -> bool:
        return ill and count >= nth

    writing = Writing(home, fallbacks=[fallback], disk=FailingDisk(fails))
    saved = [entry for entry in names(1, ENTRIES) if writing.save(entry)]
    assert writing.condition() == "memory-only"
    assert writing.acked == saved
    assert ids_in(home, [fallback])[: len(saved)] == saved
    assert [record.id for record in writing.journal.unsaved()] == names(len(saved) + 1, ENTRIES)
    ill = False
    assert writing.journal.flush(30_000)
    assert writing.condition() == "durable"
    assert writing.close()
    assert writing.acked == names(1, ENTRIES)
    records, report = read(home, [fallback])
    assert [record.id for record in records] == names(1, ENTRIES)
    assert report.intact, report.words


def test_without_any_disk_the_writer_tries_again_by_itself(home: Path) -> None:
    ill = True
    disk = FailingDisk(lambda _operation, _path, _count: ill)
    writing = Writing(home, disk=disk, retry_ms=5)
    writing.add("entry-0001")
    until(lambda: disk.calls.count("make_directory") > 6, "it has tried several times")
    assert writing.condition() == "memory-only"
    ill = False
    until(lambda: writing.acked == ["entry-0001"], "the entry is on disk")
    assert [state.condition for state in writing.states][-1] == "durable"
    assert writing.close()
    assert len(segments(home)) == 1


def test_what_is_shown_as_unsaved_is_redacted(home: Path) -> None:
    writing = Writing(home, disk=FailingDisk(lambda _operation, _path, _count: True))
    body = msgspec.json.encode({"text": "token=canary"})
    writing.journal.append(id="entry-0001", at=START, kind="note", actor="kim", body=body)
    assert not writing.close()
    (record,) = writing.journal.unsaved()
    assert b"canary" not in bytes(record.body)


def test_from_a_fallback_it_goes_home_when_home_is_well(home: Path, fallback: Path) -> None:
    ill = False
    disk = FailingDisk(lambda _operation, path, _count: ill and path.is_relative_to(home))
    writing = Writing(home, fallbacks=[fallback], disk=disk)
    assert writing.save(*names(1, 3))
    ill = True
    assert writing.save(*names(4, 6))
    assert writing.condition() == "fallback"
    assert writing.save(*names(7, 8))
    assert writing.condition() == "fallback"
    ill = False
    assert writing.save(*names(9, 10))
    assert writing.condition() == "durable"
    assert writing.close()
    records, report = read(home, [fallback])
    assert [record.id for record in records] == names(1, 10)
    assert report.intact, report.words
    assert [summary.fallback for summary in report.segments].count(True) == 1
    assert [state.condition for state in writing.states] == ["durable", "fallback", "durable"]


def test_the_next_start_finds_what_went_to_the_fallback(home: Path, fallback: Path) -> None:
    disk = FailingDisk(lambda _operation, path, _count: path.is_relative_to(home))
    written(home, *names(1, 3), fallbacks=[fallback], disk=disk)
    again = written(home, *names(4, 6), fallbacks=[fallback])
    assert again.journal.found.entries == 3
    assert ids_in(home, [fallback]) == names(1, 6)
    assert report_of(home).gaps, "without the fallback the reader must miss a segment"


def test_a_disk_with_room_for_one_entry_gets_one_and_not_a_burst(home: Path) -> None:
    class Tight(GatedDisk):
        def write(self, descriptor: int, data: memoryview) -> int:
            if len(data) > 900:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(descriptor, data)

    disk = Tight()
    disk.gate.clear()
    writing = Writing(home, disk=disk)
    assert disk.waiting.wait(30)
    writing.add(*names(1, 30))
    disk.gate.set()
    assert writing.journal.flush(30_000)
    assert writing.close()
    assert writing.acked == names(1, 30)
    assert ids_in(home) == names(1, 30)


def test_a_failure_is_told_in_the_segment_that_follows(home: Path) -> None:
    syncs = 0

    def fails(operation: str, _path: Path, _count: int) -> bool:
        nonlocal syncs
        syncs += operation == "sync"
        return operation == "sync" and syncs == 3

    written(home, *names(1, 1), disk=FailingDisk(never))
    writing = Writing(home, disk=FailingDisk(fails))
    assert writing.save("a")
    assert writing.save("b")
    assert writing.save("c")
    assert writing.close()
    assert len(segments(home)) == 3
    assert b"Input/output error" in segments(home)[2].read_bytes().splitlines()[0]
    assert report_of(home).duplicates == 1


# --- a disk that is really full ---------------------------------------------------------------------------------------


class SmallDisk:
    """A disk of 2 MiB: a mounted tmpfs where we may, else one on which no file can pass a limit (RLIMIT_FSIZE)."""

    def __init__(self, directory: Path, *, mounted: bool) -> None:
        self.directory = directory
        self.mounted = mounted
        self._filler = directory / "filler"

    def fill(self) -> None:
        """Take all that is left, to the last byte."""
        if not self.mounted:
            largest = max(path.stat().st_size for path in self.directory.rglob("*.jsonl"))
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest + 300, resource.RLIM_INFINITY))
            return
        for size in (65536, 4096, 1):
            with pytest.raises(OSError, match="No space left"):
                self._append_for_ever(size)

    def _append_for_ever(self, size: int) -> None:
        with self._filler.open("ab", buffering=0) as file:
            while file.write(bytes(size)):
                pass

    def make_names_for_ever(self) -> None:
        for number in range(1_000):
            (self.directory / str(number)).touch()

    def free(self) -> None:
        if self.mounted:
            self._filler.unlink()
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextmanager
def small_disk(directory: Path, options: str) -> Iterator[SmallDisk]:
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(directory)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    disk = SmallDisk(directory, mounted=mounted)
    try:
        yield disk
    finally:
        if mounted:
            subprocess.run(["umount", str(directory)], check=True)
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def test_a_full_disk_takes_what_was_reserved_then_the_fallback_then_recovers(ram: Path, fallback: Path) -> None:
    with small_disk(ram / "small", "size=2m") as disk:
        home = disk.directory / "INC-1" / "journal"
        writing = Writing(home, fallbacks=[fallback])
        assert writing.save("before")
        disk.fill()
        assert writing.save(*names(1, 200))
        if disk.mounted:
            assert writing.condition() == "durable", "what was reserved takes 200 entries on a disk without a free byte"
        last = 200
        while disk.mounted and writing.condition() == "durable":
            assert writing.save(*names(last + 1, last + 200))
            last += 200
        if disk.mounted:
            assert writing.condition() == "fallback"
            assert "No space left on device" in writing.journal.state.reason
        assert writing.acked == ["before", *names(1, last)]
        disk.free()
        assert writing.save("after")
        assert writing.condition() == "durable"
        assert writing.close()
        records, report = read(home, [fallback])
        assert [record.id for record in records] == ["before", *names(1, last), "after"]
        assert report.intact, report.words
        assert not [path for path in segments(home) if path.stat().st_size == 0]


def test_a_disk_that_is_full_from_the_start_still_leaves_a_journal(ram: Path, fallback: Path) -> None:
    with small_disk(ram / "small", "size=2m") as disk:
        home = disk.directory / "INC-1" / "journal"
        written(disk.directory / "INC-0" / "journal", "other")
        disk.fill()
        writing = Writing(home, fallbacks=[fallback])
        assert writing.save(*names(1, 20))
        assert writing.condition() == ("fallback" if disk.mounted else "durable")
        assert writing.close()
        assert ids_in(home, [fallback]) == names(1, 20)


def test_a_disk_without_inodes_sends_entries_to_the_fallback(ram: Path, fallback: Path) -> None:
    with small_disk(ram / "small", "size=2m,nr_inodes=8") as disk:
        home = disk.directory / "INC-1" / "journal"
        home.mkdir(parents=True)
        if disk.mounted:
            with pytest.raises(OSError, match="No space left"):
                disk.make_names_for_ever()
            writing = Writing(home, fallbacks=[fallback])
        else:
            full = FailingDisk(lambda what, path, _count: what == "create" and path.parent == home, errno.ENOSPC)
            writing = Writing(home, fallbacks=[fallback], disk=full)
        assert writing.save(*names(1, 5))
        assert writing.condition() == "fallback"
        assert writing.close()
        assert ids_in(home, [fallback]) == names(1, 5)


# --- directories that are not what they should be --------------------------------------------------------------------


def gone(home: Path, _ram: Path) -> None:
    shutil.rmtree(home.parent)


def moved(home: Path, ram: Path) -> None:
    home.parent.rename(ram / "moved")


def replaced_by_a_file(home: Path, _ram: Path) -> None:
    shutil.rmtree(home)
    home.touch()


def file_deleted(home: Path, _ram: Path) -> None:
    segments(home)[-1].unlink()


@pytest.mark.parametrize("mishap", [gone, moved, replaced_by_a_file, file_deleted], ids=lambda mishap: mishap.__name__)
def test_a_journal_whose_files_are_taken_away_writes_everything_of_this_start_again(
    home: Path, ram: Path, fallback: Path, mishap: Callable[[Path, Path], None]
) -> None:
    writing = Writing(home, fallbacks=[fallback])
    assert writing.save(*names(1, 5))
    mishap(home, ram)
    assert writing.save(*names(6, 8))
    assert writing.close()
    assert set(writing.acked) == set(names(1, 8))
    records, report = read(home, [fallback])
    assert [record.id for record in records] == names(1, 8)
    assert len(report.gaps) == 1, "and the file that is missing is missed"


def test_a_file_that_is_taken_away_is_noticed_while_nobody_writes(home: Path) -> None:
    writing = Writing(home, retry_ms=5)
    assert writing.save(*names(1, 5))
    shutil.rmtree(home.parent)
    until(lambda: ids_in(home) == names(1, 5), "the entries are written again")
    assert writing.close()


def test_a_file_system_that_is_read_only_sends_entries_to_the_fallback(home: Path, fallback: Path) -> None:
    home.mkdir(parents=True)

    class ReadOnly(Disk):
        def create(self, path: Path) -> int:
            if path.is_relative_to(home):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS))
            return super().create(path)

    writing = Writing(home, fallbacks=[fallback], disk=ReadOnly())
    assert writing.save(*names(1, 5))
    assert writing.condition() == "fallback"
    assert "Read-only file system" in writing.journal.state.reason
    assert writing.close()
    assert ids_in(home, [fallback]) == names(1, 5)


def test_a_home_that_cannot_be_a_directory_sends_entries_to_the_fallback(ram: Path, fallback: Path) -> None:
    (ram / "file").touch()
    home = ram / "file" / "INC-1" / "journal"
    writing = written(home, *names(1, 5), fallbacks=[fallback])
    assert writing.condition() == "fallback"
    assert ids_in(home, [fallback]) == names(1, 5)


def test_two_writers_each_keep_their_own_segment_and_readers_merge_them(home: Path) -> None:
    first = Writing(home)
    assert first.save("a-1")
    second = Writing(home, clock=first.clock)
    for number in range(2, 30):
        assert first.save(f"a-{number}")
        assert second.save(f"b-{number}")
    assert first.close()
    assert second.close()
    assert len(segments(home)) == 2
    records, report = read(home)
    expected = ["a-1"] + [f"{who}-{number}" for number in range(2, 30) for who in "ab"]
    assert [record.id for record in records] == expected
    assert report.intact
    third = written(home, "c")
    assert ids_in(home) == [*expected, "c"]
    assert third.journal.found.words == ()
    assert b'"prev":[["000000-' in segments(home)[2].read_bytes()
    assert segments(home)[2].read_bytes().splitlines()[0].count(b'.jsonl",') == 2, "it continues both"


def test_writers_that_start_at_the_same_moment_are_one_journal(home: Path) -> None:
    disk = GatedDisk()
    disk.gate.clear()
    first = Writing(home, disk=disk)
    assert disk.waiting.wait(30)
    second = Writing(home)
    assert second.save("b")
    disk.gate.set()
    assert first.save("a")
    assert first.close()
    assert second.close()
    records, report = read(home)
    assert {record.id for record in records} == {"a", "b"}
    assert report.intact, report.words
