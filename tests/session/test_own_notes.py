"""Notes that somebody writes in a replay: where they are shown, where they are kept, and what their file may hold."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.session.made import BEGAN
from tests.terminal.hostile import HOSTILE
from wfconsole.clock import SECOND, Millis
from wfconsole.incident.events import NoteAdded
from wfconsole.session.own_notes import OwnNotes
from wfconsole.session.view import View
from wfconsole.text import is_safe

END: Millis = BEGAN + 120 * SECOND


def at(seconds: int) -> Millis:
    return BEGAN + seconds * SECOND


def notes_in(folder: Path) -> OwnNotes:
    notes = OwnNotes(folder / "replay-notes" / "made.jsonl", BEGAN, END)
    notes.load()
    return notes


def written(notes: OwnNotes, note: NoteAdded, now: Millis, actor: str = "replay") -> None:
    notes.add(note, actor, now)
    notes.await_written(5 * SECOND)


def shown(notes: OwnNotes, seconds: int) -> list[str]:
    return [line.text for line in notes.on(View(), at(seconds)).incident.lines.values()]


def test_a_note_is_shown_from_the_instant_on_that_it_speaks_of(tmp_path: Path) -> None:
    notes = notes_in(tmp_path)
    assert notes.on(View(), END) == View()
    written(notes, NoteAdded("here it began", at_time=at(20)), at(60))
    written(notes, NoteAdded("seen"), at(50))
    assert [shown(notes, seconds) for seconds in (19, 20, 60)] == [[], ["here it began"], ["here it began", "seen"]]


def test_notes_come_back_in_the_next_replay_and_belong_to_their_owner(tmp_path: Path) -> None:
    first = notes_in(tmp_path)
    written(first, NoteAdded("one", "mark", at_time=at(10)), at(10))
    written(notes_in(tmp_path), NoteAdded("two", "fact"), at(30))
    again = notes_in(tmp_path)
    assert shown(again, 60) == ["one", "two"]
    assert list(again.marks()) == [(at(10), "MARK"), (at(30), "NOTE")]
    (file,) = (tmp_path / "replay-notes").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_those_of_another_recording_with_that_name_are_not_shown(tmp_path: Path) -> None:
    written(notes_in(tmp_path), NoteAdded("long ago"), BEGAN - SECOND)
    written(notes_in(tmp_path), NoteAdded("later"), END + SECOND)
    notes = notes_in(tmp_path)
    assert list(notes.marks()) == []
    assert shown(notes, 120) == []


def test_what_is_no_note_is_told_and_what_is_one_is_shown(tmp_path: Path) -> None:
    written(notes_in(tmp_path), NoteAdded("mine"), at(10))
    file = tmp_path / "replay-notes" / "made.jsonl"
    before = b'no JSON\n{"at":"soon"}\n' + file.read_bytes() + b'\n{"at": 1'
    file.write_bytes(before)
    notes = notes_in(tmp_path)
    assert shown(notes, 60) == ["mine"]
    told = [words for _, words in notes.on(View(), at(60)).said]
    assert told == [f"{file}: 3 of its lines are no notes, and are not shown"]
    written(notes, NoteAdded("more"), at(20))
    assert file.read_bytes().startswith(before), "nothing in it is lost"
    assert shown(notes_in(tmp_path), 60) == ["mine", "more"]


@pytest.mark.parametrize("text", [text for name, text in HOSTILE.items() if name != "lone surrogates"])
def test_what_the_file_holds_is_inert(tmp_path: Path, text: str) -> None:
    written(notes_in(tmp_path), NoteAdded(text, about=text), at(10), text[:100])
    lines = notes_in(tmp_path).on(View(), END).incident.lines.values()
    assert all(is_safe(line.text) and is_safe(line.actor) for line in lines)
    assert len(lines) == 1


def test_where_nothing_can_be_written_they_are_in_memory_only_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "replay-notes").write_text("no folder")
    notes = OwnNotes(tmp_path / "replay-notes" / "made.jsonl", BEGAN, END)
    notes.load()
    written(notes, NoteAdded("seen"), at(10))
    view = notes.on(View(), at(20))
    assert shown(notes, 20) == ["seen"]
    assert view.journal.condition == "memory-only"
    assert str(tmp_path) in view.journal.reason


def test_a_note_is_pending_until_it_is_on_disk_and_a_disk_that_hangs_holds_nobody_up(tmp_path: Path) -> None:
    file = tmp_path / "replay-notes" / "made.jsonl"
    file.parent.mkdir()
    os.mkfifo(file)  # nobody reads: whoever opens it waits
    told: list[int] = []
    notes = OwnNotes(file, BEGAN, END, lambda: told.append(1))
    entry = notes.add(NoteAdded("seen"), "replay", at(10))
    view = notes.on(View(), at(20))
    assert view.pending == {entry.id}
    assert shown(notes, 20) == ["seen"]
    assert not told
    with file.open("rb"):  # the disk answers
        notes.await_written(5 * SECOND)
    assert notes.on(View(), at(20)).pending == frozenset()
