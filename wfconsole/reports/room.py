"""What people did, as the post-mortem tells it: decisions, tasks, commands, messages, follow-ups, the meeting."""

from __future__ import annotations

from typing import Final

from wfconsole.incident.events import DecisionMade, UpdateSent
from wfconsole.incident.follow_up import NOBODY, by_horizon, meeting, meeting_words
from wfconsole.incident.state import CommandRun, FollowUp, Message, Task
from wfconsole.incident.wording import counted, spell_duration
from wfconsole.reports.evidence import link, pieces
from wfconsole.reports.markdown import bullets, code, fence, gap, words
from wfconsole.reports.record import Record, iso

_LINES_SHOWN: Final = 60  # of one message


def decisions(record: Record) -> str:
    """What was proposed, what spoke against it, who decided; then the notes that say so."""
    rows = []
    for entry in record.entries:
        event = entry.event
        if not isinstance(event, DecisionMade) or not record.is_shown(entry.id):
            continue
        line = record.state.lines[entry.id]
        text = f"{iso(line.at)} {words(event.proposal)}: {event.outcome}, decided by {words(event.decided_by)}"
        text += f"; against it: {'; '.join(map(words, event.objections))}" if event.objections else "; no objection"
        text += f"; because {words(event.reason)}" if event.reason else f"; {gap('no reason is written down.')}"
        rows.append(f"{text} (corrected: {words(line.amended)})" if line.amended else text)
    rows += [f"{iso(record.at(entry))} {words(note.text)} ({words(entry.actor)})"
             for entry, note in record.notes("decision")]  # fmt: skip
    return bullets(sorted(rows)) if rows else gap("no decision is written down.")


def tasks(record: Record) -> str:
    rows = [_task(task) for task in record.state.tasks.values()]
    return bullets(rows) if rows else "No task was given."


def _task(task: Task) -> str:
    text = f"{iso(task.given_at)} {words(task.person)}: {words(task.text)} (back by {iso(task.due_at)})"
    if not task.outcome:
        return f"{text}: {gap('what came of it is not written down.')}"
    late = f", {spell_duration(task.closed_at - task.due_at)} late" if task.closed_at > task.due_at else ""
    return f"{text}: {task.outcome} at {iso(task.closed_at)}{late}" + (f": {words(task.result)}" if task.result else "")


def commands(record: Record) -> str:
    """Commands that people ran from the console, with exit and output."""
    found = pieces(record)
    rows = []
    for run in record.state.commands.values():
        piece = found.get(run.ended_entry)
        how = f"{words(piece.outcome)} ({link(record, piece)})" if piece is not None else _unproved(run)
        rows.append(f"{iso(run.started_at)} {words(run.by)}: {code(' '.join(run.text.split()))}: {how}")
    return bullets(rows) if rows else "No command was run from the console."


def actions(record: Record) -> str:
    """Guarded actions: what was done to what, by whom and why, how it ended, whether it helped, what took it back."""
    rows = []
    for name, receipt in record.state.receipts.items():
        told = [f"{iso(receipt.intended_at)} {words(receipt.by)}: {words(receipt.title)} ({words(receipt.danger)})"]
        told += [f"because {words(receipt.reason)}"] if receipt.reason else []
        told += [f"refused by the preflight, done all the same: {words(receipt.override)}"] if receipt.override else []
        told += [f"approved by {words(receipt.approved_by)}"] if receipt.approved_by else []
        told += [f"without a second person: {words(receipt.break_glass)}"] if receipt.break_glass else []
        told += [f"{receipt.result}: {words(receipt.text)}" if receipt.result else gap("how it ended is not known.")]
        told += [f"{receipt.verdict}: {words(receipt.verdict_text)}" if receipt.verdict else "not verified"]
        told += ["taken back"] if receipt.undone_by else []
        kept = [link(record, piece) for piece in pieces(record).values() if piece.receipt == name]
        rows.append("; ".join((*told, *kept)))
    return bullets(rows) if rows else "Nothing was changed from the console."


def _unproved(run: CommandRun) -> str:
    """How it ended, where its output is not among the evidence."""
    if not run.outcome:
        return gap("how it ended is not known.")
    return f"exit {run.code}" if run.outcome == "exit" else run.outcome


def messages(record: Record) -> str:
    """What was told to whom, the public's first; what did not arrive, or may not have, says so."""
    told = sorted(record.state.messages.values(), key=lambda message: (message.audience != "public", message.queued_at))
    rows = [_message(message) for message in told]
    for entry in record.entries:
        if isinstance(entry.event, UpdateSent) and record.is_shown(entry.id):
            audience = "people outside" if entry.event.audience == "outside" else words(entry.event.audience)
            told_by = f"as {words(entry.actor)} wrote it down"
            rows.append(f"- {iso(entry.at)} to {audience}, {told_by}: {words(entry.event.text)}")
    return "\n".join(rows) if rows else gap("no message is on record: what people were told is not known.")


def _message(message: Message) -> str:
    to = words(f"{message.target} {message.place}".strip())
    who = "the public" if message.audience == "public" else "inside"
    stands = {
        "queued": "not sent yet",
        "sent": f"sent {iso(message.settled_at)}",
        "failed": "NOT SENT",
        "unknown": "may have arrived or not",
        "dropped": "dropped, not sent",
    }[message.standing]
    why = f" ({words(message.reason)})" if message.reason and message.standing != "sent" else ""
    head = f"- {iso(message.queued_at)} to {to} ({who}), by {words(message.by)}: {stands}{why}"
    lines = message.text.splitlines()
    left_out = [f"... {len(lines) - _LINES_SHOWN} lines more"] if len(lines) > _LINES_SHOWN else []
    return f"{head}\n\n{fence([*lines[:_LINES_SHOWN], *left_out], indent=2)}\n"


def follow_ups(record: Record) -> str:
    """By horizon, each with its owner and its day."""
    parts = []
    for horizon, items in by_horizon(record.state).items():
        rows = bullets([_follow_up(name, item) for name, item in items])
        parts.append(f"Within {horizon}:\n\n{rows or '- nothing is written down'}")
    return "\n\n".join(parts)


def _follow_up(name: str, item: FollowUp) -> str:
    owner = words(item.owner) if item.owner else NOBODY
    due = f"due {words(item.due)}" if item.due else "no day is set"
    text = f"{words(name)} {words(item.text)} ({owner}, {due})"
    if not item.outcome:
        return text
    return f"{text}: {item.outcome} {iso(item.closed_at)}" + (f": {words(item.reason)}" if item.reason else "")


def meeting_line(record: Record) -> str:
    return words(meeting_words(meeting(record.state, record.last_at, record.runbook.policy)))


def open_follow_ups(record: Record) -> str:
    """How many are open, for the summary."""
    items = record.state.follow_ups.values()
    still = sum(not item.outcome for item in items)
    unowned = sum(not item.outcome and not item.owner for item in items)
    if not items:
        return "none written down"
    return f"{counted(still, 'follow-up')} open" + (f", {unowned} without an owner" if unowned else "")
