"""What happens in the room is in the state: decisions, tasks, commands, follow-ups, messages, restriction."""

from __future__ import annotations

import msgspec
import pytest

from tests.builders import NOW, declared, entries
from wfconsole.clock import MINUTE
from wfconsole.incident.advance import fold
from wfconsole.incident.events import (
    CommandEnded,
    CommandStarted,
    DecisionMade,
    Entry,
    EntryHidden,
    EntryRedated,
    EntryWithdrawn,
    Event,
    FollowUpAdded,
    FollowUpClosed,
    MeetingSet,
    MessageDropped,
    MessageFailed,
    MessageQueued,
    MessageSent,
    NoteAdded,
    Restricted,
    SymptomAnswered,
    TaskClosed,
    TaskGiven,
)
from wfconsole.incident.state import IncidentState, Line, symptom_key
from wfconsole.observations.levels import Level

TASK = TaskGiven("t1", "check the database", "bea", NOW + 5 * MINUTE)
COMMAND = CommandStarted("c1", "kubectl get pods\nkubectl get nodes", deadline_ms=30_000)
MESSAGE = MessageQueued("m1", "status-update", "slack", "INCIDENT UPDATE\nmore", place="#inc")
FOLLOW_UP = FollowUpAdded("f1", "alert on queue length", "1-4 weeks", "bea", "2026-04-01")

SAID: list[tuple[tuple[Event, ...], str, str]] = [
    ((DecisionMade("roll back", "op1"),), "DECISION", "roll back (agreed, decided by op1)"),
    (
        (DecisionMade("fail over", "op1", "rejected", ("loses a minute", "untested"), "too early"),),
        "DECISION",
        "fail over (rejected, decided by op1); against it: loses a minute; untested: too early",
    ),
    ((TASK,), "TASK", "given: bea: check the database, back by 14:37:07Z"),
    ((TASK, TaskClosed("t1", "done", "it is full")), "TASK", "done: bea: check the database: it is full"),
    ((TaskClosed("t9"),), "TASK", "done: a task that is not here"),
    ((COMMAND,), "ACTION", "by hand: kubectl get pods: not known yet how it ended"),
    ((COMMAND, CommandEnded("c1", "exit", 0, took_ms=1200)), "ACTION", "by hand: kubectl get pods: exit 0 after 1 s"),
    (
        (COMMAND, CommandEnded("c1", "timed out", took_ms=30_000, reason="killed")),
        "ACTION",
        "by hand: kubectl get pods: timed out after 30 s: killed",
    ),
    ((FOLLOW_UP,), "FOLLOW", "added: alert on queue length (1-4 weeks, bea, due 2026-04-01)"),
    ((FollowUpAdded("f1", "alert"),), "FOLLOW", "added: alert (0-7 days, nobody yet)"),
    ((FOLLOW_UP, FollowUpClosed("f1", "dropped", "not worth it")), "FOLLOW",
     "dropped: alert on queue length: not worth it"),
    ((MeetingSet(NOW, "room 3"),), "STATE", "post-mortem meeting: 2026-03-01 14:32:07Z, room 3"),
    ((MeetingSet(NOW), MeetingSet(0)), "STATE", "post-mortem meeting: taken back"),
    ((MESSAGE,), "COMMS", "to be sent: slack #inc: INCIDENT UPDATE"),
    ((MESSAGE, MessageSent("m1", "17.5")), "COMMS", "sent: slack #inc: INCIDENT UPDATE"),
    (
        (MESSAGE, MessageFailed("m1", "429", retry_at=NOW + MINUTE)),
        "COMMS",
        "not sent (429), again at 14:33:07Z: slack #inc: INCIDENT UPDATE",
    ),
    (
        (MESSAGE, MessageFailed("m1", "no answer", unknown=True)),
        "COMMS",
        "may have arrived or not (no answer): slack #inc: INCIDENT UPDATE",
    ),
    ((MESSAGE, MessageDropped("m1", "old")), "COMMS", "dropped (old): slack #inc: INCIDENT UPDATE"),
    ((MessageSent("m9"),), "COMMS", "sent: a message that is not here"),
    ((Restricted(True, "BLUE HERON", "a breach"),), "STATE",
     "restricted to this room, code name BLUE HERON: a breach"),
    ((Restricted(False),), "STATE", "no more restricted"),
    ((SymptomAnswered("outage", "users complain", True),), "FACT", "yes: users complain"),
]  # fmt: skip


def after(*events: Event) -> IncidentState:
    return fold(entries(declared(), *events))


def last_line(state: IncidentState) -> Line:
    return list(state.lines.values())[-1]


@pytest.mark.parametrize(("events", "kind", "text"), SAID, ids=lambda value: value if isinstance(value, str) else "")
def test_the_timeline_says_it(events: tuple[Event, ...], kind: str, text: str) -> None:
    line = last_line(after(*events))
    assert (line.kind, line.text) == (kind, text)


