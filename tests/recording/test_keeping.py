"""A recorder keeps what it can, says what it could not, and makes nobody wait."""

from __future__ import annotations

import errno
import gzip
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.recording.streams import EPOCH, Cluster, encode, fingerprint, folded, items_of, pod
from wfconsole.clock import MINUTE, SECOND, ManualClock, SystemClock
from wfconsole.observations.answers import CollectorSaid, Marker
from wfconsole.observations.snapshot import Failure, Patch
from wfconsole.observations.world import World
from wfconsole.recording.format import Ended, Item, Noted, OperatorNote, RecordingError, SourcePatch, StreamReader
from wfconsole.recording.keep import NewFile, Packer, Recorder
from wfconsole.recording.lines import MIB, Limits
from wfconsole.recording.play import Recording
from wfconsole.recording.redact import redact_body
from wfconsole.recording.tape import Tape

LIVE = Cluster(pods=10, seed=9).live(80).end().stream

HEADER = b'{"wfrec":1,"min_reader":1,"epoch":"2026-01-01T00:00:00.000Z"}\n'


def tape_of(stream: bytes, **options: Any) -> Tape:
    tape = Tape(EPOCH, **options)
    tape.chunk(stream)
    return tape


def content(tape: Tape) -> bytes:
    return b"".join(tape.take())


def seen_last(items: list[Item]) -> str:
    """What all sources saw last; answers to questions may be among what was lost."""
    return fingerprint(World(snapshots=folded(items).snapshots))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        threading.Event().wait(0.005)


# --- the tape -------------------------------------------------------------------------------------------------------


def test_what_is_recorded_from_a_recording_is_the_same_line_for_line() -> None:
    first = tape_of(LIVE)
    first.end()
    once = content(first)
    second = tape_of(once)
    second.end()
    assert content(second) == once
    assert items_of(once) == items_of(LIVE)


@pytest.mark.parametrize("size", [1, 17, 1000, 65_536])
def test_it_does_not_matter_how_the_stream_is_cut(size: int) -> None:
    tape = Tape(EPOCH)
    short = LIVE[:20_000]
    for begin in range(0, len(short), size):
        tape.chunk(short[begin : begin + size])
    assert content(tape) == content(tape_of(short))


def test_a_recording_as_this_version_writes_it_is_read_by_every_later_one() -> None:
    golden = Path(__file__).parent / "golden" / "version-1.jsonl"
    tape = tape_of(golden.read_bytes())
    tape.end()
    assert content(tape) == golden.read_bytes()


def test_states_to_seek_to_come_after_two_minutes_of_changes_and_begin_a_group() -> None:
    tape = tape_of(LIVE)
    groups = tape.take()
    assert len(groups) >= 3
    for group in groups[1:]:
        kind = msgspec.json.decode(group.split(b"\n")[0])[1]
        assert kind == "s"


def test_a_big_quiet_cluster_is_not_written_again_every_two_minutes() -> None:
    rows = encode({"rows": {f"n/{n}": {"namespace": "n", "name": f"{n}"} for n in range(2000)}})
    quiet = b'[5000,"d","pods",{"took_ms":30}]\n' * (30 * 12)  # half an hour
    tape = tape_of(HEADER + b'[0,"k","pods",' + rows + b"]\n" + quiet)
    assert content(tape).count(b'"s","pods"') == 3


def test_notes_wait_for_the_header_because_it_names_the_target() -> None:
    tape = Tape(EPOCH - 900)
    tape.note(EPOCH - 800, Marker("early"))
    assert content(tape) == b""
    tape.chunk(LIVE[:3000])
    tape.end()
    reader = StreamReader()
    items = reader.feed(content(tape))
    assert reader.header is not None
    assert reader.header.target.context == "lab"
    assert reader.header.started_at == EPOCH - 800
    assert items[0] == Noted(EPOCH - 800, Marker("early"))
    assert items[1].at == EPOCH


