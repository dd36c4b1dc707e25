"""The first sixty seconds: what is red and since when, what changed just before, which playbook fits, how bad it is.

Pure and deterministic: the same data gives the same answer, live and in a replay, with no network. What cannot be known
now is said with its reason, and nothing is concluded from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from wfconsole.clock import DAY, HOUR, SECOND, Millis
from wfconsole.incident.condition_levels import level_now
from wfconsole.incident.looks import pane_of_condition, seen_by
from wfconsole.incident.playbook import Runbook
from wfconsole.incident.probing import understood
from wfconsole.incident.proposal import Proposal, propose
from wfconsole.incident.state import IncidentState
from wfconsole.incident.symptoms import Match, SymptomsHeld, match_playbooks, watched_probes
from wfconsole.incident.what_changed import what_changed
from wfconsole.observations.board import BoardLine, pane_of
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.world import World

# What has lasted longer was not what somebody declares now.
STANDING: Final[Millis] = DAY
# How long before the first bad sign a change may have been its cause.
CHANGED_BEFORE: Final[Millis] = HOUR
# A change is seen a moment after it was made: so long after the first bad sign, it still may have come first.
_SEEN_LATE: Final[Millis] = 30 * SECOND
_UNJUDGED: Final = Judged()
_LOST_SOURCE: Final = "source"  # the family of conditions that have a place of their own


class Red(msgspec.Struct, frozen=True):
    """One thing that is wrong. `since` is 0 where nobody knows; `key` that of its condition, "" for a pane's own line.

    `quality` is that of its source now: what was red when its source was lost may be over, or worse.
    """

    text: str
    level: Level
    since: Millis
    quality: Quality
    pane: int
    key: str = ""

    @property
    def sure(self) -> bool:
        return self.quality.tells


class Blind(msgspec.Struct, frozen=True):
    """One source that cannot be judged by now, and why."""

    source: str
    quality: Quality
    why: str
    pane: int


class Changed(msgspec.Struct, frozen=True):
    """One change. `before_ms`: how long before the first bad sign; negative after it, None where there is no such."""

    at: Millis
    text: str
    before_ms: Millis | None = None


class Triage(msgspec.Struct, frozen=True):
    """All of it, of one instant. `began` is the first bad sign; 0 where none is known."""

    began: Millis
    red: tuple[Red, ...]
    blind: tuple[Blind, ...]
    off: tuple[str, ...]
    changes: tuple[Changed, ...]
    matches: tuple[Match, ...]
    proposal: Proposal

    @property
    def best(self) -> Match | None:
        """The playbook that fits best; None where no symptom of any is there."""
        return next((match for match in self.matches if match.present), None)


def triage(
    runbook: Runbook,
    world: World,
    incident: IncidentState,
    held: SymptomsHeld,
    now: Millis,
    *,
    lines: Sequence[BoardLine] = (),
    judged: Judged = _UNJUDGED,
) -> Triage:
    """What the screen of the first sixty seconds shows. `lines` is the board, `judged` what it is made of."""
    matches = match_playbooks(runbook, world, held, now, incident)
    red = what_is_red(world, incident, lines, now, judged)
    wrong = any(each.sure for each in red) or any(match.present for match in matches)
    began = incident.moments.get("started") or first_trouble(incident, now)
    blind, off = what_is_not_known(runbook, world, now)
    return Triage(
        began=began,
        red=red,
        blind=blind,
        off=off,
        changes=_changes(world, incident, began, now),
        matches=matches,
        proposal=propose(runbook.policy, world, held, now, something_is_wrong=wrong),
    )


def first_trouble(incident: IncidentState, now: Millis) -> Millis:
    """Since when it is broken, as far as the scribe saw it: the first condition that still lasts; 0 when none does.

    The critical ones count, or else the warnings; what has lasted longer than a day is left out, and so are findings
    of scanners, which break nothing.
    """
    lasting = [
        condition
        for condition in incident.conditions.values()
        if condition.lasts and condition.since and now - condition.since < STANDING
        if condition.family != "finding"
    ]
    worst = max((condition.level for condition in lasting), default=Level.OK)
    if worst < Level.WARNING:
        return 0
    return min(condition.since for condition in lasting if condition.level == worst)


def what_is_red(
    world: World, incident: IncidentState, lines: Sequence[BoardLine], now: Millis, judged: Judged = _UNJUDGED
) -> tuple[Red, ...]:
    """Conditions that last, of all layers: the worst first, then what is surely so, then the oldest that is not
    standing for days. A pane that is red with no condition behind it speaks for itself."""
    found = [*_conditions(world, incident, lines, now, judged)]
    panes = {each.pane for each in found if each.sure}
    for line in lines:
        trusted = line.quality.tells
        if line.level >= Level.WARNING and trusted and line.number not in panes:
            found.append(Red(f"{line.name}: {line.reason or line.headline}", line.level, 0, line.quality, line.number))
    return tuple(sorted(found, key=lambda each: (-each.level, not each.sure, *_age_rank(each, now))))


def _conditions(
    world: World, incident: IncidentState, lines: Sequence[BoardLine], now: Millis, judged: Judged
) -> Iterator[Red]:
    for key, condition in incident.conditions.items():
        if not condition.lasts or condition.family == _LOST_SOURCE:
            continue
        level = level_now(key, condition, judged, lines)
        if level < Level.WARNING:
            continue
        line = incident.lines.get(incident.line_of_key.get(key, ""))
        since = condition.since or (line.at if line is not None else 0)
        source = seen_by(key)
        quality = world.quality(source, now) if source else Quality.LIVE
        if quality != Quality.OFF:
            yield Red(condition.text, level, since, quality, pane_of_condition(key), key)


def _age_rank(red: Red, now: Millis) -> tuple[bool, Millis]:
    standing = bool(red.since) and now - red.since >= STANDING
    return standing or not red.since, red.since


def what_is_not_known(runbook: Runbook, world: World, now: Millis) -> tuple[tuple[Blind, ...], tuple[str, ...]]:
    """Sources whose values cannot be judged by, the worst state first; and those of the playbooks that are not
    configured at all."""
    blind = []
    for source, snapshot in world.snapshots.items():
        quality = snapshot.quality(now)
        if not quality.conclusive:
            failure = snapshot.failure
            why = failure.message if failure is not None else snapshot.partial or "no new data"
            blind.append(Blind(source, quality, why, pane_of(source)))
    asked = dict.fromkeys(name for text in watched_probes(runbook) for name in understood(text).sources)
    return tuple(blind), tuple(name for name in asked if name not in world.snapshots)


def _changes(world: World, incident: IncidentState, began: Millis, now: Millis) -> tuple[Changed, ...]:
    """What changed within an hour before the first bad sign, the nearest to it first; then what changed after it. With
    no bad sign: the last hour, the newest first."""
    found = what_changed(world, incident, now, now - (began or now) + CHANGED_BEFORE)
    if not began:
        return tuple(Changed(change.at, change.text) for change in found)
    return tuple(sorted((Changed(each.at, each.text, began - each.at) for each in found), key=_nearest_first))


def _nearest_first(change: Changed) -> tuple[bool, Millis, str]:
    before = change.before_ms or 0
    return before < -_SEEN_LATE, abs(before), change.text
