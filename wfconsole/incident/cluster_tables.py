"""The tables of the cluster that probes read: see `wfconsole.incident.probe_tables`."""

from __future__ import annotations

from operator import attrgetter
from typing import Final

from wfconsole.clock import Millis
from wfconsole.incident.probe_tables import Table, known, moment, of_kind, since
from wfconsole.observations.changes import short_image
from wfconsole.observations.events import EventRow, judge_event
from wfconsole.observations.hpas import HpaRow, at_max, judge_hpa, why_blind, worst_ratio
from wfconsole.observations.levels import Finding
from wfconsole.observations.nodes import NodeRow, judge_node, share
from wfconsole.observations.pods import PodRow, judge_pod, serving
from wfconsole.observations.workloads import WorkloadRow, is_short, judge_workload, rolled_out_at
from wfconsole.text import percent


def _oom(row: PodRow, finding: Finding) -> bool:
    if finding.kind == "oom":
        return True
    if not finding.level:
        return False
    of_boxes = ((box.reason, box.last_reason) for box in row.containers)
    return row.status.removeprefix("Init:") == "OOMKilled" or any("OOMKilled" in reasons for reasons in of_boxes)


def _ready_for(row: PodRow, now: Millis) -> float | None:
    return since(row.ready_since, now) if row.ready else None


def _tell_pod(row: PodRow, finding: Finding, now: Millis) -> str:
    ready, said = f"{row.ready_containers}/{row.all_containers}", finding.reason or row.status
    began = f" since {moment(finding.since, now)}" if finding.since and finding.level else ""
    return f"{row.name} {said if said.startswith(ready) else f'{ready} {said}'}{began}"


def _tell_workload(row: WorkloadRow, finding: Finding, now: Millis) -> str:
    changed = rolled_out_at(row)
    parts = [f"{row.kind} {row.name} {row.ready}/{row.desired} ready"]
    if row.revision:
        parts.append(f"revision {row.revision}")
    if changed:
        parts.append(f"changed {moment(changed, now)}")
    if row.images:
        parts.append(", ".join(short_image(image) for image in row.images))
    if finding.kind in ("stalled", "paused", "rollout"):
        parts.append(finding.reason)
    return "  ".join(parts)


def _tell_hpa(row: HpaRow, finding: Finding, _now: Millis) -> str:
    metrics = " ".join(f"{metric.name} {metric.current or '--'}/{metric.target}" for metric in row.metrics)
    size = f"{row.name} {row.current} ({row.minimum}-{row.maximum})"
    return "  ".join(part for part in (size, metrics, finding.reason) if part)


def _tell_node(row: NodeRow, finding: Finding, _now: Millis) -> str:
    use = f"cpu {percent(share(row.cpu_used, row.cpu))} memory {percent(share(row.memory_used, row.memory))}"
    gpus = f"gpu {row.gpus_allocated}/{row.gpus}" if row.gpus else ""
    parts = (row.name, "Ready" if row.ready else "", use, gpus, finding.reason)
    return "  ".join(part for part in parts if part)


def _tell_event(row: EventRow, _finding: Finding, now: Millis) -> str:
    last = moment(row.last_at, now) if row.last_at else ""
    times = f"x{row.count}" if row.count > 1 else ""
    parts = (row.type, row.reason, times, last, f"{row.kind}/{row.name}:", row.message)
    return " ".join(part for part in parts if part)