def test_notes_are_kept_even_when_no_stream_ever_comes() -> None:
    tape = Tape(EPOCH)
    tape.note(EPOCH + 5, Marker("alone"))
    tape.end()
    items = items_of(content(tape))
    assert [type(item) for item in items] == [Noted, Ended]
    assert items[0] == Noted(EPOCH + 5, Marker("alone"))


def test_a_collector_that_starts_again_goes_on_in_the_same_recording() -> None:
    torn = LIVE[: LIVE.index(b"\n", 9000) - 20]
    again = Cluster(pods=3)
    again.clock.advance(5 * MINUTE)
    second: list[bytes] = []
    again.writer._write = second.append
    again.writer.header(title="again")
    again.writer.patch("pods", again.clock.now() + 7, encode(Patch(rows={"n/z": pod(99)})), True)
    tape = tape_of(torn)
    for chunk in second:
        tape.chunk(chunk)
    items = items_of(content(tape))
    assert items[:-1] == items_of(torn)
    assert items[-1].at == EPOCH + 5 * MINUTE + 7
    assert isinstance(items[-1], SourcePatch)
    assert items[-1].keyframe


def test_what_the_console_itself_noticed_is_kept_among_the_lines() -> None:
    tape = tape_of(LIVE[:3000])
    failure = Failure("stopped", "the collector ended", since=EPOCH + 1000)
    tape.step(SourcePatch(EPOCH + 1000, "pods", Patch(failure=failure), keyframe=False))
    world = folded(items_of(content(tape)))
    assert world.snapshots["pods"].failure == failure
    assert world.pods


def test_lines_of_kinds_and_sources_that_we_do_not_know_are_kept() -> None:
    odd = b'[5,"z",{"new":[1,2]}]\n[5,"d","weather",{"other":{"form":1}}]\n[5,"e",{"type":"weather","rain":true}]\n'
    assert content(tape_of(HEADER + odd)).endswith(odd)


def test_garbage_is_left_out_and_counted_at_the_end() -> None:
    tape = tape_of(HEADER + b'nonsense\n[1,"d","pods",{"rows":7}]\n[1,"d","pods",{}]\n')
    tape.end()
    items = items_of(content(tape))
    assert tape.unreadable == 2
    assert [type(item) for item in items] == [SourcePatch, Noted, Ended]
    assert isinstance(items[1], Noted)
    assert items[1].note == CollectorSaid("2 lines of the stream could not be recorded")


def test_after_lost_lines_every_source_starts_over_with_its_state_of_now() -> None:
    lines = LIVE.splitlines(keepends=True)
    tape = tape_of(b"".join(lines[:40]))
    assert tape.lose(b"".join(lines[40:90])) == 50
    tape.start_over("50 lines were lost here")
    tape.chunk(b"".join(lines[90:]))
    items = items_of(content(tape))
    assert seen_last(items) == seen_last(items_of(LIVE))
    assert any(isinstance(item, Noted) and item.note == CollectorSaid("50 lines were lost here") for item in items)
    keyframes = [item for item in items if isinstance(item, SourcePatch) and item.keyframe]
    assert [item.source for item in keyframes] == ["pods", "events", "pods", "events"]
    assert keyframes[2].at == items_of(b"".join(lines[:90]))[-1].at


def test_a_tape_stops_before_a_reader_would_refuse_it() -> None:
    tape = tape_of(LIVE, limits=Limits(lines=60))
    assert tape.full
    tape.stop(tape.full)
    written = content(tape)
    assert written.count(b"\n") <= 60
    *_, last, end = items_of(written)
    assert isinstance(last, Noted)
    assert last.note == CollectorSaid("the recording stopped: it has 60 lines")
    assert isinstance(end, Ended)


