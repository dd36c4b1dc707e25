"""What the writer says is what the reader hears, whatever the pipe does to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recording.streams import EPOCH, Cluster, encode, items_of, pod
from wfconsole.clock import SECOND, ManualClock
from wfconsole.observations.answers import CollectorSaid, LogTail, Marker, PodAnswer, PodDetail
from wfconsole.observations.kinds import KINDS
from wfconsole.observations.pods import PodRow
from wfconsole.observations.snapshot import Patch
from wfconsole.recording.format import (
    Ended,
    Noted,
    OperatorNote,
    RecordingError,
    SourcePatch,
    StreamReader,
    StreamWriter,
    Target,
)
from wfconsole.recording.lines import LIMITS
from wfconsole.text import is_safe

HEADER = b'{"wfrec":1,"min_reader":1,"epoch":"2026-01-01T00:00:00.000Z"}\n'
SAMPLE = Cluster(pods=12).live(60).end().stream


def written(*, now: int = EPOCH) -> tuple[StreamWriter, list[bytes], ManualClock]:
    chunks: list[bytes] = []
    clock = ManualClock(now)
    writer = StreamWriter(chunks.append, clock)
    writer.header(title="t", target=Target("lab"))
    return writer, chunks, clock


def test_a_patch_a_note_and_the_end_come_back_with_their_times() -> None:
    writer, chunks, _ = written()
    patch: Patch[Any] = Patch(rows={"production/gateway-1": pod(1), "production/gateway-2": None}, took_ms=12)
    writer.patch("pods", EPOCH + 10, encode(patch), True)
    writer.note(EPOCH + 2_010, Marker("here"))
    writer.end(EPOCH + 2_500)
    assert items_of(b"".join(chunks)) == [
        SourcePatch(EPOCH + 10, "pods", patch, keyframe=True),
        Noted(EPOCH + 2_010, Marker("here")),
        Ended(EPOCH + 2_500),
    ]


def test_the_header_announces_every_kind_with_its_schema_and_the_target() -> None:
    _, chunks, _ = written()
    reader = StreamReader()
    assert reader.feed(b"".join(chunks)) == []
    assert reader.header is not None
    assert reader.header.started_at == EPOCH
    assert reader.header.target.context == "lab"
    assert {name: pane.schema for name, pane in reader.header.panes.items()} == {k: v.schema for k, v in KINDS.items()}


def test_an_operators_event_travels_as_it_was_encoded() -> None:
    writer, chunks, _ = written()
    writer.note(EPOCH, OperatorNote(id="7", actor="ada", event=msgspec.Raw(b'{"type":"status","to":[1,2.5,null]}')))
    (item,) = items_of(b"".join(chunks))
    assert isinstance(item, Noted)
    assert isinstance(item.note, OperatorNote)
    assert msgspec.json.decode(item.note.event) == {"type": "status", "to": [1, 2.5, None]}


def test_ten_thousand_rows_are_one_keyframe_though_no_line_is_long() -> None:
    writer, chunks, _ = written()
    rows: dict[str, Any] = {f"production/gateway-{n}": pod(n) for n in range(10_000)}
    writer.patch("pods", EPOCH, encode(Patch(rows=rows, took_ms=130)), True)
    stream = b"".join(chunks)
    assert max(map(len, stream.split(b"\n"))) < LIMITS.line // 2
    (item,) = items_of(stream)
    assert isinstance(item, SourcePatch)
    assert item.keyframe
    assert item.patch == Patch(rows=rows, took_ms=130)


@pytest.mark.parametrize("trusted", [True, False])
def test_what_many_pods_have_in_common_is_in_memory_once(trusted: bool) -> None:
    writer, chunks, _ = written()
    for number in (1, 6):  # on the same node
        row = pod(number, owner_kind="Deployment", owner="gateway", revision="6d5f7c", image="registry.example/a:1")
        writer.patch("pods", EPOCH, encode(Patch(rows={row.name: row})), False)
    rows: list[PodRow] = []
    for item in items_of(b"".join(chunks), trusted=trusted):
        assert isinstance(item, SourcePatch)
        rows += item.patch.rows.values()  # type: ignore[union-attr,arg-type]
    one, other = rows
    assert one.name != other.name
    for field in KINDS["pods"].repeats:
        assert getattr(one, field) == getattr(other, field) != ""
        assert getattr(one, field) is getattr(other, field)


def test_a_row_too_large_for_a_line_is_left_out_and_named() -> None:
    writer, chunks, _ = written()
    rows: dict[str, Any] = {"a": pod(1), "b": pod(2, message="x" * (LIMITS.line - 100)), "c": pod(3)}
    writer.patch("pods", EPOCH, encode(Patch(rows=rows)), True)
    said, patch = items_of(b"".join(chunks))
    assert isinstance(said, Noted)
    assert isinstance(said.note, CollectorSaid)
    assert said.note.text.startswith("b was left out")
    assert isinstance(patch, SourcePatch)
    assert set(patch.patch.rows) == {"a", "c"}  # type: ignore[arg-type]


def test_an_answer_too_large_for_a_line_becomes_a_failure_so_that_nobody_waits_for_it() -> None:
    writer, chunks, _ = written()
    logs = (LogTail("app", lines=tuple("y" * 8000 for _ in range(200))),)
    writer.note(EPOCH, PodAnswer(id="q1", namespace="n", name="p", detail=PodDetail("n", "p", logs=logs)))
    (item,) = items_of(b"".join(chunks))
    assert isinstance(item, Noted)
    assert isinstance(item.note, PodAnswer)
    assert item.note.id == "q1"
    assert item.note.detail is None
    assert item.note.failure is not None
    assert "MiB" in item.note.failure.message


def test_threads_that_race_by_milliseconds_do_not_make_the_times_drift() -> None:
    writer, chunks, _ = written()
    for at in (100, 98, 105, 104, 110):
        writer.patch("pods", EPOCH + at, b"{}", False)
    assert [item.at - EPOCH for item in items_of(b"".join(chunks))] == [100, 100, 105, 105, 110]


def test_a_clock_that_is_set_back_is_stated_and_time_goes_on() -> None:
    writer, chunks, _ = written()
    writer.patch("pods", EPOCH + 10_000, b"{}", False)
    writer.patch("pods", EPOCH - 3_590_000, b"{}", False)
    writer.patch("pods", EPOCH - 3_585_000, b"{}", False)
    items = items_of(b"".join(chunks))
    assert [item.at - EPOCH for item in items] == [10_000, 10_000, 10_000, 15_000]
    assert isinstance(items[1], Noted)
    assert isinstance(items[1].note, CollectorSaid)
    assert "set back by 3600 s" in items[1].note.text


def test_nothing_can_be_written_before_the_header() -> None:
    writer = StreamWriter(lambda _: None, ManualClock(EPOCH))
    with pytest.raises(RuntimeError, match="header"):
        writer.end(EPOCH)


def test_many_threads_write_whole_lines() -> None:
    writer, chunks, _ = written()
    rows: dict[str, Any] = {"a": pod(1)}
    body = encode(Patch(rows=rows))
    threads = [
        threading.Thread(target=lambda: [writer.patch("pods", EPOCH + n, body, False) for n in range(200)])  # type: ignore[func-returns-value]
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    items = items_of(b"".join(chunks))
    assert len(items) == 800
    assert [item.at for item in items] == sorted(item.at for item in items)
    assert items[-1].at == EPOCH + 199


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(min_value=1, max_value=len(SAMPLE) - 1), max_size=40), st.booleans())
def test_however_the_pipe_cuts_the_stream_the_same_items_come(cuts: list[int], trusted: bool) -> None:
    reader = StreamReader(trusted=trusted)
    edges = [0, *sorted(cuts), len(SAMPLE)]
    items = [item for begin, end in pairwise(edges) for item in reader.feed(SAMPLE[begin:end])]
    assert items == items_of(SAMPLE)
    assert reader.ended
    assert reader.unfinished == 0


def test_a_stream_may_come_byte_by_byte() -> None:
    reader = StreamReader()
    short = SAMPLE[:5000]
    items = [item for at in range(len(short)) for item in reader.feed(short[at : at + 1])]
    assert items == items_of(short)
    assert reader.unfinished > 0
    assert not reader.ended


def test_what_is_unknown_is_counted_and_its_time_passes() -> None:
    reader = StreamReader()
    items = reader.feed(
        HEADER
        + b'# written by hand\n\n[10,"z",{"new":true}]\n[20,"d","weather",{"rows":{"a":{"x":1}}}]\n'
        + b'[30,"e",{"type":"weather","rain":true}]\n[40,"d","pods",{"unknown":[1,{"deep":2}]}]\n'
    )
    assert items == [SourcePatch(EPOCH + 100, "pods", Patch(), keyframe=False)]
    assert (reader.skipped.kinds, reader.skipped.sources, reader.skipped.notes) == (1, 1, 1)
    assert reader.skipped.total == 3


def test_a_state_to_seek_to_says_nothing_new_to_who_follows() -> None:
    items = items_of(
        HEADER + b'[0,"k","pods",{"rows":{"a":{"namespace":"n","name":"a"}}}]\n'
        b'[5,"p","pods",{"rows":{"b":{"namespace":"n","name":"b"}}}]\n'
        b'[0,"s","pods",{"rows":{"a":{"namespace":"n","name":"a"}}}]\n[5,"d","pods",{}]\n'
    )
    assert [item.at - EPOCH for item in items] == [0, 10]
    assert items[1] == SourcePatch(EPOCH + 10, "pods", Patch(), keyframe=False)


def test_items_before_a_broken_line_are_not_lost_and_the_error_has_its_place() -> None:
    reader = StreamReader()
    good = HEADER + b'[7,"e",{"type":"marker","label":"a"}]\n'
    assert reader.feed(good + b"garbage\n") == [Noted(EPOCH + 7, Marker("a"))]
    assert reader.problem is not None
    with pytest.raises(RecordingError, match="line 3") as caught:
        reader.feed(b'[7,"x"]\n')
    assert caught.value.line == 3


def test_reading_to_the_end_raises_a_problem_that_waits() -> None:
    chunks = iter((HEADER + b'[7,"x"]\n[nonsense\n', b""))
    with pytest.raises(RecordingError, match="line 3"):
        list(StreamReader().read(lambda: next(chunks)))


def test_the_text_of_a_stranger_is_made_safe_and_that_of_our_own_child_is_not_touched_again() -> None:
    row = {"namespace": "n", "name": "a", "message": "\x1b]52;c;aGk=\x07 \u202eevil"}
    stream = HEADER + b'[0,"k","pods",' + encode({"rows": {"n/\x1ba": row}}) + b"]\n"
    (item,) = items_of(stream)
    assert isinstance(item, SourcePatch)
    assert isinstance(item.patch.rows, dict)
    ((key, safe_row),) = item.patch.rows.items()
    assert "\x1b" not in key + safe_row.message
    assert "\u202e" not in safe_row.message
    (trusted,) = items_of(stream, trusted=True)
    assert isinstance(trusted, SourcePatch)
    assert isinstance(trusted.patch.rows, dict)
    assert trusted.patch.rows["n/\x1ba"].message == row["message"]


@pytest.mark.parametrize(
    "note",
    [
        Marker("\x1b[2J"),
        CollectorSaid("\x9b31m", source="\u202e"),
        OperatorNote(id="\x1b1", actor="\x1bme", event=msgspec.Raw(b'{"type":"note","text":"\\u001b[2J"}')),
        PodAnswer("1", "n\x1b", "p", PodDetail("n", "p", logs=(LogTail("\x1bapp", lines=("\x07",)),))),
    ],
)
def test_every_note_of_a_stranger_is_made_safe(note: Any) -> None:
    (item,) = items_of(HEADER + b'[0,"e",' + encode(note) + b"]\n")
    assert isinstance(item, Noted)
    assert all(is_safe(text) for text in strings_in(msgspec.json.decode(msgspec.json.encode(item.note))))


def strings_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from strings_in(inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings_in(inner)


def test_a_long_string_is_cut_and_says_so() -> None:
    writer, chunks, _ = written()
    writer.note(EPOCH, Marker("z" * 20_000))
    (item,) = items_of(b"".join(chunks))
    assert isinstance(item, Noted)
    assert isinstance(item.note, Marker)
    assert len(item.note.label) <= LIMITS.string
    assert "…" in item.note.label


def test_a_second_pause_is_a_second() -> None:
    writer, chunks, clock = written()
    clock.advance(SECOND)
    writer.end(clock.now())
    assert b"".join(chunks).endswith(b'[1000,"x"]\n')
