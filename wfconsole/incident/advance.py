"""The incident's state, entry by entry: `advance` takes one step, `fold` many; both give the same.

What follows from an entry without anybody saying so:
- declared: detected then, unless a moment says otherwise; broken since `started_at`, where that is known;
- disarmed: the command changed hands, it is resolved, or who armed it has started a console;
- acknowledged: the first role taken, step ticked or alert acknowledged by a person after the declaration;
- mitigated: the status became "monitoring"; resolved: it became "resolved". A moment that somebody set stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from wfconsole.clock import MINUTE, Millis
from wfconsole.incident import advance_actions, advance_room
from wfconsole.incident import events as ev
from wfconsole.incident.draft import Draft
from wfconsole.incident.events import SCRIBE, SHELVED_AT_MOST, Entry, Event, Noticed
from wfconsole.incident.state import Acked, IncidentState, Line, Shelved, StepState
from wfconsole.incident.wording import because, step_title, thing_in_words
from wfconsole.observations.levels import Level
from wfconsole.text import calendar_time, clock_time

# How many of the newest entries can be withdrawn together with what they did.
UNDO_KEPT: Final = 32

# A note has the time at which somebody began to write it. From this on it was meant to speak of another instant.
DATED_BACK: Final[Millis] = MINUTE

NOTE_KINDS: Final = {"note": "NOTE", "decision": "DECISION", "fact": "FACT", "hypothesis": "HYPOTH", "mark": "MARK"}
_CHANGE_FAMILIES: Final = frozenset(("rollout", "scale", "change"))
_MARK_WORDS: Final = {
    "open": "opened again",
    "done": "done",
    "sensed": "sensed",
    "waived": "waived",
    "deferred": "deferred",
    "not-taken": "not taken",
    "failed": "failed",
}


def advance(state: IncidentState, entry: Entry) -> IncidentState:
    """The state after one more entry. Every event is accepted; one that came too late leaves only its line."""
    draft = Draft(state)
    _take(draft, entry)
    return draft.done()


def fold(entries: Iterable[Entry], state: IncidentState | None = None) -> IncidentState:
    """The state after all entries, in their order; about 20 microseconds each."""
    draft = Draft(state or IncidentState())
    for entry in entries:
        _take(draft, entry)
    return draft.done()


def _take(draft: Draft, entry: Entry) -> None:
    kind = type(entry.event)
    draft.begin(entry, can_undo=kind in _CAN_UNDO)
    _STEPS[kind](draft, entry, entry.event)
    replaced = draft.end()
    if replaced:
        undo = draft.mapping("undo")
        undo[entry.id] = replaced
        while len(undo) > UNDO_KEPT:
            del undo[next(iter(undo))]


# --- one function for each event ------------------------------------------------------------------------------------


def _declared(draft: Draft, entry: Entry, event: ev.Declared) -> None:
    draft.set("id", event.incident)
    draft.set("title", event.title)
    draft.set("severity", event.severity)
    draft.set("severity_since", entry.at)
    draft.set("status_since", entry.at)
    draft.set("declared_at", entry.at)
    draft.set("playbook", event.playbook)
    draft.set("runbook", event.runbook)
    draft.set("target", event.target)
    if event.commander:
        draft.set("commander", event.commander)
        draft.put("roles", "commander", event.commander)
    draft.moment("started", event.started_at)
    draft.moment("detected", entry.at)
    who = f", commander {event.commander}" if event.commander else ""
    draft.line(entry, "DECLARE", because(f"{event.severity} {event.title}{who}", event.reason))


def _severity(draft: Draft, entry: Entry, event: ev.SeverityChanged) -> None:
    draft.line(entry, "STATE", because(f"severity {draft.get('severity')} -> {event.severity}", event.reason))
    draft.set("severity", event.severity)
    draft.set("severity_since", entry.at)


def _status(draft: Draft, entry: Entry, event: ev.StatusChanged) -> None:
    over = "; disarmed" if event.status == "resolved" and advance_actions.disarm(draft) else ""
    draft.line(entry, "STATE", because(f"status {draft.get('status')} -> {event.status}{over}", event.reason))
    if draft.get("status") == "resolved" and event.status != "resolved":
        draft.put("moments", "resolved", None)
    draft.set("status", event.status)
    draft.set("status_since", entry.at)
    if event.status in ("monitoring", "resolved"):
        draft.moment("mitigated" if event.status == "monitoring" else "resolved", entry.at)


def _role(draft: Draft, entry: Entry, event: ev.RoleTaken) -> None:
    before = draft.get("roles").get(event.role, "")
    was = f" (was {before})" if before and before != event.person else ""
    # Who commands now has not armed anything.
    gone = event.role == "commander" and event.person != before and advance_actions.disarm(draft)
    draft.line(entry, "ROLE", f"{event.role}: {event.person or 'nobody'}{was}{'; disarmed' if gone else ''}")
    draft.put("roles", event.role, event.person or None)
    if event.role == "commander":
        draft.set("commander", event.person)
    _acknowledged(draft, entry)


def _playbook(draft: Draft, entry: Entry, event: ev.PlaybookChosen) -> None:
    draft.line(entry, "STATE", because(f"playbook {event.playbook or 'none'}", event.reason))
    draft.set("playbook", event.playbook)


def _note(draft: Draft, entry: Entry, event: ev.NoteAdded) -> None:
    about = f" [{thing_in_words(event.about)}]" if event.about else ""
    draft.line(entry, NOTE_KINDS[event.kind], event.text + about, at=event.at_time)
    line = draft.line_of(entry.id)
    if line is not None and event.at_time and abs(entry.at - event.at_time) >= DATED_BACK:
        draft.revise(line, written_at=entry.at)


def _amended(draft: Draft, entry: Entry, event: ev.EntryAmended) -> None:
    line = draft.line_of(event.entry)
    if line is not None:
        draft.revise(line, amended=event.text)
    of = f"of {clock_time(line.at)}" if line is not None else "of an entry that is not here"
    draft.line(entry, "AMEND", f"{of}: {event.text}")


def _starred(draft: Draft, _entry: Entry, event: ev.EntryStarred) -> None:
    line = draft.line_of(event.entry)
    if line is not None:
        draft.revise(line, starred=event.starred)


def _withdrawn(draft: Draft, _entry: Entry, event: ev.EntryWithdrawn) -> None:
    line = draft.line_of(event.entry)
    if line is not None:
        draft.revise(line, withdrawn=True)
    for change in reversed(draft.mapping("undo").pop(event.entry, ())):
        if not change.key:
            if draft.get(change.field) == change.new:
                draft.set(change.field, change.old)
        elif draft.get(change.field).get(change.key) == change.new:
            draft.put(change.field, change.key, change.old)


def _moment(draft: Draft, entry: Entry, event: ev.MomentSet) -> None:
    draft.line(entry, "STATE", because(f"{event.moment} at {calendar_time(event.at_time)}", event.reason))
    draft.put("moments", event.moment, event.at_time)


def _update(draft: Draft, entry: Entry, event: ev.UpdateSent) -> None:
    draft.line(entry, "COMMS", f"{event.audience}: {event.text}")
    draft.set("last_update_at", entry.at)


def _probed(draft: Draft, entry: Entry, event: ev.StepProbed) -> None:
    shown = event.lines[0] if event.lines else "nothing"
    draft.line(entry, "PROBE", f"{event.title or step_title(event.step)}: {shown}", level=event.level)
    before = draft.get("steps").get(event.step, StepState())
    after = msgspec.structs.replace(before, probe=event, probed_at=entry.at, probe_entry=entry.id)
    draft.put("steps", event.step, after)


def _marked(draft: Draft, entry: Entry, event: ev.StepMarked) -> None:
    before = draft.get("steps").get(event.step, StepState())
    title = event.title or step_title(event.step)
    answer = f" -> {event.answer}" if event.answer else ""
    draft.line(entry, "STEP", because(f"{_MARK_WORDS[event.mark]}: {title}{answer}", event.reason))
    after = msgspec.structs.replace(
        before, mark=event.mark, by=entry.actor, at=entry.at, reason=event.reason, answer=event.answer, entry=entry.id
    )
    draft.put("steps", event.step, after)
    if event.mark == "done":
        _acknowledged(draft, entry)


def _alerts_acked(draft: Draft, entry: Entry, event: ev.AlertsAcknowledged) -> None:
    draft.line(entry, "ALERT", f"acknowledged: {_titled(event.title, len(event.alerts))}")
    for key, started_at in event.alerts.items():
        draft.put("acked", key, Acked(entry.actor, entry.at, started_at))
    _acknowledged(draft, entry)


def _alerts_shelved(draft: Draft, entry: Entry, event: ev.AlertsShelved) -> None:
    until = min(event.until, entry.at + SHELVED_AT_MOST)
    when = f"shelved until {clock_time(until)}" if until > entry.at else "back from the shelf"
    draft.line(entry, "ALERT", because(f"{when}: {_titled(event.title, len(event.alerts))}", event.reason))
    for key in event.alerts:
        draft.put("shelved", key, Shelved(entry.actor, entry.at, until, event.reason))


def _titled(title: str, count: int) -> str:
    return f"{title} ({count} alerts)" if count > 1 else title or "an alert"


def _console_started(draft: Draft, entry: Entry, event: ev.ConsoleStarted) -> None:
    if entry.actor == draft.get("armed_by"):  # every console starts disarmed, after a crash too
        advance_actions.disarm(draft)
    text = f"console opened on {event.host}, version {event.version}"
    draft.line(entry, "STATE", because(text, event.found), level=Level.WATCH if event.found else Level.OK)


def _console_ended(draft: Draft, entry: Entry, event: ev.ConsoleEnded) -> None:
    draft.line(entry, "STATE", because("console closed", event.reason))


def _noticed(draft: Draft, entry: Entry, event: Noticed) -> None:
    lines = draft.mapping("lines")
    line: Line | None = lines.get(draft.get("line_of_key").get(event.key, ""))
    if line is None or event.phase == "began":
        kind = "SOURCE" if event.family == "source" else "CHANGE" if event.family in _CHANGE_FAMILIES else "ALERT"
        at = event.since if event.phase == "once" and event.since else event.began_at or entry.at
        draft.line(entry, kind, event.worst or event.text, level=event.level, at=at)
        draft.mapping("line_of_key")[event.key] = entry.id
        line = lines[entry.id]
        text_at = event.worst_at or at
    else:
        text = event.worst or (line.text if event.phase == "ended" else event.text)
        text_at = line.text_at if text == line.text else event.worst_at or entry.at
        line = msgspec.structs.replace(
            line, text=text, level=max(line.level, event.level), last_at=entry.at, entries=(*line.entries, entry.id)
        )
    draft.revise(
        line,
        text_at=text_at,
        count=event.count,
        counts=event.counts,
        again_at=event.last_at or (entry.at if event.phase == "again" else line.again_at),
        until=event.over_at or entry.at if event.phase == "ended" else 0,
    )
    draft.mapping("conditions")[event.key] = event


def _acknowledged(draft: Draft, entry: Entry) -> None:
    if draft.get("id") and entry.actor != SCRIBE:
        draft.moment("acknowledged", entry.at)


_STEPS: Final[dict[type[Event], Callable[[Draft, Entry, Any], None]]] = {
    ev.Declared: _declared,
    ev.SeverityChanged: _severity,
    ev.StatusChanged: _status,
    ev.RoleTaken: _role,
    ev.PlaybookChosen: _playbook,
    ev.NoteAdded: _note,
    ev.EntryAmended: _amended,
    ev.EntryStarred: _starred,
    ev.EntryWithdrawn: _withdrawn,
    ev.MomentSet: _moment,
    ev.UpdateSent: _update,
    ev.StepProbed: _probed,
    ev.StepMarked: _marked,
    ev.AlertsAcknowledged: _alerts_acked,
    ev.AlertsShelved: _alerts_shelved,
    ev.ConsoleStarted: _console_started,
    ev.ConsoleEnded: _console_ended,
    ev.Noticed: _noticed,
    **advance_room.STEPS,
    **advance_actions.STEPS,
}
_CAN_UNDO: Final = frozenset(
    (
        *(ev.SeverityChanged, ev.StatusChanged, ev.RoleTaken, ev.PlaybookChosen, ev.MomentSet, ev.UpdateSent),
        *(ev.StepMarked, ev.AlertsAcknowledged, ev.AlertsShelved, ev.EntryAmended, ev.EntryStarred),
        *advance_room.CAN_UNDO,
        *advance_actions.CAN_UNDO,
    )
)