def test_secrets_do_not_reach_the_tape_and_rows_keep_their_names() -> None:
    row = msgspec.structs.replace(pod(1), message="password=canary-1 failed", owner="api-token")
    writer = Cluster(pods=0)
    rows: dict[str, Any] = {"production/api-token": row, "production/db-secret": pod(2)}
    writer.writer.patch("pods", EPOCH, encode(Patch(rows=rows)), True)
    event = msgspec.Raw(b'{"type":"note","text":"Authorization: Bearer canary-2-abcdefgh"}')
    writer.writer.note(EPOCH, OperatorNote(id="1", actor="ada", event=event))
    writer.chunks.append(b'[0,"future",{"password":"canary-3"}]\n')
    tape = Tape(EPOCH, title="token=canary-4", redact=redact_body)
    tape.chunk(writer.stream)
    tape.note(EPOCH, Marker("psql postgres://u:canary-5@db/x"))
    tape.step(SourcePatch(EPOCH, "pods", Patch(partial="api_key=canary-6"), keyframe=False))
    tape.start_over("secret: canary-7")
    written = content(tape)
    assert b"canary" not in written
    world = folded(items_of(written))
    assert world.pods["production/db-secret"] == pod(2)
    assert world.pods["production/api-token"].owner == "api-token"
    reader = StreamReader()
    reader.feed(written)
    assert reader.header is not None
    assert reader.header.redacted


# --- the recorder ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["kept.jsonl", "kept.jsonl.gz"])
def test_a_recorder_keeps_the_stream_and_the_notes_in_a_file_of_its_own(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    recorder = Recorder(path, ManualClock(EPOCH))
    for begin in range(0, len(LIVE), 4096):
        recorder.keep(LIVE[begin : begin + 4096])
    recorder.note(EPOCH + 60 * MINUTE, Marker("the end"))
    recorder.close()
    assert recorder.state.condition == "stopped"
    assert recorder.state.reason == "closed"
    assert recorder.state.size == path.stat().st_size
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    recording = Recording(path)
    items = [item for _, item in recording.read()]
    assert items[:-2] == items_of(LIVE)[:-1]
    assert items[-2] == Noted(EPOCH + 60 * MINUTE, Marker("the end"))
    assert not recording.truncated
    assert fingerprint(folded(recording.state(recording.end))) == fingerprint(folded(items))
    recording.close()


def test_nothing_is_overwritten_and_no_link_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "there.jsonl"
    path.write_text("precious")
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "elsewhere")
    for name in ("there.jsonl", "link.jsonl", "no/such/directory.jsonl"):
        with pytest.raises(RecordingError, match="cannot be written"):
            Recorder(tmp_path / name, ManualClock(EPOCH))
    assert path.read_text() == "precious"
    assert not (tmp_path / "elsewhere").exists()


def test_a_recording_can_be_read_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "growing.jsonl.gz"
    recorder = Recorder(path, SystemClock())
    recorder.keep(LIVE[:8000])

    def readable() -> bool:
        try:
            recording = Recording(path)
        except RecordingError:
            return False
        entries = len(recording)
        recording.close()
        return entries > 20

    wait_until(readable)
    assert recorder.state.condition == "recording"
    recorder.close()


def test_who_waits_for_its_beginning_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "begins.jsonl.gz"
    recorder = Recorder(path, SystemClock())
    recorder.keep(LIVE[:8000])
    with pytest.raises(RecordingError):
        Recording(path)
    recorder.await_begun(20 * SECOND)
    recording = Recording(path)
    assert len(recording)
    recording.close()
    recorder.close()


class Disk:
    """A disk that can hang, or fail."""

    def __init__(self) -> None:
        self.content = b""
        self.answers = threading.Event()
        self.answers.set()
        self.asked = threading.Event()
        self.error: OSError | None = None
        self.synced = 0

    def write(self, data: bytes) -> None:
        self.asked.set()
        assert self.answers.wait(30)
        if self.error is not None:
            raise self.error
        self.content += data

    def sync(self) -> None:
        self.synced += 1

    def close(self) -> None:
        pass


