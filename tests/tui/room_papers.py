"""A runbook and a desk for what people owe each other: calls, roles, tasks, recovery."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.builders import a_policy
from tests.tui.harness import Desk, troubled_desk
from tests.tui.papers import a_full_runbook
from wfconsole.clock import HOUR, MINUTE
from wfconsole.incident.playbook import Runbook, Symptom
from wfconsole.incident.policy import Call, Span

READY = Symptom("All pods are ready", "pods not-ready count=0", 30 * MINUTE)
CALLS = (
    Call("page", "Primary on call", text="Primary on call"),
    Call("escalate", "VP Engineering", Span(HOUR, text="1 hour"), "VP Engineering, within 1 hour"),
)
ROLES = ("commander", "communications", "scribe")


def a_room_runbook() -> Runbook:
    """Every severity calls two people and requires three roles; the stand-down list has a signal of recovery."""
    policy = a_policy()
    rules = tuple(
        msgspec.structs.replace(rule, calls=CALLS, roles=ROLES, meeting=Span(48 * HOUR, text="48 hours"))
        for rule in policy.rules
    )
    runbook = a_full_runbook()
    lists = tuple(
        msgspec.structs.replace(each, recovery=(READY,)) if each.id == "stand-down" else each
        for each in runbook.checklists
    )
    return msgspec.structs.replace(runbook, policy=msgspec.structs.replace(policy, rules=rules), checklists=lists)


def a_room_desk(**options: Any) -> Desk:
    return troubled_desk(runbook=a_room_runbook(), **options)