PODS: Final = Table(
    one="pod",
    words={
        "namespace": attrgetter("namespace"),
        "name": attrgetter("name"),
        "workload": lambda row: row.owner or row.name,
        "kind": lambda row: row.owner_kind or "Pod",
        "node": attrgetter("node"),
        "image": lambda row: (row.image, short_image(row.image)),
        "revision": attrgetter("revision"),
        "status": attrgetter("status"),
        "phase": attrgetter("phase"),
        "reason": lambda row: (row.reason, *(box.reason for box in row.containers)),
    },
    numbers={
        "restarts": lambda row, _now: row.restarts,
        "restarted": lambda row, now: since(row.restarted_at, now),
        "ready-for": _ready_for,
        "age": lambda row, now: since(row.created_at, now),
    },
    flags={
        "ready": lambda row, _finding: serving(row) and row.ready,
        "not-ready": lambda row, _finding: serving(row) and not row.ready,
        "crash-loop": of_kind("crash-loop"),
        "image-pull": of_kind("image-pull"),
        "oom": _oom,
        "pending": lambda row, _finding: row.phase == "Pending",
        "unschedulable": of_kind("unschedulable"),
        "terminating": lambda row, _finding: row.deleting_since > 0,
    },
    judge=judge_pod,
    tell=_tell_pod,
    troubles=frozenset(("crash-loop", "image-pull", "oom", "unschedulable")),
)
WORKLOADS: Final = Table(
    one="workload",
    words={
        "namespace": lambda row: row.namespace,
        "name": lambda row: row.name,
        "kind": lambda row: row.kind,
        "image": lambda row: (*row.images, *(short_image(image) for image in row.images)),
    },
    numbers={
        "ready": lambda row, _now: row.ready,
        "desired": lambda row, _now: row.desired,
        "ready-ratio": lambda row, _now: row.ready / row.desired if row.desired else None,
        "changed": lambda row, now: since(rolled_out_at(row), now),
        "age": lambda row, now: since(row.created_at, now),
    },
    flags={
        "ready": lambda row, _finding: row.desired > 0 and not is_short(row),
        "not-ready": lambda row, _finding: is_short(row),
        "progressing": lambda row, _finding: row.progressing,
        "stalled": lambda row, _finding: bool(row.stalled),
        "paused": lambda row, _finding: row.paused,
    },
    judge=judge_workload,
    tell=_tell_workload,
)
HPAS: Final = Table(
    one="autoscaler",
    words={
        "namespace": lambda row: row.namespace,
        "name": lambda row: row.name,
        "workload": lambda row: row.target,
    },
    numbers={
        "current": lambda row, _now: row.current,
        "desired": lambda row, _now: row.desired,
        "ratio": lambda row, _now: known(worst_ratio(row)),
        "scaled": lambda row, now: since(row.last_scaled_at, now),
    },
    flags={
        "at-max": lambda row, _finding: at_max(row),
        "blind": lambda row, _finding: bool(why_blind(row)),
        "limited": of_kind("limited"),
        "disabled": lambda row, _finding: row.disabled,
    },
    judge=judge_hpa,
    tell=_tell_hpa,
)
NODES: Final = Table(
    one="node",
    words={"name": lambda row: row.name, "role": lambda row: row.roles or ("",)},
    numbers={
        "cpu": lambda row, _now: known(share(row.cpu_used, row.cpu)),
        "memory": lambda row, _now: known(share(row.memory_used, row.memory)),
        "gpus": lambda row, _now: row.gpus,
        "gpus-free": lambda row, _now: row.gpus - row.gpus_allocated,
        "age": lambda row, now: since(row.created_at, now),
    },
    flags={
        "ready": lambda row, _finding: row.ready,
        "not-ready": lambda row, _finding: not row.ready,
        "pressure": lambda row, _finding: bool(row.pressures),
        "cordoned": lambda row, _finding: row.cordoned,
    },
    judge=judge_node,
    tell=_tell_node,
)
EVENTS: Final = Table(
    one="event",
    may_be_none=True,
    words={
        "namespace": lambda row: row.namespace,
        "kind": lambda row: row.kind,
        "name": lambda row: row.name,
        "type": lambda row: row.type,
        "reason": lambda row: row.reason,
    },
    numbers={
        "times": lambda row, _now: row.count,
        "age": lambda row, now: since(row.last_at, now),
    },
    flags={},
    judge=judge_event,
    tell=_tell_event,
)
