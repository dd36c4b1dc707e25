"""The scribe: writes by itself what a person would write down, once, with exact times, and nothing that it guesses.

Snapshots that are not whole and recent conclude nothing, but that of few sources a part tells what there is. The first
conclusive one of each source is the baseline, whose troubles are said as being there already; of what changed shortly
before, rollouts are said with their own time.
"""

from __future__ import annotations

from typing import Final

import msgspec

from wfconsole.clock import HOUR, MINUTE, Millis
from wfconsole.incident.alert_sights import sights_of_alerts
from wfconsole.incident.condition_levels import level_for_workload
from wfconsole.incident.events import Noticed
from wfconsole.incident.looks import ALERT_WORDS, LOOKS
from wfconsole.incident.scribe_memory import FLOOD, Pen, ScribeMemory
from wfconsole.incident.scribe_sources import look_at_source
from wfconsole.incident.sights import Seen, Sight, Sights
from wfconsole.incident.state import IncidentState
from wfconsole.observations.alert_log import AlertLog
from wfconsole.observations.changes import Change, hpa_changes, isolation_changes, recent_changes, workload_changes
from wfconsole.observations.judged import Judged, JudgedRows, changed_keys
from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.pod_groups import PodGroup
from wfconsole.observations.workloads import rolled_out_at
from wfconsole.observations.world import World

__all__ = ["ScribeMemory", "notice"]

# What changed within this time before the console opened is worth knowing.
CHANGED_WITHIN: Final = HOUR

# Sources whose rows are what somebody changes.
_CHANGING: Final = frozenset(("workloads", "hpas", "isolation"))


def notice(
    memory: ScribeMemory,
    state: IncidentState,
    after: World,
    source: str,
    now: Millis,
    *,
    judged: Judged | None = None,
    alerts: AlertLog | None = None,
) -> tuple[ScribeMemory, list[Noticed]]:
    """What is worth an entry now that `source` has said something at `now`, and the memory that includes it.

    `judged` is the judgement of `after` at `now`, where somebody has it already: it need not be made twice.
    `alerts` is what alerts did up to `now`.
    """
    snapshot = after.snapshots.get(source)
    if snapshot is None:
        return memory, []
    pen = Pen(memory, state.target.namespace, now, state.status_since if state.resolved else 0)
    look_at_source(pen, after, source)
    known, based = memory.judged, memory.based
    quality, look = snapshot.quality(now), LOOKS.get(source)
    if quality.conclusive or (quality == Quality.PARTIAL and look is not None and look.in_part):
        known = known.after(after, source, now) if judged is None else known.with_source(judged, source)
        based |= {source}
        _look_at_changes(pen, memory, known.rows(source), after, source)
        _look_at_rows(pen, memory, known, source, whole=quality.conclusive)
        if source == "alerts" and alerts is not None:
            _look_at_alerts(pen, memory, alerts)
    return pen.done(known, based), pen.said


def _look_at_rows(pen: Pen, memory: ScribeMemory, judged: Judged, source: str, *, whole: bool) -> None:
    """Which conditions hold. Only subjects that changed are looked at; at the baseline all of them are."""
    words = tuple(LOOKS[source].words) if source in LOOKS else ()
    first = source not in memory.based
    seen = _seen(pen, memory, judged, source)
    begun: dict[str, tuple[Sight, str]] = {}
    lasting = {key.partition(" ")[2] for key, found in pen.conditions.items() if found.active}
    for subject, sights in seen.items():
        if not sights and subject not in lasting:
            continue  # nothing is, and nothing was
        by_word = {sight.word: sight for sight in sights or ()}
        for word in words:
            key, sight = f"{word} {subject}", by_word.get(word)
            if isinstance(sight, Sight) and not pen.goes_on(key, sight):
                begun[key] = sight, subject
            elif isinstance(sight, Sight) or (sight is None and whole):
                pen.meet(key, sight, subject, gone=sights is None)
    if first and whole:
        for key in [key for key, found in pen.conditions.items() if found.active and found.subject not in seen]:
            if key.partition(" ")[0] in words:
                pen.meet(key, None, "", gone=True)
    pen.begin_all(begun, _note(memory, first=first))
    pen.say_what_lasts((*words, "scale"))


