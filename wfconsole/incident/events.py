"""Everything that can happen to an incident. Past tense, frozen; the incident's state is a fold over them.

`Entry` is one event with its identity; the journal keeps entries, in the order of `seq`. People's events come from the
screen or the command line, the scribe's from what was seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from wfconsole.clock import HOUR, Millis
from wfconsole.incident.action_events import (
    ActionEnded,
    ActionIntended,
    ActionsArmed,
    ActionsDisarmed,
    ActionSettled,
    ActionVerified,
    EvidenceKept,
)
from wfconsole.incident.message_events import Audience as Audience
from wfconsole.incident.message_events import MessageDropped as MessageDropped
from wfconsole.incident.message_events import MessageFailed as MessageFailed
from wfconsole.incident.message_events import MessageQueued as MessageQueued
from wfconsole.incident.message_events import MessageSent as MessageSent
from wfconsole.incident.message_events import MessageTried as MessageTried
from wfconsole.incident.playbook import Mark
from wfconsole.incident.policy import SeverityName, Status
from wfconsole.observations.levels import Level

NoteKind = Literal["note", "decision", "fact", "hypothesis", "mark"]
Moment = Literal["started", "detected", "acknowledged", "mitigated", "resolved"]
DecisionOutcome = Literal["agreed", "rejected"]
TaskOutcome = Literal["done", "dropped"]
Phase = Literal["began", "again", "ended", "once"]
CommandOutcome = Literal["exit", "timed out", "cancelled", "not started", "unknown"]
Horizon = Literal["0-7 days", "1-4 weeks", "1-3 months"]
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
    """`verified`: the signals that held when it was called resolved, as they were shown."""

    status: Status
    reason: str = ""
    verified: tuple[str, ...] = ()


class RoleTaken(msgspec.Struct, frozen=True, tag="role"):
    role: str
    person: str


class PlaybookChosen(msgspec.Struct, frozen=True, tag="playbook", omit_defaults=True):
    playbook: str
    reason: str = ""


class NoteAdded(msgspec.Struct, frozen=True, tag="note", omit_defaults=True):
    """Somebody's words; those of a mark name a place in time. `at_time`: the instant it speaks of, where that is not
    when it was written."""

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


class EntryHidden(msgspec.Struct, frozen=True, tag="hidden"):
    """Noise is out of sight, on screen and in the post-mortem, or back; the journal keeps it all the same."""

    entry: str
    hidden: bool


class EntryRedated(msgspec.Struct, frozen=True, tag="redated", omit_defaults=True):
    """The time of an entry was wrong; the entry itself stays as it is."""

    entry: str
    at_time: Millis
    reason: str = ""


class DecisionMade(msgspec.Struct, frozen=True, tag="decision", omit_defaults=True):
    """What was proposed, what spoke against it, who decided, and how."""

    proposal: str
    decided_by: str
    outcome: DecisionOutcome = "agreed"
    objections: tuple[str, ...] = ()
    reason: str = ""


class TaskGiven(msgspec.Struct, frozen=True, tag="task", omit_defaults=True):
    """Somebody does something and is back by `due_at`. `task` is its id; one given again with the same id is moved."""

    task: str
    text: str
    person: str
    due_at: Millis
    step: str = ""


class TaskClosed(msgspec.Struct, frozen=True, tag="task-closed", omit_defaults=True):
    """A task is over, and what came of it."""

    task: str
    outcome: TaskOutcome = "done"
    result: str = ""


class CommandStarted(msgspec.Struct, frozen=True, tag="command", omit_defaults=True):
    """A person has confirmed a command and it is about to run: in the journal before it does. `text` as it runs,
    `reason` why, where the class of danger asks for one."""

    command: str
    text: str
    step: str = ""
    title: str = ""
    deadline_ms: Millis = 0
    reason: str = ""


class CommandEnded(msgspec.Struct, frozen=True, tag="command-ended", omit_defaults=True):
    """How a command ended. `lines`: its output as it was shown, the last ones; `left_out` counts
    those before them."""

    command: str
    outcome: CommandOutcome
    code: int = 0
    lines: tuple[str, ...] = ()
    left_out: int = 0
    took_ms: int = 0
    reason: str = ""


class FollowUpAdded(msgspec.Struct, frozen=True, tag="follow-up", omit_defaults=True):
    """Something to do after the incident. `follow_up` is its id; one added again with the same id replaces it.

    `due` is an ISO date, "" while nobody set one.
    """

    follow_up: str
    text: str
    horizon: Horizon = "0-7 days"
    owner: str = ""
    due: str = ""


class FollowUpClosed(msgspec.Struct, frozen=True, tag="follow-up-closed", omit_defaults=True):
    follow_up: str
    outcome: TaskOutcome = "done"
    reason: str = ""


class MeetingSet(msgspec.Struct, frozen=True, tag="meeting", omit_defaults=True):
    """When and where the post-mortem meeting is; `at_time` 0 takes it back."""

    at_time: Millis
    where: str = ""


class Restricted(msgspec.Struct, frozen=True, tag="restricted", omit_defaults=True):
    """From now on only those in the room may know (`on`), under a code name; or no more."""

    on: bool
    code_name: str = ""
    reason: str = ""


class SymptomAnswered(msgspec.Struct, frozen=True, tag="symptom", omit_defaults=True):
    """A person says whether a symptom that no data can show is there."""

    playbook: str
    symptom: str
    present: bool


class ConsoleStarted(msgspec.Struct, frozen=True, tag="console-started", omit_defaults=True):
    """A console opened the incident; `found` says what the journal's reader noticed (torn tails, gaps), `beside` how
    many other consoles had it open then."""

    host: str
    pid: int
    version: str
    found: str = ""
    beside: int = 0


class ConsoleEnded(msgspec.Struct, frozen=True, tag="console-ended", omit_defaults=True):
    reason: str = ""


class Noticed(msgspec.Struct, frozen=True, tag="noticed", omit_defaults=True):
    """The scribe saw a condition begin, go on or end. Flaps of one `key` are one line of the timeline.

    `count` is how many times it happened so far, `since` when it first did, `last_at` when it last did (0: then, too),
    `counts` what that counts ("restart"), "" for how often it began; `subject` is the object it is about. `sources`
    are those that are lost, or that miss a right, as of this entry. `began_at` and `over_at` are when it began and
    ended, where that was before the entry: a flap that has lasted since, an end that is known once it is calm.

    At the worst it held for `affected` things, and (`whole`) for all that there are; `worst` are the words of that, of
    `worst_at`, where they are others. `counter` is what the objects themselves count.
    """

    key: str  # "crash-loop Deployment/production/gateway"
    family: str  # what sort of thing it is: "crash-loop", "locks"; changes are "rollout", "scale" and "change"
    phase: Phase
    level: Level
    text: str
    subject: str = ""
    since: Millis = 0
    count: int = 1
    sources: tuple[str, ...] = ()
    over_at: Millis = 0
    began_at: Millis = 0
    last_at: Millis = 0
    counts: str = ""
    affected: int = 1
    whole: bool = False
    worst: str = ""
    worst_at: Millis = 0
    counter: int = 0

    @property
    def lasts(self) -> bool:
        """Whether the condition holds as of this entry."""
        return self.phase in ("began", "again")


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
    | EntryHidden
    | EntryRedated
    | DecisionMade
    | TaskGiven
    | TaskClosed
    | CommandStarted
    | CommandEnded
    | ActionsArmed
    | ActionsDisarmed
    | EvidenceKept
    | ActionIntended
    | ActionEnded
    | ActionVerified
    | ActionSettled
    | FollowUpAdded
    | FollowUpClosed
    | MeetingSet
    | MessageQueued
    | MessageTried
    | MessageSent
    | MessageFailed
    | MessageDropped
    | Restricted
    | SymptomAnswered
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
