"""Pods by workload, worst first: how many are ready, and what ails the others.

Groups are kept up to date from the pods that changed (`Regrouping`), never by walking through all of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from wfconsole.observations.levels import HEALTHY, Finding, Level
from wfconsole.observations.pods import PodRow, serving

# How a pane and the board name each kind of trouble.
LABELS: Final[dict[str, str]] = {
    "cannot-start": "cannot start",
    "crash-loop": "CrashLoop",
    "evicted": "Evicted",
    "failed": "Failed",
    "image-pull": "ImagePull",
    "not-ready": "not ready",
    "oom": "OOMKilled",
    "restarted": "restarted",
    "restarting": "restarting",
    "starting": "starting",
    "terminated": "Error",
    "terminating": "Terminating",
    "unknown": "Unknown",
    "unschedulable": "Pending",
}
# Below a warning, these are how every pod begins.
_COMING: Final = frozenset(("starting", "not-ready", "unschedulable"))
# Kinds of trouble that come with a restart.
RESTARTING: Final = frozenset(("crash-loop", "oom", "restarted", "restarting", "terminated"))


class PodTally(msgspec.Struct, frozen=True):
    """How many pods should be ready (`total`) and are, and how many have each kind of trouble (levels above ok)."""

    total: int = 0
    ready: int = 0
    kinds: Mapping[str, int] = msgspec.field(default_factory=dict)


class PodGroup(msgspec.Struct, frozen=True):
    """The pods of one workload. Key: "Kind/namespace/name", or "Pod/namespace/name" for one that nobody owns.

    `total` counts those that should be ready: not the ended, not the terminating. `troubled` has the finding of every
    pod that is not plainly healthy; of these `coming` count those that normally start; `reasons` counts those above ok,
    worst first.
    """

    key: str
    kind: str
    namespace: str
    name: str
    pods: int = 0
    total: int = 0
    ready: int = 0
    level: Level = Level.OK
    worst: Finding = HEALTHY
    reasons: tuple[tuple[str, int], ...] = ()
    troubled: Mapping[str, Finding] = msgspec.field(default_factory=dict)
    coming: int = 0

    @property
    def down(self) -> int:
        """Pods that should be ready, are not, and have had the time that is normal."""
        return max(0, self.total - self.ready - self.coming)

    @property
    def restarted(self) -> int:
        """Pods that restarted within the window (`wfconsole.observations.pods.RESTART_WINDOW`) or keep doing so."""
        return sum(count for kind, count in self.reasons if kind in RESTARTING)


def group_key(row: PodRow) -> str:
    """The workload that a pod belongs to; a pod that nobody owns is its own."""
    if row.owner:
        return f"{row.owner_kind}/{row.namespace}/{row.owner}"
    return f"Pod/{row.namespace}/{row.name}"


def group_pods(pods: Mapping[str, PodRow], findings: Mapping[str, Finding]) -> Mapping[str, PodGroup]:
    """All pods by workload. `findings` may leave out the plainly healthy."""
    regrouping = Regrouping({}, PodTally())
    for key, row in pods.items():
        regrouping.put(key, None, HEALTHY, row, findings.get(key, HEALTHY))
    return regrouping.finish()[0]


def worst_first(groups: Iterable[PodGroup]) -> list[PodGroup]:
    """In the order of a list that is read from the top: level, share that is not ready, name."""
    return sorted(groups, key=_rank)


def _rank(group: PodGroup) -> tuple[int, float, str, str]:
    return (-group.level, group.ready / group.total if group.total else 1.0, group.namespace, group.name)


class _Edit:
    """What is to change in one group."""

    __slots__ = ("findings", "pods", "ready", "sample", "total")

    def __init__(self, sample: PodRow) -> None:
        self.sample = sample
        self.pods = self.total = self.ready = 0
        self.findings: dict[str, Finding | None] = {}


class Regrouping:
    """Collects what changed in single pods and gives the groups and the tally that follow. For one use."""

    def __init__(self, groups: Mapping[str, PodGroup], tally: PodTally) -> None:
        self._groups = groups
        self._tally = tally
        self._total = tally.total
        self._ready = tally.ready
        self._kinds = dict(tally.kinds)
        self._edits: dict[str, _Edit] = {}

    def put(self, key: str, old: PodRow | None, old_finding: Finding, new: PodRow | None, new_finding: Finding) -> None:
        """One pod came, went, or is another than before."""
        well = old_finding is HEALTHY and new_finding is HEALTHY
        if well and old is not None and new is not None and self._counts_alike(old, new):
            return
        if old is not None:
            self._count(key, old, old_finding, -1)
        if new is not None:
            self._count(key, new, new_finding, +1)

    def finish(self) -> tuple[Mapping[str, PodGroup], PodTally]:
        """The very same groups where none is another."""
        if not self._edits:
            return self._groups, self._tally
        groups = dict(self._groups)
        for key, edit in self._edits.items():
            group = _edited(groups.get(key), key, edit)
            if group is None:
                groups.pop(key, None)
            else:
                groups[key] = group
        kinds = {kind: count for kind, count in self._kinds.items() if count}
        return groups, PodTally(total=self._total, ready=self._ready, kinds=kinds)

    def _counts_alike(self, old: PodRow, new: PodRow) -> bool:
        """Whether the group is the same with either of these healthy pods: most of what changes is nothing that it has.
        One that is in trouble is always another: whoever follows it looks at its rows anew."""
        group = group_key(new)
        if old.ready != new.ready or serving(old) != serving(new) or group_key(old) != group:
            return False
        before = self._groups.get(group)
        return before is not None and not before.troubled

    def _count(self, key: str, row: PodRow, finding: Finding, sign: int) -> None:
        group = group_key(row)
        edit = self._edits.get(group)
        if edit is None:
            edit = self._edits[group] = _Edit(row)
        edit.pods += sign
        if serving(row):
            edit.total += sign
            self._total += sign
            if row.ready:
                edit.ready += sign
                self._ready += sign
        if finding is not HEALTHY:
            edit.findings[key] = finding if sign > 0 else None
            if finding.level:
                self._kinds[finding.kind] = self._kinds.get(finding.kind, 0) + sign


def _edited(before: PodGroup | None, key: str, edit: _Edit) -> PodGroup | None:
    if before is None:
        row = edit.sample
        kind, name = (row.owner_kind, row.owner) if row.owner else ("Pod", row.name)
        before = PodGroup(key, kind, row.namespace, name)
    pods = before.pods + edit.pods
    if pods <= 0:
        return None
    troubled: Mapping[str, Finding] = before.troubled
    if edit.findings:
        merged = {**troubled, **edit.findings}
        troubled = {pod: finding for pod, finding in merged.items() if finding is not None}
    total = before.total + edit.total
    ready = before.ready + edit.ready
    coming = sum(each.level < Level.WARNING and each.kind in _COMING for each in troubled.values())
    level, worst, reasons = _summary(total, total - ready - coming, troubled)
    return PodGroup(
        key, before.kind, before.namespace, before.name, pods, total, ready, level, worst, reasons, troubled, coming
    )


def _weight(finding: Finding) -> tuple[int, float, str]:
    """The worst, of these what lasts longest (a beginning that nobody knows comes last), of these any, but one."""
    return (finding.level, -finding.since if finding.since else -math.inf, finding.reason)


def _summary(
    total: int, down: int, troubled: Mapping[str, Finding]
) -> tuple[Level, Finding, tuple[tuple[str, int], ...]]:
    """A group is critical when more than half of it is down; one bad pod of many is a warning, however bad it is."""
    if not troubled:
        return Level.OK, HEALTHY, ()
    counts: dict[str, int] = {}
    levels: dict[str, Level] = {}
    for finding in troubled.values():
        if finding.level == Level.OK:
            continue
        counts[finding.kind] = counts.get(finding.kind, 0) + 1
        levels[finding.kind] = max(finding.level, levels.get(finding.kind, Level.OK))
    worst = max(troubled.values(), key=_weight) if counts else HEALTHY
    reasons = sorted(counts.items(), key=lambda item: (-levels[item[0]], -item[1], item[0]))
    level = Level.CRITICAL if down * 2 > total else min(worst.level, Level.WARNING)
    return level, worst, tuple(reasons)