def test_a_disk_that_hangs_makes_nobody_wait_and_the_recording_says_what_is_missing(tmp_path: Path) -> None:
    lines = LIVE.splitlines(keepends=True)
    disk = Disk()
    disk.answers.clear()
    recorder = Recorder(tmp_path / "x.jsonl", ManualClock(EPOCH), output=disk, inbox_bytes=4000)
    recorder.keep(b"".join(lines[:5]))
    assert disk.asked.wait(20)
    for line in lines[5:150]:
        recorder.keep(line)  # would never return if it waited for the disk
    recorder.note(items_of(b"".join(lines[:150]))[-1].at, Marker("while it hung"))
    lost = recorder.state.lost
    assert lost > 50
    disk.answers.set()
    for line in lines[150:]:
        recorder.keep(line)
    recorder.close(20_000)
    items = items_of(disk.content)
    said = [item.note.text for item in items if isinstance(item, Noted) and isinstance(item.note, CollectorSaid)]
    assert sum(int(text.split()[0]) for text in said if "were lost here" in text) == recorder.state.lost
    assert any(isinstance(item, Noted) and item.note == Marker("while it hung") for item in items)
    assert seen_last(items) == seen_last(items_of(LIVE))
    assert isinstance(items[-1], Ended)


def test_a_full_disk_stops_the_recording_and_nothing_else(tmp_path: Path) -> None:
    disk = Disk()
    disk.error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    recorder = Recorder(tmp_path / "x.jsonl", ManualClock(EPOCH), output=disk)
    recorder.keep(LIVE)
    wait_until(lambda: recorder.state.condition == "stopped")
    assert recorder.state.reason == "No space left on device"
    recorder.keep(LIVE)
    recorder.note(EPOCH, Marker("late"))
    recorder.close()
    assert disk.content == b""


@pytest.mark.parametrize("name", ["capped.jsonl", "capped.jsonl.gz"])
def test_a_recording_stops_itself_at_its_size_and_remains_a_whole_one(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    limits = Limits(file=12_000)
    recorder = Recorder(path, ManualClock(EPOCH), limits=limits)
    for line in Cluster(pods=30, seed=2).live(400).stream.splitlines(keepends=True):
        recorder.keep(line)
    wait_until(lambda: recorder.state.condition == "stopped")
    recorder.close()
    assert "MiB" in recorder.state.reason
    assert path.stat().st_size <= limits.file
    recording = Recording(path)
    assert not recording.truncated
    last = recording.marks()[-1].note
    assert isinstance(last, CollectorSaid)
    assert last.text.startswith("the recording stopped")
    recording.close()


def test_the_disk_is_synced_now_and_then_and_at_the_end(tmp_path: Path) -> None:
    disk, clock = Disk(), ManualClock(EPOCH)
    recorder = Recorder(tmp_path / "x.jsonl", clock, output=disk)
    recorder.keep(LIVE[:3000])
    wait_until(lambda: disk.content != b"")
    assert disk.synced == 0
    clock.advance(6 * SECOND)
    wait_until(lambda: disk.synced == 1)
    recorder.keep(LIVE[3000:])
    recorder.close()
    assert disk.synced == 2


def test_a_process_that_is_killed_leaves_a_recording_that_plays(tmp_path: Path) -> None:
    path = tmp_path / "killed.jsonl.gz"
    child = os.fork()
    if child == 0:
        try:
            recorder = Recorder(path, SystemClock())
            recorder.keep(LIVE)
            wait_until(lambda: recorder.state.size > 2000)
            os.kill(os.getpid(), 9)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == 9
    recording = Recording(path)
    assert recording.truncated
    assert len(recording) > 20
    recording.close()


def test_packed_bytes_are_the_same_content_for_every_gzip() -> None:
    packer = Packer(compress=True)
    packed = packer.pack([b"one\n", b"two\n"]) + packer.readable() + packer.pack([b"three\n"]) + packer.finish()
    assert gzip.decompress(packed) == b"one\ntwo\nthree\n"
    plain = Packer(compress=False)
    assert plain.pack([b"one\n", b"two\n"]) + plain.readable() + plain.finish() == b"one\ntwo\n"


def test_a_new_file_takes_all_bytes(tmp_path: Path) -> None:
    file = NewFile(tmp_path / "big")
    file.write(b"x" * (3 * MIB))
    file.sync()
    file.close()
    assert (tmp_path / "big").stat().st_size == 3 * MIB