def test_a_command_and_a_message_are_one_line_each() -> None:
    state = after(COMMAND, CommandEnded("c1", "exit", 1, ("no",)), MESSAGE, MessageFailed("m1", "x"), MessageSent("m1"))
    assert [line.kind for line in state.lines.values()] == ["DECLARE", "ACTION", "COMMS"]
    assert [len(line.entries) for line in state.lines.values()] == [1, 2, 3]
    assert [line.level for line in state.lines.values()] == [Level.OK, Level.WARNING, Level.OK]


def test_a_task_runs_until_it_is_closed_and_can_be_moved() -> None:
    moved = msgspec.structs.replace(TASK, due_at=NOW + 10 * MINUTE)
    state = after(TASK, moved)
    assert list(state.tasks) == ["t1"]
    assert (state.tasks["t1"].due_at, state.tasks["t1"].outcome) == (NOW + 10 * MINUTE, "")
    assert state.tasks["t1"].given_at == after(TASK).tasks["t1"].given_at, "it was given when it was given"
    closed = after(TASK, TaskClosed("t1", "dropped", "no need")).tasks["t1"]
    assert (closed.outcome, closed.result) == ("dropped", "no need")
    assert closed.closed_at > closed.given_at


def test_a_command_ends_with_what_its_entry_holds() -> None:
    record = entries(declared(), COMMAND, CommandEnded("c1", "exit", 3, ("a", "b")))
    run = fold(record).commands["c1"]
    assert (run.outcome, run.code, run.ended_entry) == ("exit", 3, record[-1].id)


@pytest.mark.parametrize(("target", "told"), [("slack", True), ("status page", True), ("file", False),
                                              ("clipboard", False), ("pagerduty", False)])  # fmt: skip
def test_the_next_update_is_due_from_what_people_were_told(target: str, told: bool) -> None:
    message = msgspec.structs.replace(MESSAGE, target=target)
    assert after(message).last_update_at == 0, "nobody has heard it yet"
    assert bool(after(message, MessageSent("m1")).last_update_at) is told


def test_a_message_that_failed_goes_on_being_owed() -> None:
    failed = after(MESSAGE, MessageFailed("m1", "429", 2, NOW + MINUTE)).messages["m1"]
    assert (failed.standing, failed.attempts, failed.retry_at) == ("failed", 2, NOW + MINUTE)
    assert after(MESSAGE, MessageFailed("m1", "cut", unknown=True)).messages["m1"].standing == "unknown"
    dropped = after(MESSAGE, MessageFailed("m1", "429", 2, NOW + MINUTE), MessageDropped("m1", "old")).messages["m1"]
    assert (dropped.standing, dropped.retry_at, dropped.reason) == ("dropped", 0, "old")


def test_hiding_and_redating_change_the_line_and_not_the_entry() -> None:
    record = entries(declared(), NoteAdded("look"))
    note = record[-1]
    hide = Entry("h", 3, NOW, "op1", EntryHidden(note.id, True))
    redate = Entry("r", 4, NOW, "op1", EntryRedated(note.id, NOW - MINUTE, "wrong clock"))
    line = fold([*record, hide, redate]).lines[note.id]
    assert (line.hidden, line.at, line.written_at) == (True, NOW - MINUTE, note.at)
    assert fold([*record, hide, Entry("s", 4, NOW, "op1", EntryHidden(note.id, False))]).lines[note.id].hidden is False
    assert last_line(fold([*record, redate])).text == (
        "the entry of 14:33:07Z was at 2026-03-01 14:31:07Z: wrong clock"
    )


UNDONE: list[tuple[Event, str]] = [
    (TASK, "tasks"),
    (FOLLOW_UP, "follow_ups"),
    (MeetingSet(NOW, "room 3"), "meeting_at"),
    (Restricted(True, "BLUE HERON"), "restricted"),
    (SymptomAnswered("outage", "users complain", True), "answers"),
]


@pytest.mark.parametrize(("event", "field"), UNDONE, ids=lambda value: value if isinstance(value, str) else "")
def test_what_was_entered_by_mistake_is_taken_back(event: Event, field: str) -> None:
    record = entries(declared(), event)
    before = getattr(fold(record[:1]), field)
    assert getattr(fold(record), field) != before
    withdrawn = Entry("w", 3, NOW, "op1", EntryWithdrawn(record[-1].id))
    assert getattr(fold([*record, withdrawn]), field) == before


def test_answers_are_kept_by_playbook_and_symptom() -> None:
    answers = after(SymptomAnswered("outage", "users complain", False)).answers
    assert answers == {symptom_key("outage", "users complain"): False}
