"""Who has which role, and which required one nobody has."""

from __future__ import annotations

import msgspec

from tests.builders import a_policy, a_runbook, declared, entries
from wfconsole.incident.advance import fold
from wfconsole.incident.events import Event, RoleTaken, SeverityChanged, StatusChanged, StepMarked
from wfconsole.incident.playbook import Runbook
from wfconsole.incident.policy import SeverityPolicy
from wfconsole.incident.roles import Holder, holders, role_step, vacant_roles
from wfconsole.incident.state import IncidentState


def policy() -> SeverityPolicy:
    """SEV1 requires three roles, the others the commander alone."""
    made = a_policy()
    rules = tuple(
        msgspec.structs.replace(
            rule, roles=("commander", "communications", "scribe") if rule.name == "SEV1" else ("commander",)
        )
        for rule in made.rules
    )
    return msgspec.structs.replace(made, rules=rules)


POLICY = policy()


def runbook() -> Runbook:
    return a_runbook(policy=POLICY, roles=(("scribe", "writes"), ("security", "looks")))


def state(*events: Event, severity: str = "SEV1") -> IncidentState:
    return fold(entries(declared(severity=severity, commander="op1"), *events))


def test_the_required_roles_that_nobody_has_are_named_until_somebody_takes_them() -> None:
    assert vacant_roles(POLICY, state()) == ("communications", "scribe")
    assert vacant_roles(POLICY, state(RoleTaken("scribe", "Bea"))) == ("communications",)
    assert vacant_roles(POLICY, state(RoleTaken("scribe", "Bea"), RoleTaken("scribe", ""))) == (
        "communications",
        "scribe",
    )


def test_another_severity_requires_other_roles() -> None:
    assert vacant_roles(POLICY, state(severity="SEV3")) == ()
    assert vacant_roles(POLICY, state(SeverityChanged("SEV1", "all"), severity="SEV3")) == ("communications", "scribe")


def test_a_required_role_can_be_waived_with_a_reason_and_is_named_no_more() -> None:
    waived = StepMarked(role_step("communications"), "waived", reason="the commander writes")
    assert vacant_roles(POLICY, state(waived)) == ("scribe",)
    assert Holder("communications", required=True, waived="the commander writes") in holders(runbook(), state(waived))


def test_nothing_is_required_before_the_declaration_and_after_the_end() -> None:
    assert vacant_roles(POLICY, IncidentState()) == ()
    assert vacant_roles(POLICY, state(StatusChanged("resolved"))) == ()
    assert vacant_roles(SeverityPolicy(()), state()) == ()


def test_all_roles_are_listed_once_the_commander_first_then_what_is_required() -> None:
    listed = holders(runbook(), state(RoleTaken("liaison", "Kim"), RoleTaken("scribe", "Bea")))
    assert [(holder.role, holder.person, holder.required) for holder in listed] == [
        ("commander", "op1", True),
        ("communications", "", True),
        ("scribe", "Bea", True),
        ("security", "", False),
        ("liaison", "Kim", False),
    ]
