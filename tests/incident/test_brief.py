"""The catch-me-up: each question has its answer from the record, and what nobody knows is said."""

from __future__ import annotations

import msgspec
import pytest

from tests.builders import (
    NOW,
    a_checklist,
    a_failure,
    a_pod,
    a_policy,
    a_runbook,
    a_snapshot,
    a_step,
    a_world,
    declared,
    entries,
)
from wfconsole.clock import DAY, HOUR, MINUTE, Millis
from wfconsole.incident.advance import fold
from wfconsole.incident.brief import Part, brief, brief_text
from wfconsole.incident.checklist import active_checklist
from wfconsole.incident.clocks import call_step, clocks
from wfconsole.incident.events import (
    CommandEnded,
    CommandStarted,
    DecisionMade,
    EntryAmended,
    EntryHidden,
    EntryWithdrawn,
    Event,
    MomentSet,
    NoteAdded,
    Restricted,
    RoleTaken,
    SeverityChanged,
    StatusChanged,
    StepMarked,
    TaskClosed,
    TaskGiven,
)
from wfconsole.incident.policy import Call
from wfconsole.incident.state import IncidentState
from wfconsole.observations.world import World
from wfconsole.text import is_safe

POLICY = msgspec.structs.replace(
    a_policy(),
    rules=tuple(
        msgspec.structs.replace(rule, roles=("commander", "communications", "scribe")) for rule in a_policy().rules
    ),
)
RUNBOOK = a_runbook(
    a_checklist("first", a_step("Acknowledge the alert", "first"), a_step("Name a scribe", "first"), kind="process"),
    a_checklist("outage", a_step("Look at the pods")),
    policy=POLICY,
)


def parts(
    *events: Event, now: Millis = NOW + 10 * MINUTE, start: Millis = NOW, world: World | None = None
) -> dict[str, tuple[str, ...]]:
    """The brief of an incident declared at `start`, an event a minute, by the question."""
    state = fold(entries(declared(title="users get 503", playbook="outage", commander="op1"), *events, start=start))
    found = brief(
        state,
        RUNBOOK,
        now,
        clocks=clocks(state, POLICY, now),
        checklist=active_checklist(RUNBOOK, state),
        world=world,
    )
    return {part.title: part.lines for part in found}


def test_it_answers_every_question_in_the_order_in_which_they_are_asked() -> None:
    assert list(parts()) == [
        *("WHAT", "SINCE", "IMPACT", "ROLES", "DONE", "RUNNING", "OWED", "DECIDED", "SUSPECTED", "NOT KNOWN"),
    ]
    assert brief(IncidentState(), RUNBOOK, NOW) == ()
    assert brief_text(()) == ""


def test_what_is_broken_since_when_and_how_bad() -> None:
    found = parts(MomentSet("started", NOW - 5 * MINUTE), SeverityChanged("SEV1", "all"), StatusChanged("identified"))
    assert found["WHAT"][0].endswith("users get 503")
    assert found["WHAT"][1] == "SEV1 identified, playbook Outage"
    assert found["SINCE"] == (
        "broken since 14:27:07Z, 15 min; declared 14:32:07Z; identified since 14:35:07Z; SEV1 since 14:34:07Z",
    )


def test_what_is_over_says_how_long_it_lasted() -> None:
    found = parts(StatusChanged("resolved"), now=NOW + HOUR)
    assert found["SINCE"] == ("declared 14:32:07Z, lasted 1 min; resolved since 14:33:07Z",)
    assert found["OWED"] == ("nothing",)


def test_once_it_is_over_no_step_runs_any_more() -> None:
    found = parts(StatusChanged("resolved"), now=NOW + HOUR)
    assert found["RUNNING"] == ("nothing: it is resolved, with 3 steps left open",)


def test_the_impact_is_the_newest_note_about_it_as_it_was_corrected() -> None:
    assert "nobody wrote it down yet" in parts()["IMPACT"][0]
    found = parts(NoteAdded("impact: a few"), NoteAdded("Impact: half of all"), EntryAmended("e3", "impact: a third"))
    assert found["IMPACT"] == ("a third",)


def test_who_has_which_role_and_who_is_missing() -> None:
    waived = StepMarked("@role/communications", "waived", reason="op1 writes")
    found = parts(RoleTaken("technical lead", "Bea"), waived)["ROLES"]
    assert found == (
        "commander op1, technical lead Bea",
        "SEV2 requires scribe: nobody yet",
        "communications: nobody, because op1 writes",
    )


def test_what_was_done_newest_first_without_what_was_only_confirmed_hidden_or_withdrawn() -> None:
    found = parts(
        StepMarked("first/acknowledge-the-alert", "done", "Acknowledge the alert"),
        CommandStarted("c1", "kubectl get pods"),
        CommandEnded("c1", "exit", 0, took_ms=2_000),
        TaskGiven("t1", "read the logs", "op2", NOW + 5 * MINUTE),
        TaskClosed("t1", result="503 from one pod"),
        StepMarked("handover/x", "done", "Name the commander", "confirmed 14:32:07Z"),
        StepMarked("first/name-a-scribe", "done", "Name a scribe"),
        EntryWithdrawn("e8"),
        CommandStarted("c2", "kubectl get nodes"),
        EntryHidden("e10", hidden=True),
    )["DONE"]
    assert found == (
        "1 of 3 steps closed",
        "14:37:07Z op2: read the logs: 503 from one pod",
        "14:34:07Z by hand: kubectl get pods: exit 0 after 2 s",
        "14:33:07Z Acknowledge the alert (op1)",
    )


