"""What the events of the room do to the state: decisions, tasks, commands by hand, messages, follow-ups.

One function for each event; `advance` calls them. A command and a message are one line of the timeline each, which says
how it stands with them by now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from wfconsole.incident import events as ev
from wfconsole.incident.draft import Draft
from wfconsole.incident.events import Entry, Event
from wfconsole.incident.state import Answered, CommandRun, FollowUp, Message, Task, symptom_key
from wfconsole.incident.wording import because, spell_duration
from wfconsole.observations.levels import Level
from wfconsole.text import calendar_time, clock_time, cut

# Who hears these knows more: the next update is due from then on. A file and the clipboard tell nobody by themselves.
TELLS_PEOPLE: Final = frozenset(("slack", "status page"))
_LINE_OF_TEXT: Final = 100


def _hidden(draft: Draft, _entry: Entry, event: ev.EntryHidden) -> None:
    line = draft.line_of(event.entry)
    if line is not None:
        draft.revise(line, hidden=event.hidden)


def _redated(draft: Draft, entry: Entry, event: ev.EntryRedated) -> None:
    line = draft.line_of(event.entry)
    was = "an entry that is not here"
    if line is not None:
        was = f"the entry of {clock_time(line.at)}"
        draft.revise(line, at=event.at_time, written_at=line.written_at or line.at)
    draft.line(entry, "AMEND", because(f"{was} was at {calendar_time(event.at_time)}", event.reason))


def _decision(draft: Draft, entry: Entry, event: ev.DecisionMade) -> None:
    text = f"{event.proposal} ({event.outcome}, decided by {event.decided_by})"
    if event.objections:
        text += f"; against it: {'; '.join(event.objections)}"
    draft.line(entry, "DECISION", because(text, event.reason))


def _task(draft: Draft, entry: Entry, event: ev.TaskGiven) -> None:
    before: Task | None = draft.get("tasks").get(event.task)
    moved = before is not None and not before.outcome
    what = "moved" if moved else "given"
    draft.line(entry, "TASK", f"{what}: {event.person}: {event.text}, back by {clock_time(event.due_at)}")
    given_at = before.given_at if moved and before is not None else entry.at
    draft.put("tasks", event.task, Task(event.text, event.person, entry.actor, given_at, event.due_at, event.step))


def _task_closed(draft: Draft, entry: Entry, event: ev.TaskClosed) -> None:
    task: Task | None = draft.get("tasks").get(event.task)
    what = "a task that is not here" if task is None else f"{task.person}: {task.text}"
    draft.line(entry, "TASK", because(f"{event.outcome}: {what}", event.result))
    if task is not None:
        closed = msgspec.structs.replace(task, outcome=event.outcome, result=event.result, closed_at=entry.at)
        draft.put("tasks", event.task, closed)


def _command(draft: Draft, entry: Entry, event: ev.CommandStarted) -> None:
    text = f"by hand: {_first_line(event.text)}: not known yet how it ended"
    draft.line(entry, "ACTION", because(text, event.reason))
    draft.mapping("line_of_key")[f"command {event.command}"] = entry.id
    run = CommandRun(event.text, entry.actor, entry.at, event.step, event.title, event.deadline_ms)
    draft.put("commands", event.command, run)


def _command_ended(draft: Draft, entry: Entry, event: ev.CommandEnded) -> None:
    run: CommandRun | None = draft.get("commands").get(event.command)
    how = f"exit {event.code}" if event.outcome == "exit" else event.outcome
    text = because(f"{how} after {spell_duration(event.took_ms)}", event.reason)
    level = Level.OK if (event.outcome, event.code) == ("exit", 0) else Level.WARNING
    what = _first_line(run.text) if run is not None else "a command that is not here"
    draft.on_the_same_line(entry, f"command {event.command}", "ACTION", text=f"by hand: {what}: {text}", level=level)
    if run is not None:
        ended = msgspec.structs.replace(
            run, outcome=event.outcome, code=event.code, ended_at=entry.at, ended_entry=entry.id
        )
        draft.put("commands", event.command, ended)


def _follow_up(draft: Draft, entry: Entry, event: ev.FollowUpAdded) -> None:
    before: FollowUp | None = draft.get("follow_ups").get(event.follow_up)
    whose = f", {event.owner}" if event.owner else ", nobody yet"
    due = f", due {event.due}" if event.due else ""
    what = "changed" if before is not None else "added"
    draft.line(entry, "FOLLOW", f"{what}: {event.text} ({event.horizon}{whose}{due})")
    added_by, added_at = (before.added_by, before.added_at) if before is not None else (entry.actor, entry.at)
    follow_up = FollowUp(event.text, event.horizon, added_by, added_at, event.owner, event.due)
    draft.put("follow_ups", event.follow_up, follow_up)


def _follow_up_closed(draft: Draft, entry: Entry, event: ev.FollowUpClosed) -> None:
    found: FollowUp | None = draft.get("follow_ups").get(event.follow_up)
    what = found.text if found is not None else "a follow-up that is not here"
    draft.line(entry, "FOLLOW", because(f"{event.outcome}: {what}", event.reason))
    if found is not None:
        closed = msgspec.structs.replace(found, outcome=event.outcome, reason=event.reason, closed_at=entry.at)
        draft.put("follow_ups", event.follow_up, closed)


def _meeting(draft: Draft, entry: Entry, event: ev.MeetingSet) -> None:
    where = f", {event.where}" if event.where else ""
    when = f"{calendar_time(event.at_time)}{where}" if event.at_time else "taken back"
    draft.line(entry, "STATE", f"post-mortem meeting: {when}")
    draft.set("meeting_at", event.at_time)
    draft.set("meeting_where", event.where)


def _message(draft: Draft, entry: Entry, event: ev.MessageQueued) -> None:
    before: Message | None = draft.get("messages").get(event.message)
    if before is not None:  # released again: how often it was tried, and whether it may have arrived, still holds
        again = {"standing": "queued", "queued_at": entry.at, "retry_at": 0, "reason": ""}
        _message_stands(draft, entry, event.message, again, said="to be sent again", level=Level.OK)
        return
    draft.line(entry, "COMMS", f"to be sent: {_to(event)}")
    draft.mapping("line_of_key")[f"message {event.message}"] = entry.id
    told = (event.template, event.target, event.text, entry.actor, entry.at)
    message = Message(*told, event.audience, event.place, event.state, entry=entry.id)
    draft.put("messages", event.message, message)


def _message_tried(draft: Draft, entry: Entry, event: ev.MessageTried) -> None:
    before: Message | None = draft.get("messages").get(event.message)
    if before is not None and before.standing in ("sent", "dropped"):
        return  # dropped just before the attempt: whoever tries looks once more, and sends nothing
    changes = {"standing": "sending", "attempts": event.attempts, "retry_at": 0}
    said = "being sent" if event.attempts == 1 else f"being sent, attempt {event.attempts}"
    _message_stands(draft, entry, event.message, changes, said=said, level=Level.OK)


def _message_sent(draft: Draft, entry: Entry, event: ev.MessageSent) -> None:
    changes = {
        "standing": "sent",
        "attempts": event.attempts,
        "reference": event.reference,
        "settled_at": entry.at,
        "retry_at": 0,
        "reason": "",
        "doubted": False,
    }
    message = _message_stands(draft, entry, event.message, changes, said="sent", level=Level.OK)
    if message is not None and message.target in TELLS_PEOPLE:
        draft.set("last_update_at", entry.at)


def _message_failed(draft: Draft, entry: Entry, event: ev.MessageFailed) -> None:
    standing = "unknown" if event.unknown else "failed"
    again = f", again at {clock_time(event.retry_at)}" if event.retry_at else ""
    said = "may have arrived or not" if event.unknown else "not sent"
    changes = {
        "standing": standing,
        "attempts": event.attempts,
        "retry_at": event.retry_at,
        "reason": event.reason,
        "doubted": event.unknown,
    }
    _message_stands(draft, entry, event.message, changes, said=f"{said} ({event.reason}){again}", level=Level.WARNING)


def _message_dropped(draft: Draft, entry: Entry, event: ev.MessageDropped) -> None:
    changes = {"standing": "dropped", "reason": event.reason, "retry_at": 0, "settled_at": entry.at}
    said = f"dropped ({event.reason})" if event.reason else "dropped"
    _message_stands(draft, entry, event.message, changes, said=said, level=Level.OK)


def _message_stands(
    draft: Draft, entry: Entry, name: str, changes: Mapping[str, Any], *, said: str, level: Level
) -> Message | None:
    """Writes how it stands with a message, and gives it; None where there is none of this name."""
    before: Message | None = draft.get("messages").get(name)
    what = _to(before) if before is not None else "a message that is not here"
    draft.on_the_same_line(entry, f"message {name}", "COMMS", text=f"{said}: {what}", level=level)
    if before is None:
        return None
    after = msgspec.structs.replace(before, **changes, entry=entry.id)
    draft.put("messages", name, after)
    return after


def _to(message: Message | ev.MessageQueued) -> str:
    place = f" {message.place}" if message.place else ""
    return f"{message.target}{place}: {_first_line(message.text)}"


def _first_line(text: str) -> str:
    return cut(next((line.strip() for line in text.splitlines() if line.strip()), "nothing"), _LINE_OF_TEXT)


def _restricted(draft: Draft, entry: Entry, event: ev.Restricted) -> None:
    text = f"restricted to this room, code name {event.code_name}" if event.on else "no more restricted"
    draft.line(entry, "STATE", because(text, event.reason))
    draft.set("restricted", event.on)
    if event.code_name:
        draft.set("code_name", event.code_name)


def _answered(draft: Draft, entry: Entry, event: ev.SymptomAnswered) -> None:
    draft.line(entry, "FACT", f"{'yes' if event.present else 'no'}: {event.symptom}")
    key = symptom_key(event.playbook, event.symptom)
    draft.put("answers", key, event.present)
    draft.put("answered", key, Answered(entry.actor, entry.at))


STEPS: Final[Mapping[type[Event], Callable[[Draft, Entry, Any], None]]] = {
    ev.EntryHidden: _hidden,
    ev.EntryRedated: _redated,
    ev.DecisionMade: _decision,
    ev.TaskGiven: _task,
    ev.TaskClosed: _task_closed,
    ev.CommandStarted: _command,
    ev.CommandEnded: _command_ended,
    ev.FollowUpAdded: _follow_up,
    ev.FollowUpClosed: _follow_up_closed,
    ev.MeetingSet: _meeting,
    ev.MessageQueued: _message,
    ev.MessageTried: _message_tried,
    ev.MessageSent: _message_sent,
    ev.MessageFailed: _message_failed,
    ev.MessageDropped: _message_dropped,
    ev.Restricted: _restricted,
    ev.SymptomAnswered: _answered,
}
CAN_UNDO: Final = frozenset(
    (
        *(ev.TaskGiven, ev.TaskClosed, ev.FollowUpAdded, ev.FollowUpClosed, ev.MeetingSet),
        *(ev.Restricted, ev.SymptomAnswered, ev.EntryHidden, ev.EntryRedated),
    )
)
