"""Pods: the row, and what is wrong with one.

A pod's level speaks of the pod alone: critical is "does not serve, and will not by itself". How bad that is for its
workload is judged with the whole workload in view (`wfconsole.observations.pod_groups`).
"""

from __future__ import annotations

from typing import Final

import msgspec

from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.observations.ladder import PLAIN, Rung, Weighed, climb
from wfconsole.observations.levels import HEALTHY, Finding, Level

# A restart is news for this long.
RESTART_WINDOW: Final = 10 * MINUTE
# From so many restarts on, a pod that restarted within the window is restarting rather than restarted.
RESTARTING_FROM: Final = 3


class ContainerRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One container of a pod that needs a look. CPU in millicores, memory in bytes, 0 where nothing is set."""

    name: str
    image: str = ""
    init: bool = False
    ready: bool = False
    state: str = ""  # "running", "waiting" or "terminated"
    reason: str = ""  # of waiting or terminated: CrashLoopBackOff, ImagePullBackOff, OOMKilled, Error, ...
    message: str = ""
    restarts: int = 0
    exit_code: int | None = None
    last_reason: str = ""  # of the termination before this run
    last_exit_code: int | None = None
    last_finished_at: Millis = 0
    started_at: Millis = 0
    cpu_request: int = 0
    cpu_limit: int = 0
    memory_request: int = 0
    memory_limit: int = 0

    @property
    def fine(self) -> bool:
        """Whether it is ready, or an init container that has done its work."""
        return self.ready or (self.init and self.state == "terminated" and self.exit_code == 0)

    @property
    def ran_before(self) -> bool:
        """Whether there was a run before this one. Before its first restart a container that crashed waits, with no
        restart counted yet."""
        return self.restarts > 0 or self.last_exit_code is not None


class PodRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One pod, in only the fields that we use. Key: "namespace/name".

    `status` is the word that kubectl would print. `containers` is filled only where something is not as it should be:
    ten thousand healthy pods must stay small.
    """

    namespace: str
    name: str
    status: str = "Running"
    phase: str = "Running"
    ready: bool = True  # the Ready condition
    ready_since: Millis = 0  # last transition of the Ready condition; 0 when unknown
    ready_containers: int = 1
    all_containers: int = 1
    restarts: int = 0
    restarted_at: Millis = 0  # when the newest termination of any container ended
    node: str = ""
    created_at: Millis = 0
    deleting_since: Millis = 0
    owner_kind: str = ""  # the workload it belongs to, ReplicaSets resolved: Deployment, StatefulSet, DaemonSet, Job
    owner: str = ""
    revision: str = ""  # pod-template-hash or controller-revision-hash
    image: str = ""  # of the first container
    gpus: int = 0
    reason: str = ""  # why it is not well: worst container reason, unschedulable, evicted
    message: str = ""
    containers: tuple[ContainerRow, ...] = ()


def judge_pod(row: PodRow, now: Millis) -> Finding:
    """What is wrong with one pod at `now`. Jobs that ended well are healthy."""
    return weigh_pod(row, now)[0]


def serving(row: PodRow) -> bool:
    """Whether the pod counts among those that should be ready: alive and not on its way out."""
    return not row.deleting_since and row.phase not in ("Succeeded", "Failed")


def was_ready(row: PodRow) -> bool:
    """Whether it has ever been ready, as far as it tells: its readiness changed when it was no longer new."""
    return row.ready or row.ready_since - row.created_at >= _NEVER_READY_WITHIN


def weigh_pod(row: PodRow, now: Millis) -> Weighed:
    """The finding, and the instant at which time alone may change it (0: only a change of the row can)."""
    if row.ready and row.status == "Running" and not row.deleting_since:
        if not row.restarted_at or now - row.restarted_at >= RESTART_WINDOW:
            return PLAIN
        return _restarted(row, now)
    if row.phase == "Succeeded":
        return PLAIN
    if row.deleting_since:
        return _terminating(row, now)
    if row.phase == "Failed":
        return _failed(row, now)
    return _unwell(row, now)


