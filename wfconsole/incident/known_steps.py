"""Steps that the record knows to be done without anybody ticking them: declared, sent, called. Pure."""

from __future__ import annotations

from typing import Final

from wfconsole.incident.clocks import CALL_WORDS, call_step
from wfconsole.incident.events import StepMarked
from wfconsole.incident.playbook import Meaning, Runbook, Step
from wfconsole.incident.policy import Call, CallKind, SeverityPolicy
from wfconsole.incident.state import IncidentState, StepState
from wfconsole.text import clock_time

_CALLS: Final[dict[Meaning, CallKind]] = {"paged": "page", "escalated": "escalate"}


def known_state(step: Step, runbook: Runbook, state: IncidentState) -> StepState | None:
    """How a step stands that nobody has marked; None where the record does not say."""
    match step.means:
        case "declared" if state.commander:
            said = f"declared, commander {state.commander}"
            return StepState("sensed", state.commander, state.declared_at, said)
        case "update sent":
            return _sent(step, runbook, state)
        case "paged" | "escalated":
            return _called(step, runbook.policy, state)
    return None


def _sent(step: Step, runbook: Runbook, state: IncidentState) -> StepState | None:
    """The message was sent from here of whose template the step speaks."""
    look = step.look.casefold()
    named = {each.id for each in runbook.templates if f"template {each.title.casefold()}" in look}
    for message in state.messages.values():
        if message.template in named and message.standing == "sent":
            to = f"{message.target} {message.place}".strip()
            return StepState("sensed", message.by, message.settled_at, f"sent to {to} {clock_time(message.settled_at)}")
    return None


def _called(step: Step, policy: SeverityPolicy, state: IncidentState) -> StepState | None:
    calls = first_calls(step, policy, state)
    made = [state.steps.get(call_step(call.who), StepState()) for call in calls]
    if not made or any(each.mark != "done" for each in made):
        return None
    last = max(made, key=lambda each: each.at)
    return StepState("sensed", last.by, last.at, f"called: {', '.join(call.who for call in calls)}")


def first_calls(step: Step, policy: SeverityPolicy, state: IncidentState) -> tuple[Call, ...]:
    """Whom the step is about: those of its kind to be called at once; where all have a time, the first of them."""
    kind = _CALLS.get(step.means)
    rule = next((rule for rule in policy.rules if rule.name == state.severity), None)
    calls = tuple(call for call in rule.calls if call.kind == kind) if rule is not None else ()
    return tuple(call for call in calls if call.within is None) or calls[:1]


def calls_made(step: Step, policy: SeverityPolicy, state: IncidentState) -> tuple[StepMarked, ...]:
    """What the record says besides, once the step was ticked: that these people were called."""
    open_ones = (call for call in first_calls(step, policy, state) if state.steps.get(call_step(call.who)) is None)
    return tuple(StepMarked(call_step(call.who), "done", f"{CALL_WORDS[call.kind]} {call.who}") for call in open_ones)
