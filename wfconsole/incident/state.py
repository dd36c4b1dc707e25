"""The incident as it stands: a fold over its journal, and nothing else. Frozen; `advance` gives the next one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from wfconsole.clock import Millis
from wfconsole.incident.events import (
    Audience,
    CommandOutcome,
    Horizon,
    Moment,
    Noticed,
    StepProbed,
    Target,
    TaskOutcome,
)
from wfconsole.incident.playbook import Mark
from wfconsole.incident.policy import SeverityName, Status
from wfconsole.observations.levels import Level


class StepState(msgspec.Struct, frozen=True):
    """How one step of the checklist stands, who did it and when, and the last evidence taken."""

    mark: Mark = "open"
    by: str = ""
    at: Millis = 0
    reason: str = ""
    answer: str = ""
    entry: str = ""  # id of the journal entry that marked it
    probe: StepProbed | None = None
    probed_at: Millis = 0
    probe_entry: str = ""  # id of the journal entry that holds the evidence


class Acked(msgspec.Struct, frozen=True):
    """Who acknowledged an alert, when, and since when it fired then."""

    by: str
    at: Millis
    started_at: Millis


class Shelved(msgspec.Struct, frozen=True):
    """Who shelved an alert, until when and why."""

    by: str
    at: Millis
    until: Millis
    reason: str = ""


class Task(msgspec.Struct, frozen=True):
    """Something that somebody does in a time box. `outcome` is "" while it runs."""

    text: str
    person: str
    given_by: str
    given_at: Millis
    due_at: Millis
    step: str = ""
    outcome: TaskOutcome | Literal[""] = ""
    result: str = ""
    closed_at: Millis = 0


class CommandRun(msgspec.Struct, frozen=True):
    """A command that a person ran from here. `outcome` is "" while nobody knows how it ended."""

    text: str
    by: str
    started_at: Millis
    step: str = ""
    title: str = ""
    deadline_ms: Millis = 0
    outcome: CommandOutcome | Literal[""] = ""
    code: int = 0
    ended_at: Millis = 0
    ended_entry: str = ""  # id of the journal entry that holds the output


class Receipt(msgspec.Struct, frozen=True):
    """One action from its intent to its verdict. `result` is "" while nobody knows how it ended, `verdict` while it is
    watched. `undone_by` is the receipt of the action that took it back: its own, where it did so itself. `settled` is
    "" while it may still do so, and for all that never would."""

    title: str
    action: str
    aim: str
    danger: str
    by: str
    intended_at: Millis
    entry: str  # id of the journal entry with the intent
    plan: msgspec.Raw = msgspec.Raw(b"null")
    reason: str = ""
    override: str = ""
    approved_by: str = ""
    break_glass: str = ""
    step: str = ""
    result: str = ""
    text: str = ""
    lines: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    inverse: msgspec.Raw = msgspec.Raw(b"null")
    ended_at: Millis = 0
    verdict: str = ""
    verdict_text: str = ""
    verified_at: Millis = 0
    undoes: str = ""
    undone_by: str = ""
    settled: Literal["", "kept", "taken back", "not taken back"] = ""

    @property
    def can_be_undone(self) -> bool:
        return bytes(self.inverse) != b"null" and self.result in ("done", "partial", "unknown") and not self.undone_by


class FollowUp(msgspec.Struct, frozen=True):
    """Something to do after the incident. `outcome` is "" while it is open."""

    text: str
    horizon: Horizon
    added_by: str
    added_at: Millis
    owner: str = ""
    due: str = ""  # ISO date
    outcome: TaskOutcome | Literal[""] = ""
    reason: str = ""
    closed_at: Millis = 0


MessageStanding = Literal["queued", "sending", "sent", "failed", "unknown", "dropped"]


class Message(msgspec.Struct, frozen=True):
    """A message that a person released, and how it stands with it. "unknown": it may have arrived or not.

    `doubted`: an attempt before may have arrived, and nobody has found out since.
    """

    template: str
    target: str
    text: str
    by: str
    queued_at: Millis
    audience: Audience = "inside"
    place: str = ""
    state: str = ""
    standing: MessageStanding = "queued"
    attempts: int = 0
    retry_at: Millis = 0
    reason: str = ""
    reference: str = ""
    settled_at: Millis = 0  # when it was sent, or dropped
    doubted: bool = False
    entry: str = ""  # id of the journal entry that says how it stands


class Answered(msgspec.Struct, frozen=True):
    """Who said whether a symptom is there, and when."""

    by: str
    at: Millis


class Line(msgspec.Struct, frozen=True):
    """One line of the timeline: an entry, or all entries of one flapping condition folded into one.

    `kind` is one of ALERT PROBE FACT HYPOTH DECISION ACTION COMMS ROLE NOTE AMEND DECLARE STATE STEP SOURCE CHANGE
    TASK FOLLOW-UP.
    """

    entry: str
    seq: int
    at: Millis
    kind: str
    actor: str
    text: str
    level: Level = Level.OK
    count: int = 1
    until: Millis = 0  # when a condition ended; 0 while it lasts or where that means nothing
    last_at: Millis = 0  # newest entry folded into this line
    text_at: Millis = 0  # of which instant the text is, where it is what was noticed: the worst one
    again_at: Millis = 0  # when it last began again, or happened; 0 where that is not known
    counts: str = ""  # what `count` counts: "restart"; "" for how often it began
    starred: bool = False
    hidden: bool = False
    written_at: Millis = 0  # when it was written, where it speaks of another instant: dated back, or its `at` corrected
    amended: str = ""  # the corrected text, where somebody corrected it
    withdrawn: bool = False
    entries: tuple[str, ...] = ()  # ids of all entries folded into it


class Overwritten(msgspec.Struct, frozen=True):
    """What an entry replaced in the state: undone when the entry is withdrawn, unless something newer stands there."""

    field: str
    key: str  # in a field that is a mapping; "" in a plain one
    old: Any  # None: there was nothing
    new: Any


class IncidentState(msgspec.Struct, frozen=True):
    """Everything that is known of the incident. `id` is "" while none is declared."""

    id: str = ""
    title: str = ""
    severity: SeverityName = "SEV1"
    status: Status = "investigating"
    commander: str = ""
    declared_at: Millis = 0
    severity_since: Millis = 0
    status_since: Millis = 0
    last_update_at: Millis = 0  # when people outside were last told; 0: not yet
    playbook: str = ""
    runbook: str = ""
    target: Target = Target()
    moments: Mapping[Moment, Millis] = msgspec.field(default_factory=dict)
    roles: Mapping[str, str] = msgspec.field(default_factory=dict)
    steps: Mapping[str, StepState] = msgspec.field(default_factory=dict)
    acked: Mapping[str, Acked] = msgspec.field(default_factory=dict)  # by the alert's key
    shelved: Mapping[str, Shelved] = msgspec.field(default_factory=dict)  # those whose time is over, too
    tasks: Mapping[str, Task] = msgspec.field(
        default_factory=dict
    )  # by id, oldest first; so are commands, receipts, follow-ups and messages
    commands: Mapping[str, CommandRun] = msgspec.field(default_factory=dict)
    receipts: Mapping[str, Receipt] = msgspec.field(default_factory=dict)
    armed_until: Millis = 0  # 0: disarmed
    armed_by: str = ""
    follow_ups: Mapping[str, FollowUp] = msgspec.field(default_factory=dict)
    messages: Mapping[str, Message] = msgspec.field(default_factory=dict)
    answers: Mapping[str, bool] = msgspec.field(default_factory=dict)  # by `symptom_key`
    answered: Mapping[str, Answered] = msgspec.field(default_factory=dict)  # by `symptom_key`, too
    meeting_at: Millis = 0
    meeting_where: str = ""
    restricted: bool = False
    code_name: str = ""
    conditions: Mapping[str, Noticed] = msgspec.field(
        default_factory=dict
    )  # by key: those that last, and the ended ones
    lines: Mapping[str, Line] = msgspec.field(default_factory=dict)  # by the id of a line's first entry, oldest first
    line_of_key: Mapping[str, str] = msgspec.field(default_factory=dict)  # key of a condition -> its line
    head_seq: int = 0
    undo: Mapping[str, tuple[Overwritten, ...]] = msgspec.field(default_factory=dict)  # of the newest entries, by id

    @property
    def declared(self) -> bool:
        return bool(self.id)

    @property
    def resolved(self) -> bool:
        return self.status == "resolved"

    @property
    def shown_title(self) -> str:
        """What may be said of it where others look on, or read: the code name, while it is restricted."""
        return (self.code_name or self.id) if self.restricted else self.title


def symptom_key(playbook: str, symptom: str) -> str:
    """How a symptom that people answer for is called in `IncidentState.answers`."""
    return f"{playbook}/{symptom}"