def _unwell(row: PodRow, now: Millis) -> Weighed:
    """A pod that should serve and does not, or whose containers say that something is wrong."""
    init, status = _without_init(row.status)
    if status in _UNREPORTED:
        return Finding(Level.WARNING, f"{status}: its node does not report", "unknown", row.ready_since), 0
    if status == "CrashLoopBackOff" or (status in _ENDED_BADLY and row.restarts >= 2):
        return Finding(Level.CRITICAL, init + _crash_reason(row, status), "crash-loop", row.ready_since), 0
    if status in _PULL_REASONS:
        return Finding(Level.CRITICAL, f"{init}{status}{_of_image(row)}", "image-pull", row.created_at), 0
    if status in _CANNOT_START:
        return Finding(Level.CRITICAL, f"{init}cannot start: {status}", "cannot-start", row.created_at), 0
    if row.phase == "Pending" and not row.node and status in ("Pending", "Unschedulable", "SchedulingGated"):
        return _unplaced(row, now)
    if status in _STARTING or (init and "/" in status):
        return climb(_STARTING_RUNGS, row.created_at, now, init + status, "starting")
    if status in _ENDED_BADLY or status.startswith(("ExitCode:", "Signal:")):
        kind = "oom" if status == "OOMKilled" else "terminated"
        return Finding(Level.WARNING, init + _crash_reason(row, status), kind, row.restarted_at), 0
    return _not_ready(row, now)


# Words that kubectl prints for a pod (printers.go) and kubelet's waiting and terminated reasons.
_PULL_REASONS: Final = frozenset(
    (
        "ImagePullBackOff",
        "ErrImagePull",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    )
)
_CANNOT_START: Final = frozenset(
    (
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
        "StartError",
        "ContainerCannotRun",
        "PostStartHookError",
        "PreCreateHookError",
        "PreStartHookError",
    )
)
_ENDED_BADLY: Final = frozenset(("Error", "OOMKilled", "Completed", "ContainerStatusUnknown"))
_UNREPORTED: Final = frozenset(("Unknown", "NodeLost"))
_STARTING: Final = frozenset(("ContainerCreating", "PodInitializing", "Pending"))

# How long is normal: kubelet pulls and mounts within a minute or two, a scheduler that cannot place a pod says so at
# once but an autoscaler needs about a minute, a deletion takes its grace period, most often 30 seconds.
_STARTING_RUNGS: Final = (Rung(0, Level.OK), Rung(2 * MINUTE, Level.WARNING), Rung(10 * MINUTE, Level.CRITICAL))
_UNPLACED_RUNGS: Final = (Rung(0, Level.WATCH), Rung(MINUTE, Level.WARNING), Rung(5 * MINUTE, Level.CRITICAL))
_TERMINATING_RUNGS: Final = (Rung(0, Level.OK), Rung(2 * MINUTE, Level.WATCH), Rung(5 * MINUTE, Level.WARNING))
_FAILED_RUNGS: Final = (Rung(0, Level.WARNING), Rung(60 * MINUTE, Level.WATCH))
_NEW_RUNGS: Final = (Rung(0, Level.OK), Rung(MINUTE, Level.WARNING), Rung(5 * MINUTE, Level.CRITICAL))
_NOT_READY_RUNGS: Final = (Rung(0, Level.WARNING), Rung(5 * MINUTE, Level.CRITICAL))
# A pod whose readiness last changed within this time of its creation has never been ready.
_NEVER_READY_WITHIN: Final = 30 * SECOND


# A container that was started again and is not ready is between two crashes, as likely as not, for this long.
_BETWEEN_CRASHES: Final = MINUTE
# kubelet starts a container again at once the first time, and waits for so long at least before each time after that.
_BACK_OFF: Final = 10 * SECOND
# A container that stands terminated ended after all that were started again.
_JUST_ENDED: Final = 1 << 62


def _without_init(status: str) -> tuple[str, str]:
    if not status.startswith("Init:"):
        return "", status
    inner = status.removeprefix("Init:")
    if inner.startswith(("Signal:", "ExitCode:")):
        return "init container: ", "Error"
    return "init container: ", inner


def _restarted(row: PodRow, now: Millis) -> Weighed:
    until = row.restarted_at + RESTART_WINDOW
    reason = _restarts(row)
    if now < (calm_at := _loops_until(row)) < until:
        return Finding(Level.WARNING, reason, "crash-loop", row.restarted_at), calm_at
    if any(box.last_reason == "OOMKilled" for box in row.containers):
        return Finding(Level.WARNING, reason, "oom", row.restarted_at), until
    if row.restarts >= RESTARTING_FROM:
        return Finding(Level.WARNING, reason, "restarting", row.restarted_at), until
    return Finding(Level.WATCH, reason, "restarted", row.restarted_at), until