def _look_at_alerts(pen: Pen, memory: ScribeMemory, log: AlertLog) -> None:
    """Which bursts, floods and critical alerts there are; what is not among them is over."""
    lasting = frozenset(
        key for key, found in pen.conditions.items() if found.active and key.partition(" ")[0] in ALERT_WORDS
    )
    seen = sights_of_alerts(log, lasting, pen.now)
    begun: dict[str, tuple[Sight, str]] = {}
    for key, found in seen.items():
        if pen.goes_on(key, found[0]):
            pen.meet(key, *found)
        else:
            begun[key] = found
    for key in lasting - seen.keys():
        pen.meet(key, None, "")
    pen.begin_all(begun, _note(memory, first="alerts" not in memory.based))
    pen.say_what_lasts(ALERT_WORDS)


def _note(memory: ScribeMemory, *, first: bool) -> str:
    """What is said with conditions that the first look finds."""
    if not first:
        return ""
    return " (seen when the console came back)" if memory.resumed_at else " (already when the console opened)"


def _seen(pen: Pen, memory: ScribeMemory, judged: Judged, source: str) -> Seen:
    look = LOOKS.get(source)
    lasting = frozenset((key for key, found in pen.conditions.items() if found.active)) | _scaled_up(pen, judged)
    seen = {} if look is None else look.sights(memory.judged, judged, lasting, pen.now)
    if source != "pods":
        return seen
    return {subject: _for_workload(sights, judged.groups.get(subject)) for subject, sights in seen.items()}


def _for_workload(sights: Sights | None, group: PodGroup | None) -> Sights | None:
    """The sights of a workload, each as bad as it is for the workload: its panes say no other."""
    if sights is None or group is None:
        return sights
    return tuple(
        msgspec.structs.replace(sight, level=level_for_workload(sight.level, group))
        if isinstance(sight, Sight)
        else sight
        for sight in sights
    )


def _scaled_up(pen: Pen, judged: Judged) -> set[str]:
    """For each workload that was given more replicas since its last rollout."""
    rows, found = judged.rows("workloads").rows, set()
    for scale in pen.conditions.values():
        up = len(scale.path) > 1 and scale.path[-1] > scale.path[-2] and scale.subject in rows
        if up and scale.last > rolled_out_at(rows[scale.subject]):
            found.add(f"scaled-up {scale.subject}")
    return found


def _look_at_changes(pen: Pen, memory: ScribeMemory, rows: JudgedRows, after: World, source: str) -> None:
    """What somebody changed: seen as it happens, and at the baseline as far as the objects still tell."""
    if source not in _CHANGING:
        return
    if source in memory.based:
        changes = _differences(memory.judged.rows(source), rows, source, pen.now)
    elif source == "isolation":  # policies do not say since when they are there
        changes = []
    else:
        window = CHANGED_WITHIN
        if memory.resumed_at:
            window = min(window, pen.now - memory.resumed_at + MINUTE)
        alone = World(snapshots={source: after.snapshots[source]})
        changes = [change for change in recent_changes(alone, pen.now, window) if change.kind != "scale"][::-1]
    for change in changes[:FLOOD]:
        _say_change(pen, change)
    if len(changes) > FLOOD:
        text = f"{len(changes) - FLOOD} more changes of {source} at once"
        pen.once(f"change {source} {pen.now}", Sight("change", "change", Level.WATCH, text), source)


def _differences(before: JudgedRows, after: JudgedRows, source: str, now: Millis) -> list[Change]:
    changes: list[Change] = []
    for key in sorted(changed_keys(before.rows, after.rows)):
        old, new = before.rows.get(key), after.rows.get(key)
        if source != "workloads":
            differ = hpa_changes if source == "hpas" else isolation_changes
            changes += differ(old, new, now) if old is not None and new is not None else ()
        elif old is not None and new is not None:
            changes += workload_changes(key, old, new, now)
        elif (row := new or old) is not None:
            verb = "created" if old is None else "deleted"
            changes.append(Change(now, "existence", key, f"{row.kind} {row.name} {verb}"))
    return changes


def _say_change(pen: Pen, change: Change) -> None:
    """Rollouts once for each revision, moves of replicas folded, everything else each time."""
    name = change.subject.rpartition("/")[2]
    text = "{name}" + change.text.removeprefix(name) if change.text.startswith(name) else change.text
    if change.kind == "scale":
        pen.move(f"scale {change.subject}", change.subject, int(change.before), int(change.after))
        return
    word = "rollout" if change.kind in ("rollout", "restart") else "change"
    key = f"{word} {change.subject} {change.revision or change.at}"
    pen.once(key, Sight(word, word, Level.WATCH, text, min(change.at, pen.now)), change.subject)
