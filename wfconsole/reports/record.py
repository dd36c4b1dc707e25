"""What the reports draw on: the entries, the state they give, and what can be computed from both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec

from wfconsole.clock import Millis
from wfconsole.incident.events import ConsoleEnded, ConsoleStarted, Entry, Moment, NoteAdded, Noticed
from wfconsole.incident.playbook import Runbook
from wfconsole.incident.state import IncidentState, Line
from wfconsole.incident.wording import spell_duration


class Record(msgspec.Struct, frozen=True):
    """One incident's record, whole. `journal_notes`: what the journal's reader found to be out of order."""

    entries: tuple[Entry, ...]
    state: IncidentState
    runbook: Runbook
    journal_notes: tuple[str, ...] = ()

    @property
    def last_at(self) -> Millis:
        return max((entry.at for entry in self.entries), default=0)

    @property
    def lines(self) -> list[Line]:
        """The timeline in the order of time, without what was withdrawn."""
        kept = (line for line in self.state.lines.values() if not line.withdrawn)
        return sorted(kept, key=lambda line: (line.at, line.seq))

    def notes(self, *kinds: str) -> Iterator[tuple[Entry, NoteAdded]]:
        """Notes of the given kinds that were not withdrawn, with corrected text where there is one."""
        for entry in self.entries:
            event = entry.event
            if isinstance(event, NoteAdded) and (not kinds or event.kind in kinds):
                line = self.state.lines.get(entry.id)
                if line is None or line.withdrawn:
                    continue
                yield entry, msgspec.structs.replace(event, text=line.amended or event.text)

    def said_about(self, *topics: str) -> list[tuple[Entry, str]]:
        """Notes that begin with one of the topics and a colon: "impact: nobody could pay" tells of the impact."""
        found = []
        for entry, note in self.notes():
            topic, colon, rest = note.text.partition(":")
            if colon and topic.strip().casefold() in topics and rest.strip():
                found.append((entry, rest.strip()))
        return found

    def endings(self) -> Iterator[tuple[Entry, Noticed]]:
        """The last word of each line whose condition is over."""
        by_id = {entry.id: entry for entry in self.entries}
        for line in self.state.lines.values():
            last = by_id.get(line.entries[-1]) if line.until and len(line.entries) > 1 and not line.withdrawn else None
            if last is not None and isinstance(last.event, Noticed):
                yield last, last.event

    def unattended(self) -> Iterator[tuple[Millis, Millis, str]]:
        """When no console was there to see: from, to, and how it ended."""
        before: Entry | None = None
        for entry in self.entries:
            if isinstance(entry.event, ConsoleStarted) and before is not None and self.state.declared:
                how = "was closed" if isinstance(before.event, ConsoleEnded) else "ended without a word"
                yield before.at, entry.at, how
            before = entry


class Lapse(msgspec.Struct, frozen=True):
    """A time from one moment to another; `took_ms` is None where one of them is not known."""

    name: str
    since: Moment
    until: Moment
    took_ms: Millis | None

    @property
    def text(self) -> str:
        return "not known" if self.took_ms is None else spell_duration(self.took_ms)


def lapses(state: IncidentState) -> tuple[Lapse, ...]:
    """Times to detect, acknowledge, mitigate and resolve: the first and the last two from the start of the trouble."""
    moments = state.moments
    wanted: tuple[tuple[str, Moment, Moment], ...] = (
        ("detect", "started", "detected"),
        ("acknowledge", "detected", "acknowledged"),
        ("mitigate", "started", "mitigated"),
        ("resolve", "started", "resolved"),
    )
    found = []
    for name, since, until in wanted:
        start: Moment = since
        if start not in moments and name in ("mitigate", "resolve"):
            start = "detected"
        took = moments[until] - moments[start] if start in moments and until in moments else None
        found.append(Lapse(name, start, until, max(0, took) if took is not None else None))
    return tuple(found)


def iso(at: Millis) -> str:
    """An instant as ISO 8601, UTC, whole seconds."""
    return dt.datetime.fromtimestamp(at // 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(at: Millis) -> str:
    return iso(at)[:10]
