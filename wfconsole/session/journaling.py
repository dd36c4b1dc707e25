"""Entries to and from the journal: the only place that knows both what an entry is and where it is kept.

The journal is imported when one is opened or read: the console's first frame waits for none.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from wfconsole.clock import SECOND, Clock, Millis
from wfconsole.decoding import decoder_of
from wfconsole.incident.events import Entry, Event
from wfconsole.session.view import JournalView
from wfconsole.text import age, safe

if TYPE_CHECKING:
    from wfconsole.journal.journal import Journal
    from wfconsole.journal.records import Record
    from wfconsole.journal.report import JournalReport

# How much of the head of the chain is shown: enough to compare aloud.
HEAD_SHOWN = 8
CLOSE_WITHIN_MS = 700
# A disk opens a journal within milliseconds. After this long it hangs, and nobody may believe that the record is safe.
OPENS_WITHIN_MS = 3 * SECOND


class JournalSink:
    """An `EntrySink` on disk, one directory for each incident.

    Nothing here waits for a disk: a journal is opened in a thread, and what comes meanwhile is queued for it.
    """

    def __init__(
        self,
        incidents: Path,
        clock: Clock,
        *,
        fallbacks: Sequence[Path],
        saved: Callable[[Iterable[str]], None],
        changed: Callable[[], None],
    ) -> None:
        self._incidents = incidents
        self._clock = clock
        self._fallbacks = tuple(fallbacks)
        self._saved = saved
        self._changed = changed
        self._books: tuple[_Book, ...] = ()  # of every incident since the console was started; the last one is open

    def begin(self, incident: str, entries: Iterable[Entry] = ()) -> None:
        """Go on in the journal of this incident, which is made where it is not there yet."""
        for book in self._books:
            book.let_go()
        book = _Book(entries, self._clock)
        self._books += (book,)
        threading.Thread(target=self._open, args=(incident, book), name="journal-opening", daemon=True).start()

    def append(self, entry: Entry) -> None:
        self._books[-1].append(entry)

    def show(self) -> JournalView:
        return self._books[-1].show() if self._books else JournalView()

    def close(self, within_ms: Millis = CLOSE_WITHIN_MS) -> tuple[Record, ...]:
        """Write what waits, within a bounded time; what is on no disk afterwards, redacted."""
        for book in self._books:
            book.let_go()
        until = self._clock.monotonic() + within_ms
        unsaved = [book.close(lambda: max(0, until - self._clock.monotonic())) for book in self._books]
        return tuple(record for records in unsaved for record in records)

    def _open(self, incident: str, book: _Book) -> None:
        from wfconsole.journal.journal import Journal

        book.open(
            Journal.open(
                self._incidents / incident / "journal",
                clock=self._clock,
                fallbacks=self._fallbacks,
                on_ack=self._saved,
                on_state=lambda _state: self._changed(),
            )
        )
        self._changed()


class _Book:
    """One incident's journal. What is entered before it is open waits for it."""

    def __init__(self, entries: Iterable[Entry], clock: Clock) -> None:
        self._clock = clock
        self._began_at = clock.monotonic()
        self._lock = threading.Lock()
        self._waiting = list(entries)
        self._journal: Journal | None = None
        self._opened = threading.Event()
        self._let_go = False

    def open(self, journal: Journal) -> None:
        with self._lock:
            for entry in self._waiting:
                _append(journal, entry)
            self._waiting = []
            self._journal = journal
            if self._let_go:
                journal.close(0)
        self._opened.set()

    def append(self, entry: Entry) -> None:
        from wfconsole.journal.journal import JournalClosedError

        with self._lock:
            if self._journal is None:
                self._waiting.append(entry)
                return
            try:
                _append(self._journal, entry)
            except JournalClosedError:
                pass  # the scribe noticed something while the console ended; the next one will notice it again

    def show(self) -> JournalView:
        journal = self._journal
        state = journal.state if journal is not None else None
        where = safe(str(state.directory)) if state is not None else ""
        if journal is None or state is None or state.condition == "opening":
            return self._opening(where)
        return JournalView(state.condition, safe(state.reason), journal.head[:HEAD_SHOWN], where)

    def _opening(self, where: str) -> JournalView:
        waited = self._clock.monotonic() - self._began_at
        if waited < OPENS_WITHIN_MS:
            return JournalView("opening", "the journal is being opened", directory=where)
        return JournalView("memory-only", f"the disk has not answered for {age(waited)}", directory=where)

    def let_go(self) -> None:
        """Nothing more will be entered. Never waits."""
        with self._lock:
            self._let_go = True
            if self._journal is not None:
                self._journal.close(0)

    def close(self, left_ms: Callable[[], Millis]) -> tuple[Record, ...]:
        """After `let_go`: wait until everything was tried, or no time is left; what is on no disk."""
        self._opened.wait(left_ms() / SECOND)
        with self._lock:
            journal = self._journal
            if journal is None:
                return tuple(map(_redacted, self._waiting))
        return () if journal.close(left_ms()) else journal.unsaved()


