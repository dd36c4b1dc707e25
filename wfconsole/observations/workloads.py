"""Workloads: deployments, stateful sets and daemon sets; how many are ready, and what changed recently."""

from __future__ import annotations

from typing import Final

import msgspec

from wfconsole.clock import MINUTE, Millis
from wfconsole.observations.ladder import PLAIN, Rung, Weighed, climb
from wfconsole.observations.levels import Finding, Level


class Revision(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One revision of a deployment (its ReplicaSet), or of a stateful or daemon set (its ControllerRevision).

    `created_at` of one that was taken up again by a rollback is when it was first made.
    """

    number: int
    created_at: Millis
    images: tuple[str, ...] = ()
    replicas: int = 0  # of a deployment; the revision of a set does not say how many pods it has
    ready: int = 0
    restart_only: bool = False  # same template as the one before but for the restart annotation
    cause: str = ""


class WorkloadRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One workload. Key: "Kind/namespace/name"."""

    kind: str
    namespace: str
    name: str
    desired: int = 0
    ready: int = 0
    updated: int = 0
    available: int = 0
    revision: int = 0  # of a set the highest number that is known; 0 where none is
    images: tuple[str, ...] = ()
    paused: bool = False
    created_at: Millis = 0
    generation: int = 0
    observed_generation: int = 0
    progressing: bool = False  # a rollout is under way
    stalled: str = ""  # why the rollout does not get on (ProgressDeadlineExceeded, quota, ...)
    revisions: tuple[Revision, ...] = ()  # newest first, at most five


# A workload's first pods may take this long; a rollout that gets on may take this long (Kubernetes' own deadline).
_FIRST_PODS_WITHIN: Final = 2 * MINUTE
_ROLLOUT_WITHIN: Final = 10 * MINUTE
_ROLLOUT_RUNGS: Final = (Rung(0, Level.WATCH), Rung(_ROLLOUT_WITHIN, Level.WARNING))
_NEW_RUNGS: Final = (Rung(0, Level.WATCH), Rung(_FIRST_PODS_WITHIN, Level.CRITICAL))


def judge_workload(row: WorkloadRow, now: Millis) -> Finding:
    """How one workload stands at `now`: critical when less than half of what is desired is ready."""
    return weigh_workload(row, now)[0]


def weigh_workload(row: WorkloadRow, now: Millis) -> Weighed:
    """The finding, and the instant at which time alone may change it (0: only a change of the row can)."""
    ready = f"{row.ready}/{row.desired} ready"
    if row.desired <= 0:
        return (Finding(Level.OK, "scaled to 0", "scaled-to-zero"), 0) if not row.paused else _paused(row)
    if row.ready >= row.desired:
        return _complete(row, now)
    if row.ready * 2 < row.desired:
        if row.created_at and now - row.created_at < _FIRST_PODS_WITHIN:
            return climb(_NEW_RUNGS, row.created_at, now, f"{ready}, starting", "starting")
        return Finding(Level.CRITICAL, _with_stall(ready, row), "down" if not row.ready else "short"), 0
    since = rolled_out_at(row)
    rolling = f"rolling out: {row.updated}/{row.desired} new, " if row.progressing and row.updated < row.desired else ""
    if row.progressing and not row.stalled and 0 < now - since < _ROLLOUT_WITHIN:
        return Finding(Level.WATCH, rolling + ready, "rollout", since), since + _ROLLOUT_WITHIN
    return Finding(Level.WARNING, rolling + _with_stall(ready, row), "short"), 0


def rolled_out_at(row: WorkloadRow) -> Millis:
    """When the newest revision came to be; 0 where nobody knows."""
    return max((revision.created_at for revision in row.revisions), default=0)


def is_short(row: WorkloadRow) -> bool:
    """Whether fewer replicas are ready than desired."""
    return row.ready < row.desired


def _complete(row: WorkloadRow, now: Millis) -> Weighed:
    if row.stalled:
        return Finding(Level.WARNING, f"rollout stalled: {row.stalled}", "stalled"), 0
    if row.paused:
        return _paused(row)
    if row.progressing and row.updated < row.desired:
        said = f"rolling out: {row.updated}/{row.desired} new"
        since = rolled_out_at(row)
        # A set has no deadline: it goes pod by pod, and waits for somebody (a partition, OnDelete) as long as he likes.
        if since and row.kind == "Deployment":
            return climb(_ROLLOUT_RUNGS, since, now, said, "rollout")
        return Finding(Level.WATCH, said, "rollout", since), 0
    return PLAIN


def _paused(_row: WorkloadRow) -> Weighed:
    return Finding(Level.WATCH, "rollouts are paused", "paused"), 0


def _with_stall(ready: str, row: WorkloadRow) -> str:
    return f"{ready}, rollout stalled: {row.stalled}" if row.stalled else ready
