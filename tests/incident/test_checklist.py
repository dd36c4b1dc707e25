"""The checklist follows from runbook, severity, playbook and state; the next step is always the same one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import (
    NOW,
    a_bad_pod,
    a_checklist,
    a_failure,
    a_pod,
    a_runbook,
    a_snapshot,
    a_step,
    a_world,
    an_entry,
    declared,
    entries,
)
from wfconsole.clock import HOUR, MINUTE
from wfconsole.incident.advance import fold
from wfconsole.incident.checklist import Active, active_checklist, confirm_checklist, sensed_steps
from wfconsole.incident.events import (
    SCRIBE,
    EntryWithdrawn,
    Event,
    PlaybookChosen,
    SeverityChanged,
    StepMarked,
    StepProbed,
)
from wfconsole.incident.playbook import Branch, Mark, Runbook
from wfconsole.incident.state import IncidentState
from wfconsole.observations.levels import Level
from wfconsole.observations.world import World

RUNBOOK = a_runbook()
WELL = a_world(pods=[a_pod("a"), a_pod("b")])


def after(*events: Event, runbook: Runbook = RUNBOOK) -> Active:
    return active_checklist(runbook, state(*events))


def state(*events: Event) -> IncidentState:
    return fold(entries(declared(playbook="outage"), *events))


def done(*steps: str) -> list[Event]:
    return [StepMarked(step, "done") for step in steps]


FIRST = done("first/acknowledge-the-alert", "first/name-a-scribe")
LOOKED = [*FIRST, *done("outage/look-at-the-pods")]


def current(active: Active) -> str:
    return "" if active.current is None else active.current.step.id


def marks(active: Active) -> dict[str, Mark]:
    return {item.step.id: item.mark for item in active.items}


def test_there_is_no_checklist_before_the_declaration() -> None:
    assert active_checklist(RUNBOOK, IncidentState()) == Active()


def test_the_process_comes_first_then_the_playbook_then_the_rest_of_the_process() -> None:
    assert [section.id for section in after().sections] == ["first", "outage", "close"]


def test_without_a_playbook_only_the_process_is_open() -> None:
    active = active_checklist(RUNBOOK, fold(entries(declared())))
    assert [section.id for section in active.sections] == ["first", "close"]


def test_another_playbook_takes_the_place_of_the_first() -> None:
    runbook = a_runbook(*RUNBOOK.checklists, a_checklist("memory", a_step("Look", "memory")))
    active = after(PlaybookChosen("memory"), runbook=runbook)
    assert [section.id for section in active.sections] == ["first", "memory", "close"]


def test_steps_and_lists_of_other_severities_are_left_out_unless_somebody_did_them() -> None:
    runbook = a_runbook(
        a_checklist(
            "first",
            a_step("Look", "first"),
            a_step("Page", "first", severities=("SEV1", "SEV2")),
            kind="process",
        ),
        a_checklist("fine", a_step("Sleep", "fine"), kind="process", severities=("SEV4",)),
    )
    assert list(marks(after(runbook=runbook))) == ["first/look", "first/page"]
    assert list(marks(after(SeverityChanged("SEV4", ""), runbook=runbook))) == ["first/look", "fine/sleep"]
    paged = after(*done("first/page"), SeverityChanged("SEV4", ""), runbook=runbook)
    assert list(marks(paged)) == ["first/look", "first/page", "fine/sleep"]
    assert paged.items[1].number == 2


def test_the_next_step_is_the_first_that_nobody_has_closed() -> None:
    assert current(after()) == "first/acknowledge-the-alert"
    assert current(after(*FIRST)) == "outage/look-at-the-pods"
    skipped = after(StepMarked("first/name-a-scribe", "done"))
    assert current(skipped) == "first/acknowledge-the-alert"


@pytest.mark.parametrize("mark", ["done", "sensed", "waived", "not-taken", "deferred"])
def test_each_of_these_marks_leads_on(mark: Mark) -> None:
    assert current(after(StepMarked("first/acknowledge-the-alert", mark))) == "first/name-a-scribe"


@pytest.mark.parametrize("mark", ["failed", "open"])
def test_a_step_that_failed_or_was_opened_again_is_next(mark: Mark) -> None:
    assert current(after(*FIRST, StepMarked("first/acknowledge-the-alert", mark))) == "first/acknowledge-the-alert"


def test_a_mark_that_was_withdrawn_is_no_mark() -> None:
    assert current(after(*FIRST, EntryWithdrawn("e3"))) == "first/name-a-scribe"


def test_a_decision_that_goes_on_leaves_all_steps_open() -> None:
    active = after(*LOOKED, StepMarked("outage/is-a-rollout-to-blame", "done", answer="yes"))
    assert current(active) == "outage/roll-back"
    assert marks(active)["outage/scale-up"] == "open"


def test_a_decision_that_leads_past_steps_marks_them_as_not_taken() -> None:
    active = after(*LOOKED, StepMarked("outage/is-a-rollout-to-blame", "done", answer="no"))
    assert marks(active)["outage/roll-back"] == "not-taken"
    assert current(active) == "outage/scale-up"
    assert active.total == 7


def test_taking_the_decision_back_opens_them_again() -> None:
    answered = StepMarked("outage/is-a-rollout-to-blame", "done", answer="no")
    active = after(*LOOKED, answered, StepMarked("outage/is-a-rollout-to-blame", "open"))
    assert marks(active)["outage/roll-back"] == "open"


def test_an_action_that_is_done_leads_past_its_alternatives() -> None:
    runbook = a_runbook(
        a_checklist(
            "outage",
            a_step("Which", kind="decide", branches=(Branch("a"), Branch("b", "outage/cure-b"))),
            a_step("Cure a", kind="action", branches=(Branch("done", "outage/verify"),)),
            a_step("Cure b", kind="action"),
            a_step("Verify"),
        )
    )
    active = after(StepMarked("outage/which", "done", answer="a"), *done("outage/cure-a"), runbook=runbook)
    assert marks(active)["outage/cure-b"] == "not-taken"
    assert current(active) == "outage/verify"
    waived = after(
        StepMarked("outage/which", "done", answer="a"), StepMarked("outage/cure-a", "waived"), runbook=runbook
    )
    assert current(waived) == "outage/cure-b"


def test_what_somebody_did_although_it_was_led_past_stays_done() -> None:
    active = after(*LOOKED, *done("outage/roll-back"), StepMarked("outage/is-a-rollout-to-blame", "done", answer="no"))
    assert marks(active)["outage/roll-back"] == "done"


ALL = [*LOOKED, *done("outage/is-a-rollout-to-blame", "outage/roll-back", "outage/scale-up")]
END = done("outage/all-pods-are-ready", "close/tell-people-that-it-is-over")


def test_deferred_steps_come_again_before_the_end() -> None:
    deferred = StepMarked("first/name-a-scribe", "deferred", reason="alone")
    almost = after(*ALL, deferred, END[0])
    assert (current(almost), almost.deferred) == ("close/tell-people-that-it-is-over", 1)
    active = after(*ALL, deferred, *END)
    assert active.current is not None
    assert (active.current.step.id, active.current.again) == ("first/name-a-scribe", True)
    assert active.completion == ""


def test_the_end_is_announced_with_its_time_and_counts() -> None:
    active = after(*ALL, StepMarked("outage/scale-up", "waived", reason="x"), *END)
    assert active.current is None
    assert active.completion == "CHECKLIST COMPLETE 14:41:07Z  8 steps, 1 waived"
    assert (active.closed, active.total, active.waived) == (8, 8, 1)


def test_the_section_on_show_is_that_of_the_next_step() -> None:
    active = after(*FIRST)
    assert active.section is not None
    assert active.section.id == "outage"
    finished = after(*ALL, *END)
    assert finished.section is not None
    assert finished.section.id == "close"
    assert Active().section is None


def test_a_confirm_list_is_opened_by_its_name_and_belongs_to_no_incident_list() -> None:
    stand_down = a_checklist("stand-down", a_step("All is well", "stand-down", kind="confirm"), kind="confirm")
    runbook = a_runbook(*RUNBOOK.checklists, stand_down)
    assert "stand-down" not in {section.id for section in after(runbook=runbook).sections}
    opened = confirm_checklist(runbook, "stand-down", state())
    assert opened is not None
    assert current(opened) == "stand-down/all-is-well"
    assert confirm_checklist(runbook, "no-such-list", state()) is None


# --- steps that tick themselves -------------------------------------------------------------------------------------


def sensed(world: World, *events: Event, now: int = NOW) -> tuple[Event, ...]:
    return sensed_steps(RUNBOOK, state(*events), world, now)


def test_the_next_step_ticks_itself_with_its_evidence() -> None:
    probed, marked = sensed(WELL, *ALL)
    assert isinstance(probed, StepProbed)
    assert isinstance(marked, StepMarked)
    assert (probed.step, probed.lines, probed.quality) == ("outage/all-pods-are-ready", ("0 of 2 pods",), "live")
    assert (marked.step, marked.mark) == ("outage/all-pods-are-ready", "sensed")
    assert marked.reason == "pods in production, not ready: none"
    assert current(after(*ALL, probed, marked)) == "close/tell-people-that-it-is-over"


def test_a_step_before_its_time_does_not_tick_itself() -> None:
    assert sensed(WELL, *LOOKED) == ()


NOT_SENSED: list[tuple[str, World]] = [
    ("it does not hold", a_world(pods=[a_pod("a"), a_bad_pod("b")])),
    ("the data is stale", a_world(pods=a_snapshot("pods", [a_pod()], good_at=NOW - HOUR))),
    ("the data is partial", a_world(pods=a_snapshot("pods", [a_pod()], partial="page 1 of 20"))),
    ("the last read failed", a_world(pods=a_snapshot("pods", [a_pod()], good_at=NOW - 6000, failure=a_failure()))),
    ("there is no data", World()),
    ("there are no such pods", a_world(pods=[a_pod(namespace="elsewhere")])),
    ("the source has not spoken just now", a_world(pods=a_snapshot("pods", [a_pod()], NOW - 1000))),
]


@pytest.mark.parametrize("world", [case[1] for case in NOT_SENSED], ids=[case[0] for case in NOT_SENSED])
def test_nothing_ticks_itself_when(world: World) -> None:
    assert sensed(world, *ALL) == ()


def test_what_a_person_opened_again_does_not_tick_itself() -> None:
    events: list[Any] = entries(declared(playbook="outage"), *ALL)
    for event, actor in (
        (StepMarked("outage/all-pods-are-ready", "sensed"), SCRIBE),
        (StepMarked("outage/all-pods-are-ready", "open"), "op1"),
    ):
        events.append(an_entry(event, len(events) + 1, NOW + HOUR, actor))
    opened = fold(events)
    assert current(active_checklist(RUNBOOK, opened)) == "outage/all-pods-are-ready"
    assert sensed_steps(RUNBOOK, opened, a_world(NOW + MINUTE, pods=[a_pod()]), NOW + MINUTE) == ()


def test_evidence_that_somebody_took_before_does_not_keep_a_step_from_ticking_itself() -> None:
    looked = StepProbed("outage/all-pods-are-ready", ("1 of 2 pods",), Level.WARNING, "live")
    assert len(sensed(WELL, *ALL, looked)) == 2


def test_a_memory_item_that_a_decision_led_past_is_not_asked_for() -> None:
    first = a_checklist(
        "first",
        a_step("Is it ours", "first", kind="decide", branches=(Branch("no", "first/tell-the-owner"), Branch("yes"))),
        a_step("Stop all rollouts", "first", memory="rollouts stopped"),
        a_step("Tell the owner", "first", memory="owner told"),
        kind="process",
    )
    before, past = (after(*marked, runbook=a_runbook(first)) for marked in ((), _answered("no")))
    assert [item.step.memory for item in before.memory_items] == ["rollouts stopped", "owner told"]
    assert [item.step.memory for item in past.memory_items] == ["owner told"]


def _answered(answer: str) -> tuple[Event, ...]:
    return (StepMarked("first/is-it-ours", "done", answer=answer),)
