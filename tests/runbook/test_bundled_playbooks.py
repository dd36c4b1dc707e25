"""The five playbooks: the team's symptoms, the order that the traps demand, and ways through each of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wfconsole.clock import MINUTE
from wfconsole.incident.checklist import active_checklist
from wfconsole.incident.playbook import Checklist, Symptom
from wfconsole.incident.probe_words import FIELDS
from wfconsole.incident.probes import parse_probe
from wfconsole.incident.state import IncidentState, StepState
from wfconsole.incident.symptoms import watched_probes
from wfconsole.observations.series import SIGNALS
from wfconsole.runbook import load_runbook

RUNBOOK = load_runbook(None)
TEAM = Path(__file__).with_name("samples") / "incident-response-runbook.md"
BOOKS = {book.id: book for book in RUNBOOK.playbooks}

# Each symptom of the team's own runbook, and words of the symptom here that stands for it.
OF_THE_TEAM = {
    "service-outage": {
        "Multiple 503/504 errors": "503 or 504",
        "High response times (>10 seconds)": "longer than 10 seconds",
        "Failed health checks": "Health checks fail",
        "User reports of unavailability": "Users report",
    },
    "database-connectivity": {
        "Database connection timeouts": "time out",
        "Connection pool exhaustion errors": "pools run dry",
        "Transaction rollback errors": "rolled back",
        "Slow query performance": "Queries are slow",
    },
    "high-memory": {
        "OOMKilled pods": "killed for their memory",
        "High memory utilization metrics": "close to its memory limit",
        "Slow application performance": "application is slow",
        "Memory leak alerts": "or of a leak",
    },
    "ai-performance": {
        "High GPU utilization (>95%)": "GPUs are busy",
        "Model inference timeouts": "requests to it time out",
        "Queue backlog in AI services": "queue up before a model",
        "Slow response times for AI features": "AI features are slow",
    },
    "security-incident": {
        "Suspicious login attempts": "Suspicious logins",
        "Unusual API traffic patterns": "Unusual API traffic",
        "Security alerts from scanning tools": "scanner reports",
        "Unauthorized access attempts": "Unauthorised access",
    },
}
# Words of the actions' titles, in the order in which they have to come.
ORDER = {
    "service-outage": ("Roll back", "Replace", "Restart", "Raise the bounds"),
    "database-connectivity": ("End the session", "Cancel one query", "Roll back", "Restart", "Add a read replica"),
    "high-memory": ("Roll back", "Close the node", "Replace", "Raise the memory limit", "Raise the bounds"),
    "ai-performance": ("Roll back", "Close the node", "Replace", "Add a pod", "Change the batch size"),
    "security-incident": ("Block", "Isolate", "End the sessions", "Rotate"),
}


def symptom(book: str, words: str) -> Symptom:
    (found,) = [each for each in BOOKS[book].symptoms if words in each.text]
    return found


@pytest.mark.parametrize(("book", "team"), OF_THE_TEAM.items())
def test_every_symptom_of_the_team_is_in_its_playbook(book: str, team: dict[str, str]) -> None:
    assert all(symptom(book, words) for words in team.values())


def test_the_symptoms_of_the_team_are_those_of_its_own_runbook() -> None:
    parts = re.findall(r"#### Symptoms\n((?:- .*\n)+)", TEAM.read_text())
    assert [re.findall(r"- (.*)", part) for part in parts] == [list(team) for team in OF_THE_TEAM.values()]


@pytest.mark.parametrize("text", watched_probes(RUNBOOK))
def test_every_symptom_and_every_sign_of_a_severity_asks_for_what_there_is(text: str) -> None:
    probe = parse_probe(text)
    for clause in probe.clauses:
        assert clause.table in FIELDS
        assert not clause.signal or (clause.signal in SIGNALS and clause.op is not None)


def test_what_is_high_but_well_is_no_symptom_by_itself() -> None:
    busy = parse_probe(symptom("ai-performance", "GPUs are busy").live)
    assert [clause.signal for clause in busy.clauses] == ["gpus.busy", "inference.queue"]


def test_symptoms_of_what_flaps_must_hold_for_a_while() -> None:
    at_once = {each.text for book in BOOKS.values() for each in book.symptoms if each.live and not each.hold_ms}
    assert at_once == {
        "Pods were killed for their memory",
        "A GPU reports an Xid error",
        "Somebody got in after many failed logins",
        "A scanner reports something critical",
    }


@pytest.mark.parametrize("book", BOOKS.values(), ids=lambda book: book.id)
def test_one_looks_then_decides_then_acts_then_verifies(book: Checklist) -> None:
    kinds = "".join(step.kind[0] for step in book.steps)
    assert re.fullmatch("c{5,6}da{4,5}c", kinds), kinds


@pytest.mark.parametrize(("book", "order"), ORDER.items())
def test_actions_come_in_the_order_that_the_traps_demand(book: str, order: tuple[str, ...]) -> None:
    actions = [step.title for step in BOOKS[book].steps if step.kind == "action"]
    assert [title.startswith(words) for title, words in zip(actions, order, strict=True)] == [True] * len(order)


@pytest.mark.parametrize("book", BOOKS.values(), ids=lambda book: book.id)
def test_a_decision_leads_to_each_action_and_past_all_of_them(book: Checklist) -> None:
    decision = next(step for step in book.steps if step.kind == "decide")
    actions = [step.id for step in book.steps if step.kind == "action"]
    assert [branch.goto for branch in decision.branches] == [*actions, book.steps[-1].id]


@pytest.mark.parametrize("book", BOOKS.values(), ids=lambda book: book.id)
def test_after_an_action_one_verifies_and_the_alternatives_are_not_taken(book: Checklist) -> None:
    decision = next(step for step in book.steps if step.kind == "decide")
    before = [step for step in book.steps if step.kind == "check"][:-1]
    done = {step.id: StepState(mark="done") for checklist in RUNBOOK.checklists[:2] for step in checklist.steps}
    done |= {step.id: StepState(mark="done") for step in before}
    first = decision.branches[0]
    done |= {
        decision.id: StepState(mark="done", answer=first.answer),
        first.goto: StepState(mark="done", answer="done"),
    }
    state = IncidentState(id="INC-20250107-0312", severity="SEV1", playbook=book.id, steps=done)
    active = active_checklist(RUNBOOK, state)
    assert active.current is not None
    assert active.current.step is book.steps[-1]
    marks = [item.mark for item in active.items if item.list_id == book.id and item.step.kind == "action"]
    assert marks == ["done", *["not-taken"] * (len(marks) - 1)]


@pytest.mark.parametrize("book", BOOKS.values(), ids=lambda book: book.id)
def test_the_recovery_is_sensed_and_no_action_is(book: Checklist) -> None:
    assert [bool(step.sensed) for step in book.steps] == [*[False] * (len(book.steps) - 1), True]


@pytest.mark.parametrize("book", BOOKS.values(), ids=lambda book: book.id)
def test_what_must_hold_before_it_is_called_resolved_can_be_seen_and_has_to_last(book: Checklist) -> None:
    assert book.recovery
    for signal in book.recovery:
        assert all(clause.op for clause in parse_probe(signal.live).clauses), signal.text
        assert signal.hold_ms >= 10 * MINUTE, signal.text


def test_evidence_is_kept_before_anything_is_destroyed() -> None:
    for book, words in (("high-memory", "Keep the evidence"), ("security-incident", "Keep the evidence")):
        titles = [step.title for step in BOOKS[book].steps]
        kept = next(place for place, title in enumerate(titles) if title.startswith(words))
        assert kept < min(place for place, step in enumerate(BOOKS[book].steps) if step.kind == "action")
    first = BOOKS["security-incident"].steps[0]
    assert first.title.startswith("Restrict")
    assert "not use them" in first.warning


def test_what_cannot_be_taken_back_and_is_wide_needs_two_people() -> None:
    wide = {step.title for book in BOOKS.values() for step in book.steps if step.danger == "R3"}
    assert wide == {"End the sessions concerned", "Rotate the secret"}


TRAPS = {
    "database-connectivity": ("reserved", "walsender", "pg_locks", "total_time", "idle in transaction", "free slots"),
    "high-memory": ("PodDisruptionBudget", "MemoryPressure", "--to-revision", "adds a container", "15 s"),
    "ai-performance": ("N/A is not 0", "rounded up to 1", "nvidia.com/gpu", "no history"),
    "security-incident": (
        *("0.0.0.0/0", "FLUSHDB", "command line", "store only", "CRITICAL out", "401", "whole value"),
        *("by user alone", "opens every pod", "Do not delete"),
    ),
}


@pytest.mark.parametrize(("book", "words"), TRAPS.items())
def test_the_traps_of_the_teams_own_commands_are_told(book: str, words: tuple[str, ...]) -> None:
    told = " ".join(f"{step.warning} {step.do} {step.expect}" for step in BOOKS[book].steps)
    assert [word for word in words if word.lower() not in told.lower()] == []
