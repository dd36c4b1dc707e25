"""What the reports draw on: the entries, the state they give, and what can be computed from both."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from wfconsole.clock import SECOND, Millis
from wfconsole.incident.events import (
    ConsoleEnded,
    ConsoleStarted,
    Entry,
    Moment,
    NoteAdded,
    Noticed,
    StepMarked,
    StepProbed,
)
from wfconsole.incident.playbook import Runbook
from wfconsole.incident.state import IncidentState, Line
from wfconsole.incident.wording import spell_duration, step_title
from wfconsole.text import UNKNOWN, calendar_time

_SPOKEN: Final[Mapping[Moment, str]] = {
    "started": "the start",
    "detected": "the detection",
    "acknowledged": "the acknowledgement",
    "mitigated": "the mitigation",
    "resolved": "the resolution",
}


class Record(msgspec.Struct, frozen=True):
    """One incident's record, whole. `journal_notes`: what the journal's reader found to be out of order.

    `left_out`: the ids of the entries that somebody withdrew or hid, those folded into such a line included.
    """

    entries: tuple[Entry, ...]
    state: IncidentState
    runbook: Runbook
    journal_notes: tuple[str, ...] = ()
    left_out: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, entries: Sequence[Entry], state: IncidentState, runbook: Runbook, journal_notes: Sequence[str] = ()
    ) -> Record:
        """`state` is the fold of `entries`. Raises ValueError when no incident was declared."""
        if not state.declared:
            raise ValueError("no incident is declared in these entries")
        gone = (line.entries for line in state.lines.values() if line.withdrawn or line.hidden)
        left_out = frozenset(entry for entries in gone for entry in entries)
        return cls(tuple(entries), state, runbook, tuple(journal_notes), left_out)

    @property
    def last_at(self) -> Millis:
        return max((entry.at for entry in self.entries), default=0)

    @property
    def lines(self) -> list[Line]:
        """The timeline in the order of time, without what was withdrawn or hidden."""
        kept = (line for line in self.state.lines.values() if not line.withdrawn and not line.hidden)
        return sorted(kept, key=lambda line: (line.at, line.seq))

    def is_shown(self, entry_id: str) -> bool:
        """Whether an entry counts: nobody has withdrawn it or hidden its line."""
        return entry_id not in self.left_out

    def at(self, entry: Entry) -> Millis:
        """When it happened, as far as it was dated otherwise than written."""
        line = self.state.lines.get(entry.id)
        return line.at if line is not None else entry.at

    def notes(self, *kinds: str) -> Iterator[tuple[Entry, NoteAdded]]:
        """Notes of the given kinds that count, with corrected text where there is one."""
        for entry in self.entries:
            event = entry.event
            if isinstance(event, NoteAdded) and (not kinds or event.kind in kinds):
                line = self.state.lines.get(entry.id)
                if line is None or not self.is_shown(entry.id):
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

    def step_name(self, step_id: str) -> str:
        """A step's title, as it was when somebody last marked it or looked at it."""
        for entry in reversed(self.entries):
            event = entry.event
            if isinstance(event, StepMarked | StepProbed) and event.step == step_id and event.title:
                return event.title
        return step_title(step_id)

    def moment_name(self, moment: Moment) -> str:
        """What is counted from, or to: an incident that nobody dated otherwise was detected when it was declared."""
        moments = self.state.moments
        if moment == "detected" and moments.get("detected") == self.state.declared_at:
            return "the declaration"
        return _SPOKEN[moment]

    def endings(self) -> Iterator[tuple[Entry, Noticed]]:
        """The last word of each line whose condition is over."""
        by_id = {entry.id: entry for entry in self.entries}
        for line in self.state.lines.values():
            over = line.until and len(line.entries) > 1 and self.is_shown(line.entry)
            last = by_id.get(line.entries[-1]) if over else None
            if last is not None and isinstance(last.event, Noticed):
                yield last, last.event

    def unattended(self) -> Iterator[tuple[Millis, Millis, str]]:
        """When no console was there to see: from, to, and how the last one ended."""
        others = _open_at_starts(self.entries)
        before: Entry | None = None
        for entry in self.entries:
            if entry.id in others and before is not None and not others[entry.id]:
                how = "was closed" if isinstance(before.event, ConsoleEnded) else "ended without a word"
                yield before.at, entry.at, how
            before = entry


def _open_at_starts(entries: Sequence[Entry]) -> dict[str, bool]:
    """Whether another console was open when each one opened, by the id of that entry: the one that opened found it so,
    or the other says later that it closes."""
    others: dict[str, bool] = {}
    closing: Counter[str] = Counter()  # by operator: consoles that close from here on and do not open from here on
    for entry in reversed(entries):
        if isinstance(entry.event, ConsoleEnded):
            closing[entry.actor] += 1
        elif isinstance(entry.event, ConsoleStarted):
            closing[entry.actor] = max(0, closing[entry.actor] - 1)  # one that was killed never closes
            others[entry.id] = entry.event.beside > 0 or closing.total() > 0
    return others


class Disorder(msgspec.Struct, frozen=True):
    """Entries that are dated before one that was written earlier: a clock was set back, or differs between machines."""

    count: int
    most_ms: Millis  # the largest step back
    first_at: Millis  # the date of the first such entry


def disorder(record: Record) -> Disorder | None:
    """Steps back of a second or more in the order of writing; None where there is none."""
    steps = [
        (before.at - after.at, after.at)
        for before, after in zip(record.entries, record.entries[1:], strict=False)
        if before.at - after.at >= SECOND
    ]
    return Disorder(len(steps), max(steps)[0], steps[0][1]) if steps else None


class Lapse(msgspec.Struct, frozen=True):
    """A time from one moment to another. `took_ms` is None where one of them is not known, or (`reversed`) the second
    lies before the first."""

    name: str
    since: Moment
    until: Moment
    took_ms: Millis | None
    reversed: bool = False

    @property
    def text(self) -> str:
        if self.reversed:
            return f"not known: the record dates {_SPOKEN[self.until]} before {_SPOKEN[self.since]}"
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
        backwards = took is not None and took < 0
        found.append(Lapse(name, start, until, None if backwards else took, backwards))
    return tuple(found)


def iso(at: Millis) -> str:
    """An instant as ISO 8601, UTC, whole seconds; `--` for one that no calendar has."""
    shown = calendar_time(at)
    return shown if shown == UNKNOWN else shown.replace(" ", "T")


def day(at: Millis) -> str:
    return iso(at)[:10]


def known_as(state: IncidentState) -> str:
    """What an incident is called on paper: a restricted one by its code name, never by its title."""
    return (state.code_name or "restricted incident") if state.restricted else state.title


def paper_name(record: Record, kind: str, ending: str = "md") -> str:
    """The file of one paper: `INC-20260107-0312-timeline.md`. A hostile name of an incident is no path."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", record.state.id).strip("-") or "incident"
    return f"{name}-{kind}.{ending}"


def banner(record: Record) -> list[str]:
    """What stands above everything else in the papers of an incident that only the room may know of."""
    if not record.state.restricted:
        return []
    return ["**RESTRICTED: only for those who are in the incident's room. Do not pass this on.**", ""]
