"""What the record says of impact: minutes in which promises were broken, scope, and what nobody can know."""

from __future__ import annotations

import pytest

from tests.builders import (
    GATEWAY,
    NOW,
    a_checklist,
    a_runbook,
    a_signal,
    a_step,
    an_entry,
    declared,
    noticed,
)
from tests.incident.scribe_room import Room
from wfconsole.clock import HOUR, MINUTE, Millis
from wfconsole.incident.advance import fold
from wfconsole.incident.events import (
    SCRIBE,
    ConsoleEnded,
    ConsoleStarted,
    EntryHidden,
    Event,
    MomentSet,
    NoteAdded,
    StatusChanged,
    StepMarked,
)
from wfconsole.incident.playbook import Symptom
from wfconsole.observations.levels import Level
from wfconsole.reports.impact import business, recovery, scope, signals_past, slo, slo_minutes, unseen
from wfconsole.reports.record import Record

ERRORS, P99 = "Signal/production/gateway errors", "Signal/p99"


def past(subject: str, phase: str = "began", *, family: str = "slo", text: str = "errors 8%, above 1.0%") -> Event:
    level = Level.OK if phase == "ended" else Level.CRITICAL
    return noticed(f"signal {subject}", family=family, phase=phase, level=level, text=text, subject=subject)


def a_record(*events: tuple[Millis, Event]) -> Record:
    """Declared at NOW, resolved an hour later; the events in between, each so long after NOW."""
    told: list[tuple[Millis, Event]] = [(0, declared(started_at=NOW)), *events, (HOUR, StatusChanged("resolved"))]
    made = [
        an_entry(event, place, NOW + after, SCRIBE if isinstance(event, type(noticed())) else "op1")
        for place, (after, event) in enumerate(told, 1)
    ]
    return Record.of(made, fold(made), a_runbook())


def test_minutes_of_promises_are_counted_once_where_two_are_broken_at_the_same_time() -> None:
    record = a_record(
        (10 * MINUTE, past(ERRORS)),
        (15 * MINUTE, past(P99, text="p99 3s, above 2.0s")),
        (20 * MINUTE, past(ERRORS, "ended")),
        (25 * MINUTE, past(P99, "ended")),
    )
    assert "15 min in which at least one promise to users was broken (errors of gateway in production, p99)." in slo(
        record
    )
    assert slo_minutes(record) == "15 min in which at least one promise to users was broken"
    assert [(each.name, each.lasted) for each in signals_past(record)] == [
        ("errors of gateway in production", 10 * MINUTE),
        ("p99", 10 * MINUTE),
    ]
    assert "2026-03-01T14:42:07Z to 2026-03-01T14:52:07Z" in slo(record)


def test_the_scribe_writes_down_which_bound_is_a_promise() -> None:
    scribe = Room()
    full = a_signal("disk", 0.95, warning=0.9, slo=False)
    scribe.see("signals", [a_signal(), a_signal("disk", 0.5, warning=0.9, slo=False)])
    scribe.see("signals", [a_signal(value=0.08), full], MINUTE)
    scribe.see("signals", [a_signal(), full], 7 * MINUTE)
    assert {(event.subject, event.family) for event in scribe.noticed} == {
        ("Signal/errors", "slo"),
        ("Signal/disk", "signal"),
    }
    record = a_record(*((event_at, event) for event_at, event in zip((1, 2, 7 * MINUTE), scribe.noticed, strict=True)))
    assert {each.name: each.slo for each in signals_past(record)} == {"errors": True, "disk": False}


def test_a_signal_that_flaps_counts_only_while_it_is_past_its_bound() -> None:
    record = a_record(
        (10 * MINUTE, past(ERRORS)),
        (12 * MINUTE, past(ERRORS, "ended")),
        (20 * MINUTE, past(ERRORS, "again")),
        (21 * MINUTE, past(ERRORS, "again")),
        (23 * MINUTE, past(ERRORS, "ended")),
    )
    assert [each.lasted for each in signals_past(record)] == [5 * MINUTE]


def test_one_that_never_ends_lasts_to_the_end_of_the_incident_and_not_beyond() -> None:
    assert [each.lasted for each in signals_past(a_record((50 * MINUTE, past(ERRORS))))] == [10 * MINUTE]


def test_a_signal_that_is_no_promise_is_said_and_not_counted() -> None:
    record = a_record((MINUTE, past("Signal/disk", family="signal")), (9 * MINUTE, past("Signal/disk", "ended")))
    assert "No promise to users is known to have been broken" in slo(record)
    assert "disk (no promise to users): 8 min" in slo(record)
    assert slo_minutes(record).startswith("_Gap: ")


def test_without_any_signal_nobody_can_tell_for_the_whole_incident() -> None:
    record = a_record((30 * MINUTE, NoteAdded("dark")), (45 * MINUTE, ConsoleStarted("bastion", 1, "0.1")))
    told = slo(record)
    assert told.startswith("_Gap: no signal is on record, so for the whole incident (60 min) nobody can tell")
    assert "of the incident nobody could see" not in told
    assert sum(end - start for start, end in unseen(record)) == HOUR
    assert slo_minutes(record) == (
        "_Gap: no signal is on record, so nobody can tell whether a promise to users was broken._"
    )


@pytest.mark.parametrize(
    ("lasted", "minutes"),
    [(1, "1 min"), (MINUTE, "1 min"), (MINUTE + 1, "2 min"), (2 * MINUTE - 1, "2 min"), (2 * MINUTE, "2 min")],
)
def test_each_minute_that_was_begun_counts(lasted: Millis, minutes: str) -> None:
    record = a_record((MINUTE, past(ERRORS)), (MINUTE + lasted, past(ERRORS, "ended")))
    assert slo_minutes(record) == f"{minutes} in which at least one promise to users was broken"


