"""Nodes: ready, under pressure, in use, and their GPUs."""

from __future__ import annotations

import msgspec

from wfconsole.clock import Millis


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
