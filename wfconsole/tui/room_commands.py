"""Commands for the people in the room: tasks with a time box, and the calls that the severity wants made."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wfconsole.tui.asked import Act, Refused
from wfconsole.tui.record_commands import LONGEST_NAME, entered_by, need_incident

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom


def people(room: WarRoom) -> Sequence[str]:
    """Who is known: those with a role, those with a task."""
    incident = room.session.view().incident
    names = (*incident.roles.values(), *(task.person for task in incident.tasks.values()))
    return tuple(dict.fromkeys(name for name in names if name and " " not in name))


def task(room: WarRoom, words: str) -> Act:
    """`:task op2 5 check the replica`; without words the form."""
    if not words:
        return _opens(room)
    from wfconsole.incident.events import TaskGiven  # here, because most sessions give none
    from wfconsole.incident.tasks import BACK_BY, back_by

    who, _, rest = words.partition(" ")
    when, _, what = rest.strip().partition(" ")
    if not what.strip():
        raise Refused(f"usage: :task WHO BACK-IN WHAT   BACK-IN: {BACK_BY}")
    due = back_by(when, room.session.now())
    if due is None:
        raise Refused(f"no time: {when!r}; {BACK_BY}")
    return entered_by(room, TaskGiven(uuid.uuid4().hex[:8], what.strip(), who[:LONGEST_NAME], due), name="task")


def running(room: WarRoom) -> Sequence[str]:
    from wfconsole.incident.tasks import open_tasks

    tasks = open_tasks(room.session.view().incident)
    return tuple(dict.fromkeys(found.person for found in tasks.values() if " " not in found.person))


def done(room: WarRoom, words: str) -> Act:
    """`:done op2 the replica is fine`: who it was, or the beginning of the task's id where somebody has several."""
    from wfconsole.incident.events import TaskClosed
    from wfconsole.incident.tasks import open_tasks, tasks_meant

    need_incident(room)
    incident = room.session.view().incident
    tasks = open_tasks(incident)
    names = sorted((found.person for found in tasks.values()), key=len, reverse=True)
    who = next((name for name in names if words.casefold().startswith(f"{name.casefold()} ")), words.partition(" ")[0])
    result = words[len(who) :].strip()
    meant = tasks_meant(incident, who)
    if len(meant) > 1:
        listed = ", ".join(f"{name} ({tasks[name].text[:20]})" for name in meant)
        raise Refused(f"{who} has several: {listed}")
    if not meant:
        raise Refused(f"no task of {who!r} runs" if who else "")
    if not result:
        raise Refused("usage: :done WHO RESULT   say what came of it")
    return entered_by(room, TaskClosed(meant[0], "done", result), name="task")


def calls(room: WarRoom) -> Sequence[str]:
    from wfconsole.incident.clocks import open_calls

    session = room.session
    return tuple(call.who for call in open_calls(session.runbook.policy, session.view().incident))


def called(room: WarRoom, words: str) -> Act:
    """`:called VP Engineering Bea answered`."""
    from wfconsole.incident.clocks import CALL_WORDS, call_step, open_calls
    from wfconsole.incident.events import StepMarked

    need_incident(room)
    session = room.session
    known = {call.who: call for call in open_calls(session.runbook.policy, session.view().incident)}
    said = words.casefold()
    who = max((name for name in known if said.startswith(f"{name.casefold()} ")), key=len, default="")
    if not who:
        raise Refused(f"usage: :called {' | '.join(known) or 'WHO'}, and who answered")
    title = f"{CALL_WORDS[known[who].kind]} {who}"
    return entered_by(room, StepMarked(call_step(who), "done", title, words[len(who) :].strip()), name="task")


def _opens(room: WarRoom) -> Act:
    def act() -> str:
        room.action_open("task")
        return ""

    return act
