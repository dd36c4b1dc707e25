"""Every kind of source there is: its name, its row type, and the system that it is usually read from."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from wfconsole.observations.later import found


class Kind(msgspec.Struct, frozen=True):
    """One kind of source. `place` is where its row type is (see `later.found`).

    `schema` grows by one when a field changes its meaning; adding fields does not count. `repeats`: fields whose texts
    are the same in very many rows, so that one text can do for all of them.
    """

    name: str
    place: str
    schema: int = 1
    repeats: tuple[str, ...] = ()

    @property
    def row(self) -> Any:
        """The type of its rows."""
        return found(self.place)


KINDS: Final[dict[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind(
            "pods",
            "pods:PodRow",
            repeats=("namespace", "status", "phase", "node", "owner_kind", "owner", "revision", "image"),
        ),
        Kind("workloads", "workloads:WorkloadRow"),
        Kind("hpas", "hpas:HpaRow"),
        Kind("nodes", "nodes:NodeRow"),
        Kind("events", "events:EventRow"),
        Kind("database", "database:DatabaseRow"),
        Kind("services", "services:ServiceRow"),
        Kind("ingresses", "ingresses:IngressRow"),
        Kind("isolation", "isolation:IsolationRow"),
        Kind("auth", "auth:AuthRow"),
        Kind("findings", "findings:FindingRow"),
        Kind("secrets", "secrets:SecretRow"),
        Kind("cache", "cache:CacheRow"),
        Kind("keys", "cache:KeysRow"),
        Kind("sessions", "sessions:SessionRow"),
        Kind("statements", "statements:StatementRow"),
        Kind("replicas", "replicas:ReplicaRow"),
        Kind("signals", "signals:SignalRow", repeats=("rule", "title", "unit", "promql")),
        Kind("signal_history", "signals:SignalHistoryRow"),
        Kind("gpus", "gpus:GpuRow", repeats=("node", "model", "namespace")),
        Kind("inference", "inference:InferenceRow"),
        Kind("alerts", "alerts:AlertRow"),
    )
}

# The systems, each by the table of the configuration that names it, with its sources. Some logins can be had from
# Prometheus too, and GPUs from Kubernetes.
SYSTEMS: Final[dict[str, tuple[str, ...]]] = {
    "kubernetes": ("pods", "workloads", "hpas", "nodes", "events", "services", "ingresses", "isolation"),
    "database": ("database", "sessions", "statements", "replicas", "auth"),
    "cache": ("cache", "keys"),
    "prometheus": ("signals", "signal_history", "gpus", "inference"),
    "alertmanager": ("alerts",),
    "aws": ("findings", "secrets"),
}
_SYSTEM_OF: Final = {source: system for system, sources in SYSTEMS.items() for source in sources}


def system_of(source: str) -> str:
    """The system of a source. Raises KeyError for a name that is none of ours."""
    return _SYSTEM_OF[source]
