from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import msgspec
import pytest

from tests.journal.helpers import START, GatedDisk, Writing, ids_in, names, report_of, segments, text_of, until, written
from wfconsole.clock import ManualClock
from wfconsole.journal.journal import Journal, JournalClosedError
from wfconsole.journal.seal import seal
from wfconsole.journal.survey import read

HOUR = 3_600_000


def test_what_is_appended_is_read_back_as_it_was_and_in_its_order(home: Path) -> None:
    written(home, *names(1, 50))
    records, report = read(home)
    assert [record.id for record in records] == names(1, 50)
    assert [record.at for record in records] == [START + 1_000 * number for number in range(1, 51)]
    assert {(record.kind, record.actor) for record in records} == {("note", "kim")}
    assert text_of(records[6]) == "text of entry-0007 ⎈ \x1b]52;c;AAAA\x07 \x7f"
    assert report.entries == 50
    assert report.intact
    assert report.words == ()


def test_seq_grows_by_one_with_each_line_of_a_segment(home: Path) -> None:
    written(home, *names(1, 5))
    assert [record.seq for record in read(home)[0]] == [2, 3, 4, 5, 6]


def test_the_file_is_what_a_person_with_less_and_jq_expects(home: Path) -> None:
    written(home, "entry-0001")
    lines = segments(home)[0].read_bytes().splitlines()
    assert len(lines) == 2
    entry = json.loads(lines[1])
    assert list(entry) == ["seq", "id", "t", "mono", "actor", "kind", "body", "h"]
    assert entry["t"] == "2026-01-07T03:12:42.250Z"
    opening = json.loads(lines[0])
    assert opening["kind"] == "segment.opened"
    assert opening["body"]["prev"] == []


def test_no_byte_in_the_file_can_act_on_a_terminal(home: Path) -> None:
    written(home, *names(1, 3))
    data = segments(home)[0].read_bytes()
    assert all(32 <= byte < 127 or byte == 10 for byte in data)


