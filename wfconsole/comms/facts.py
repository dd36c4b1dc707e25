"""What the record and the live data know for a message, one function for each `{placeholder}`; "" for what is unknown.

Nothing is made up: an empty answer becomes a marked gap. Numbers carry their age, and one that cannot be trusted says
so in its place. Every text has passed `safe`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.incident.checklist import active_checklist
from wfconsole.incident.clocks import due_at
from wfconsole.incident.playbook import Runbook
from wfconsole.incident.state import IncidentState
from wfconsole.incident.wording import because, spell_duration, step_title
from wfconsole.observations.levels import Quality
from wfconsole.observations.series import measure, tally_pods
from wfconsole.observations.signals import form
from wfconsole.observations.world import World
from wfconsole.text import age, calendar_time, safe

NOTHING_DONE: Final = "- nothing that is written down"
_NOTES: Final = frozenset(("NOTE", "FACT", "DECISION", "HYPOTH"))
_DONE_AT_MOST: Final = 8
_LINE: Final = 240


class Facts(msgspec.Struct, frozen=True):
    """All that a draft is made from, of one instant.

    `channel`: where the room talks, "" where nobody knows; `mentions`: the names that can be mentioned there.
    """

    state: IncidentState
    runbook: Runbook
    world: World
    now: Millis
    channel: str = ""
    mentions: tuple[str, ...] = ()

    def said(self, *topics: str) -> str:
        """What the newest note says that begins with one of the topics and a colon."""
        for line in reversed(list(self.state.lines.values())):
            topic, colon, rest = (line.amended or line.text).partition(":")
            wanted = line.kind in _NOTES and not line.withdrawn and colon and topic.strip().casefold() in topics
            if wanted and rest.strip():
                return safe(rest.strip(), 400)
        return ""

    def at(self, instant: Millis) -> str:
        """`14:13 UTC`; with its day where that is not today."""
        day, _, time = calendar_time(instant).partition(" ")
        today = calendar_time(self.now).partition(" ")[0]
        return f"{time[:5]} UTC" if day == today else f"{day} {time[:5]} UTC"

    def told(self, placeholder: str) -> str:
        """The text for a placeholder; "" where nobody knows it, or there is no such placeholder."""
        tell = _TELL.get(placeholder)
        return tell(self) if tell is not None else ""


def _commander(facts: Facts) -> str:
    """With an `@` where that will be a mention."""
    name = safe(facts.state.commander, 60)
    return f"@{name}" if name in facts.mentions else name


def _started(facts: Facts) -> str:
    moments = facts.state.moments
    known = moments.get("started") or moments.get("detected")
    return facts.at(known) if known else ""


def _resolved(facts: Facts) -> str:
    instant = facts.state.moments.get("resolved", 0)
    return facts.at(instant) if instant else ""


def _duration(facts: Facts) -> str:
    moments = facts.state.moments
    start, end = moments.get("started") or moments.get("detected"), moments.get("resolved")
    return spell_duration(end - start) if start and end else ""


def _next_update(facts: Facts) -> str:
    """When the next one is due if this one goes out now."""
    state, policy = facts.state, facts.runbook.policy
    rule = next((rule for rule in policy.rules if rule.name == state.severity), None)
    if rule is None or rule.update is None:
        return "as soon as there is something new"
    return facts.at(due_at(rule.update, policy.calendar, facts.now))


def _done(facts: Facts) -> str:
    rows = [text for _, text in sorted(_deeds(facts), key=lambda deed: deed[0])]
    shown = rows[-_DONE_AT_MOST:]
    left_out = [f"- and {len(rows) - len(shown)} more before that"] if len(rows) > len(shown) else []
    return "\n".join([*left_out, *(f"- {safe(row, _LINE)}" for row in shown)]) or NOTHING_DONE


def _deeds(facts: Facts) -> Iterator[tuple[Millis, str]]:
    """Steps, tasks, commands and decisions since people were told last."""
    state = facts.state
    since = state.last_update_at or state.declared_at
    titles = {step.id: step.title for each in facts.runbook.checklists for step in each.steps}
    for step_id, step in state.steps.items():
        if step.mark in ("done", "sensed") and step.at >= since:
            yield step.at, f"{facts.at(step.at)} {titles.get(step_id) or step_title(step_id)}"
    for task in state.tasks.values():
        if task.outcome == "done" and task.closed_at >= since:
            yield task.closed_at, f"{facts.at(task.closed_at)} {because(task.text, task.result)} ({task.person})"
    for run in state.commands.values():
        if run.outcome == "exit" and run.ended_at >= since:
            how = "" if run.code == 0 else f", which failed with {run.code}"
            yield run.ended_at, f"{facts.at(run.ended_at)} ran {run.title or run.text}{how}"
    for line in state.lines.values():
        if line.kind == "DECISION" and line.at >= since and not line.withdrawn:
            yield line.at, f"{facts.at(line.at)} decided: {line.amended or line.text}"


def _next_steps(facts: Facts) -> str:
    state = facts.state
    rows = [
        f"- {safe(task.text, _LINE)} ({safe(task.person, 60)}), back by {facts.at(task.due_at)}"
        for task in sorted(state.tasks.values(), key=lambda task: task.due_at)
        if not task.outcome
    ]
    current = active_checklist(facts.runbook, state).current
    if current is not None:
        rows.append(f"- {safe(current.step.title, _LINE)}")
    return "\n".join(rows)


def _numbers(facts: Facts) -> str:
    rows = [row for row in (_pods(facts), _signal(facts, "errors"), _signal(facts, "p99")) if row]
    return "\n".join(rows) or "- not known: nothing is measured"


def _pods(facts: Facts) -> str:
    unknown = _unknown(facts, "pods", "pods ready")
    if unknown is not None:
        return unknown
    tally = tally_pods(facts.world.pods, facts.now)
    return f"- pods ready: {tally.ready} of {tally.total} ({_aged(facts, 'pods')})" if tally.total else ""


def _signal(facts: Facts, name: str) -> str:
    words, unit = {"errors": ("requests that fail", "ratio"), "p99": ("slowest 1% of requests", "seconds")}[name]
    unknown = _unknown(facts, "signals", words)
    if unknown is not None:
        return unknown
    value = measure("signals", facts.world.signals, facts.now).get(f"signals.{name}")
    if value is None:
        return f"- {words}: not known"
    over = "over " if name == "p99" else ""
    return f"- {words}: {over}{form(value, unit)} ({_aged(facts, 'signals')})"


def _unknown(facts: Facts, source: str, words: str) -> str | None:
    """What is said in place of a number: nothing of a source that is off, the reason of one that cannot be trusted."""
    quality = facts.world.quality(source, facts.now)
    if quality == Quality.OFF:
        return ""
    return None if quality.conclusive else f"- {words}: not known ({source} {quality})"


def _aged(facts: Facts, source: str) -> str:
    good_at = facts.world.snapshots[source].good_at
    return f"{age(facts.now - good_at)} old" if good_at is not None else "of unknown age"


def _post_mortem(facts: Facts) -> str:
    state = facts.state
    if not state.meeting_at:
        return ""
    where = f", {safe(state.meeting_where, 100)}" if state.meeting_where else ""
    return f"{facts.at(state.meeting_at)}{where}"


_TELL: Final[Mapping[str, Callable[[Facts], str]]] = {
    "incident": lambda facts: safe(facts.state.id, 80),
    "title": lambda facts: safe(facts.state.shown_title, 200),
    "code_name": lambda facts: safe(facts.state.code_name, 60),
    "severity": lambda facts: facts.state.severity,
    "status": lambda facts: facts.state.status,
    "commander": _commander,
    "channel": lambda facts: facts.channel,
    "impact": lambda facts: facts.said("impact"),
    "summary": lambda facts: facts.said("summary", "root cause", "cause"),
    "root_cause": lambda facts: facts.said("root cause", "cause"),
    "temporary_measures": lambda facts: facts.said("temporary", "temporary measures"),
    "needs": lambda facts: facts.said("needs", "need"),
    "eta": lambda facts: facts.said("eta") or "not known yet",
    "now": lambda facts: facts.at(facts.now),
    "date": lambda facts: calendar_time(facts.now).partition(" ")[0],
    "started": _started,
    "resolved": _resolved,
    "duration": _duration,
    "next_update": _next_update,
    "done": _done,
    "next_steps": _next_steps,
    "numbers": _numbers,
    "post_mortem": _post_mortem,
}
