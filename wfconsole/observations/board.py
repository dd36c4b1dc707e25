"""The board: one line for each pane, with at most two facts, their level, and how far they can be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from wfconsole.clock import SECOND, Millis
from wfconsole.observations.hpas import at_max, wants, why_blind
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Finding, Level, Quality
from wfconsole.observations.pod_groups import LABELS, PodGroup, worst_first
from wfconsole.observations.series import SeriesBook
from wfconsole.observations.snapshot import Snapshot
from wfconsole.observations.workloads import WorkloadRow
from wfconsole.observations.world import World
from wfconsole.text import UNKNOWN, cells, cut, number, percent

HEADLINE_CELLS: Final = 38
_LEAST_FACT: Final = 14  # cells that an old fact keeps beside the reason why there is no newer one
TREND_CELL_MS: Final = 30 * SECOND

# Number, name, source that it shows, signal of its trend, and the value at the top of the trend's fixed scale.
_PANES: Final = (
    (1, "Alerts", "alerts", "", 1.0),
    (2, "Signals", "signals", "", 1.0),
    (3, "Pods", "pods", "pods.ready_ratio", 1.0),
    (4, "HPA", "hpas", "hpas.worst_ratio", 2.0),
    (5, "Nodes+GPU", "nodes", "nodes.memory", 1.0),
    (6, "DB", "database", "", 1.0),
    (7, "Auth+Sec", "security", "", 1.0),
)
# From this share of nodes that are not ready on, the cluster itself is in danger.
_NODES_CRITICAL_SHARE: Final = 0.2


class BoardLine(msgspec.Struct, frozen=True):
    """One pane in one line.

    `level` is that of the last good values even when `quality` says that they are old. `facts` are whole, for a wide
    screen; `headline` is their short form of at most 38 cells, old values in (brackets). `trend` runs from 0 to 1 on a
    fixed scale, oldest first, None for a gap. `reason` says more: the worst finding, or why there is no better value.
    """

    number: int
    name: str
    level: Level
    quality: Quality
    headline: str
    facts: tuple[str, ...] = ()
    trend: tuple[float | None, ...] = ()
    age_ms: Millis | None = None
    reason: str = ""


class StateCounts(msgspec.Struct, frozen=True):
    """How many lines are in each state, for the attention line. What is off counts nowhere."""

    ok: int = 0
    watch: int = 0
    warning: int = 0
    critical: int = 0
    partial: int = 0
    stale: int = 0
    unknown: int = 0
    denied: int = 0
    error: int = 0


def board(
    world: World,
    judged: Judged,
    series: SeriesBook,
    now: Millis,
    *,
    trend_cells: int = 8,
    cell_ms: Millis = TREND_CELL_MS,
) -> tuple[BoardLine, ...]:
    """All seven lines, in the order of their numbers."""
    lines = []
    for pane, name, source, signal, top in _PANES:
        snapshot = world.snapshots.get(source)
        if snapshot is None or not signal:
            lines.append(BoardLine(pane, name, Level.OK, Quality.OFF, "not configured"))
            continue
        facts, level, reason = _FACTS[source](world, judged, now)
        quality = snapshot.quality(now)
        trend = series.trend(signal, now, trend_cells, cell_ms)
        scaled = tuple(None if value is None else min(1.0, max(0.0, value / top)) for value in trend)
        headline = _headline(facts, quality, snapshot, now)
        why = reason if quality.conclusive else _why(snapshot, quality)
        shown = facts if snapshot.good_at is not None else ()
        lines.append(BoardLine(pane, name, level, quality, headline, shown, scaled, snapshot.age_ms(now), why))
    return tuple(lines)


def count_states(lines: Iterable[BoardLine]) -> StateCounts:
    """One state a line: its quality when that is not good, else its level. Partial data is never counted as ok."""
    counts: dict[str, int] = {}
    for line in lines:
        state = _state(line)
        if state != Quality.OFF:
            counts[state] = counts.get(state, 0) + 1
    return StateCounts(**counts)


def _state(line: BoardLine) -> str:
    if line.quality.conclusive or (line.quality == Quality.PARTIAL and line.level > Level.OK):
        return line.level.name.lower()
    return line.quality.value


# --- what a line says -----------------------------------------------------------------------------------------------

_Facts = tuple[tuple[str, ...], Level, str]


def _pods(world: World, judged: Judged, now: Millis) -> _Facts:
    tally = judged.tally
    groups = worst_first(group for group in judged.groups.values() if group.level > Level.OK)
    level = groups[0].level if groups else Level.OK
    reason = f"{groups[0].name}: {groups[0].worst.reason}" if groups else ""
    first = f"{groups[0].name} {groups[0].ready}/{groups[0].total} ready" if groups else ""
    short = _worst_workload(world, judged, now)
    if short is not None and (short[1].level > level or (short[1].level == level and not _same(groups[0], short[0]))):
        row, finding = short
        level, reason = finding.level, f"{row.name}: {finding.reason}"
        first = f"{row.name} {row.ready}/{row.desired} ready"
    if not first:
        all_ready = f"{number(tally.ready)}/{number(tally.total)} ready"
        return (all_ready if tally.total else "no pods",), level, reason
    return (first, *_worst_kind(groups, tally.kinds)), level, reason


def _same(group: PodGroup, row: WorkloadRow) -> bool:
    return (group.kind, group.namespace, group.name) == (row.kind, row.namespace, row.name)


def _worst_workload(world: World, judged: Judged, now: Millis) -> tuple[WorkloadRow, Finding] | None:
    """The workload that lacks most, of those whose pods are missing: what was never made has no row to be seen by."""
    if not world.quality("workloads", now).conclusive:
        return None
    worst: tuple[WorkloadRow, Finding] | None = None
    for key, finding in sorted(judged.rows("workloads").findings.items()):
        row = world.workloads.get(key)
        if row is None or finding.level <= (Level.OK if worst is None else worst[1].level):
            continue
        group = judged.groups.get(key)
        if row.stalled or group is None or (group.total < row.desired and not row.progressing):
            worst = row, finding
    return worst


def _worst_kind(groups: list[PodGroup], kinds: Mapping[str, int]) -> tuple[str, ...]:
    for group in groups:
        if group.reasons:
            kind = group.reasons[0][0]
            count = kinds.get(kind, 0)
            if kind == "crash-loop":  # some of its pods run for a moment
                count += kinds.get("restarting", 0)
            return (f"{number(count)} {LABELS.get(kind, kind)}",)
    return ()


def _hpas(world: World, judged: Judged, _now: Millis) -> _Facts:
    table = judged.rows("hpas")
    rows = [row for row in world.hpas.values() if not row.disabled]
    if not world.hpas:
        return ("no autoscalers",), Level.OK, ""
    # Of equals the one that wants more and cannot have it comes first, then the first by name.
    found = (key for key in table.findings if key in world.hpas)
    key = min(found, key=lambda item: (-table.findings[item].level, not at_max(world.hpas[item]), item), default=None)
    if key is None or table.findings[key].level == Level.OK:
        below = sum(not at_max(row) for row in rows)
        return (f"{below} of {len(world.hpas)} below max",), Level.OK, ""
    row, finding = world.hpas[key], table.findings[key]
    reason = f"{row.name}: {finding.reason}"
    if why_blind(row) and not row.disabled:
        return (f"{row.name} BLIND", f"{row.current}/{row.maximum}"), finding.level, reason
    if at_max(row):
        wanted = wants(row)
        more = (f"wants {wanted}",) if wanted is not None and wanted > row.maximum else ()
        return (f"{row.name} {row.current}/{row.maximum} AT MAX", *more), finding.level, reason
    return (f"{row.name} {finding.reason.partition(':')[0]}", f"{row.current}/{row.maximum}"), finding.level, reason


def _nodes(world: World, judged: Judged, _now: Millis) -> _Facts:
    rows = world.nodes
    table = judged.rows("nodes")
    if not rows:
        return ("no nodes",), Level.OK, ""
    ready = sum(row.ready for row in rows.values())
    facts = [f"{ready}/{len(rows)} ready"]
    pressed = sorted(row.name for row in rows.values() if row.pressures)
    gpus = sum(row.gpus for row in rows.values())
    if pressed:
        facts.append(f"{len(pressed)} under pressure" if len(pressed) > 1 else f"{pressed[0]} under pressure")
    elif gpus:
        facts.append(f"gpu {sum(row.gpus_allocated for row in rows.values())}/{gpus} allocated")
    else:
        used = [row for row in rows.values() if row.memory_used is not None]
        memory = percent(sum(row.memory_used or 0 for row in used), sum(row.memory for row in used))
        facts.append(f"memory {memory}")
    level = min(table.level, Level.WARNING)
    critical = sum(finding.level == Level.CRITICAL for finding in table.findings.values())
    if critical >= _NODES_CRITICAL_SHARE * len(rows) and critical:
        level = Level.CRITICAL
    worst = min(table.findings.items(), key=lambda item: (-item[1].level, item[0]), default=None)
    return tuple(facts), level, f"{worst[0]}: {worst[1].reason}" if worst else ""


_FACTS: Final = {"pods": _pods, "hpas": _hpas, "nodes": _nodes}


# --- how it says it -------------------------------------------------------------------------------------------------


def _headline(facts: tuple[str, ...], quality: Quality, snapshot: Snapshot[object], now: Millis) -> str:
    failure = snapshot.failure
    if snapshot.good_at is None:
        why = (failure.remedy or failure.message) if failure is not None else "nothing reported yet"
        return cut(why if quality == Quality.DENIED else f"{UNKNOWN} {why}", HEADLINE_CELLS)
    if quality.conclusive or quality == Quality.PARTIAL:
        return _squeezed(facts, "{}")
    if quality == Quality.STALE or failure is None:
        return _squeezed(facts, "({})")
    retry = f", retry {max(0, failure.retry_at - now) // SECOND}s" if failure.retry_at else ""
    why = failure.remedy if quality == Quality.DENIED and failure.remedy else f"{failure.kind}{retry}"
    why = cut(why, HEADLINE_CELLS - _LEAST_FACT - 1)
    return f"{_squeezed(facts[:1], '({})', HEADLINE_CELLS - cells(why) - 1)} {why}"


def _squeezed(facts: tuple[str, ...], form: str, room: int = HEADLINE_CELLS) -> str:
    """At most two facts in `room` cells. What gives way is the beginning of the first: names differ at their ends."""
    rest = "  ".join(form.format(fact) for fact in facts[1:2])
    left = room - cells(rest) - (2 if rest else 0)
    first = facts[0]
    spare = left - cells(form.format(""))
    if cells(first) > spare:
        first = _cut_left(first, spare)
    return f"{form.format(first)}  {rest}" if rest else form.format(first)


def _cut_left(text: str, width: int) -> str:
    for start in range(len(text)):
        if cells(text[start:]) <= width - 1:
            return "…" + text[start:]
    return "…"


def _why(snapshot: Snapshot[object], quality: Quality) -> str:
    if snapshot.failure is not None:
        failure = snapshot.failure
        return f"{failure.message}; {failure.remedy}" if failure.remedy else failure.message
    if quality == Quality.PARTIAL:
        return snapshot.partial
    return "no new data" if quality == Quality.STALE else "nothing reported yet"