def _loops_until(row: PodRow) -> Millis:
    """Until when a pod that runs is taken for one between two crashes of a loop: kubelet held its container back before
    it started it again. 0 where it did not."""
    held_back = (
        box.started_at
        for box in row.containers
        if box.last_finished_at and box.started_at - box.last_finished_at >= _BACK_OFF
    )
    return max((at + _BETWEEN_CRASHES for at in held_back), default=0)


def _terminating(row: PodRow, now: Millis) -> Weighed:
    if row.status in _UNREPORTED:
        reason = "Terminating on a node that does not report"
        return Finding(Level.WARNING, reason, "terminating", row.deleting_since), 0
    return climb(_TERMINATING_RUNGS, row.deleting_since, now, "Terminating", "terminating")


def _failed(row: PodRow, now: Millis) -> Weighed:
    """A pod that ended badly stays until somebody removes it: news for an hour, a trace after that."""
    if row.reason == "Evicted" or row.status == "Evicted":  # kubectl prints how the containers of it ended
        kind, said = "evicted", row.message.partition(". ")[0].rstrip(".")
        reason = f"Evicted: {said}" if said else "Evicted"
    else:
        kind = "oom" if row.status == "OOMKilled" else "failed"
        reason = row.status if row.status != "Failed" else row.reason or "Failed"
    return climb(_FAILED_RUNGS, row.ready_since or row.restarted_at or row.created_at, now, reason, kind)


def _unplaced(row: PodRow, now: Millis) -> Weighed:
    if row.status == "SchedulingGated":
        return Finding(Level.WATCH, "SchedulingGated", "starting", row.created_at), 0
    said = (
        row.message.partition(" preemption:")[0].rstrip(" ,") or row.reason
    )  # the scheduler repeats itself after that
    reason = f"Pending: {said}" if said else "Pending: no node yet"
    return climb(_UNPLACED_RUNGS, row.created_at, now, reason, "unschedulable")


def _not_ready(row: PodRow, now: Millis) -> Weighed:
    if row.ready:
        return HEALTHY, 0
    reason = f"{row.ready_containers}/{row.all_containers} ready"
    since = row.ready_since or row.created_at
    running_since = max((box.started_at for box in row.containers if not box.init), default=0) or row.restarted_at
    if row.restarts and now - running_since < _BETWEEN_CRASHES:
        kind = "crash-loop" if now < _loops_until(row) else "restarting"
        finding, until = climb(_NOT_READY_RUNGS, since, now, f"{reason}, {_restarts(row)}", kind)
        calm_at = running_since + _BETWEEN_CRASHES
        return finding, min(until, calm_at) if until else calm_at
    new = not was_ready(row) and not row.restarts
    return climb(_NEW_RUNGS if new else _NOT_READY_RUNGS, since, now, reason, "not-ready")


def _restarts(row: PodRow) -> str:
    ended = last_end(row)
    times = f"restarted {row.restarts} times" if row.restarts > 1 else "restarted"
    return f"{times}, last ended {ended}" if ended else times


def _crash_reason(row: PodRow, status: str) -> str:
    ended = last_end(row)
    parts = [ended if ended.startswith(status) else status]
    if row.restarts:
        parts.append("1 restart" if row.restarts == 1 else f"{row.restarts} restarts")
    if ended and not ended.startswith(status):
        parts.append(f"last ended {ended}")
    return ", ".join(parts)


def last_end(row: PodRow) -> str:
    """How the newest termination that we know of ended: "OOMKilled (exit 137)"."""
    ends: list[tuple[Millis, str, int | None]] = [
        (_JUST_ENDED, box.reason, box.exit_code) for box in row.containers if box.exit_code
    ]
    ends += [
        (box.last_finished_at, box.last_reason, box.last_exit_code)
        for box in row.containers
        if box.last_reason or box.last_exit_code is not None
    ]
    if not ends:
        return ""
    _at, reason, exit_code = max(ends, key=lambda end: end[0])
    code = f"exit {exit_code}" if exit_code is not None else ""
    return f"{reason} ({code})" if reason and code else reason or code


def _of_image(row: PodRow) -> str:
    box = next((box for box in row.containers if box.reason in _PULL_REASONS), None)
    image = box.image if box is not None else row.image
    return f" {image}" if image else ""
