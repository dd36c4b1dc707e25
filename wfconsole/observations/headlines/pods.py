"""Pods: the workload that lacks most, and the commonest trouble."""

from __future__ import annotations

from collections.abc import Mapping

from wfconsole.clock import Millis
from wfconsole.observations.headlines.facts import Facts
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Finding, Level
from wfconsole.observations.pod_groups import LABELS, PodGroup, worst_first
from wfconsole.observations.workloads import WorkloadRow
from wfconsole.observations.world import World
from wfconsole.text import number


def pods(world: World, judged: Judged, now: Millis) -> Facts:
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
        return Facts((all_ready if tally.total else "no pods",), level, reason)
    return Facts((first, *_worst_kind(groups, tally.kinds)), level, reason)


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
            return (f"{number(kinds.get(kind, 0))} {LABELS.get(kind, kind)}",)
    return ()