def test_only_the_owner_can_read_it(home: Path) -> None:
    written(home, "entry-0001")
    assert stat.S_IMODE(segments(home)[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE(home.parent.stat().st_mode) == 0o700


def test_space_is_reserved_without_growing_the_file(home: Path) -> None:
    writing = Writing(home)
    assert writing.save("entry-0001")
    status = segments(home)[0].stat()
    assert status.st_size < 2_000
    assert status.st_blocks * 512 >= 256 * 1024
    writing.close()


def test_the_reserve_is_topped_up_as_the_file_grows(home: Path) -> None:
    writing = Writing(home)
    for number in range(40):
        body = msgspec.json.encode({"text": "x" * 20_000})
        writing.journal.append(id=f"e{number}", at=START, kind="note", actor="kim", body=body)
        assert writing.journal.flush(30_000)
        status = segments(home)[0].stat()
        assert status.st_blocks * 512 >= status.st_size + 32 * 1024
    writing.close()


def test_the_head_on_screen_is_the_hash_of_the_last_line_and_the_seal(home: Path) -> None:
    writing = Writing(home)
    assert writing.save(*names(1, 3))
    last = json.loads(segments(home)[0].read_bytes().splitlines()[-1])
    assert writing.journal.head == last["h"] == seal(home).head
    assert seal(home).count == 4
    writing.close()


def test_each_start_opens_a_new_segment_and_leaves_the_old_ones_as_they_are(home: Path) -> None:
    first = written(home, *names(1, 3))
    before = segments(home)[0].read_bytes()
    second = written(home, *names(4, 5))
    assert second.journal.found.entries == 3
    assert segments(home)[0].read_bytes() == before
    opening = json.loads(segments(home)[1].read_bytes().splitlines()[0])
    assert opening["body"]["prev"] == [[segments(home)[0].name, 4, first.journal.head]]
    assert ids_in(home) == names(1, 5)
    assert report_of(home).intact


def test_a_start_without_an_entry_is_on_disk_too(home: Path) -> None:
    writing = Writing(home)
    until(lambda: writing.condition() == "durable", "the first segment is there")
    assert writing.close()
    assert len(segments(home)) == 1
    assert ids_in(home) == []


def test_until_the_first_segment_is_on_disk_the_journal_is_opening_and_nothing_else(home: Path) -> None:
    disk = GatedDisk()
    disk.gate.clear()
    writing = Writing(home, disk=disk)
    writing.add("entry-0001")
    assert disk.waiting.wait(30)
    assert writing.condition() == "opening"
    disk.gate.set()
    assert writing.close()
    assert [state.condition for state in writing.states] == ["durable"]


def test_an_entry_is_confirmed_after_the_sync_and_not_before(home: Path) -> None:
    disk = GatedDisk()
    writing = Writing(home, disk=disk)
    assert writing.journal.flush(30_000)
    disk.gate.clear()
    writing.add("entry-0001")
    assert disk.waiting.wait(30)
    assert writing.acked == []
    assert not writing.journal.flush(1)
    disk.gate.set()
    assert writing.close()
    assert writing.acked == ["entry-0001"]


def test_a_disk_that_hangs_does_not_hold_up_who_appends_or_closes(home: Path) -> None:
    disk = GatedDisk()
    writing = Writing(home, disk=disk)
    assert writing.journal.flush(30_000)
    disk.gate.clear()
    writing.add("entry-0001")
    assert disk.waiting.wait(30)
    # All of this returns while the sync hangs: were one of these to wait for it, the test would hang too.
    writing.add(*names(2, 3_000))
    assert not writing.journal.close(1)
    assert writing.acked == []
    assert [record.id for record in writing.journal.unsaved()] == names(1, 3_000)
    disk.gate.set()
    assert writing.close()
    assert writing.acked == names(1, 3_000)
    assert ids_in(home) == names(1, 3_000)
    assert writing.journal.unsaved() == ()


def test_a_burst_shares_syncs(home: Path) -> None:
    syncs = 0

    class CountingDisk(GatedDisk):
        def sync(self, descriptor: int) -> None:
            nonlocal syncs
            syncs += 1
            super().sync(descriptor)

    disk = CountingDisk()
    writing = Writing(home, disk=disk)
    assert writing.journal.flush(30_000)
    disk.gate.clear()
    writing.add("entry-0000")
    assert disk.waiting.wait(30)
    before = syncs
    writing.add(*names(1, 2_000))
    disk.gate.set()
    assert writing.close()
    assert len(writing.acked) == 2_001
    assert syncs - before <= 10


def test_many_threads_may_append_and_each_keeps_its_order(home: Path) -> None:
    writing = Writing(home)

    def append(worker: int) -> None:
        for number in range(100):
            body = b'{"text":"x"}'
            writing.journal.append(id=f"{worker}-{number}", at=START, kind="note", actor=str(worker), body=body)

    threads = [threading.Thread(target=append, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert writing.close()
    records = read(home)[0]
    assert len(records) == 800
    for worker in range(8):
        assert [record.id for record in records if record.actor == str(worker)] == [f"{worker}-{n}" for n in range(100)]


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_clock_that_jumps_is_recorded_and_changes_no_order(home: Path, jump: int) -> None:
    writing = Writing(home)
    assert writing.save(*names(1, 3))
    writing.clock.jump(writing.clock.now() + jump)
    assert writing.save(*names(4, 6))
    writing.clock.jump(writing.clock.now() - jump)
    assert writing.save(*names(7, 9))
    assert writing.close()
    records, report = read(home)
    assert [record.id for record in records] == names(1, 9)
    assert [found.by_ms for found in report.clock_jumps] == [jump, -jump]
    assert [found.line for found in report.clock_jumps] == [5, 9]
    assert report.intact
    assert any(f"clock jumped by {jump} ms" in line for line in report.words)


def test_a_start_after_the_clock_was_set_back_still_comes_after_what_was_there(home: Path) -> None:
    written(home, *names(1, 3))
    written(home, *names(4, 6), clock=ManualClock(START - 5 * HOUR))
    written(home, *names(7, 9), clock=ManualClock(START - 2 * HOUR))
    assert ids_in(home) == names(1, 9)


def test_a_small_drift_is_no_jump(home: Path) -> None:
    writing = Writing(home)
    for number in range(20):
        writing.clock.jump(writing.clock.now() + 90)
        assert writing.save(f"entry-{number}")
    writing.clock.jump(writing.clock.now() + 150)
    assert writing.save("entry-20")
    writing.close()
    assert report_of(home).clock_jumps == ()


def test_a_jump_is_noticed_while_nobody_writes(home: Path) -> None:
    writing = Writing(home, retry_ms=5)
    writing.clock.jump(START + HOUR)
    until(lambda: bool(report_of(home).clock_jumps), "the jump is in the journal")
    assert writing.close()


def test_secrets_are_taken_out_before_anything_is_written(home: Path) -> None:
    writing = Writing(home)
    body = msgspec.json.encode(
        {"text": "PGPASSWORD=canary-1 psql", "token": "canary-2", "lines": ["Bearer canary-3.x"]}
    )
    writing.journal.append(id="entry-0001", at=START, kind="note", actor="kim", body=body)
    assert writing.close()
    data = segments(home)[0].read_bytes()
    assert b"canary" not in data
    assert b"entry-0001" in data
    assert data.count(b"(redacted)") == 3


def test_a_body_that_the_redactor_fails_on_is_withheld_and_its_entry_kept(home: Path) -> None:
    def broken(_value: object) -> object:
        raise ZeroDivisionError

    journal = Journal.open(home, clock=ManualClock(START), redact=broken)
    journal.append(id="entry-0001", at=START, kind="note", actor="kim", body=b'{"text":"canary"}')
    assert journal.close(30_000)
    (record,) = read(home)[0]
    assert msgspec.json.decode(record.body) == {"withheld": "it could not be redacted: ZeroDivisionError"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "clock.jump"}, "own kind"),
        ({"kind": "segment.opened"}, "own kind"),
        ({"at": -1}, "no instant"),
        ({"at": 10**15}, "no instant"),
        ({"actor": "\ud800"}, "surrogates"),
        ({"id": "\udfff"}, "surrogates"),
        ({"body": b'{"a":"\\ud800"}'}, "not JSON"),
        ({"body": b"[1]"}, "not a JSON object"),
        ({"body": b'{"a":'}, "not JSON"),
        ({"body": b'{"a":' * 100_000}, "not JSON"),
    ],
)
def test_what_could_not_be_read_back_is_refused_to_who_appends_it(
    home: Path, change: dict[str, object], words: str
) -> None:
    writing = Writing(home)
    fields: dict[str, object] = {"id": "entry-0001", "at": START, "kind": "note", "actor": "kim", "body": b"{}"}
    with pytest.raises(ValueError, match=words):
        writing.journal.append(**(fields | change))  # type: ignore[arg-type]
    assert writing.save("entry-0002")
    assert writing.close()
    assert ids_in(home) == ["entry-0002"]


def test_after_close_nothing_is_taken_and_closing_again_says_the_same(home: Path) -> None:
    writing = written(home, "entry-0001")
    assert writing.close()
    assert writing.journal.flush(1)
    with pytest.raises(JournalClosedError):
        writing.add("entry-0002")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_listener_that_raises_does_not_end_the_journal(home: Path) -> None:
    def broken(_ids: list[str]) -> None:
        raise ZeroDivisionError

    seen: list[type[BaseException]] = []
    hook, threading.excepthook = threading.excepthook, lambda args: seen.append(args.exc_type)
    try:
        journal = Journal.open(home, clock=ManualClock(START), on_ack=broken)
        journal.append(id="entry-0001", at=START, kind="note", actor="kim", body=b"{}")
        assert journal.flush(30_000)
        journal.append(id="entry-0002", at=START, kind="note", actor="kim", body=b"{}")
        assert journal.close(30_000)
    finally:
        threading.excepthook = hook
    assert seen == [ZeroDivisionError, ZeroDivisionError]
    assert ids_in(home) == ["entry-0001", "entry-0002"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_in_the_writer_is_shown_as_memory_only_and_costs_no_entry(home: Path) -> None:
    class BuggyDisk(GatedDisk):
        broken = False

        def sync(self, descriptor: int) -> None:
            if self.broken:
                raise ZeroDivisionError
            super().sync(descriptor)

    disk = BuggyDisk()
    writing = Writing(home, disk=disk)
    assert writing.save(*names(1, 2))
    disk.broken = True
    assert not writing.save(*names(3, 4))
    assert writing.condition() == "memory-only"
    disk.broken = False
    assert writing.save(*names(5, 6))
    assert writing.condition() == "durable"
    assert writing.close()
    assert writing.acked == names(1, 6)
    assert ids_in(home) == names(1, 6)


def test_of_two_consoles_one_may_act_and_the_other_takes_over_when_it_ends(home: Path) -> None:
    first = written_open(home)
    second = written_open(home)
    assert first.may_act()
    assert not second.may_act()
    assert first.close()
    assert not first.may_act()
    assert second.may_act()
    assert second.close()


def test_the_lock_follows_a_directory_that_was_made_again(home: Path, ram: Path) -> None:
    first = written_open(home)
    assert first.may_act()
    home.rename(ram / "moved")
    assert first.save("entry-0001")
    second = written_open(home)
    assert first.may_act()
    assert not second.may_act()
    assert first.close()
    assert second.close()


def written_open(directory: Path) -> Writing:
    writing = Writing(directory)
    assert writing.journal.flush(30_000)
    return writing
