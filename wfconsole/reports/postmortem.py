"""The post-mortem in the runbook's template: what the record holds, and a marked gap for what only people know.

Notes may fill the gaps during the incident: one that begins with "impact:", "root cause:", "went well:", "went badly:",
"action:" or "lesson:" is found here again, with its author.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from wfconsole.incident.clocks import OF_SEVERITY, clocks
from wfconsole.incident.events import Entry, Noticed
from wfconsole.incident.wording import spell_duration
from wfconsole.reports import room
from wfconsole.reports.evidence import evidence_list
from wfconsole.reports.impact import business, recovery, scope, slo, slo_minutes, spell_span, window
from wfconsole.reports.markdown import bullets, gap, template, words
from wfconsole.reports.record import Record, banner, day, iso, known_as, lapses
from wfconsole.reports.timeline import about_the_record, timeline_rows

_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
_NOT_IN_POST_MORTEM: Final = frozenset(("PROBE",))

# What every post-mortem tells, with the placeholders that tell it.
_ALWAYS_TOLD: Final = (
    ("Date", ("date",)),
    ("Duration", ("duration", "impact_in_full")),
    ("Impact", ("impact", "impact_in_full")),
    ("Times", ("times",)),
)

# Used when the runbook has no template for a post-mortem.
_TEMPLATE: Final = """# Post-mortem: {title}

## Summary

- **Incident:** {incident}, {severity}
- **Date:** {date}
- **Duration:** {duration}
- **Impact:** {impact}
- **Root cause:** {root_cause}
- **Times:** {times}
- **SLO:** {slo_minutes}
- **Follow-ups:** {open_follow_ups}
- **Post-mortem meeting:** {meeting}

## Impact

{impact_in_full}

## Timeline

{timeline}

## Root cause analysis

{analysis}

## Decisions

{decisions}

## Tasks

{tasks}

## Actions

{actions}

## Commands

{commands}

## What people were told

{messages}

## What went well

{went_well}

## What did not go well

{went_badly}

## Action items

{action_items}

## Lessons learned

{lessons}

## Evidence

{evidence}
"""


def post_mortem(record: Record) -> str:
    """The post-mortem as Markdown. A placeholder that we do not know becomes a gap that names it."""
    theirs = next((item.text for item in record.runbook.templates if item.target == "post-mortem"), "")
    text = _complete(template(theirs)) if theirs else _TEMPLATE

    def fill(match: re.Match[str]) -> str:
        known = _FIELDS.get(match[1])
        return known(record) if known is not None else gap(f"the record has nothing for {match[1].replace('_', ' ')}.")

    filled = _PLACEHOLDER.sub(fill, text).rstrip()
    return "\n".join((*banner(record), filled, "", about_the_record(record), ""))


def _complete(text: str) -> str:
    """A team's template, and after it what it does not ask for and no reader should miss."""
    asked = set(_PLACEHOLDER.findall(text))
    parts = [text.rstrip()]
    if facts := [f"**{title}:** {{{tells[0]}}}" for title, tells in _ALWAYS_TOLD if asked.isdisjoint(tells)]:
        parts.append(f"## Key facts\n\n{bullets(facts)}")
    if "evidence" not in asked:
        parts.append("## Evidence\n\n{evidence}")
    return "\n\n".join(parts)


def _duration(record: Record) -> str:
    moments = record.state.moments
    within = window(record)
    if within is None:
        return gap("the record dates the end before the beginning, so how long it lasted is not known.")
    start, end = within
    counted = "" if "started" in moments else " (from its detection; when it began is not written down)"
    if "resolved" not in moments:
        lasted = spell_duration(end - start)
        return f"not resolved; {lasted} until the last entry, {iso(end)}{counted}"
    return f"{spell_duration(end - start)}, {iso(start)} to {iso(end)}{counted}"


def _date(record: Record) -> str:
    return day(record.state.moments.get("started", record.state.declared_at))


def _times(record: Record) -> str:
    """Each with the two moments that it counts between."""
    said = []
    for lapse in lapses(record.state):
        told = f"to {lapse.name} {lapse.text}"
        if lapse.took_ms is not None:
            between = f"from {record.moment_name(lapse.since)} to {record.moment_name(lapse.until)}"
            told += f" ({between}{_first_alert(record) if lapse.name == 'detect' else ''})"
        said.append(told)
    return "; ".join(said)


def _first_alert(record: Record) -> str:
    """That the console saw something before anybody declared."""
    moments = record.state.moments
    start = moments["started"]
    alerts = [line.at for line in record.lines if line.kind == "ALERT" and start <= line.at < moments["detected"]]
    return f"; the first alert on record came {spell_duration(alerts[0] - start)} after the start" if alerts else ""


def _impact(record: Record) -> str:
    told = record.said_about("impact")
    seen = []
    for entry in record.entries:
        line = record.state.lines.get(entry.id)
        if not isinstance(entry.event, Noticed) or entry.event.family != "readiness" or not record.is_shown(entry.id):
            continue
        if line is not None:
            seen.append(f"{words(line.text)}, {spell_span(line, entry.event)}")
    said = "; ".join(_by(entry, text) for entry, text in told) or gap("nobody wrote down who was affected, and how.")
    return f"{said}{'.' if told else ''} The console saw: {'; '.join(seen)}." if seen else said