def test_what_nobody_could_see_is_not_known() -> None:
    lost = noticed("source signals", family="source", level=Level.WARNING, text="signals: no data, timeout")
    back = noticed("source signals", family="source", phase="ended", level=Level.OK, text="signals are back")
    record = a_record(
        (10 * MINUTE, lost),
        (20 * MINUTE, back),
        (30 * MINUTE, NoteAdded("the bastion is rebooted")),
        (45 * MINUTE, ConsoleStarted("bastion", 1, "0.1")),
    )
    assert sum(end - start for start, end in unseen(record)) == 25 * MINUTE
    assert "For 25 min of the incident nobody could see the signals." in slo(record)


def test_a_console_that_opens_beside_another_ends_no_time_that_nobody_saw() -> None:
    opened = ConsoleStarted("bastion", 1, "0.1", beside=1)
    record = a_record((MINUTE, past(ERRORS)), (10 * MINUTE, NoteAdded("calm")), (45 * MINUTE, opened))
    assert unseen(record) == ()


def test_a_console_that_says_later_that_it_closes_was_open_until_then() -> None:
    def opens_and_closes(*actors: str) -> Record:
        made = [an_entry(declared(started_at=NOW), 1, NOW, "op1")]
        for place, actor in enumerate(actors, 2):
            event = ConsoleEnded() if actor.startswith("-") else ConsoleStarted("bastion", place, "0.1")
            made.append(an_entry(event, place, NOW + place * MINUTE, actor.removeprefix("-")))
        return Record.of(made, fold(made), a_runbook())

    assert list(opens_and_closes("op2", "-op2", "-op1").unattended()) == []
    assert [how for _, _, how in opens_and_closes("op2", "-op2").unattended()] == ["ended without a word"]
    assert [how for _, _, how in opens_and_closes("op1", "-op1").unattended()] == ["ended without a word"]
    assert [how for _, _, how in opens_and_closes("-op1", "op2", "op1", "-op1").unattended()] == [
        "was closed",
        "ended without a word",
    ]


def test_times_that_contradict_each_other_give_no_minutes() -> None:
    record = a_record((MINUTE, past(ERRORS)), (2 * MINUTE, MomentSet("started", NOW + 2 * HOUR)))
    assert slo(record) == "_Gap: the times of this incident contradict each other, so no minutes can be counted._"
    assert signals_past(record) == ()
    assert unseen(record) == ()


def test_a_hidden_condition_counts_for_nothing() -> None:
    record = a_record(
        (10 * MINUTE, past(ERRORS)), (20 * MINUTE, past(ERRORS, "ended")), (21 * MINUTE, EntryHidden("e2", True))
    )
    assert signals_past(record) == ()


def test_what_showed_that_it_was_over_is_said_with_it() -> None:
    verified = StatusChanged("resolved", "stable", ("errors below 1%: for 10 min",))
    twice = a_record((MINUTE, verified), (2 * MINUTE, StatusChanged("monitoring", "it is back")))
    assert recovery(twice).startswith("op1 called the incident resolved and gave no reason.\n\n")  # the last one counts
    assert "No signal of recovery was verified at that moment." in recovery(twice)
    made = [an_entry(declared(), 1, NOW), an_entry(verified, 2, NOW + HOUR)]
    told = recovery(Record.of(made, fold(made), a_runbook()))
    assert told.startswith(
        "op1 called the incident resolved and gave as the reason: stable.\n\n"
        "Verified at that moment:\n\n- errors below 1%: for 10 min\n\n"
    )
    assert recovery(Record.of(made[:1], fold(made[:1]), a_runbook())) == ""


def test_what_was_not_verified_and_what_was_not_done_is_said_of_a_resolution() -> None:
    last = a_checklist(
        "stand-down",
        a_step("Tell people", "stand-down"),
        a_step("Close the page", "stand-down"),
        kind="process",
        recovery=(Symptom("errors below 1%", "signals level>=warning count=0"), Symptom("nobody complains", "")),
    )
    events: list[Event] = [
        declared(),
        StepMarked("stand-down/tell-people", "done"),
        StatusChanged("resolved", "stable", ("errors below 1%: held 10 min",)),
    ]
    made = [an_entry(event, place) for place, event in enumerate(events, 1)]
    assert recovery(Record.of(made, fold(made), a_runbook(last))).split("\n\n")[1:] == [
        "Verified at that moment:",
        "- errors below 1%: held 10 min",
        "Not verified at that moment:",
        "- nobody complains",
        "1 of 2 steps of the checklist was never closed.",
    ]


def test_what_it_cost_is_for_people_to_say() -> None:
    assert business(a_record()) == "_Gap: nobody wrote down what it cost the business._"
    assert business(a_record((MINUTE, NoteAdded("business: 40,000 EUR of orders")))) == "- 40,000 EUR of orders (op1)"


def test_scope_is_in_the_consoles_words_and_users_are_for_people_to_say() -> None:
    crash = noticed(subject=GATEWAY, text="gateway: 3 of 12 pods in a crash loop", level=Level.CRITICAL)
    small = noticed("hpa-max x", family="hpa", subject="x", text="at its maximum", level=Level.WATCH)
    told = scope(a_record((MINUTE, crash), (2 * MINUTE, small), (3 * MINUTE, NoteAdded("users: one in three"))))
    assert "users, as written down: one in three" in told
    assert "\n\nThe console saw 1 affected object:\n\n- gateway" in told
    assert "gateway: 3 of 12 pods in a crash loop" in told
    assert "at its maximum" not in told
    assert "_Gap: nobody wrote down which users were affected._" in scope(a_record())
    assert "No affected workload, service or system is on record." in scope(a_record())
