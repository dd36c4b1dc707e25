"""Who is called in which order at a severity, and who has been, for the actions that call people. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.incident.clocks import CALL_WORDS, call_step
from wfconsole.incident.events import StepMarked
from wfconsole.incident.plan import Aim, Request
from wfconsole.incident.policy import CallKind, SeverityName, SeverityPolicy
from wfconsole.incident.state import IncidentState
from wfconsole.text import safe

PAGE: Final = "page"
ESCALATE: Final = "escalate"
ACKNOWLEDGE: Final = "acknowledge"
_NEXT: Final = " > "
_MOST: Final = 50


class Called(msgspec.Struct, frozen=True):
    """Somebody was called by `by`."""

    who: str
    at: Millis
    by: str


def ladder(policy: SeverityPolicy, severity: SeverityName) -> tuple[str, ...]:
    """Whom the severity wants called, in the order of the policy: who is paged, then each step of the escalation."""
    rule = policy.rule(severity)
    calls = [call.who for kind in ("page", "escalate") for call in rule.calls if call.kind == kind]
    return tuple(dict.fromkeys(calls))


def called(state: IncidentState, who: Iterable[str]) -> tuple[Called, ...]:
    """Which of them were called, as the record has it; a call that was waived is none."""
    marks = ((name, state.steps.get(call_step(name))) for name in who)
    return tuple(Called(name, mark.at, mark.by) for name, mark in marks if mark is not None and mark.mark == "done")


def request_for(action: str, state: IncidentState, policy: SeverityPolicy, who: str = "", why: str = "") -> Request:
    """The request for an action on the incident's alert, with all that its preflight has to know of the record.

    A restricted incident is called by its code name alone.
    """
    rungs = ladder(policy, state.severity) if state.severity else ()
    asked = {
        "who": who,
        "why": why,
        "severity": state.severity,
        "title": state.shown_title,
        "restricted": "yes" if state.restricted else "",
        "ladder": _NEXT.join(rungs),
        "called": "\n".join(f"{each.who}\t{each.at}\t{each.by}" for each in called(state, (*rungs, who))),
    }
    return Request(action, Aim("incident", state.id), {name: value for name, value in asked.items() if value})


def call_made(request: Request) -> StepMarked | None:
    """What the record says besides, once an event was taken: that somebody was called. None for any other action."""
    if request.action not in (PAGE, ESCALATE):
        return None
    asked = request.parameters
    who = asked.get("who", "")
    rung = next((name for name in rungs_in(asked) if name.casefold() == who.casefold()), who)
    kind: CallKind = "page" if request.action == PAGE else "escalate"
    return StepMarked(call_step(rung), "done", f"{CALL_WORDS[kind]} {rung}", asked.get("why", ""))


def rungs_in(parameters: Mapping[str, str]) -> tuple[str, ...]:
    """The ladder of a request."""
    return tuple(
        name for part in parameters.get("ladder", "").split(_NEXT)[:_MOST] if (name := safe(part.strip(), 100))
    )


def called_in(parameters: Mapping[str, str]) -> tuple[Called, ...]:
    """Who was called before, as a request has it; a line that says something else is left out."""
    parts = (line.split("\t") for line in parameters.get("called", "").splitlines()[:_MOST])
    return tuple(
        Called(safe(part[0], 100), int(part[1]), safe(part[2], 100))
        for part in parts
        if len(part) == 3 and part[1].isdecimal() and len(part[1]) < 16
    )
