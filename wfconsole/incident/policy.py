"""What a severity means: its criteria, its clocks, who is told. The runbook fills it; there are no defaults here."""

from __future__ import annotations

from typing import Literal

import msgspec

from wfconsole.clock import Millis

SeverityName = Literal["SEV1", "SEV2", "SEV3", "SEV4"]
SEVERITIES: tuple[SeverityName, ...] = ("SEV1", "SEV2", "SEV3", "SEV4")

Status = Literal["investigating", "identified", "implementing fix", "monitoring", "resolved"]
STATUSES: tuple[Status, ...] = ("investigating", "identified", "implementing fix", "monitoring", "resolved")

RoleName = str  # "commander", "technical lead", "communications", "scribe", "security"; a runbook may add its own


class Span(msgspec.Struct, frozen=True):
    """A time allowed: wall-clock milliseconds, or whole business days of the policy's calendar (never both)."""

    duration_ms: Millis = 0
    business_days: int = 0
    text: str = ""  # as the runbook writes it: "15 minutes", "5 business days"


class BusinessCalendar(msgspec.Struct, frozen=True):
    """When people work. `days`: 0 Monday to 6 Sunday. Minutes are since midnight, local to `timezone` (IANA name)."""

    timezone: str = "UTC"
    days: tuple[int, ...] = (0, 1, 2, 3, 4)
    start_minute: int = 9 * 60
    end_minute: int = 17 * 60
    holidays: tuple[str, ...] = ()  # ISO dates


class SeveritySign(msgspec.Struct, frozen=True):
    """What speaks for a severity: `live` is a probe (incident.probes) that holds for `hold_ms`; `text` says it."""

    text: str
    live: str
    hold_ms: Millis = 0


CallKind = Literal["page", "tell", "escalate"]


class Call(msgspec.Struct, frozen=True):
    """Somebody who is paged, told or called in at a severity. `within`: None for what has no clock.

    What is to be done at once is a step of the checklist; a clock runs for what is due later.
    """

    kind: CallKind
    who: str
    within: Span | None = None
    text: str = ""  # as the runbook writes it: "VP Engineering, within 1 hour"


class SeverityRule(msgspec.Struct, frozen=True):
    """One severity as the team's policy has it. `meeting`: how soon after the end the post-mortem meeting is."""

    name: SeverityName
    title: str
    criteria: tuple[str, ...]
    respond: Span
    resolve: Span
    update: Span | None = None  # cadence of status updates; None: none is owed
    update_is_default: bool = False  # our default, since the team's runbook names none
    escalation: tuple[str, ...] = ()
    roles: tuple[RoleName, ...] = ()
    signs: tuple[SeveritySign, ...] = ()  # what can be seen of its criteria
    calls: tuple[Call, ...] = ()
    meeting: Span | None = None


class Contact(msgspec.Struct, frozen=True):
    """Somebody to reach, and from which severity up they may be."""

    name: str
    how: str
    severities: tuple[SeverityName, ...] = SEVERITIES


class Link(msgspec.Struct, frozen=True):
    """An address with http:// or https://, under the heading `group` of the runbook ("" for none)."""

    name: str
    url: str
    group: str = ""


class Template(msgspec.Struct, frozen=True):
    """A text with `{placeholders}`; `target` says where it goes (slack, status page, post-mortem).

    `only_for` is "restricted" for a text that only a restricted incident has.
    """

    id: str
    title: str
    target: str
    text: str
    only_for: str = ""


class SeverityPolicy(msgspec.Struct, frozen=True):
    rules: tuple[SeverityRule, ...]
    calendar: BusinessCalendar = BusinessCalendar()

    def rule(self, name: SeverityName) -> SeverityRule:
        return next(rule for rule in self.rules if rule.name == name)