def _impact_in_full(record: Record) -> str:
    """Duration, scope, promises and cost, each under a heading of its own."""
    over = recovery(record)
    parts = (
        ("Duration", f"{_duration(record)}\n\n{over}" if over else _duration(record)),
        ("Scope", scope(record)),
        ("SLO", slo(record)),
        ("Business", business(record)),
    )
    return "\n\n".join(f"### {title}\n\n{text}" for title, text in parts)


def _root_cause(record: Record) -> str:
    told = record.said_about("root cause", "cause")
    return "; ".join(_by(entry, text) for entry, text in told) or gap("nobody wrote down the root cause yet.")


def _analysis(record: Record) -> str:
    parts = [_root_cause(record)]
    changes = [
        f"{iso(event.since or entry.at)} {words(event.text)}"
        for entry in record.entries
        if isinstance(event := entry.event, Noticed) and event.family in ("rollout", "change")
    ]
    for title, rows in (
        ("Changes that the console saw:", changes),
        ("Hypotheses in the record:", [_by(entry, note.text) for entry, note in record.notes("hypothesis")]),
        ("Facts in the record:", [_by(entry, note.text) for entry, note in record.notes("fact")]),
    ):
        if rows:
            parts.append(f"{title}\n\n{bullets(rows)}")
    return "\n\n".join(parts)


def _went_well(record: Record) -> str:
    return _told(record, ("went well",), kept=True)


def _went_badly(record: Record) -> str:
    return _told(record, ("went badly", "did not go well"), kept=False)


def _told(record: Record, topics: tuple[str, ...], *, kept: bool) -> str:
    """What people wrote, or a gap; then the targets that speak for it."""
    told = [_by(entry, text) for entry, text in record.said_about(*topics)]
    targets = [row for was_kept, row in _kept_times(record) if was_kept == kept]
    parts = [bullets(told + targets)] if told else [gap("nobody wrote this down yet."), bullets(targets)]
    return "\n\n".join(part for part in parts if part)


def _kept_times(record: Record) -> list[tuple[bool, str]]:
    """Targets of the severity that were met, in time or not. A clock that still runs says nothing yet."""
    rows = []
    for clock in clocks(record.state, record.runbook.policy, record.last_at):
        if clock.kind not in OF_SEVERITY:
            continue
        if clock.state == "met" and clock.met_at < clock.started_at:
            rows.append((False, f"{clock.name}: the record dates it before the declaration, so nobody can tell"))
        elif clock.state == "met":
            kept = clock.left_ms >= 0
            took = spell_duration(clock.met_at - clock.started_at)
            word = "within" if kept else "later than"
            rows.append((kept, f"{clock.name}: {took} after the declaration, {word} the target of {words(clock.text)}"))
        elif clock.state == "overdue":
            rows.append((False, f"{clock.name}: the target of {words(clock.text)} was missed"))
    return rows


def _action_items(record: Record) -> str:
    """Follow-ups by horizon; then what notes ask for, and what was put off during the incident."""
    rows = [_by(entry, text) for entry, text in record.said_about("action", "action item", "follow-up")]
    for step_id, stands in record.state.steps.items():
        if stands.mark in ("deferred", "failed"):
            why = f": {words(stands.reason)}" if stands.reason else ""
            rows.append(f"{stands.mark} during the incident: {words(record.step_name(step_id))}{why}")
    if not record.state.follow_ups:
        return bullets(rows) if rows else gap("no action item is written down yet.")
    also = f"\n\nBesides, without an owner or a day:\n\n{bullets(rows)}" if rows else ""
    return f"{room.follow_ups(record)}{also}"


def _lessons(record: Record) -> str:
    rows = [_by(entry, text) for entry, text in record.said_about("lesson", "lessons")]
    return bullets(rows) if rows else gap("nobody wrote down a lesson yet.")


def _by(entry: Entry, text: str) -> str:
    return f"{words(text)} ({words(entry.actor)}, {iso(entry.at)})"


_FIELDS: Final[dict[str, Callable[[Record], str]]] = {
    "title": lambda record: words(known_as(record.state)),
    "incident": lambda record: words(record.state.id),
    "severity": lambda record: record.state.severity,
    "status": lambda record: record.state.status,
    "commander": lambda record: words(record.state.commander) or gap("nobody was commander."),
    "date": _date,
    "duration": _duration,
    "impact": _impact,
    "root_cause": _root_cause,
    "times": _times,
    "timeline": lambda record: timeline_rows(record, without=_NOT_IN_POST_MORTEM),
    "analysis": _analysis,
    "went_well": _went_well,
    "went_badly": _went_badly,
    "action_items": _action_items,
    "lessons": _lessons,
    "impact_in_full": _impact_in_full,
    "slo_minutes": slo_minutes,
    "decisions": room.decisions,
    "tasks": room.tasks,
    "actions": room.actions,
    "commands": room.commands,
    "messages": room.messages,
    "open_follow_ups": room.open_follow_ups,
    "meeting": room.meeting_line,
    "evidence": evidence_list,
}
