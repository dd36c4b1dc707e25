"""Signals: named numbers over time, in a bounded series for each, with gaps where nothing was known."""

from __future__ import annotations

from typing import Final

import msgspec


class Signal(msgspec.Struct, frozen=True):
    """One number that the console keeps a history of. `unit` is "ratio" (1.0 is all of it) or "count"."""

    name: str
    source: str
    unit: str
    meaning: str


SIGNALS: Final[dict[str, Signal]] = {
    signal.name: signal
    for signal in (
        Signal("pods.ready_ratio", "pods", "ratio", "pods that are ready, of those that should be"),
        Signal("pods.not_ready_ratio", "pods", "ratio", "pods that are not ready, of those that should be"),
        Signal("pods.not_ready", "pods", "count", "pods that should be ready and are not"),
        Signal("pods.crash_looping", "pods", "count", "pods in a crash loop"),
        Signal("pods.restarted", "pods", "count", "pods that restarted within ten minutes"),
        Signal("workloads.short", "workloads", "count", "workloads with fewer ready replicas than desired"),
        Signal("workloads.down", "workloads", "count", "workloads with no ready replica at all"),
        Signal("hpas.worst_ratio", "hpas", "ratio", "highest metric of any autoscaler, of its target"),
        Signal("hpas.at_max", "hpas", "count", "autoscalers at their maximum"),
        Signal("hpas.blind", "hpas", "count", "autoscalers that get no metrics"),
        Signal("nodes.not_ready", "nodes", "count", "nodes that are not ready"),
        Signal("nodes.pressure", "nodes", "count", "nodes under memory, disk or PID pressure"),
        Signal("nodes.cpu", "nodes", "ratio", "CPU in use, of what can be allocated"),
        Signal("nodes.memory", "nodes", "ratio", "memory in use, of what can be allocated"),
        Signal("gpus.allocated", "nodes", "count", "GPUs that pods have"),
        Signal("gpus.allocated_ratio", "nodes", "ratio", "GPUs that pods have, of what can be allocated"),
        Signal("events.warnings", "events", "count", "warning events of the last ten minutes"),
    )
}
