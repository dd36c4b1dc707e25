"""What the declaration shows: the criteria and clocks of each severity, and what is seen. The choice is a person's."""

from __future__ import annotations

import msgspec

from wfconsole.clock import MINUTE, Millis
from wfconsole.incident.clocks import CALL_WORDS, spans
from wfconsole.incident.events import Noticed
from wfconsole.incident.looks import seen_by
from wfconsole.incident.policy import SeverityName, SeverityPolicy, SeverityRule
from wfconsole.incident.state import IncidentState
from wfconsole.incident.what_changed import what_changed
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level
from wfconsole.observations.pod_groups import worst_first
from wfconsole.observations.world import World
from wfconsole.text import coarse_age, cut

# Why an incident that nobody understands yet gets the higher severity: it can be lowered, lost time cannot be found.
WHEN_IN_DOUBT = "unknown? pick the higher one; lower it later"
_WORST_SHOWN = 3
_CHANGED_WITHIN = 60 * MINUTE
_LONGEST_TITLE = 80


class Choice(msgspec.Struct, frozen=True):
    """One severity to choose: its criteria in the team's words, and what it starts."""

    name: SeverityName
    title: str
    criteria: tuple[str, ...]
    spans: tuple[tuple[str, str], ...]  # ("respond", "15 minutes"), ...
    escalation: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()  # who is paged, told and called by when, and which roles must be filled


def severity_choices(policy: SeverityPolicy) -> tuple[Choice, ...]:
    """All severities, in the policy's order."""
    return tuple(
        Choice(rule.name, rule.title, rule.criteria, spans(rule), rule.escalation, rule.roles, _requires(rule))
        for rule in policy.rules
    )


def _requires(rule: SeverityRule) -> tuple[str, ...]:
    lines = []
    for kind, word in CALL_WORDS.items():
        called = [call.text for call in rule.calls if call.kind == kind]
        if called:
            lines.append(f"{word} {'; '.join(called)}")
    return (*lines, *([f"roles: {', '.join(rule.roles)}"] if rule.roles else []))


def evidence(world: World, judged: Judged, incident: IncidentState, now: Millis) -> tuple[str, ...]:
    """What is seen, worst first, and what changed last: beside the criteria, so that nobody compares from memory."""
    lines = []
    quality = world.quality("pods", now)
    if quality.tells:
        for group in worst_first(judged.groups.values())[:_WORST_SHOWN]:
            if group.level >= Level.WARNING:
                lines.append(f"{group.name} {group.ready}/{group.total} ready: {group.worst.reason}")
    if not quality.conclusive:
        known = "so there may be more" if quality.tells else "so nothing is known of them"
        lines.append(f"pods: {quality}, {known}")
    lines += [found.text for found in _elsewhere(world, incident, now)[:_WORST_SHOWN]]
    changes = what_changed(world, incident, now, _CHANGED_WITHIN)
    if changes:
        lines.append(f"{coarse_age(now - changes[0].at)} ago: {changes[0].text}")
    return tuple(lines)


def suggested_title(world: World, judged: Judged, incident: IncidentState, now: Millis) -> str:
    """A first title for what is worst, pods before others that are as bad, to be overwritten; "" when nothing is. What
    an alert is called is no title: people are to say what users notice."""
    pods = next(iter(worst_first(judged.groups.values())), None)
    others = (each for each in _elsewhere(world, incident, now) if seen_by(each.key) != "alerts")
    other = next(others, None)
    level = Level.OK if pods is None else pods.level
    if other is not None and other.level > level:
        return cut(other.text, _LONGEST_TITLE)
    if pods is None or level < Level.WARNING:
        return ""
    return f"{pods.name}: {pods.ready} of {pods.total} pods ready"


def _elsewhere(world: World, incident: IncidentState, now: Millis) -> list[Noticed]:
    """What the scribe noticed that lasts, of all that pods do not tell themselves, where it is seen right now."""
    found = [
        condition
        for key, condition in incident.conditions.items()
        if condition.lasts and condition.level >= Level.WARNING
        if (source := seen_by(key)) and source not in ("pods", "workloads")
        if world.quality(source, now).tells
    ]
    return sorted(found, key=lambda condition: (-condition.level, condition.since))
