"""Entries to and from the journal: the only place that knows both what an entry is and where it is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from wfconsole.clock import Clock
from wfconsole.incident.advance import fold
from wfconsole.incident.events import Entry, Event
from wfconsole.journal import Journal, JournalClosedError, JournalReport, Record, read
from wfconsole.session.view import JournalView

# How much of the head of the chain is shown: enough to compare aloud.
HEAD_SHOWN = 8
CLOSE_WITHIN_MS = 700


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
        self._lock = threading.Lock()
        self._waiting: list[Entry] = []
        self._opening: threading.Thread | None = None
        self._journal: Journal | None = None

    def begin(self, incident: str, entries: Iterable[Entry] = ()) -> None:
        """Go on in the journal of this incident, which is made where it is not there yet."""
        with self._lock:
            before, self._journal = self._journal, None
            self._waiting = list(entries)
            self._opening = threading.Thread(target=self._open, args=(incident,), name="journal-opening", daemon=True)
        if before is not None:
            before.close(0)
        self._opening.start()

    def append(self, entry: Entry) -> None:
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
        if journal is None:
            opening = self._opening is not None
            return JournalView("memory-only", "the journal is being opened") if opening else JournalView()
        state = journal.state
        return JournalView(state.condition, state.reason, journal.head[:HEAD_SHOWN], str(state.directory))

    def close(self) -> tuple[Record, ...]:
        """Write what waits, within a bounded time; what is on no disk afterwards."""
        if self._opening is not None:
            self._opening.join(CLOSE_WITHIN_MS / 1000)
        journal = self._journal
        if journal is None or journal.close(CLOSE_WITHIN_MS):
            return ()
        return journal.unsaved()

    def _open(self, incident: str) -> None:
        journal = Journal.open(
            self._incidents / incident / "journal",
            clock=self._clock,
            fallbacks=self._fallbacks,
            on_ack=self._saved,
            on_state=lambda _state: self._changed(),
        )
        with self._lock:
            for entry in self._waiting:
                _append(journal, entry)
            self._waiting = []
            self._journal = journal
        self._changed()


def _append(journal: Journal, entry: Entry) -> None:
    body = msgspec.json.encode(entry.event)
    kind = msgspec.json.decode(body, type=_Kind).type
    journal.append(id=entry.id, at=entry.at, kind=kind, actor=entry.actor, body=body)


class _Kind(msgspec.Struct):
    type: str


def entries_of(records: Iterable[Record]) -> tuple[list[Entry], int]:
    """The records that are entries, in order, and how many are of a kind that this version does not know."""
    entries: list[Entry] = []
    unknown = 0
    decode = msgspec.json.Decoder(Event).decode
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
    records, report = read(directory / "journal", fallbacks)
    entries, unknown = entries_of(records)
    return entries, unknown, report


def is_resolved(directory: Path, fallbacks: Sequence[Path] = ()) -> bool:
    """Whether the incident of this directory is over; one whose journal holds no declaration counts as over."""
    entries, _, _ = read_entries(directory, fallbacks)
    state = fold(entries)
    return not state.declared or state.resolved
