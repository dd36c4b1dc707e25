"""Every kind of source there is: its name, its row type, and the pane it belongs to."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from wfconsole.observations.auth import AuthRow
from wfconsole.observations.cache import CacheRow, KeysRow
from wfconsole.observations.database import DatabaseRow
from wfconsole.observations.events import EventRow
from wfconsole.observations.findings import FindingRow
from wfconsole.observations.hpas import HpaRow
from wfconsole.observations.ingresses import IngressRow
from wfconsole.observations.isolation import IsolationRow
from wfconsole.observations.nodes import NodeRow
from wfconsole.observations.pods import PodRow
from wfconsole.observations.services import ServiceRow
from wfconsole.observations.secrets import SecretRow
from wfconsole.observations.replicas import ReplicaRow
from wfconsole.observations.sessions import SessionRow
from wfconsole.observations.statements import StatementRow
from wfconsole.observations.gpus import GpuRow
from wfconsole.observations.hpas import HpaRow
from wfconsole.observations.inference import InferenceRow
from wfconsole.observations.nodes import NodeRow
from wfconsole.observations.pods import PodRow
from wfconsole.observations.signals import SignalHistoryRow, SignalRow
from wfconsole.observations.workloads import WorkloadRow


class Kind(msgspec.Struct, frozen=True):
    """One kind of source. `schema` grows by one when a field changes its meaning; adding fields does not count.

    `repeats`: fields whose texts are the same in very many rows, so that one text can do for all of them.
    """

    name: str
    row: Any
    schema: int = 1
    repeats: tuple[str, ...] = ()


_OF_PODS: Final = ("namespace", "status", "phase", "node", "owner_kind", "owner", "revision", "image")

KINDS: Final[dict[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind(
            "pods", PodRow, repeats=("namespace", "status", "phase", "node", "owner_kind", "owner", "revision", "image")
        ),
        Kind("workloads", WorkloadRow),
        Kind("hpas", HpaRow),
        Kind("nodes", NodeRow),
        Kind("events", EventRow),
        Kind("database", DatabaseRow),
        Kind("services", ServiceRow),
        Kind("ingresses", IngressRow),
        Kind("isolation", IsolationRow),
        Kind("auth", AuthRow),
        Kind("findings", FindingRow),
        Kind("secrets", SecretRow),
        Kind("cache", CacheRow),
        Kind("keys", KeysRow),
        Kind("sessions", SessionRow),
        Kind("statements", StatementRow),
        Kind("replicas", ReplicaRow),
        Kind("signals", SignalRow, repeats=("rule", "title", "unit", "promql")),
        Kind("signal_history", SignalHistoryRow),
        Kind("gpus", GpuRow, repeats=("node", "model", "namespace")),
        Kind("inference", InferenceRow),
    )
}
