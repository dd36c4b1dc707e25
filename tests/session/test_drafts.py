"""Drafts on a real disk: kept, gone on with, dropped; and what a file may be without being believed."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.builders import an_entry
from tests.journal.helpers import until
from wfconsole.clock import SECOND, ManualClock, SystemClock
from wfconsole.incident.events import NoteAdded
from wfconsole.session.draft_folder import LARGEST_FILE, LONGEST_TEXT, DraftFolder
from wfconsole.session.drafts import HANGS_AFTER_MS, KEPT_EVERY_MS, Draft, DraftBook
from wfconsole.text import is_safe

INCIDENT = "INC-1"
NOW = 1_000_000


class Machine:
    """The folder of incidents, and consoles that keep drafts in it."""

    def __init__(self, folder: Path) -> None:
        self.incidents = folder / "incidents"
        self.entered_as = INCIDENT
        self.settled = True
        self.newest: str | None = None
        self.asked = 0  # how often it was asked whether it is
        self.clock = ManualClock(NOW)
        self.open: list[DraftFolder] = []

    def book(self, operator: str = "op1") -> DraftBook:
        return DraftBook(
            self.clock,
            operator,
            incident=lambda: self.entered_as,
            open_folder=self._folder,
            newest=lambda: self.newest,
            settled=self._is_settled,
        )

    def _is_settled(self) -> bool:
        self.asked += 1
        return self.settled

    @contextmanager
    def console(self, operator: str = "op1") -> Iterator[DraftBook]:
        """One that ends in an orderly way; its locks are gone with it."""
        before = len(self.open)
        book = self.book(operator)
        yield book
        book.close(10_000)
        for folder in self.open[before:]:
            folder._hold(None)

    def left(self, operator: str = "op1", **words: str) -> Path:
        """What a console of this operator left; each word under its name."""
        with self.console(operator) as book:
            for of, text in words.items():
                book.keep(of, {"text": text})
        return max(self.files(), key=lambda path: path.stat().st_mtime_ns)

    def files(self, incident: str = INCIDENT) -> list[Path]:
        return sorted((self.incidents / incident / "drafts").glob("*.json"))

    def _folder(self, incident: str) -> DraftFolder:
        self.open.append(DraftFolder(self.incidents / incident))
        return self.open[-1]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def words(book: DraftBook, of: str) -> str:
    draft = book.get(of)
    return draft.fields["text"] if draft is not None else ""


def test_what_is_kept_is_written_soon_for_the_owner_alone(machine: Machine) -> None:
    book = machine.book()
    book.keep("note", {"text": "half a"}, drawn_at=5)
    book.keep("note", {"text": "half a sentence"}, drawn_at=5)
    until(lambda: bool(machine.files()), "it is written")
    (path,) = machine.files()
    assert json.loads(path.read_text()) == {
        "incident": INCIDENT,
        "drafts": [{"of": "note", "fields": {"text": "half a sentence"}, "at": NOW, "by": "op1", "drawn_at": 5}],
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    book.drop("note")
    until(lambda: not machine.files(), "it is gone")
    assert os.listdir(path.parent) == []


def test_somebody_who_writes_without_a_pause_has_a_write_a_second(machine: Machine) -> None:
    book, versions, words = machine.book(), dict[int, float](), 0

    def write_on() -> bool:
        nonlocal words
        words += 1
        book.keep("note", {"text": "x" * (words % 1_000)})
        for path in machine.files():
            versions.setdefault(path.stat().st_mtime_ns, time.monotonic())
        return len(versions) == 3

    until(write_on, "it is written three times")
    first, _, third = versions.values()
    assert third - first > 1.5 * KEPT_EVERY_MS / SECOND
    book.close()


def test_the_end_writes_at_once_what_waits(machine: Machine) -> None:
    book = machine.book()
    book.keep("note", {"text": "the last word"})
    book.close(KEPT_EVERY_MS * 2 // 3)
    assert "the last word" in machine.files()[0].read_text()


def test_what_was_left_is_taken_over_and_its_file_gone_when_it_is_written_again(machine: Machine) -> None:
    old = machine.left(note="half a sentence")
    with machine.console() as book:
        assert book.take_over(INCIDENT) == ()
        draft = book.get("note")
        assert draft is not None
        assert (draft.fields, draft.at, draft.by, draft.left_over) == ({"text": "half a sentence"}, NOW, "op1", True)
        book.keep("note", {"text": "half a sentence"})
        assert book.get("note") == draft  # nobody has changed it
        book.keep("note", {"text": "half a sentence, and more"})
        changed = book.get("note")
        assert changed is not None
        assert not changed.left_over
    (new,) = machine.files()
    assert new != old
    assert "and more" in new.read_text()


@pytest.mark.parametrize(("text", "offered"), [("half a sentence", False), ("half a sentence, and more", True)])
def test_what_was_entered_is_not_offered_again(machine: Machine, text: str, offered: bool) -> None:
    """Its console was killed after the record had it, and before the draft was gone."""
    machine.left(note="half a sentence")
    entry = an_entry(NoteAdded(text, "note"))
    with machine.console() as book:
        book.take_over(INCIDENT, (entry,))
        assert (book.get("note") is not None) == offered


@pytest.mark.parametrize(
    ("begun_after", "text", "by", "offered"),
    [
        ("", "half a sentence, and more", "op1", False),
        ("first", "half a sentence, and more", "op1", False),
        ("first", "half a sentence, and more", "op2", True),
        ("first", "another half a sentence", "op1", True),
        ("second", "half a sentence, and more", "op1", True),
        ("lost", "half a sentence, and more", "op1", True),
    ],
)
def test_the_beginning_of_what_was_entered_later_is_not_offered(
    machine: Machine, begun_after: str, text: str, by: str, offered: bool
) -> None:
    """Its console was killed before it had kept the last of the words, which the record has."""
    machine.newest = begun_after
    machine.left(note="half a sentence")
    first = an_entry(NoteAdded("nothing to do with it", "note"), entry_id="first")
    second = an_entry(NoteAdded(text, "note"), entry_id="second", actor=by)
    with machine.console() as book:
        book.take_over(INCIDENT, (first, second))
        assert (book.get("note") is not None) == offered


def test_a_draft_knows_what_had_been_entered_when_it_was_begun(machine: Machine) -> None:
    machine.newest = "first"
    with machine.console() as book:
        book.keep("note", {"text": "half"})
        machine.newest = "second"
        book.keep("note", {"text": "half a sentence"})
    with machine.console() as book:
        book.take_over(INCIDENT)
        draft = book.get("note")
        assert draft is not None
        assert draft.begun_after == "first"


def test_what_was_taken_over_and_dropped_leaves_nothing(machine: Machine) -> None:
    machine.left(note="half a sentence")
    with machine.console() as book:
        book.take_over(INCIDENT)
        book.drop("note")
    assert machine.files() == []


def test_who_is_killed_before_anything_is_written_again_loses_nothing(machine: Machine) -> None:
    machine.left(note="half a sentence")
    folder = DraftFolder(machine.incidents / INCIDENT)
    assert [draft.of for draft in folder.take_over("op1")[0]] == ["note"]
    assert DraftFolder(machine.incidents / INCIDENT).take_over("op1") == ((), ())  # the first one has them
    for left in folder._taken:
        os.close(left.descriptor)  # as the kernel does
    assert [draft.of for draft in DraftFolder(machine.incidents / INCIDENT).take_over("op1")[0]] == ["note"]


def test_the_words_of_a_console_that_lives_are_not_taken(machine: Machine) -> None:
    folder = DraftFolder(machine.incidents / INCIDENT)
    for text in ("one", "two"):
        folder.write([Draft("note", {"text": text}, NOW, "op2")])
        assert DraftFolder(machine.incidents / INCIDENT).take_over("op1") == ((), ())


def test_of_two_consoles_the_own_words_count_and_the_others_stay_for_whoever_wrote_them(machine: Machine) -> None:
    machine.left("op1", note="mine, older")
    machine.clock.advance(1_000)
    left = machine.left("op2", note="theirs, newer")
    theirs = left.rename(left.with_name("0.json"))  # whatever the order of their names
    with machine.console("op1") as book:
        book.take_over(INCIDENT)
        assert words(book, "note") == "mine, older"
    assert theirs.exists()


def test_of_two_consoles_of_others_the_newest_words_count(machine: Machine) -> None:
    left = machine.left("op2", note="older", task="of one alone")
    older = left.rename(left.with_name("0.json"))
    machine.clock.advance(1_000)
    machine.left("op3", note="newer")
    with machine.console("op1") as book:
        book.take_over(INCIDENT)
        assert (words(book, "note"), words(book, "task")) == ("newer", "of one alone")
    assert older.exists()


def test_each_incident_has_its_own_and_before_one_has_a_record_nothing_is_written(machine: Machine) -> None:
    machine.entered_as = ""
    with machine.console() as book:
        book.keep("declare", {"text": "only opened"})
        assert words(book, "declare") == "only opened"
        machine.entered_as = "INC-2"
        assert book.get("declare") is None
        book.keep("note", {"text": "of the second"})
        machine.entered_as = "INC-3"
        assert book.get("note") is None
    assert os.listdir(machine.incidents) == ["INC-2"]
    assert "of the second" in machine.files("INC-2")[0].read_text()


def test_without_a_disk_they_are_in_memory(tmp_path: Path) -> None:
    book = DraftBook(SystemClock(), incident=lambda: INCIDENT)
    book.keep("note", {"text": "half a sentence"})
    assert words(book, "note") == "half a sentence"
    book.close()
    assert os.listdir(tmp_path) == []


def test_a_secret_is_not_written_and_stays_in_the_console(machine: Machine) -> None:
    with machine.console() as book:
        book.keep("note", {"text": "token=abcdefgh12345678 works"})
        assert words(book, "note") == "token=abcdefgh12345678 works"
    assert "abcdefgh" not in machine.files()[0].read_text()


def test_words_that_were_entered_stay_until_what_came_of_them_is_on_disk(machine: Machine) -> None:
    book = machine.book()
    book.keep("note", {"text": "half a sentence"})
    until(lambda: bool(machine.files()), "it is written")
    machine.settled = False
    book.drop("note")
    until(lambda: machine.asked > 1, "it has waited for that")
    assert machine.files()
    machine.settled = True
    until(lambda: not machine.files(), "it is gone")
    book.close()


def test_a_disk_that_refuses_is_told_and_is_tried_again(machine: Machine) -> None:
    machine.incidents.mkdir()
    in_the_way = machine.incidents / INCIDENT
    in_the_way.write_text("a file")
    with machine.console() as book:
        book.keep("note", {"text": "half a sentence"})
        until(lambda: book.trouble == "Not a directory", "it is told")
        in_the_way.unlink()
    assert book.trouble == ""
    assert "half a sentence" in machine.files()[0].read_text()


def test_a_write_that_fails_leaves_the_one_before(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = DraftFolder(machine.incidents / INCIDENT)
    folder.write([Draft("note", {"text": "before"}, NOW)])

    def refuse(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="Input/output"):
        folder.write([Draft("note", {"text": "after"}, NOW)])
    (path,) = machine.files()
    assert "before" in path.read_text()
    assert os.listdir(path.parent) == [path.name]
    assert DraftFolder(machine.incidents / INCIDENT).take_over("op1") == ((), ())  # and it is still ours


def test_a_disk_that_does_not_answer_holds_up_nobody_and_is_told(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, gate, sync = threading.Event(), threading.Event(), os.fsync

    def hang(descriptor: int) -> None:
        hangs.set()
        gate.wait(30)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", hang)
    book = machine.book()
    book.keep("note", {"text": "half a sentence"})
    assert hangs.wait(10)
    book.keep("note", {"text": "half a sentence."})
    before = book.trouble
    machine.clock.advance(HANGS_AFTER_MS + 1)
    assert (before, book.trouble) == ("", "the disk has not answered for 3s")
    book.close(50)
    gate.set()
    until(lambda: "half a sentence." in "".join(path.read_text() for path in machine.files()), "it is written")


def as_text(path: Path) -> None:
    path.write_text("{ not what it was")


def as_bytes(path: Path) -> None:
    path.write_bytes(os.urandom(4_000))


def as_nothing(path: Path) -> None:
    path.write_bytes(b"")


def as_deep(path: Path) -> None:
    path.write_text('{"incident": "INC-1", "drafts": [], "more": ' + "[" * 100_000 + "]" * 100_000 + "}")


def as_large(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b" " * LARGEST_FILE)


def as_a_link(path: Path) -> None:
    elsewhere = path.with_name("elsewhere")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def as_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def as_a_pipe_that_speaks(path: Path) -> None:
    content = path.read_bytes()
    as_a_pipe(path)
    os.write(os.open(path, os.O_RDWR), content)  # left open, so that there is something to read


def as_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def of_another_incident(path: Path) -> None:
    path.write_text(path.read_text().replace("INC-1", "INC-2"))


def of_no_time(path: Path) -> None:
    path.write_text(path.read_text().replace(str(NOW), "9" * 18))


def with_surrogates(path: Path) -> None:
    path.write_text(path.read_text().replace("half", "\\ud800"))


@pytest.mark.parametrize(
    "spoil",
    [
        *(as_text, as_bytes, as_nothing, as_deep, as_large, as_a_link, as_a_pipe, as_a_folder, of_another_incident),
        *(of_no_time, with_surrogates, as_a_pipe_that_speaks),
    ],
)
def test_a_file_that_cannot_be_used_is_put_aside_said_once_and_stops_nothing(
    machine: Machine, spoil: Callable[[Path], None]
) -> None:
    path = machine.left(note="half a sentence")
    spoil(path)
    with machine.console("op2") as good:
        good.keep("task", {"text": "a good one"})
    with machine.console() as book:
        (problem,) = book.take_over(INCIDENT)
        assert "unsent words of an earlier console cannot be used" in problem
        assert str(path.with_suffix(".unusable")) in problem
        assert is_safe(problem)
        assert book.get("note") is None
        assert words(book, "task") == "a good one"
    assert os.path.lexists(path.with_suffix(".unusable"))
    with machine.console() as book:
        assert book.take_over(INCIDENT) == ()


def test_a_folder_that_cannot_be_read_is_said_and_stops_nothing(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.left(note="half a sentence")

    def refuse(path: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "listdir", refuse)  # pathlib takes the one up to Python 3.11
    monkeypatch.setattr(os, "scandir", refuse)  # and the other from 3.13 on
    (problem,) = DraftFolder(machine.incidents / INCIDENT).take_over("op1")[1]
    assert "Input/output error" in problem


# Writes drafts that grow, without a pause, and says of each that it is on disk.
WRITES = """
import sys
from pathlib import Path
from wfconsole.session.draft_folder import DraftFolder
from wfconsole.session.drafts import Draft
folder = DraftFolder(Path(sys.argv[1]))
for count in range(100_000):
    folder.write([Draft("note", {"text": "x" * count}, count, "op1")])
    print(count, flush=True)
