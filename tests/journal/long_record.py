"""A journal of an incident of three days: 10,000 entries, as a console that ran all the time would write them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from wfconsole.clock import DAY, HOUR, MINUTE, ManualClock, Millis
from wfconsole.incident.events import (
    SCRIBE,
    CommandEnded,
    CommandStarted,
    ConsoleStarted,
    DecisionMade,
    Declared,
    Entry,
    Event,
    FollowUpAdded,
    MessageQueued,
    MessageSent,
    NoteAdded,
    Noticed,
    SeverityChanged,
    StatusChanged,
    StepMarked,
    StepProbed,
    TaskClosed,
    TaskGiven,
    UpdateSent,
)
from wfconsole.journal.journal import Journal
from wfconsole.observations.levels import Level

BEGAN: Millis = 1_772_202_600_000  # 2026-02-27T14:30:00Z, a Friday: the three days hold a weekend
LASTS: Millis = 3 * DAY
INCIDENT = "INC-20260227-1430"
WORKLOADS = 40


def long_record(count: int = 10_000, *, resolved: bool = False) -> list[Entry]:
    """So many entries from `BEGAN` on, evenly over three days."""
    events = [*_opening(), *_course(count - 4)]
    events += [("op1", StatusChanged("resolved", "stable for an hour") if resolved else NoteAdded("going on"))]
    step = LASTS // max(1, count - 1)
    return [
        Entry(f"entry-{place:06}", place + 1, BEGAN + place * step, actor, event)
        for place, (actor, event) in enumerate(events)
    ]


def write(directory: Path, entries: list[Entry]) -> None:
    """Write them into the journal of this directory, as the console does."""
    clock = ManualClock(entries[0].at)
    journal = Journal.open(directory, clock=clock)
    for entry in entries:
        clock.advance(max(0, entry.at - clock.now()))
        body = msgspec.json.encode(entry.event)
        kind = str(msgspec.json.decode(body)["type"])
        journal.append(id=entry.id, at=entry.at, kind=kind, actor=entry.actor, body=body)
    assert journal.close(120_000)


def _opening() -> list[tuple[str, Event]]:
    return [
        ("op1", ConsoleStarted("bastion", 4711, "0.1")),
        ("op1", Declared(INCIDENT, "checkout fails now and then", "SEV1", "op1", started_at=BEGAN - 20 * MINUTE)),
        ("op2", FollowUpAdded("F1-9c1d", "lint the configuration", "1-4 weeks", "kim", "2026-03-27")),
    ]


def _course(count: int) -> Iterator[tuple[str, Event]]:
    """What comes again and again: conditions that begin, flap and end, evidence, notes, work, words to people."""
    for place in range(count):
        number, turn = divmod(place, 20)
        yield _turn(number, turn)


def _turn(number: int, turn: int) -> tuple[str, Event]:
    subject = f"Deployment/production/service-{number % WORKLOADS}"
    key = f"crash-loop {subject} {number // WORKLOADS}"
    signal = "Signal/production/gateway errors"
    lines = tuple(f"pod service-{number % WORKLOADS}-{line} restarted {line} times" for line in range(8))
    person = f"op{number % 5 + 1}"
    made: dict[int, tuple[str, Event]] = {
        0: (SCRIBE, Noticed(key, "crash-loop", "began", Level.CRITICAL, f"service: crash loop {number}", subject)),
        1: (person, StepProbed("outage/look", lines, Level.WARNING, "live", 40, "Look at the pods")),
        2: (person, StepMarked("outage/look", "done", "Look at the pods")),
        3: (SCRIBE, Noticed("signal " + signal, "slo", "began", Level.CRITICAL, "errors 8%, above 5.0%", signal)),
        4: (person, NoteAdded(f"users of region {number} see errors", "fact")),
        5: (SCRIBE, Noticed(key, "crash-loop", "again", Level.CRITICAL, "service: crash loop", subject, count=3)),
        6: (
            person,
            DecisionMade(f"roll back service {number}", person, "agreed", ("we lose the cache",), "it began so"),
        ),
        7: (person, TaskGiven(f"t{number}", f"look at {subject}", person, BEGAN + number * HOUR)),
        8: (person, CommandStarted(f"c{number}", "kubectl -n production get pods", "outage/look")),
        9: (person, CommandEnded(f"c{number}", "exit", 0, lines, 0, 1_200)),
        10: (person, TaskClosed(f"t{number}", "done", "nothing there")),
        11: (SCRIBE, Noticed("signal " + signal, "slo", "ended", Level.OK, "errors within bounds", signal)),
        12: (person, UpdateSent("outside", f"we go on looking, part {number}")),
        13: (person, MessageQueued(f"m{number}", "status-page", "status page", "we go on\nlooking", "public")),
        14: (person, MessageSent(f"m{number}", f"ref-{number}")),
        15: (SCRIBE, Noticed(key, "crash-loop", "ended", Level.OK, "service: crash loop over", subject, count=3)),
        16: (person, SeverityChanged("SEV2" if number % 2 else "SEV1", "as users see it")),
        17: (person, NoteAdded(f"hypothesis {number}", "hypothesis")),
    }
    return made.get(turn, (person, NoteAdded(f"note {number} {turn}: nothing new at service {number % WORKLOADS}")))


if __name__ == "__main__":
    write(Path(sys.argv[1]) / INCIDENT / "journal", long_record(int(sys.argv[2]) if len(sys.argv) > 2 else 10_000))
