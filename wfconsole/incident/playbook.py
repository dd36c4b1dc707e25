"""The runbook as values: checklists, playbooks, steps. `wfconsole.runbook` reads them from Markdown."""

from __future__ import annotations

from typing import Literal

import msgspec

from wfconsole.clock import MINUTE, Millis
from wfconsole.incident.policy import Contact, Link, SeverityName, SeverityPolicy, Template

StepKind = Literal["check", "decide", "action", "confirm"]
Meaning = Literal["", "declared", "acknowledged", "mitigated", "resolved", "update sent", "paged", "escalated"]
MEANINGS: tuple[Meaning, ...] = (
    *("declared", "acknowledged", "mitigated", "resolved"),
    *("update sent", "paged", "escalated"),
)
Mark = Literal["open", "done", "sensed", "waived", "deferred", "not-taken", "failed"]


class Place(msgspec.Struct, frozen=True):
    """Where in the runbook something stands, for messages."""

    file: str
    line: int


class Command(msgspec.Struct, frozen=True):
    """A command of the runbook to copy or to run by hand; never run by itself. `placeholders`: the `<...>` in it."""

    language: str
    text: str
    placeholders: tuple[str, ...] = ()


class Verification(msgspec.Struct, frozen=True):
    """What shows that a command of the runbook has worked: `live`, a probe that must hold, or `command`, which must end
    with `code`; within `within_ms` of its end, and for `hold_ms`."""

    live: str = ""
    command: Command | None = None
    code: int = 0
    within_ms: Millis = 2 * MINUTE
    hold_ms: Millis = 0


class Branch(msgspec.Struct, frozen=True):
    """One answer of a decision and the step it leads to ("" = on to the next)."""

    answer: str
    goto: str = ""


class Measure(msgspec.Struct, frozen=True):
    """PromQL that a symptom rests on. The collector looks at it as one more rule of the signals, called `rule`."""

    rule: str
    promql: str
    op: Literal["<", "<=", ">", ">="]
    bound: float


class Symptom(msgspec.Struct, frozen=True):
    """A rule on live data that speaks for a playbook. `live` is a probe (incident.probes); `hold_ms`: for how long.

    `measure`: what it asks of Prometheus; `live` is then the probe of that rule's value.
    """

    text: str
    live: str = ""
    hold_ms: int = 0
    measure: Measure | None = None


class Step(msgspec.Struct, frozen=True):
    """One line of a checklist, READ-DO: what to look at, what is expected, what it showed.

    `id` is stable: "<list id>/<slug of the title>". `live` is a probe; `sensed` a probe that ticks the step by itself;
    `logs` a probe of the pods whose logs are its evidence.
    `shell`: its commands need one where they are run as an action; `verify` shows whether that worked.
    """

    id: str
    title: str
    kind: StepKind = "check"
    role: str = ""
    look: str = ""
    expect: str = ""
    do: str = ""
    live: str = ""
    sensed: str = ""
    logs: str = ""
    danger: str = ""  # class of an action: R1, R2, R3
    act: str = ""  # what the console can do for it, as `incident.offers.offer_from` reads it
    branches: tuple[Branch, ...] = ()
    commands: tuple[Command, ...] = ()
    severities: tuple[SeverityName, ...] = ()  # only at these; () = at all
    warning: str = ""  # the trap that this step must not walk into
    means: Meaning = ""  # what the record says besides, once it is done; where it says so already, the step is done
    memory: str = ""  # of a memory item, which is done before anybody reads: what is so once it is done
    shell: bool = False
    verify: Verification | None = None
    place: Place = Place("", 0)

    @property
    def probe(self) -> str:
        """The probe whose value is shown beside the step; "" for none."""
        return self.live or self.sensed or self.logs


class Checklist(msgspec.Struct, frozen=True):
    """A list of steps: "process" ones open with every incident, "playbook" ones by choice, "confirm" ones at an end.

    `recovery`: what must hold, and for how long, before an incident that follows this list is called resolved.
    """

    id: str
    title: str
    kind: Literal["process", "playbook", "confirm"]
    summary: str = ""
    steps: tuple[Step, ...] = ()
    symptoms: tuple[Symptom, ...] = ()
    recovery: tuple[Symptom, ...] = ()
    pins: tuple[int, ...] = ()  # panes to put beside the checklist
    severities: tuple[SeverityName, ...] = ()
    place: Place = Place("", 0)


class Remark(msgspec.Struct, frozen=True):
    """What a reader of free-form Markdown must be told: a part that was not understood, or that is not the team's."""

    place: Place
    text: str


class Runbook(msgspec.Struct, frozen=True):
    """A team's runbook, whole. `digest` is sha256 over its files: the journal says which text was followed."""

    title: str
    version: str
    reviewed: str  # ISO date of the last review, "" when it does not say
    policy: SeverityPolicy
    roles: tuple[tuple[str, str], ...] = ()  # name, what they do
    contacts: tuple[Contact, ...] = ()
    links: tuple[Link, ...] = ()
    templates: tuple[Template, ...] = ()
    checklists: tuple[Checklist, ...] = ()
    digest: str = ""
    remarks: tuple[Remark, ...] = ()  # of a runbook in the team's own words; empty for one in our format

    @property
    def playbooks(self) -> tuple[Checklist, ...]:
        return tuple(item for item in self.checklists if item.kind == "playbook")

    def checklist(self, list_id: str) -> Checklist | None:
        return next((item for item in self.checklists if item.id == list_id), None)
