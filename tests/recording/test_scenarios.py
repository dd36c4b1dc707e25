"""The list of what can be replayed comes whole, whatever lies in the directories."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from tests.recording.streams import EPOCH, Cluster, items_of
from wfconsole.recording.lines import MIB, RecordingError
from wfconsole.recording.scenarios import find, listed, scenario_text

STREAM = Cluster(pods=5, seed=4).live(60).end().stream


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    scenario = tmp_path / "service-outage"
    scenario.mkdir()
    (scenario / "scenario.toml").write_text(
        'title = "A bad rollout"\npractise = "roll back, tell people"\nseverity = 2\n[expected]\nfirst = "crash loop"\n'
    )
    (scenario / "recording.jsonl.gz").write_bytes(gzip.compress(STREAM))
    (tmp_path / "INC-7.jsonl").write_bytes(STREAM)
    (tmp_path / "notes.txt").write_text("not ours")
    (tmp_path / ".hidden.jsonl").write_bytes(STREAM)
    (tmp_path / "pictures").mkdir()
    return tmp_path


def test_scenarios_come_first_with_what_one_practises_then_recordings(shelf: Path) -> None:
    scenario, recording = listed([shelf])
    assert (scenario.name, scenario.kind, scenario.title) == ("service-outage", "scenario", "A bad rollout")
    assert (scenario.practise, scenario.severity, scenario.problem) == ("roll back, tell people", 2, "")
    assert (recording.name, recording.kind, recording.title) == ("INC-7", "recorded", "a bad rollout")
    for entry in (scenario, recording):
        assert entry.length_ms == items_of(STREAM)[-1].at - EPOCH
        assert entry.recorded_at == EPOCH
        assert not entry.truncated
        assert entry.marks
        assert all(0 <= mark <= entry.length_ms for mark in entry.marks)


def test_newer_recordings_come_first(tmp_path: Path) -> None:
    for name, year in (("a", 2024), ("b", 2026), ("c", 2025)):
        header = f'{{"wfrec":1,"min_reader":1,"epoch":"{year}-01-01T00:00:00Z"}}\n'
        (tmp_path / f"{name}.jsonl").write_text(header)
    assert [entry.name for entry in listed([tmp_path])] == ["b", "c", "a"]


def test_bad_ones_are_in_the_list_with_the_reason(shelf: Path) -> None:
    (shelf / "future.jsonl").write_text('{"wfrec":3,"min_reader":3}\n')
    (shelf / "noise.jsonl.gz").write_bytes(b"\x1f\x8b" + bytes(range(256)))
    (shelf / "empty.jsonl").write_bytes(b"")
    (shelf / "directory.jsonl").mkdir()
    (shelf / "dangling.jsonl").symlink_to(shelf / "nowhere")
    os.mkfifo(shelf / "pipe.jsonl")
    (shelf / "huge.jsonl").write_bytes(b"")
    os.truncate(shelf / "huge.jsonl", 65 * MIB)
    (shelf / "half.jsonl").write_bytes(STREAM[: len(STREAM) // 2])
    (shelf / "bad-line.jsonl").write_bytes(STREAM[:3000] + b"\nnonsense\n")
    broken = shelf / "broken-toml"
    broken.mkdir()
    (broken / "scenario.toml").write_text("title = \x1b[2J")
    found = {entry.name: entry for entry in listed([shelf])}
    problems = {name: entry.problem for name, entry in found.items() if entry.problem}
    assert set(problems) == {
        *("future", "noise", "empty", "directory", "dangling", "pipe", "huge", "bad-line", "broken-toml")
    }
    assert "version 3" in problems["future"]
    assert "No such file" in problems["dangling"]
    assert "larger than" in problems["huge"]
    assert found["broken-toml"].kind == "scenario"
    assert found["half"].truncated
    assert not any("\x1b" in problem for problem in problems.values())


def test_hostile_names_and_titles_are_safe_in_the_list(tmp_path: Path) -> None:
    (tmp_path / "\x1b[31mred.jsonl").write_text(
        '{"wfrec":1,"min_reader":1,"epoch":"2026-01-01T00:00:00Z","title":"\\u001b]0;t\\u0007"}\n'
    )
    (entry,) = listed([tmp_path])
    assert "\x1b" not in entry.name + entry.title


def test_a_long_recording_is_listed_at_once_without_its_length(tmp_path: Path) -> None:
    header = b'{"wfrec":1,"min_reader":1,"epoch":"2026-01-01T00:00:00Z","title":"long"}\n'
    line = b"# " + b"x" * 1000 + b"\n"
    (tmp_path / "long.jsonl.gz").write_bytes(gzip.compress(header) + gzip.compress(line * 1000) * 40)
    (entry,) = listed([tmp_path])
    assert (entry.title, entry.length_ms, entry.problem, entry.truncated) == ("long", None, "", False)


def test_directories_that_are_not_there_hold_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert listed([tmp_path / "missing", tmp_path / "file"]) == ()


def test_one_is_found_by_its_name(shelf: Path) -> None:
    assert find("service-outage", [shelf]) == shelf / "service-outage"
    assert find("INC-7", [Path("/nowhere"), shelf]) == shelf / "INC-7.jsonl"
    assert find("INC-7.jsonl", [shelf]) == shelf / "INC-7.jsonl"
    assert find("../" + shelf.name, [shelf]) is None


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("title = 7", "title"),
        ("severity = 9", "severity is 9"),
        ("title = [", "scenario.toml"),
        ("x = " + "[" * 5000 + "]" * 5000, "scenario.toml"),
        ("#" * 70_000, "larger than 64 KiB"),
    ],
)
def test_what_is_wrong_in_a_scenario_is_named_with_its_file(toml: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text(toml)
    with pytest.raises(RecordingError, match=message):
        scenario_text(tmp_path)
