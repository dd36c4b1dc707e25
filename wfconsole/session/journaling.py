"""Entries to and from the journal: the only place that knows both what an entry is and where it is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from wfconsole.clock import Clock
from wfconsole.incident.events import Entry, Event
from wfconsole.journal import Journal, JournalReport, Record, read
from wfconsole.session.view import JournalView

# How much of the head of the chain is shown: enough to compare aloud.
HEAD_SHOWN = 8
CLOSE_WITHIN_MS = 700


class JournalSink:
    """An `EntrySink` on disk, one directory for each incident. Opening and writing happen in the journal's thread."""

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
        self._journal: Journal | None = None

    def begin(self, incident: str, entries: Iterable[Entry]) -> None:
        self.open(incident)
        for entry in entries:
            self.append(entry)

    def open(self, incident: str) -> JournalReport:
        """Open the journal of an incident to write on; what its reader found on the way."""
        self.close()
        self._journal = Journal.open(
            self._incidents / incident / "journal",
            clock=self._clock,
            fallbacks=self._fallbacks,
            on_ack=self._saved,
            on_state=lambda _state: self._changed(),
        )
        return self._journal.found

    def append(self, entry: Entry) -> None:
        if self._journal is None:
            return
        body = msgspec.json.encode(entry.event)
        kind = msgspec.json.decode(body, type=_Kind).type
        self._journal.append(id=entry.id, at=entry.at, kind=kind, actor=entry.actor, body=body)

    def show(self) -> JournalView:
        journal = self._journal
        if journal is None:
            return JournalView()
        state = journal.state
        return JournalView(
            condition=state.condition,
            reason=state.reason,
            head=journal.head[:HEAD_SHOWN],
            directory=str(state.directory),
        )

    def close(self) -> None:
        if self._journal is not None:
            self._journal.close(CLOSE_WITHIN_MS)


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
    records, report = read(directory / "journal", fallbacks=fallbacks)
    entries, unknown = entries_of(records)
    return entries, unknown, report
