"""What there is to replay, with the command that opens it."""

from __future__ import annotations

from pathlib import Path

from tests.builders import NOW
from tests.drills.recorded import Script, a_plan
from wfconsole.clock import MINUTE, ManualClock
from wfconsole.recording.format import StreamWriter
from wfconsole.session.files import recordings_in


def a_recording(path: Path, title: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        writer = StreamWriter(file.write, ManualClock(NOW))
        writer.header(title=title)
        writer.end(NOW + MINUTE)


def test_each_recording_has_the_command_that_opens_it(tmp_path: Path) -> None:
    a_recording(tmp_path / "night.jsonl", "a bad night")
    (found,) = recordings_in([tmp_path, tmp_path / "not-there"])
    assert (found.name, found.title, found.kind) == ("night", "a bad night", "recorded")
    assert found.command == "wfconsole replay night"
    assert (found.length_ms, found.recorded_at, found.problem) == (MINUTE, NOW, "")


def test_where_somebody_acted_one_can_practise(tmp_path: Path) -> None:
    a_recording(tmp_path / "watched.jsonl")
    Script().act("r1", 1, a_plan()).write(tmp_path / "acted.jsonl", 5)
    found = {each.name: each for each in recordings_in([tmp_path])}
    assert found["watched"].drill == ""
    assert found["acted"].drill == "wfconsole drill acted"


def test_two_of_the_same_name_are_opened_by_their_path(tmp_path: Path) -> None:
    a_recording(tmp_path / "one" / "night.jsonl")
    a_recording(tmp_path / "two" / "night.jsonl")
    commands = {found.command for found in recordings_in([tmp_path / "one", tmp_path / "two"])}
    assert commands == {
        f"wfconsole replay {tmp_path}/one/night.jsonl",
        f"wfconsole replay {tmp_path}/two/night.jsonl",
    }


def test_a_name_that_a_shell_would_read_is_quoted_and_a_hostile_one_made_visible(tmp_path: Path) -> None:
    a_recording(tmp_path / "a; rm -rf \x1b[2J.jsonl")
    (found,) = recordings_in([tmp_path])
    assert found.command == "wfconsole replay 'a; rm -rf ␛[2J'"


def test_one_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "broken.jsonl").write_text("this is no recording\n")
    (found,) = recordings_in([tmp_path])
    assert found.problem
