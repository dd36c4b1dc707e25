"""The `:` commands: words for what keys do, and a few things that need words. One list for the prompt and the help."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from wfconsole.incident.events import (
    EntryAmended,
    MomentSet,
    PlaybookChosen,
    RoleTaken,
    SeverityChanged,
    StatusChanged,
    UpdateSent,
)
from wfconsole.incident.policy import SEVERITIES, STATUSES
from wfconsole.session.moments import EXPECTED, instant_meant
from wfconsole.text import safe
from wfconsole.tui.screens.note import note_of

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

LONGEST: Final = 2_000


class Command(msgspec.Struct, frozen=True):
    """One command. `run` gets the words behind the name and gives an answer to show, "" for none."""

    name: str
    usage: str
    does: str
    run: Callable[[WarRoom, str], str]
    changes: bool = False


def obey(room: WarRoom, line: str) -> str:
    """Carry out what was typed at the prompt; what to say about it."""
    name, _, rest = safe(line.strip().removeprefix(":"), LONGEST).partition(" ")
    command = COMMANDS.get(ALIASES.get(name, name))
    if command is None:
        near = [known for known in COMMANDS if known.startswith(name[:2])] if name else []
        return f"no command {name!r}" + (f"; there is {', '.join(near[:4])}" if near else "; ? lists them")
    if command.changes:
        refusals = room.session.capabilities
        if room.observer or not refusals.change:
            return refusals.refusals.get("*", "observers change nothing")
    return command.run(room, rest.strip())


def _severity(room: WarRoom, words: str) -> str:
    number, _, reason = words.partition(" ")
    severity = next((known for known in SEVERITIES if known[-1] == number or known == number.upper()), None)
    if severity is None or not reason.strip():
        return "usage: :sev 1-4 and the reason"
    return _entered(room, SeverityChanged(severity, reason.strip()))


def _status(room: WarRoom, words: str) -> str:
    status = next((known for known in STATUSES if words.lower().startswith(known)), None)
    if status is None:
        return f"usage: :state {' | '.join(STATUSES)}, and a reason"
    reason = words[len(status) :].strip()
    if status == "resolved" and not reason:
        return "resolving needs a reason: what shows that it is over?"
    answer = _entered(room, StatusChanged(status, reason))
    moment = {"monitoring": "mitigated", "resolved": "resolved"}.get(status)
    if not answer and moment is not None and moment not in room.frame().view.incident.moments:
        room.enter(MomentSet("resolved" if moment == "resolved" else "mitigated", room.session.now()))
    return answer


def _note(room: WarRoom, words: str) -> str:
    note = note_of(words, at_time=room.session.now())
    if note is None:
        return "usage: :note what you saw"
    room.enter(note)
    return ""


def _amend(room: WarRoom, words: str) -> str:
    wanted, _, text = words.partition(" ")
    lines = room.frame().view.incident.lines
    found = [entry for entry in lines if entry.startswith(wanted.lstrip("#"))] if len(wanted) >= 4 else []
    if len(found) != 1 or not text.strip():
        return "usage: :amend ENTRY the corrected words   (ENTRY: the 8 characters under the line in the timeline)"
    room.enter(EntryAmended(found[0], text.strip()))
    return ""


def _role(room: WarRoom, words: str) -> str:
    roles = ["commander", *(name for name, _ in room.session.runbook.roles)]
    role = max((name for name in roles if words.lower().startswith(name)), key=len, default="")
    person = words[len(role) :].strip()
    if not role or not person:
        return f"usage: :role {' | '.join(dict.fromkeys(roles))}, and a name"
    return _entered(room, RoleTaken(role, person[:60]))


def _playbook(room: WarRoom, words: str) -> str:
    books = {book.id: book for book in room.session.runbook.playbooks}
    book = books.get(words.replace(" ", "-").lower())
    if book is None:
        return f"usage: :check {' | '.join(books) or 'PLAYBOOK'}"
    return _entered(room, PlaybookChosen(book.id))


def _update(room: WarRoom, words: str) -> str:
    if not words:
        return (
            "usage: :update what people outside were told (this console sends nothing; it starts the update clock anew)"
        )
    return _entered(room, UpdateSent("outside", words))


def _acknowledge(room: WarRoom, words: str) -> str:
    if "acknowledged" in room.frame().view.incident.moments:
        return "it is acknowledged already"
    return _entered(room, MomentSet("acknowledged", room.session.now(), words))


def _goto(room: WarRoom, words: str) -> str:
    transport = room.session.transport
    instant = instant_meant(words, transport.show(), room.session.view())
    if instant is None:
        return f"no time: {words!r}; {EXPECTED}"
    transport.seek(instant)
    room.show_now()
    return ""


def _observer(room: WarRoom, words: str) -> str:
    if words in ("", "on"):
        room.observer = True
        room.show_now()
        return ""
    room.action_open("leave-observer")
    return ""


def _entered(room: WarRoom, event: object) -> str:
    if not room.frame().view.incident.declared:
        return "no incident is open; D declares one"
    room.enter(event)  # type: ignore[arg-type]  # every caller hands one of the events
    return ""


def _opens(name: str) -> Callable[[WarRoom, str], str]:
    def run(room: WarRoom, words: str) -> str:
        room.action_open(name, words)
        return ""

    return run


def _zooms(number: int) -> Callable[[WarRoom, str], str]:
    def run(room: WarRoom, words: str) -> str:
        room.open_zoom(number, words)
        return ""

    return run


def _live(room: WarRoom, words: str) -> str:
    del words
    room.action_live()
    return ""


_ALL: Final = (
    Command("pods", "pods", "zoom into pods", _zooms(3)),
    Command("hpa", "hpa", "zoom into autoscalers", _zooms(4)),
    Command("nodes", "nodes", "zoom into nodes and GPUs", _zooms(5)),
    Command("checklist", "checklist", "the checklist", _opens("checklist")),
    Command("timeline", "timeline", "the timeline", _opens("timeline")),
    Command("sources", "sources", "sources and their errors", _opens("sources")),
    Command("postmortem", "postmortem", "post-mortem preview", _opens("post-mortem")),
    Command("help", "help [WORD]", "keys and commands, those with a word in them", _opens("help")),
    Command("goto", "goto TIME", f"look at a time: {EXPECTED}", _goto),
    Command("live", "live", "back to live; in a replay to the end", _live),
    Command("observer", "observer [on|off]", "look only; leaving it asks", _observer),
    Command("note", "note WORDS", "a note; d, f or h in front: decision, fact, hypothesis", _note, changes=True),
    Command("amend", "amend ENTRY WORDS", "correct an entry; the old words stay in the record", _amend, changes=True),
    Command("declare", "declare", "declare an incident", _opens("declare"), changes=True),
    Command("sev", "sev 1-4 REASON", "another severity", _severity, changes=True),
    Command("state", "state STATUS [REASON]", "another status", _status, changes=True),
    Command("ack", "ack [WORDS]", "the alert is acknowledged: the respond clock is met", _acknowledge, changes=True),
    Command("update", "update WORDS", "people outside were told; the update clock starts anew", _update, changes=True),
    Command("role", "role ROLE NAME", "somebody takes a role", _role, changes=True),
    Command("check", "check PLAYBOOK", "follow a playbook", _playbook, changes=True),
    Command("handover", "handover", "hand over command", _opens("hand-over"), changes=True),
    Command("quit", "quit", "quit; asks", _opens("quit")),
)  # fmt: skip
COMMANDS: Final[Mapping[str, Command]] = {command.name: command for command in _ALL}
ALIASES: Final = {"q": "quit", "pm": "postmortem", "severity": "sev", "status": "state", "n": "note"}
