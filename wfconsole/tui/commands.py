"""The `:` commands: words for what keys do, and a few things that need words. One list for the prompt and the help."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from wfconsole.incident.follow_up import MEETING_EXPECTED
from wfconsole.session.moments import EXPECTED
from wfconsole.text import safe
from wfconsole.tui import act_commands as acts
from wfconsole.tui import alert_commands as alerts
from wfconsole.tui import follow_up_commands as after
from wfconsole.tui import message_commands as messages
from wfconsole.tui import record_commands as record
from wfconsole.tui import room_commands as people
from wfconsole.tui import said_commands as said
from wfconsole.tui import view_commands as view
from wfconsole.tui.asked import Act, Refused

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

LONGEST: Final = 2_000


def _no_words(room: WarRoom) -> Sequence[str]:
    del room
    return ()


class Command(msgspec.Struct, frozen=True):
    """One command. `run` gets the words behind it, of which there are none where `usage` is the name alone; it raises
    Refused, or gives what to do once the prompt is gone.

    `changes` is the action whose refusals hold, None for a command that only looks. `words` complete its first word,
    `goes_on` all that stands behind its name: it gives that a word longer, "" where nothing fits.
    """

    name: str
    usage: str
    does: str
    run: Callable[[WarRoom, str], Act]
    changes: str | None = None
    words: Callable[[WarRoom], Sequence[str]] = _no_words
    goes_on: Callable[[WarRoom, str], str] | None = None


def understood(room: WarRoom, line: str) -> Act:
    """What a line asks for. Raises Refused with what is wrong with it, or why it may not be done here."""
    name, _, rest = _spelt_out(safe(line.strip().removeprefix(":").strip(), LONGEST)).partition(" ")
    command = COMMANDS.get(name)
    if command is None:
        near = [known for known in COMMANDS if name[:1] and known.startswith(name[:2])]
        raise Refused(f"no command {name!r}; {'there is ' + ', '.join(near[:5]) if near else ':help lists them'}")
    if command.changes is not None and (reason := room.refused_change(command.changes)):
        raise Refused(reason)
    words = rest.strip()
    try:
        if words and command.usage == command.name:
            raise Refused
        return command.run(room, words)
    except Refused as wrong:
        raise Refused(str(wrong) or f"usage: :{command.usage}") from None


def named(name: str) -> Command | None:
    """The command of this name, or of this other name for it."""
    return COMMANDS.get(_spelt_out(name).partition(" ")[0])


def _spelt_out(line: str) -> str:
    """The line with a command's own name in the place of another one for it, which may stand for a view too."""
    name, _, rest = line.partition(" ")
    return f"{ALIASES.get(name, name)} {rest}".strip()


def completed(room: WarRoom, typed: str) -> str:
    """The line that begins with what was typed: a command's name, or its first word; "" where there is none."""
    name, space, rest = typed.partition(" ")
    if not space:
        return next((known for known in COMMANDS if name and known.startswith(name) and known != name), "")
    command = named(name)
    if command is not None and command.goes_on is not None:
        longer = command.goes_on(room, rest)
        return f"{name} {longer}" if longer else ""
    if command is None or " " in rest:
        return ""
    found = next((word for word in command.words(room) if word.startswith(rest) and word != rest), "")
    return f"{name} {found}" if found else ""


def _zoom_commands() -> list[Command]:
    panes = (
        (1, "alerts", "alerts"),
        (2, "signals", "golden signals"),
        (3, "pods", "pods"),
        (4, "hpa", "autoscalers"),
        (5, "nodes", "nodes and GPUs"),
        (6, "db", "the database"),
        (7, "auth", "logins and findings"),
    )
    return [_zoom_command(*pane) for pane in panes]


def _zoom_command(number: int, name: str, does: str) -> Command:
    views = view.views(number)
    told = f"zoom into {number}, {does}: {', '.join(views)}; with words, what holds them"
    return Command(name, f"{name} [VIEW] [WORDS]", told, view.zooms(number), words=lambda _: views)


