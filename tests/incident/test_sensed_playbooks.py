"""The last step of each bundled playbook ticks itself once the recovery is certain, and never on less."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import (
    LONG_AGO,
    NOW,
    a_bad_pod,
    a_database,
    a_model,
    a_node,
    a_pod,
    a_session,
    a_snapshot,
    a_workload,
    a_world,
    all_logins,
    declared,
    entries,
)
from wfconsole.clock import HOUR, MINUTE
from wfconsole.incident.advance import fold
from wfconsole.incident.checklist import active_checklist, sensed_steps
from wfconsole.incident.events import SCRIBE, Event, StepMarked, StepProbed
from wfconsole.incident.state import IncidentState
from wfconsole.observations.world import World
from wfconsole.runbook import load_runbook

RUNBOOK = load_runbook(None)
LLM = a_pod("llm-0", owner="wearforce-clean-llm")
WELL: dict[str, dict[str, Any]] = {
    "service-outage": {"pods": [a_pod()], "workloads": [a_workload()]},
    "database-connectivity": {"pods": [a_pod()], "database": [a_database()], "sessions": []},
    "high-memory": {"pods": [a_pod()], "nodes": [a_node()]},
    "ai-performance": {"pods": [LLM], "inference": [a_model()]},
    "security-incident": {"auth": [all_logins()]},
}
# What is left over of the trouble, source by source: with any of it, the step waits.
LEFT: dict[str, dict[str, Any]] = {
    "service-outage": {"pods": [a_pod(ready_since=NOW - MINUTE)], "workloads": [a_workload(ready=2)]},
    "database-connectivity": {
        "pods": [a_bad_pod()],
        "database": [a_database(clients=90)],
        "sessions": [a_session(1), a_session(2, blockers=1, waiting_at=NOW - MINUTE)],
    },
    "high-memory": {
        "pods": [a_pod(restarts=1, restarted_at=NOW - MINUTE, ready_since=NOW - MINUTE, status="OOMKilled")],
        "nodes": [a_node(pressures=("MemoryPressure",))],
    },
    "ai-performance": {
        "pods": [a_bad_pod("llm-0", owner="wearforce-clean-llm")],
        "inference": [a_model(latency=9.0, latency_limit=5.0)],
    },
    "security-incident": {"auth": [all_logins(failed=900, per_minute=90.0, usual_per_minute=1.0)]},
}


def at_the_last_step(book: str, *events: Event) -> IncidentState:
    """Everything before it is done; a decision led past all actions."""
    done: list[Event] = []
    playbook = RUNBOOK.checklist(book)
    assert playbook is not None
    for step in (step for checklist in RUNBOOK.checklists[:2] for step in checklist.steps):
        done.append(StepMarked(step.id, "done"))
    for step in playbook.steps[:-1]:
        answer = step.branches[-1].answer if step.kind == "decide" else ""
        done.append(StepMarked(step.id, "done" if step.kind != "action" else "waived", answer=answer))
    return fold(entries(declared(playbook=book), *done, *events, start=LONG_AGO, every_ms=1000))


def ticked(book: str, world: World, *events: Event) -> tuple[Event, ...]:
    return sensed_steps(RUNBOOK, at_the_last_step(book, *events), world, NOW)


@pytest.mark.parametrize("book", WELL)
def test_the_recovery_ticks_itself_with_its_evidence(book: str) -> None:
    probed, marked = ticked(book, a_world(**WELL[book]))
    assert isinstance(probed, StepProbed)
    assert isinstance(marked, StepMarked)
    assert (marked.mark, probed.quality) == ("sensed", "live")
    assert probed.lines
    assert marked.reason


@pytest.mark.parametrize(("book", "source"), [(book, source) for book, left in LEFT.items() for source in left])
def test_what_is_left_of_the_trouble_keeps_it_open(book: str, source: str) -> None:
    assert ticked(book, a_world(**(WELL[book] | {source: LEFT[book][source]}))) == ()


@pytest.mark.parametrize(("book", "source"), [(book, source) for book, well in WELL.items() for source in well])
@pytest.mark.parametrize("quality", [{"good_at": NOW - HOUR}, {"partial": "not all of it"}])
def test_data_that_is_not_whole_and_recent_ticks_nothing(book: str, source: str, quality: dict[str, Any]) -> None:
    lost = a_snapshot(source, WELL[book][source], **quality)
    assert ticked(book, a_world(**(WELL[book] | {source: lost}))) == ()


@pytest.mark.parametrize(("book", "source"), [(book, source) for book, well in WELL.items() for source in well])
def test_a_source_that_is_not_there_ticks_nothing(book: str, source: str) -> None:
    rows = {name: found for name, found in WELL[book].items() if name != source}
    assert ticked(book, a_world(**rows)) == ()


@pytest.mark.parametrize("book", WELL)
def test_a_step_that_a_person_opened_again_never_ticks_itself(book: str) -> None:
    playbook = RUNBOOK.checklist(book)
    assert playbook is not None
    last = playbook.steps[-1].id
    assert ticked(book, a_world(**WELL[book]), StepMarked(last, "open")) == ()


def test_the_mark_is_its_own_and_says_who() -> None:
    playbook = RUNBOOK.checklist("high-memory")
    assert playbook is not None
    sensed = StepMarked(playbook.steps[-1].id, "sensed", reason="so it is")
    state = at_the_last_step("high-memory")
    state = fold(entries(sensed, actor=SCRIBE), state)
    item = next(item for item in active_checklist(RUNBOOK, state).items if item.step is playbook.steps[-1])
    assert (item.mark, item.state.by, item.waits) == ("sensed", SCRIBE, False)
