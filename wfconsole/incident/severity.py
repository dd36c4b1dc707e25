"""What the declaration shows: the criteria and clocks of each severity, and what is seen. The choice is a person's."""

from __future__ import annotations

import msgspec

from wfconsole.clock import MINUTE, Millis
from wfconsole.incident.clocks import spans
from wfconsole.incident.policy import SeverityName, SeverityPolicy
from wfconsole.observations.changes import recent_changes
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level
from wfconsole.observations.pod_groups import worst_first
from wfconsole.observations.world import World
from wfconsole.text import coarse_age

# Why an incident that nobody understands yet gets the higher severity: it can be lowered, lost time cannot be found.
WHEN_IN_DOUBT = "unknown? pick the higher one; lower it later"
_WORST_SHOWN = 3
_CHANGED_WITHIN = 60 * MINUTE


class Choice(msgspec.Struct, frozen=True):
    """One severity to choose: its criteria in the team's words, and what it starts."""

    name: SeverityName
    title: str
    criteria: tuple[str, ...]
    spans: tuple[tuple[str, str], ...]  # ("respond", "15 minutes"), ...
    escalation: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


def severity_choices(policy: SeverityPolicy) -> tuple[Choice, ...]:
    """All severities, in the policy's order."""
    return tuple(
        Choice(rule.name, rule.title, rule.criteria, spans(rule), rule.escalation, rule.roles) for rule in policy.rules
    )


def evidence(world: World, judged: Judged, now: Millis) -> tuple[str, ...]:
    """What is seen, worst first, and what changed last: beside the criteria, so that nobody compares from memory."""
    lines = []
    if world.quality("pods", now).conclusive:
        for group in worst_first(judged.groups.values())[:_WORST_SHOWN]:
            if group.level >= Level.WARNING:
                lines.append(f"{group.name} {group.ready}/{group.total} ready: {group.worst.reason}")
    else:
        lines.append(f"pods: {world.quality('pods', now)}, so nothing is known of them")
    changes = recent_changes(world, now, _CHANGED_WITHIN)
    if changes:
        lines.append(f"{coarse_age(now - changes[0].at)} ago: {changes[0].text}")
    return tuple(lines)


def suggested_title(judged: Judged) -> str:
    """A first title for what is worst, to be overwritten; "" when nothing is."""
    worst = next(iter(worst_first(judged.groups.values())), None)
    if worst is None or worst.level < Level.WARNING:
        return ""
    return f"{worst.name}: {worst.ready} of {worst.total} pods ready"