def test_what_runs_tasks_commands_and_the_next_step() -> None:
    found = parts(
        TaskGiven("t1", "check the replica", "op2", NOW + 12 * MINUTE),
        TaskGiven("t2", "read the logs", "Bea", NOW + 8 * MINUTE),
        CommandStarted("c1", "kubectl logs gateway"),
    )["RUNNING"]
    assert found == (
        "Bea: read the logs, back by 14:40:07Z, OVERDUE +02:00",
        "op2: check the replica, back by 14:44:07Z, in 02:00",
        "op1: kubectl logs gateway, started 14:35:07Z; how it ended is not known",
        "step 1 of First: Acknowledge the alert",
    )


def test_what_is_owed_first_what_is_due_first() -> None:
    assert parts(now=NOW + 31 * MINUTE)["OWED"] == (
        "response OVERDUE +01:00, it was due 15:02:07Z",
        "status update OVERDUE +01:00, it was due 15:02:07Z",
        "resolution by 22:32:07Z, in 7h29",
    )


def test_whom_the_severity_wants_called_at_once_is_owed_until_the_record_says_that_it_was_done() -> None:
    calls = (Call("page", "Primary on call"), Call("tell", "the team lead"))
    rules = tuple(msgspec.structs.replace(rule, calls=calls) for rule in POLICY.rules)
    runbook = msgspec.structs.replace(RUNBOOK, policy=msgspec.structs.replace(POLICY, rules=rules))

    def owed(*events: Event) -> tuple[str, ...]:
        state = fold(entries(declared(), *events))
        return next(part.lines for part in brief(state, runbook, NOW) if part.title == "OWED")

    assert owed() == ("not in the record that it was done: page Primary on call; tell the team lead",)
    paged = StepMarked(call_step("Primary on call"), "done")
    assert owed(paged) == ("not in the record that it was done: tell the team lead",)
    assert owed(StatusChanged("monitoring")) == ("nothing",)


def test_what_was_decided_and_what_is_suspected() -> None:
    found = parts(
        NoteAdded("freeze rollouts", kind="decision"),
        DecisionMade("roll back", "op1", objections=("loses the fix",)),
        NoteAdded("a bad image", kind="hypothesis"),
    )
    assert found["DECIDED"] == (
        "14:34:07Z op1: roll back (agreed, decided by op1); against it: loses the fix",
        "14:33:07Z op1: freeze rollouts",
    )
    assert found["SUSPECTED"] == ("14:35:07Z op1: a bad image",)


def test_what_is_not_known_names_the_sources_that_are_lost() -> None:
    assert parts()["NOT KNOWN"] == ("this is from the record alone: what is seen now is not known",)
    at = NOW + 10 * MINUTE
    lost = a_snapshot("nodes", at=at, good_at=NOW, failure=a_failure(message="no answer within 3 s"))
    seen = a_world(at, pods=[a_pod()], nodes=lost)
    (line,) = parts(world=seen)["NOT KNOWN"]
    assert line.startswith("nodes is ")
    assert line.endswith("last seen 14:32:07Z: no answer within 3 s")
    assert parts(world=a_world(at, pods=[a_pod()]))["NOT KNOWN"] == ("every source tells",)
    assert parts(world=World())["NOT KNOWN"] == ("no source has told anything yet",)


def test_sources_that_are_lost_alike_are_one_line() -> None:
    at = NOW + HOUR
    gone = a_failure(message="the API server does not answer")
    lost = {name: a_snapshot(name, at=at, good_at=NOW, failure=gone) for name in ("pods", "nodes", "hpas")}
    (line,) = parts(now=at, world=a_world(at, **lost))["NOT KNOWN"]
    assert line.endswith("last seen 14:32:07Z: the API server does not answer")
    assert line.startswith("pods, nodes, hpas are ")


def test_of_a_long_night_the_newest_are_told_and_the_others_counted() -> None:
    found = parts(*(NoteAdded(f"number {number}", kind="decision") for number in range(100)))["DECIDED"]
    assert len(found) == 41
    assert found[0].endswith("number 99")
    assert found[-1] == "and 60 older ones, in the timeline"


def test_times_of_another_day_have_their_date() -> None:
    found = parts(now=NOW + 3 * DAY)
    assert found["SINCE"][0].startswith("declared 2026-03-01 14:32:07Z, 3 d;")


def test_a_restricted_incident_says_so() -> None:
    assert parts(Restricted(on=True, code_name="otter"))["WHAT"][2] == "RESTRICTED to this room, code name otter"


@pytest.mark.parametrize("hostile", ["[/]", "a[red]b", "\x1b]52;c;QQ==\x07", "x\u202egpj.exe", "a\nb\rc", "z" * 5000])
def test_hostile_words_are_inert(hostile: str) -> None:
    state = fold(
        entries(
            declared(title=hostile, commander=hostile),
            NoteAdded(f"impact: {hostile}"),
            RoleTaken(hostile, hostile),
            TaskGiven("t1", hostile, hostile, NOW + MINUTE),
            CommandStarted("c1", hostile),
            NoteAdded(hostile, kind="decision"),
            NoteAdded(hostile, kind="hypothesis"),
            Restricted(on=True, code_name=hostile),
        )
    )
    found = brief(state, RUNBOOK, NOW, clocks=clocks(state, POLICY, NOW))
    for part in found:
        assert all(is_safe(line) and len(line) <= 300 for line in part.lines)
    assert "\x1b" not in brief_text(found)
    assert len(brief_text(found).splitlines()) == sum(len(part.lines) for part in found)


def test_as_text_every_line_stands_behind_its_question() -> None:
    text = brief_text([Part("WHAT", ("a", "b")), Part("NOT KNOWN", ("c",))])
    assert text == "WHAT       a\n           b\nNOT KNOWN  c\n"
