"""What somebody writes while a recording is replayed: in a file of one's own, never in what is replayed."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from wfconsole.clock import SECOND, Millis
from wfconsole.decoding import decoder_of
from wfconsole.incident.events import Entry, NoteAdded
from wfconsole.session.marks import Mark, marks_in
from wfconsole.session.view import JournalView, View
from wfconsole.text import safe

LONGEST: Final = 2_000  # characters of a note, as the form has it
MOST_BYTES: Final = 1 << 20


class _Kept(msgspec.Struct, frozen=True):
    """A line of the file. `at`: milliseconds since the epoch, as the recording counts."""

    at: Millis
    actor: str
    note: NoteAdded


class OwnNotes:
    """The notes of one recording, each at the instant that it speaks of. Safe from several threads."""

    def __init__(self, path: Path, start: Millis, end: Millis, changed: Callable[[], None] = lambda: None) -> None:
        """What speaks of no instant from `start` to `end` is about another recording of the same name. `changed` is
        called from another thread when a note is in the file, or cannot be."""
        self._path = path
        self._start, self._end = start, end
        self.changed = changed
        self._disk = threading.Lock()  # held while the file is read or written; a disk may hang
        self._written = threading.Condition()
        self._unwritten: set[str] = set()
        self._entries: tuple[Entry, ...] = ()
        self._trouble = ""  # why they are in memory only
        self._left_out = 0  # lines of the file that are no notes

    def load(self) -> None:
        """Take in what the file holds. What is no note stays in it, and is told. Never call it on the screen's loop."""
        with self._disk:
            try:
                with self._path.open("rb") as file:
                    lines = file.read(MOST_BYTES).splitlines()
            except FileNotFoundError:
                return
            except OSError as error:
                self._trouble = f"{self._path}: {error.strerror}"
                return
        found = [_entry(line) for line in lines]
        with self._written:
            self._left_out = found.count(None)
            self._entries = (*(entry for entry in found if entry is not None), *self._entries)

    def add(self, note: NoteAdded, actor: str, now: Millis) -> Entry:
        """One more. It is pending until it is in the file; `on` says why it cannot be. Never waits."""
        kept = _Kept(note.at_time or now, actor, note)
        entry = _made(kept)
        with self._written:
            self._entries = (*self._entries, entry)
            self._unwritten.add(entry.id)
        threading.Thread(target=self._write, args=(kept, entry.id), name="own-notes", daemon=True).start()
        return entry

    def await_written(self, within_ms: Millis) -> None:
        """Until no note is pending, at most so long."""
        with self._written:
            self._written.wait_for(lambda: not self._unwritten, within_ms / SECOND)

    def _write(self, kept: _Kept, entry: str) -> None:
        with self._disk:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with open(self._path, "ab", opener=_private) as file:
                    begun = b"\n" if file.tell() else b""  # a line that was cut off stays one of its own
                    file.write(begun + msgspec.json.encode(kept))
                    file.flush()
                    os.fsync(file.fileno())
                self._trouble = ""
            except OSError as error:
                self._trouble = f"{self._path}: {error.strerror}"
        with self._written:
            self._unwritten.discard(entry)
            self._written.notify_all()
        self.changed()

    def on(self, view: View, now: Millis) -> View:
        """The view of an instant with the notes up to it."""
        changes: dict[str, Any] = {}
        with self._written:
            entries, unwritten = self._entries, frozenset(self._unwritten)
        if unwritten:
            changes["pending"] = view.pending | unwritten
        if self._trouble:
            changes["journal"] = JournalView("memory-only", safe(self._trouble), directory=safe(str(self._path.parent)))
        if self._left_out:
            told = f"{self._path}: {self._left_out} of its lines are no notes, and are not shown"
            changes["said"] = (*view.said, (self._start, safe(told)))
        shown = [entry for entry in entries if self._start <= entry.at <= now]
        if shown:
            from wfconsole.incident.advance import fold  # here, because most replays have none

            newest = view.incident.head_seq
            numbered = (msgspec.structs.replace(entry, seq=newest + place) for place, entry in enumerate(shown, 1))
            changes["incident"] = fold(numbered, view.incident)
        return msgspec.structs.replace(view, **changes) if changes else view

    def marks(self) -> Iterator[Mark]:
        """Where they stand on the time bar."""
        return marks_in(entry for entry in self._entries if self._start <= entry.at <= self._end)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _entry(line: bytes) -> Entry | None:
    try:
        kept = decoder_of(_Kept).decode(line)
    except msgspec.MsgspecError:
        return None
    note = msgspec.structs.replace(kept.note, text=safe(kept.note.text, LONGEST), about=safe(kept.note.about))
    return _made(msgspec.structs.replace(kept, actor=safe(kept.actor, 60), note=note))


def _made(kept: _Kept) -> Entry:
    return Entry(id=uuid.uuid4().hex, seq=0, at=kept.at, actor=kept.actor, event=kept.note)
