"""Entries on their way to disk: nothing waits for a disk, no incident gets another one's entries, nothing is silent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.builders import NOW, an_entry
from tests.journal.helpers import GatedDisk
from wfconsole.clock import SECOND, Clock, ManualClock, SystemClock
from wfconsole.incident.events import Declared, Entry, NoteAdded
from wfconsole.journal.journal import Journal
from wfconsole.journal.places import incidents_below
from wfconsole.session.followers import JournalFollower
from wfconsole.session.journaling import OPENS_WITHIN_MS, JournalSink, read_entries

WITHIN = 20.0


class Kept:
    """A sink with all that it said."""

    def __init__(self, folder: Path, *fallbacks: Path, clock: Clock | None = None) -> None:
        self.incidents = folder / "incidents"
        self.fallbacks = fallbacks
        self.saved: set[str] = set()
        self._changed = threading.Condition()
        self.sink = JournalSink(
            self.incidents,
            clock or SystemClock(),
            fallbacks=fallbacks,
            saved=self._save,
            changed=lambda: self._save(()),
        )

    def wait(self, holds: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(holds, WITHIN), self.sink.show()

    def texts(self, incident: str) -> list[str]:
        entries, unknown, report = read_entries(self.incidents / incident, self.fallbacks)
        assert report.intact
        assert not unknown
        return [entry.event.text for entry in entries if isinstance(entry.event, NoteAdded)]

    def _save(self, ids: Iterable[str]) -> None:
        with self._changed:
            self.saved.update(ids)
            self._changed.notify_all()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path, tmp_path / "fallback")
    yield made
    made.sink.close(5_000)


def declared(name: str) -> Entry:
    return an_entry(Declared(name, "down", "SEV1", "op1"), entry_id=f"declared {name}")


def note(text: str) -> Entry:
    return an_entry(NoteAdded(text), entry_id=text)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """A disk on which opening a journal takes until this is set."""
    gate = threading.Event()
    opened = Journal.open.__func__  # type: ignore[attr-defined]

    def wait(*arguments: Any, **options: Any) -> Journal:
        assert gate.wait(WITHIN)
        journal: Journal = opened(Journal, *arguments, **options)
        return journal

    monkeypatch.setattr(Journal, "open", wait)
    return gate


def test_what_is_entered_while_the_journal_opens_is_written_in_order(kept: Kept, slow: threading.Event) -> None:
    kept.sink.begin("INC-1", [note("before"), declared("INC-1")])
    kept.sink.append(note("one"))
    assert kept.sink.show().condition == "opening"
    slow.set()
    kept.wait(lambda: len(kept.saved) == 3)
    kept.sink.append(note("two"))
    kept.wait(lambda: len(kept.saved) == 4)
    assert kept.sink.show().condition == "durable"
    assert kept.texts("INC-1") == ["before", "one", "two"]


def test_a_journal_that_opens_is_neither_safe_nor_lost_until_the_disk_has_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = GatedDisk()
    disk.gate.clear()
    monkeypatch.setattr("wfconsole.journal.journal.Disk", lambda: disk)
    kept = Kept(tmp_path)
    kept.sink.begin("INC-1", [declared("INC-1")])
    before = kept.sink.show().condition
    assert disk.waiting.wait(WITHIN), "the first segment is on its way to the disk"
    assert (before, kept.sink.show().condition) == ("opening", "opening")
    assert kept.saved == set()
    disk.gate.set()
    kept.wait(lambda: kept.sink.show().condition == "durable")
    assert kept.sink.close(5_000) == ()


def test_a_disk_that_hangs_while_the_journal_opens_is_no_journal(tmp_path: Path, slow: threading.Event) -> None:
    clock = ManualClock(NOW)
    kept = Kept(tmp_path, clock=clock)
    kept.sink.begin("INC-1", [declared("INC-1")])
    clock.advance(OPENS_WITHIN_MS - 1)
    assert kept.sink.show().condition == "opening"
    clock.advance(9 * SECOND + 1)
    shown = kept.sink.show()
    assert (shown.condition, shown.reason) == ("memory-only", "the disk has not answered for 12s")
    slow.set()
    kept.wait(lambda: kept.sink.show().condition == "durable")
    assert kept.sink.close(5_000) == ()


def test_two_incidents_that_are_declared_before_the_disk_answers_do_not_mix(kept: Kept, slow: threading.Event) -> None:
    kept.sink.begin("INC-1", [declared("INC-1")])
    kept.sink.append(note("of the first"))
    kept.sink.begin("INC-2", [declared("INC-2")])
    kept.sink.append(note("of the second"))
    slow.set()
    kept.wait(lambda: len(kept.saved) == 4)
    assert kept.sink.close(5_000) == ()
    assert kept.texts("INC-1") == ["of the first"]
    assert kept.texts("INC-2") == ["of the second"]


def test_what_a_hanging_disk_never_took_is_given_back_redacted(kept: Kept, slow: threading.Event) -> None:
    kept.sink.begin("INC-1", [declared("INC-1")])
    kept.sink.append(note("the token=hunter2hunter2hunter2 is gone"))
    unsaved = kept.sink.close(50)
    slow.set()
    assert [record.kind for record in unsaved] == ["declared", "note"]
    assert b"is gone" in bytes(unsaved[1].body)
    assert b"hunter2" not in bytes(unsaved[1].body)


def test_a_folder_that_cannot_be_made_leads_to_the_fallback_and_the_incident_is_found_there(
    kept: Kept, tmp_path: Path
) -> None:
    kept.incidents.write_text("a file is in the way")
    (tmp_path / "fallback").mkdir()
    kept.sink.begin("INC-1", [declared("INC-1")])
    kept.sink.append(note("one"))
    kept.wait(lambda: len(kept.saved) == 2)
    assert kept.sink.show().condition == "fallback"
    assert "incidents" in kept.sink.show().reason
    kept.incidents.unlink()
    assert kept.texts("INC-1") == ["one"]
    assert list(incidents_below(tmp_path / "fallback")) == ["INC-1"]


def test_without_any_disk_everything_is_in_memory_and_given_back(tmp_path: Path) -> None:
    kept = Kept(tmp_path, tmp_path / "neither")
    kept.incidents.write_text("a file is in the way")
    (tmp_path / "neither").write_text("and here")
    kept.sink.begin("INC-1", [declared("INC-1")])
    kept.wait(lambda: kept.sink.show().condition == "memory-only")
    kept.sink.append(note("one"))
    assert [record.id for record in kept.sink.close(5_000)] == ["declared INC-1", "one"]


def test_what_is_entered_after_the_end_is_nobody_s(kept: Kept) -> None:
    kept.sink.begin("INC-1", [declared("INC-1")])
    kept.wait(lambda: bool(kept.saved))
    assert kept.sink.close(5_000) == ()
    kept.sink.append(note("too late"))
    assert kept.texts("INC-1") == []


def test_an_incident_below_a_fallback_of_a_stranger_is_not_listed(tmp_path: Path) -> None:
    kept = Kept(tmp_path, tmp_path)
    kept.incidents.write_text("a file is in the way")
    kept.sink.begin("INC-1", [declared("INC-1")])
    kept.wait(lambda: bool(kept.saved))
    kept.sink.close(5_000)
    (mine,) = tmp_path.glob("wfconsole-*")
    mine.chmod(0o777)
    assert list(incidents_below(tmp_path)) == []


def test_who_follows_sees_what_others_write_and_reads_only_what_has_grown(kept: Kept) -> None:
    followed: list[list[str]] = []
    follower = JournalFollower(
        kept.incidents / "INC-1", kept.fallbacks, lambda entries: followed.append([entry.id for entry in entries]), 10
    )
    kept.sink.begin("INC-1", [declared("INC-1")])
    kept.wait(lambda: bool(kept.saved))
    follower.look()
    follower.look()
    assert followed == [["declared INC-1"]]
    kept.sink.append(note("one"))
    kept.wait(lambda: "one" in kept.saved)
    follower.look()
    assert followed[-1] == ["declared INC-1", "one"]
