"""A recording shows, from any place, what it showed live."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.recording.streams import EPOCH, Cluster, fingerprint, folded, items_of
from wfconsole.clock import MINUTE, SECOND
from wfconsole.observations.answers import Marker
from wfconsole.observations.snapshot import Patch
from wfconsole.recording.format import Ended, RecordingError, SourcePatch
from wfconsole.recording.keep import Packer
from wfconsole.recording.lines import Item
from wfconsole.recording.play import Recording
from wfconsole.recording.tape import Tape

LIVE = Cluster(pods=12, seed=3).live(150).end().stream  # twelve and a half minutes

HEADER = b'{"wfrec":1,"min_reader":1,"epoch":"2026-01-01T00:00:00.000Z"}\n'
POD_A = b'{"rows":{"n/a":{"namespace":"n","name":"a"}}}'
POD_B = b'{"rows":{"n/b":{"namespace":"n","name":"b"}}}'


def taped(stream: bytes = LIVE, *, compress: bool) -> bytes:
    """The stream as a recording on disk."""
    tape = Tape(EPOCH)
    packer = Packer(compress=compress)
    tape.chunk(stream)
    tape.end()
    return packer.pack(tape.take()) + packer.finish()


@pytest.fixture(params=["recording.jsonl", "recording.jsonl.gz"])
def recording(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Recording]:
    path = tmp_path / request.param
    path.write_bytes(taped(compress=path.suffix == ".gz"))
    opened = Recording(path)
    yield opened
    opened.close()


Opener = Callable[[bytes], Recording]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opener]:
    """Opens a recording of these bytes."""
    recordings: list[Recording] = []

    def open_bytes(content: bytes) -> Recording:
        path = tmp_path / f"{len(recordings)}.jsonl"
        path.write_bytes(content)
        recordings.append(Recording(path))
        return recordings[-1]

    yield open_bytes
    for recording in recordings:
        recording.close()


def test_every_item_of_the_stream_is_played(recording: Recording) -> None:
    assert [item for _, item in recording.read()] == items_of(LIVE)
    assert not recording.truncated
    assert recording.problem is None
    assert (recording.start, recording.end) == (EPOCH, items_of(LIVE)[-1].at)


def test_reading_may_begin_anywhere(recording: Recording) -> None:
    everything = list(recording.read())
    for first, last in ((0, 1), (100, 101), (37, 90), (len(recording) - 1, len(recording))):
        assert list(recording.read(first, last)) == [(p, item) for p, item in everything if first <= p < last]


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(instant=st.integers(min_value=EPOCH - SECOND, max_value=EPOCH + 13 * MINUTE))
def test_the_state_at_an_instant_is_the_one_that_playing_leads_to(recording: Recording, instant: int) -> None:
    played = folded(item for item in items_of(LIVE) if item.at <= instant)
    assert fingerprint(folded(recording.state(instant))) == fingerprint(played)


def test_the_state_late_in_a_recording_needs_few_of_its_items(recording: Recording) -> None:
    needed = [item for item in recording.state(recording.end) if isinstance(item, SourcePatch)]
    assert 0 < len(needed) < len(recording) / 3


def test_a_compressed_recording_can_be_entered_at_each_group_and_read_by_any_gzip() -> None:
    packed = taped(compress=True)
    assert packed.count(b"\x1f\x8b\x08") >= 5
    assert gzip.decompress(packed) == taped(compress=False)


def test_a_recording_without_its_end_says_so_and_plays(opened: Opener) -> None:
    whole = taped(compress=False)
    recording = opened(whole[: len(whole) // 2])
    assert recording.truncated
    assert recording.problem is None
    played = [item for _, item in recording.read()]
    assert len(played) > 100
    assert played == items_of(LIVE)[: len(played)]


def test_a_compressed_recording_that_was_cut_plays_up_to_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl.gz"
    packed = taped(compress=True)
    for size in (len(packed) - 1, len(packed) // 2, len(packed) // 3):
        path.write_bytes(packed[:size])
        recording = Recording(path)
        played = [item for _, item in recording.read()]
        assert played == items_of(LIVE)[: len(played)]
        assert len(played) > 50
        recording.close()


def test_a_growing_file_is_followed(tmp_path: Path) -> None:
    whole = taped(compress=False)
    path = tmp_path / "growing.jsonl"
    path.write_bytes(whole[:2_000])
    recording = Recording(path)
    seen: dict[int, Item] = dict(recording.read())
    for at in range(2_000, len(whole), 9_973):
        with path.open("ab") as file:
            file.write(whole[at : at + 9_973])
        recording.refresh()
        seen |= recording.read(max(seen, default=-1) + 1)
    assert not recording.truncated
    assert [item for _, item in recording.read()] == items_of(LIVE)
    assert [*seen.values()] == items_of(LIVE)
    assert recording.refresh() is False
    recording.close()


def test_a_growing_compressed_file_is_followed(tmp_path: Path) -> None:
    tape, packer = Tape(EPOCH), Packer(compress=True)
    path = tmp_path / "growing.jsonl.gz"
    lines = LIVE.splitlines(keepends=True)
    recording: Recording | None = None
    for begin in range(0, len(lines), 40):
        tape.chunk(b"".join(lines[begin : begin + 40]))
        with path.open("ab") as file:
            file.write(packer.pack(tape.take()) + packer.readable())
        recording = recording or Recording(path)
        recording.refresh()
        assert len([*recording.read()]) >= len(lines[: begin + 40]) - 2
    assert recording is not None
    assert [item for _, item in recording.read()] == items_of(LIVE)[:-1]
    world = fingerprint(folded(items_of(LIVE)))
    assert fingerprint(folded(recording.state(recording.end))) == world
    recording.close()


def test_a_file_written_by_hand_needs_no_last_end_of_line_and_may_have_comments(opened: Opener) -> None:
    recording = opened(b"# mine\r\n\r\n" + HEADER + b'[0,"k","pods",' + POD_A + b']\r\n# then\n[1500,"x"]')
    assert [item.at - EPOCH for _, item in recording.read()] == [0, 1500]
    assert not recording.truncated


def test_pages_belong_to_the_line_that_completes_them_even_across_an_instant(opened: Opener) -> None:
    recording = opened(
        HEADER + b'[0,"p","pods",' + POD_A + b']\n[50,"d","events",{}]\n[50,"k","pods",' + POD_B + b']\n[9,"x"]\n'
    )
    items = [item for _, item in recording.read()]
    assert [(item.at - EPOCH, type(item)) for item in items] == [
        (50, SourcePatch),
        (100, SourcePatch),
        (109, Ended),
    ]
    assert set(folded(items).pods) == {"n/a", "n/b"}
    assert set(folded(recording.state(EPOCH + 99)).pods) == set()
    assert set(folded(recording.state(EPOCH + 100)).pods) == {"n/a", "n/b"}
    assert set(folded(item for _, item in recording.read(1)).pods) == {"n/a", "n/b"}


def test_a_recording_without_any_keyframe_still_has_states(opened: Opener) -> None:
    recording = opened(HEADER + b'[0,"d","pods",' + POD_A + b']\n[5,"d","pods",' + POD_B + b"]\n")
    assert set(folded(recording.state(EPOCH + 4)).pods) == {"n/a"}
    assert set(folded(recording.state(EPOCH + 5)).pods) == {"n/a", "n/b"}


def test_a_source_that_fell_silent_costs_a_late_seek_only_its_own_lines(opened: Opener) -> None:
    talk = b'[1,"d","pods",{"took_ms":5}]\n' * 500
    recording = opened(HEADER + b'[0,"k","events",{"rows":{}}]\n[0,"k","pods",' + POD_A + b"]\n" + talk)
    taped_once = [*recording.state(recording.end)]
    assert [item for item in taped_once if isinstance(item, SourcePatch) and item.source == "events"] == [
        SourcePatch(EPOCH, "events", Patch(rows={}), keyframe=True)
    ]


def test_steps_go_from_news_to_news(opened: Opener) -> None:
    recording = opened(
        HEADER + b'[0,"k","pods",' + POD_A + b']\n[5,"d","pods",{}]\n[5,"d","pods",{"took_ms":3}]\n'
        b'[5,"d","pods",{"failure":null}]\n[5,"e",{"type":"marker","label":"m"}]\n[5,"q",1]\n[0,"x"]\n'
    )
    assert [recording.news_after(n) for n in range(len(recording) + 1)] == [0, 3, 3, 3, 4, 6, 6, None]
    assert [recording.news_before(n) for n in range(len(recording) + 1)] == [None, 0, 0, 0, 3, 4, 4, 6]
    assert recording.skipped == 1


def test_marks_are_what_people_and_the_collector_said(recording: Recording) -> None:
    said = [item for item in items_of(LIVE) if not isinstance(item, SourcePatch | Ended)]
    marks = recording.marks()
    assert 0 < len(marks) < len(said)
    assert all(mark in said for mark in marks)
    assert any(isinstance(mark.note, Marker) for mark in marks)
    assert recording.marks() == marks


def test_a_recording_is_never_written_to(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    path.write_bytes(taped(compress=False))
    path.chmod(0o400)
    before = path.stat()
    recording = Recording(path)
    assert [*recording.read()]
    recording.close()
    after = path.stat()
    assert (after.st_mtime_ns, after.st_size, after.st_mode) == (before.st_mtime_ns, before.st_size, before.st_mode)
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept.jsonl"]


def test_a_scenario_is_opened_by_its_directory(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="scenario's directory"):
        Recording(tmp_path)
    (tmp_path / "recording.jsonl.gz").write_bytes(taped(compress=True))
    recording = Recording(tmp_path)
    assert len(recording) > 100
    recording.close()