"""


def test_a_kill_at_any_instant_leaves_what_was_on_disk_and_nothing_torn(machine: Machine) -> None:
    folder = machine.incidents / INCIDENT
    for kills in range(1, 9):
        with subprocess.Popen([sys.executable, "-c", WRITES, str(folder)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            told = [writer.stdout.readline() for _ in range(kills * 7)]
            writer.kill()
            told += writer.stdout.readlines()
        confirmed = max(int(line) for line in told if line.endswith(b"\n"))
        taken = DraftFolder(folder)
        (draft,), problems = taken.take_over("op1")
        assert problems == ()
        assert draft.fields["text"] == "x" * draft.at
        assert draft.at >= confirmed
        taken.write([])
        assert machine.files() == []


def test_a_file_of_another_user_is_not_believed(machine: Machine, root: None) -> None:
    path = machine.left(note="half a sentence")
    os.chown(path, 12_345, 12_345)
    with machine.console() as book:
        assert "it belongs to another user" in book.take_over(INCIDENT)[0]


def test_what_is_in_a_file_is_made_inert(machine: Machine) -> None:
    path = machine.left(note="half a sentence")
    told: dict[str, Any] = json.loads(path.read_text())
    hostile = "\x1b]52;c;aGVsbG8=\x07[/]\u202e\x9b31m\n" * 1_000
    told["drafts"][0] |= {"by": hostile, "fields": {"text": hostile}}
    path.write_text(json.dumps(told))
    with machine.console() as book:
        assert book.take_over(INCIDENT) == ()
        draft = book.get("note")
        assert draft is not None
        lines = draft.fields["text"].split("\n")
        assert len(draft.fields["text"]) <= LONGEST_TEXT
        assert len(lines) > 1
        assert all(map(is_safe, [*lines, draft.by]))


def test_what_was_typed_comes_back_as_it_was(machine: Machine) -> None:
    text = "a line\n\n  another, with an é, 日本 and [brackets]\n" + "x" * 3_000
    machine.left(message=text)
    with machine.console() as book:
        book.take_over(INCIDENT)
        assert words(book, "message") == text


def test_a_file_system_without_locks_keeps_and_gives_all_the_same(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(descriptor: int, operation: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    machine.left(note="half a sentence")
    with machine.console() as book:
        assert book.take_over(INCIDENT) == ()
        assert words(book, "note") == "half a sentence"
