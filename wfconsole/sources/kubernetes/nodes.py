"""Nodes: their conditions, what they can give, what is in use (metrics.k8s.io), and what their pods ask for."""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec

from wfconsole.clock import SECOND, Millis
from wfconsole.decoding import decoder_of
from wfconsole.observations.conditions import ConditionRow, is_fine
from wfconsole.observations.nodes import NodeRow
from wfconsole.sources.contract import RowTable, SourceError
from wfconsole.sources.kubernetes import failures
from wfconsole.sources.kubernetes.client import Server
from wfconsole.sources.kubernetes.conditions import condition_rows
from wfconsole.sources.kubernetes.payloads import Condition, Listing, Node, NodeMetrics, Taint
from wfconsole.sources.kubernetes.pod_mirror import Load, NodeLoads
from wfconsole.sources.kubernetes.values import amount, instant, is_gpu, millicores
from wfconsole.sources.sealing import seal
from wfconsole.text import safe

_ROLE = "node-role.kubernetes.io/"
_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")

MOST_TAINTS = 32

METRICS_GROUPS = ("/apis/metrics.k8s.io/v1beta1", "/apis/metrics.k8s.io/v1")


class Use(msgspec.Struct, frozen=True, gc=False):
    """What a node uses: CPU in millicores, memory in bytes, and when that was sampled."""

    cpu: int
    memory: int
    at: Millis


def node_row(item: Node, load: Load, use: Use | None) -> NodeRow:
    """The row of one node."""
    meta, status = item.metadata, item.status
    conditions = {condition.type: condition for condition in status.conditions or ()}
    ready = conditions.get("Ready")
    well = ready is not None and ready.status == "True"
    allocatable = status.allocatable or {}
    gpus = {name: amount(value) for name, value in allocatable.items() if is_gpu(name) and amount(value)}
    return NodeRow(
        name=meta.name,
        ready=well,
        ready_since=instant(ready.last_transition_time) if ready else 0,
        reason="" if well else _reason(ready),
        pressures=tuple(kind for kind in _PRESSURES if kind in conditions and conditions[kind].status == "True"),
        cordoned=item.spec.unschedulable,
        roles=tuple(sorted(label.removeprefix(_ROLE) for label in meta.labels or () if label.startswith(_ROLE))),
        version=status.node_info.kubelet_version if status.node_info else "",
        created_at=instant(meta.creation_timestamp),
        cpu=millicores(allocatable.get("cpu", "0")),
        memory=amount(allocatable.get("memory", "0")),
        pod_slots=amount(allocatable.get("pods", "0")),
        cpu_used=use.cpu if use else None,
        memory_used=use.memory if use else None,
        used_at=use.at if use else 0,
        cpu_requested=load.cpu,
        memory_requested=load.memory,
        pods=load.pods,
        gpus=sum(gpus.values()),
        gpus_allocated=load.gpus,
        gpu_resource=", ".join(sorted(gpus)),
        conditions=_conditions(status.conditions),
        taints=tuple(_taint(each) for each in (item.spec.taints or ())[:MOST_TAINTS]),
    )


def _conditions(conditions: list[Condition] | None) -> tuple[ConditionRow, ...]:
    """Without the words of those that are as they should be: a row is sent whole whenever the use of its node changes,
    and thousands of nodes say "kubelet has no disk pressure"."""
    return tuple(
        msgspec.structs.replace(row, message="") if is_fine(row) else row for row in condition_rows(conditions)
    )


def _taint(taint: Taint) -> str:
    value = f"={taint.value}" if taint.value else ""
    return safe(f"{taint.key}{value}:{taint.effect}", 200)


def _reason(ready: Condition | None) -> str:
    if ready is None:
        return "says nothing about itself"
    word = "Unknown, " if ready.status == "Unknown" else ""
    said = f": {ready.message}" if ready.message else ""
    return f"{word}{ready.reason or 'NotReady'}{said}"


class NodeMirror:
    """Keeps nodes and what is known about them from elsewhere; see `reflector.Mirror`. `take` joins it all."""

    def __init__(self, loads: NodeLoads) -> None:
        self._table = RowTable()
        self._loads = loads
        self._nodes: dict[str, Node] = {}
        self._uses: dict[str, Use] = {}
        self._touched: set[str] = set()
        self._lock = threading.Lock()

    def key(self, item: Node) -> str:
        return item.metadata.name

    def put(self, item: Node) -> str:
        with self._lock:
            self._nodes[item.metadata.name] = item
            self._touched.add(item.metadata.name)
        return item.metadata.name

    def drop(self, key: str) -> None:
        with self._lock:
            self._nodes.pop(key, None)
        self._table.remove(key)

    def use(self, uses: dict[str, Use]) -> None:
        """What metrics.k8s.io says, whole: a node that is missing is not measured any more."""
        with self._lock:
            self._touched |= {
                name for name in uses.keys() | self._uses.keys() if uses.get(name) != self._uses.get(name)
            }
            self._uses = uses

    def take(self) -> dict[str, bytes | None]:
        """Encoded rows that changed since the last call."""
        of_pods = self._loads.take_changed()
        with self._lock:
            touched, self._touched = self._touched | of_pods, set()
            known = [(self._nodes[name], self._uses.get(name)) for name in touched if name in self._nodes]
        for item, use in known:
            self._table.put(item.metadata.name, seal(node_row(item, self._loads.on(item.metadata.name), use)))
        return self._table.take()


class NodeMetricsPoll:
    """The task that asks metrics.k8s.io how much each node uses, again and again: there is nothing to watch."""

    name = "metrics.k8s.io"

    def __init__(self, server: Server, mirror: NodeMirror, *, every_ms: Millis = 15 * SECOND) -> None:
        self._client = server.client()
        self._mirror = mirror
        self._every_ms = every_ms
        self._group = 0
        self._decoder = decoder_of(Listing[NodeMetrics])

    def cut(self) -> None:
        self._client.cut()

    def overdue_ms(self) -> Millis:
        return self._client.overdue_ms()

    def step(self, proven: Callable[[], None]) -> Millis:
        """One look. Without an answer the use of every node is unknown, not old."""
        try:
            self._mirror.use(self._look())
        except SourceError as error:
            if error.code == 404:
                self._group = (self._group + 1) % len(METRICS_GROUPS)
            self._mirror.use({})
            raise
        proven()
        return self._every_ms

    def _look(self) -> dict[str, Use]:
        body = self._client.get(f"{METRICS_GROUPS[self._group]}/nodes", what=self.name)
        try:
            items = self._decoder.decode(body).items or []
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise failures.undecodable(error, body, self.name) from None
        return {item.metadata.name: _use(item) for item in items}


def _use(item: NodeMetrics) -> Use:
    usage = item.usage or {}
    return Use(millicores(usage.get("cpu", "0")), amount(usage.get("memory", "0")), instant(item.timestamp))
