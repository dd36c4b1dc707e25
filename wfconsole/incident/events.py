"""Everything that can happen to an incident. Past tense, frozen; the incident's state is a fold over them.

`Entry` is one event with its identity; the journal keeps entries, in the order of `seq`. People's events come from the
screen or the command line, the scribe's from what was seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from wfconsole.clock import HOUR, Millis
from wfconsole.incident.playbook import Mark
from wfconsole.incident.policy import SeverityName, Status
from wfconsole.observations.levels import Level

NoteKind = Literal["note", "decision", "fact", "hypothesis"]
Moment = Literal["started", "detected", "acknowledged", "mitigated", "resolved"]
SHELVED_AT_MOST: Final[Millis] = 8 * HOUR  # nobody remembers longer what is on a shelf
SCRIBE = "scribe"  # the actor of what the console noticed by itself


class Target(msgspec.Struct, frozen=True, omit_defaults=True):
    """The cluster that the console is pinned to."""

    context: str = ""
    namespace: str = ""
    server: str = ""


class Declared(msgspec.Struct, frozen=True, tag="declared", omit_defaults=True):
    """The incident exists, and its clocks run. `started_at`: since when it is broken, as far as known."""

    incident: str  # INC-20260107-0312
    title: str
    severity: SeverityName
    commander: str
    started_at: Millis = 0
    reason: str = ""
    playbook: str = ""
    target: Target = Target()
    runbook: str = ""  # title, version and digest of the runbook that was followed


class SeverityChanged(msgspec.Struct, frozen=True, tag="severity"):
    severity: SeverityName
    reason: str


class StatusChanged(msgspec.Struct, frozen=True, tag="status", omit_defaults=True):
    status: Status
    reason: str = ""


class RoleTaken(msgspec.Struct, frozen=True, tag="role"):
    role: str
    person: str


class PlaybookChosen(msgspec.Struct, frozen=True, tag="playbook", omit_defaults=True):
    playbook: str
    reason: str = ""


class NoteAdded(msgspec.Struct, frozen=True, tag="note", omit_defaults=True):
    """Somebody's words. `at_time`: the instant it speaks of, where that is not when it was written."""

    text: str
    kind: NoteKind = "note"
    about: str = ""  # the thing it is attached to: "pods production/gw-1"
    at_time: Millis = 0


class EntryAmended(msgspec.Struct, frozen=True, tag="amended"):
    """A correction; the entry itself stays as it is."""

    entry: str
    text: str


class EntryStarred(msgspec.Struct, frozen=True, tag="starred"):
    entry: str
    starred: bool


class EntryWithdrawn(msgspec.Struct, frozen=True, tag="withdrawn"):
    """Undo within seconds: the entry stays in the journal and counts no more."""

    entry: str


class MomentSet(msgspec.Struct, frozen=True, tag="moment", omit_defaults=True):
    """When something happened that the times to detect, acknowledge, mitigate and resolve are computed from."""

    moment: Moment
    at_time: Millis
    reason: str = ""


class UpdateSent(msgspec.Struct, frozen=True, tag="update", omit_defaults=True):
    """Somebody told people outside the room; the next update is due from here."""

    audience: str
    text: str


class StepProbed(msgspec.Struct, frozen=True, tag="probed", omit_defaults=True):
    """A step's live value was taken as evidence: the lines as shown, with their quality."""

    step: str
    lines: tuple[str, ...]
    level: Level
    quality: str
    took_ms: int = 0
    title: str = ""


class StepMarked(msgspec.Struct, frozen=True, tag="step", omit_defaults=True):
    """A step was ticked, waived (with a reason), deferred, opened again; `answer` is the branch of a decision."""

    step: str
    mark: Mark
    title: str = ""
    reason: str = ""
    answer: str = ""


class AlertsAcknowledged(msgspec.Struct, frozen=True, tag="alerts-acked", omit_defaults=True):
    """Somebody knows of these alerts and looks after them. By key, since when each fires: one that begins anew is new.

    Nothing is sent to Alertmanager.
    """

    alerts: Mapping[str, Millis]
    title: str = ""


class AlertsShelved(msgspec.Struct, frozen=True, tag="alerts-shelved", omit_defaults=True):
    """These alerts are out of the way until a time, for a reason; an `until` that is over brings them back.

    They go on firing, and Alertmanager goes on telling people.
    """

    alerts: tuple[str, ...]
    until: Millis
    reason: str = ""
    title: str = ""


class ConsoleStarted(msgspec.Struct, frozen=True, tag="console-started", omit_defaults=True):
    """A console opened the incident; `found` says what the journal's reader noticed (torn tails, gaps)."""

    host: str
    pid: int
    version: str
    found: str = ""


class ConsoleEnded(msgspec.Struct, frozen=True, tag="console-ended", omit_defaults=True):
    reason: str = ""


class Noticed(msgspec.Struct, frozen=True, tag="noticed", omit_defaults=True):
    """The scribe saw a condition begin, go on or end. One `key` is one line of the timeline, however often it flaps.

    `count` is how many times it happened so far, `since` when it first did, `subject` the object it is about.
    """

    key: str  # "crash-loop Deployment/production/gateway"
    family: str  # what sort of thing it is: "crash-loop", "locks"; changes are "rollout", "scale" and "change"
    phase: Literal["began", "again", "ended", "once"]
    level: Level
    text: str
    subject: str = ""
    since: Millis = 0
    count: int = 1


Event = (
    Declared
    | SeverityChanged
    | StatusChanged
    | RoleTaken
    | PlaybookChosen
    | NoteAdded
    | EntryAmended
    | EntryStarred
    | EntryWithdrawn
    | MomentSet
    | UpdateSent
    | StepProbed
    | StepMarked
    | AlertsAcknowledged
    | AlertsShelved
    | ConsoleStarted
    | ConsoleEnded
    | Noticed
)


class Entry(msgspec.Struct, frozen=True):
    """One event with its identity: who, when, and its place in the order."""

    id: str
    seq: int
    at: Millis
    actor: str
    event: Event
