"""Nodes: ready, under pressure, in use, and their GPUs."""

from __future__ import annotations

from typing import Final

import msgspec

from wfconsole.clock import MINUTE, Millis
from wfconsole.observations.conditions import ConditionRow
from wfconsole.observations.ladder import Rung, Weighed, climb
from wfconsole.observations.levels import HEALTHY, Finding, Level


class NodeRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One node. Key: its name. CPU in millicores, memory in bytes; use is None where nobody measured it."""

    name: str
    ready: bool = True
    ready_since: Millis = 0
    reason: str = ""  # why it is not ready
    pressures: tuple[str, ...] = ()  # MemoryPressure, DiskPressure, PIDPressure, NetworkUnavailable
    cordoned: bool = False
    roles: tuple[str, ...] = ()
    version: str = ""
    created_at: Millis = 0
    cpu: int = 0  # allocatable
    memory: int = 0
    pod_slots: int = 0
    cpu_used: int | None = None
    memory_used: int | None = None
    used_at: Millis = 0  # when the metrics were sampled
    cpu_requested: int = 0
    memory_requested: int = 0
    pods: int = 0
    gpus: int = 0  # allocatable
    gpus_allocated: int = 0
    gpu_resource: str = ""  # nvidia.com/gpu, or a MIG profile
    conditions: tuple[ConditionRow, ...] = ()
    taints: tuple[str, ...] | None = None  # "key=value:NoSchedule"; None: a recording from before they were read


# Use above these shares of what can be allocated is worth a look; kubelet starts to evict at about 95 % of memory.
_FULL: Final = 0.95
_NEARLY_FULL: Final = 0.90
# Metrics older than this say nothing about now.
_USE_GOOD_FOR: Final = 3 * MINUTE
_JOINING_RUNGS: Final = (Rung(0, Level.WATCH), Rung(2 * MINUTE, Level.CRITICAL))


def judge_node(row: NodeRow, now: Millis) -> Finding:
    """How one node stands at `now`: not ready, under pressure, full, cordoned. Busy GPUs alone are no trouble."""
    return weigh_node(row, now)[0]


def weigh_node(row: NodeRow, now: Millis) -> Weighed:
    """The finding, and the instant at which time alone may change it (0: only a change of the row can)."""
    if not row.ready:
        return _not_ready(row, now)
    if row.pressures:
        level = Level.CRITICAL if "NetworkUnavailable" in row.pressures else Level.WARNING
        return Finding(level, ", ".join(row.pressures), "pressure"), 0
    full = _fullness(row, now)
    if full is not None:
        return full, row.used_at + _USE_GOOD_FOR
    if row.cordoned:
        return Finding(Level.WATCH, "cordoned", "cordoned"), 0
    if row.pod_slots and row.pods >= row.pod_slots:
        return Finding(Level.WATCH, f"no room for another pod: {row.pods}/{row.pod_slots}", "full"), 0
    return HEALTHY, 0


def share(used: int | None, of: int) -> float | None:
    """Use as a share of what there is; None where nobody measured it."""
    return None if used is None or of <= 0 else used / of


def _not_ready(row: NodeRow, now: Millis) -> Weighed:
    reason = f"NotReady: {row.reason}" if row.reason else "NotReady"
    if row.cordoned:
        return Finding(Level.WARNING, f"{reason}, cordoned", "not-ready", row.ready_since), 0
    if row.created_at and now - row.created_at < _JOINING_RUNGS[1].after_ms:
        return climb(_JOINING_RUNGS, row.created_at, now, reason, "not-ready")
    return Finding(Level.CRITICAL, reason, "not-ready", row.ready_since), 0


def _fullness(row: NodeRow, now: Millis) -> Finding | None:
    if now - row.used_at >= _USE_GOOD_FOR:
        return None
    for name, used, of in (("memory", row.memory_used, row.memory), ("CPU", row.cpu_used, row.cpu)):
        used_share = share(used, of)
        if used_share is not None and used_share >= _NEARLY_FULL:
            level = Level.WARNING if used_share >= _FULL and name == "memory" else Level.WATCH
            return Finding(level, f"{name} {used_share:.0%} in use", "busy")
    return None