def _append(journal: Journal, entry: Entry) -> None:
    body, kind = _encoded(entry)
    journal.append(id=entry.id, at=entry.at, kind=kind, actor=entry.actor, body=body)


def append_event(journal: Journal, event: Event, *, actor: str, at: Millis) -> Entry:
    """Queue one event for a journal that is open, as an entry of its own. `flush` says whether it is on disk."""
    entry = Entry(id=uuid.uuid4().hex, seq=0, at=at, actor=actor, event=event)
    _append(journal, entry)
    return entry


def _encoded(entry: Entry) -> tuple[bytes, str]:
    """The event as JSON, and its kind."""
    body = msgspec.json.encode(entry.event)
    return body, decoder_of(_Kind).decode(body).type


def _redacted(entry: Entry) -> Record:
    """The record of an entry that no journal has taken, as a journal would have written it."""
    from wfconsole.journal.records import Record
    from wfconsole.redaction import redact

    body, kind = _encoded(entry)
    shown = msgspec.json.encode(redact(msgspec.json.decode(body)))
    return Record(id=entry.id, seq=0, at=entry.at, kind=kind, actor=entry.actor, body=msgspec.Raw(shown))


# Of each segment its path, its size in bytes and when it was written last: another one, and the journal is another.
JournalFiles = frozenset[tuple[str, int, int]]


def journal_files(directory: Path, fallbacks: Sequence[Path] = ()) -> JournalFiles:
    """The files of one incident's journal. Raises OSError where one has just gone."""
    from wfconsole.journal.places import fallback_directory

    own = directory / "journal"
    folders = (own, *(fallback_directory(base, own) for base in fallbacks))
    paths = (path for folder in folders for path in folder.glob("*.jsonl"))
    return frozenset((str(path), status.st_size, status.st_mtime_ns) for path in paths if (status := path.stat()))


class _Kind(msgspec.Struct):
    type: str


def entries_of(records: Iterable[Record]) -> tuple[list[Entry], int]:
    """The records that are entries, in order, and how many are of a kind that this version does not know."""
    entries: list[Entry] = []
    unknown = 0
    decode = decoder_of(Event).decode
    for record in records:
        try:
            event = decode(record.body)
        except msgspec.ValidationError:
            unknown += 1
            continue
        entries.append(Entry(id=record.id, seq=len(entries) + 1, at=record.at, actor=record.actor, event=event))
    return entries, unknown


def read_entries(directory: Path, fallbacks: Sequence[Path] = ()) -> tuple[list[Entry], int, JournalReport]:
    """The entries of one incident's directory, how many were of an unknown kind, and what the reader found."""
    from wfconsole.journal.survey import read

    records, report = read(directory / "journal", fallbacks)
    entries, unknown = entries_of(records)
    return entries, unknown, report
