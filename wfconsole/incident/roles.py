"""Who has which role, and which of those that the severity requires nobody has."""

from __future__ import annotations

from typing import Final

import msgspec

from wfconsole.incident.playbook import Runbook
from wfconsole.incident.policy import SeverityPolicy
from wfconsole.incident.state import IncidentState

COMMANDER: Final = "commander"


class Holder(msgspec.Struct, frozen=True):
    """One role. `person` is "" while nobody has it, `waived` why nobody has to."""

    role: str
    person: str = ""
    required: bool = False
    waived: str = ""

    @property
    def vacant(self) -> bool:
        return self.required and not self.person and not self.waived


def role_step(role: str) -> str:
    """The step that is waived, with a reason, where a required role needs nobody. No list has such a name."""
    return f"@role/{'-'.join(role.lower().split())}"


def holders(runbook: Runbook, state: IncidentState) -> tuple[Holder, ...]:
    """All roles: the commander's, those that the severity requires, the runbook's others, any other that was taken."""
    required = _required(runbook.policy, state)
    known = (COMMANDER, *required, *(name.lower() for name, _ in runbook.roles), *state.roles)
    return tuple(_holder(state, role, required) for role in dict.fromkeys(known))


def vacant_roles(policy: SeverityPolicy, state: IncidentState) -> tuple[str, ...]:
    """The roles that the severity requires and nobody has; none once the incident is resolved."""
    if not state.declared or state.resolved:
        return ()
    required = _required(policy, state)
    return tuple(role for role in required if _holder(state, role, required).vacant)


def _required(policy: SeverityPolicy, state: IncidentState) -> tuple[str, ...]:
    return next((rule.roles for rule in policy.rules if state.declared and rule.name == state.severity), ())


def _holder(state: IncidentState, role: str, required: tuple[str, ...]) -> Holder:
    step = state.steps.get(role_step(role))
    waived = (step.reason or "not needed") if step is not None and step.mark == "waived" else ""
    return Holder(role, state.roles.get(role, ""), role in required, waived)