_ALL: Final = (
    Command("note", "note WORDS", "a note; in front d, f or h: decision, fact, hypothesis; @14:05: of then",
            record.note, "note"),
    Command("mark", "mark LABEL", "a place in time that the keys for markers go to; in a replay it is your own",
            record.mark, "note"),
    Command("amend", "amend ENTRY WORDS", "correct an entry; the old words stay in the record", record.amend, "",
            record.entries),
    Command("redate", "redate ENTRY TIME [WHY]", "correct an entry's time; the old one stays in the record",
            said.redate, "", record.entries),
    Command("hide", "hide ENTRY", "hide an entry as noise, or show it again", said.hide, "hide", record.entries),
    Command("decide", "decide [WORDS]", "a decision of the commander's; without words the form asks for the rest",
            said.decide, "decision"),
    Command("declare", "declare", "declare; later its severity, status, playbook", record.declare, "declare"),
    Command("sev", "sev 1-4 REASON", "another severity", record.severity, "declare", record.severities),
    Command("state", "state STATUS [REASON]", "another status; resolved asks for the stand-down list", record.status,
            "declare", record.statuses),
    Command("moment", "moment NAME TIME [WHY]", "when it started, was detected, acknowledged, mitigated, resolved",
            record.moment, "", record.moments),
    Command("ack", "ack [all]", "the alert with the cursor, or all; elsewhere, or with words: the respond clock is met",
            alerts.acknowledge, "acknowledge", alerts.which),
    Command("shelve", "shelve [TIME WHY]", "the alert with the cursor: 30m, 2h, at most 8h; back; alone: the form",
            alerts.shelve, "shelve", alerts.spans),
    Command("update", "update WORDS", "people outside were told; the update clock starts anew", record.update, ""),
    Command("role", "role ROLE NAME", "somebody takes a role", record.role, "", record.roles),
    Command("check", "check PLAYBOOK [WHY]", "follow a playbook", record.playbook, "declare", record.playbooks),
    Command("message", "message [TEMPLATE]", "write a message from live facts", messages.message,
            words=messages.templates),
    Command("ledger", "ledger", "what people were told, what waits, what is public now", view.opens("ledger")),
    Command("restrict", "restrict CODENAME REASON", "only the room may know, under a code name; off ends it",
            messages.restrict, "", messages.restrictions),
    Command("handover", "handover", "take a role, or hand one over", view.opens("hand-over"), "hand-over"),
    Command("task", "task WHO BACK-IN WHAT", "somebody does something and is back then; alone: the form", people.task,
            "task", people.people),
    Command("done", "done WHO RESULT", "a task is done, and what came of it", people.done, "task", people.running),
    Command("called", "called WHO ANSWERED", "a call that the severity wants was made", people.called, "task",
            people.calls),
    Command("act", "act [ACTION KIND TARGET NAME=VALUE ...]", "plan an action, and ask; alone: what can be done here",
            acts.act, goes_on=acts.act_on),
    Command("arm", "arm [MINUTES] [WHY]", "arm the console for actions; it ends by itself", acts.arm, "arm"),
    Command("disarm", "disarm [WHY]", "disarm the console, at once", acts.disarm, "arm"),
    Command("brief", "brief", "catch me up: what, since when, done, running, owed, decided", view.opens("brief")),
    Command("followup", "followup [7d|4w|3m] [@WHO] [DAY] WORDS", "something to do after it; F1 done closes one",
            after.follow_up, "follow-up", after.horizons),
    Command("meeting", "meeting TIME [WHERE]", f"the post-mortem meeting: {MEETING_EXPECTED}", after.meeting_set, ""),
    *_zoom_commands(),
    Command("checklist", "checklist", "the checklist", view.opens("checklist")),
    Command("timeline", "timeline [WORDS]", "the timeline; with words, what holds them",
            view.opens("timeline")),
    Command("sources", "sources [SOURCE]", "sources and their errors; files that were left out", view.sources,
            words=view.source_names),
    Command("postmortem", "postmortem", "the post-mortem as it would be written now", view.opens("post-mortem")),
    Command("replays", "replays [WORDS]", "scenarios and recordings to replay", view.opens("replays")),
    Command("drill", "drill [WORDS]", "what to practise on; Enter copies the command that begins it in another console",
            view.opens("drills")),
    Command("axis", "axis", "what moved when, in every layer", view.opens("axis")),
    Command("wall", "wall", "numbers that can be read from 3 m", view.opens("wall")),
    Command("help", "help [WORD]", "every key and command, or those with a word in them",
            view.opens("help-list")),
    Command("keys", "keys", "every key as it is now", view.opens("help-list")),
    Command("goto", "goto TIME", f"look at a time: {EXPECTED}", view.goto),
    Command("live", "live", "back to live; in a replay to the end", view.live),
    Command("speed", "speed N", "how fast a replay plays: 0.25 to 60", view.speed, words=view.speeds),
    Command("theme", "theme NAME", "another look", view.theme, words=view.themes),
    Command("glyphs", "glyphs unicode|ascii", "other symbols", view.glyphs, words=view.glyph_sets),
    Command("times", "times utc|local|iso", "how times are written on this console", view.times, words=view.ways),
    Command("contacts", "contacts [WORDS]", "contacts, roles and links of the runbook",
            view.opens("contacts")),
    Command("export", "export [pm|timeline|evidence] [DIR] [replace]", "write the papers, or one: Markdown, HTML",
            view.export, words=view.papers),
    Command("observer", "observer [on|off]", "look only; leaving it asks", view.observer, words=view.switch),
    Command("quit", "quit", "quit; asks", view.opens("quit")),
)  # fmt: skip
COMMANDS: Final[Mapping[str, Command]] = {command.name: command for command in _ALL}
ALIASES: Final = {
    "q": "quit",
    "pm": "postmortem",
    "severity": "sev",
    "status": "state",
    "n": "note",
    "gpu": "nodes gpu",
    "hpas": "hpa",
    "replay": "replays",
    "h": "help",
    "e": "sources",
}
