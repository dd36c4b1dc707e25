"""A step of which the record knows that it was done needs nobody; what was ticked as a step is asked nowhere else."""

from __future__ import annotations

import msgspec
import pytest

from tests.builders import NOW, a_checklist, a_runbook, a_step, an_entry, entries
from wfconsole.clock import MINUTE
from wfconsole.incident.advance import fold
from wfconsole.incident.checklist import Item, active_checklist
from wfconsole.incident.clocks import call_step, open_calls
from wfconsole.incident.events import Declared, Event, RoleTaken, StepMarked
from wfconsole.incident.known_steps import calls_made
from wfconsole.incident.message_events import MessageQueued, MessageSent
from wfconsole.incident.policy import Call, Template
from wfconsole.incident.state import IncidentState
from wfconsole.runbook import load_runbook

DECLARE = a_step("Declare", "first", means="declared", memory="commander named")
SEND = a_step("Send the declaration", "first", means="update sent", look="template Declaration")
PAGE = a_step("Page the on-call engineer", "first", means="paged")
ESCALATE = a_step("Escalate", "first", means="escalated")
PLAIN = a_runbook(a_checklist("first", DECLARE, SEND, PAGE, ESCALATE, kind="process"))
RUNBOOK = msgspec.structs.replace(
    PLAIN,
    policy=load_runbook(None).policy,
    templates=(Template("declaration", "Declaration", "slack", ""), Template("other", "Status update", "slack", "")),
)
OPEN = Declared("INC-1", "down", "SEV1", "op1")


def state(*events: Event) -> IncidentState:
    return fold(entries(*events))


def item(step: str, *events: Event) -> Item:
    found = active_checklist(RUNBOOK, state(OPEN, *events)).find(f"first/{step}")
    assert found is not None
    return found


def test_who_has_declared_with_a_commander_has_done_that_step() -> None:
    declared = item("declare")
    assert (declared.mark, declared.state.by, declared.state.reason) == ("sensed", "op1", "declared, commander op1")
    assert declared.state.at == state(OPEN).declared_at
    assert item("declare", RoleTaken("commander", "")).mark == "open", "nobody commands"
    assert item("declare", StepMarked("first/declare", "open")).mark == "open", "a person said so"


def test_the_bundled_list_asks_for_nothing_that_the_declaration_has_said() -> None:
    active = active_checklist(load_runbook(None), state(OPEN))
    assert [each.step.memory for each in active.memory_items if each.mark != "open"] == ["commander named"]
    assert active.current is not None
    assert active.current.step.title == "Acknowledge the alert"


@pytest.mark.parametrize(
    ("template", "sent", "mark"),
    [("declaration", True, "sensed"), ("declaration", False, "open"), ("other", True, "open")],
)
def test_a_message_that_was_sent_from_here_is_not_asked_for(template: str, sent: bool, mark: str) -> None:
    events: list[Event] = [MessageQueued("m1", template, "slack", "text", place="#war")]
    found = item("send-the-declaration", *events, *([MessageSent("m1")] if sent else []))
    assert found.mark == mark
    if mark == "sensed":
        assert found.state.reason.startswith("sent to slack #war ")


def test_those_who_were_called_are_not_called_for_again() -> None:
    calls = [call for call in open_calls(RUNBOOK.policy, state(OPEN)) if call.within is None and call.kind != "tell"]
    pages = [call.who for call in calls if call.kind == "page"]
    assert pages == ["Primary on call"]
    assert item("page-the-on-call-engineer").mark == "open"
    paged = item("page-the-on-call-engineer", StepMarked(call_step("Primary on call"), "done"))
    assert (paged.mark, paged.state.reason) == ("sensed", "called: Primary on call")
    waived = item("page-the-on-call-engineer", StepMarked(call_step("Primary on call"), "waived", reason="asleep"))
    assert waived.mark == "open"


def test_ticking_the_step_says_who_was_called() -> None:
    made = calls_made(PAGE, RUNBOOK.policy, state(OPEN))
    assert made == (StepMarked(call_step("Primary on call"), "done", "page Primary on call"),)
    assert calls_made(PAGE, RUNBOOK.policy, state(OPEN, *made)) == ()
    assert calls_made(DECLARE, RUNBOOK.policy, state(OPEN)) == ()


def test_an_escalation_is_for_those_at_once_and_for_the_first_where_all_have_a_time() -> None:
    def who(severity: str) -> list[str]:
        opened = msgspec.structs.replace(OPEN, severity=severity)
        return [mark.step for mark in calls_made(ESCALATE, RUNBOOK.policy, state(opened))]

    at_once = [call for call in _calls("SEV1") if call.within is None]
    assert who("SEV1") == [call_step(call.who) for call in at_once]
    assert who("SEV2") == [call_step(_calls("SEV2")[0].who)]


def _calls(severity: str) -> list[Call]:
    rule = next(rule for rule in RUNBOOK.policy.rules if rule.name == severity)
    return [call for call in rule.calls if call.kind == "escalate"]


def test_evidence_that_was_taken_stays_beside_it() -> None:
    from wfconsole.incident.events import StepProbed
    from wfconsole.observations.levels import Level

    probed = StepProbed("first/declare", ("seen",), Level.OK, "live")
    entry = an_entry(probed, at=NOW - MINUTE)
    found = active_checklist(RUNBOOK, fold([*entries(OPEN), entry])).find("first/declare")
    assert found is not None
    assert (found.mark, found.state.probe) == ("sensed", probed)
