"""The pods of the cluster as they are kept: rows for the pods pane, what they ask for, for the nodes pane,
and their labels, for what selects them."""

from __future__ import annotations

import sys
import threading

import msgspec

from wfconsole.observations.pods import PodRow
from wfconsole.sources.contract import RowTable
from wfconsole.sources.kubernetes.label_groups import LabelGroups
from wfconsole.sources.kubernetes.payloads import Container, Pod
from wfconsole.sources.kubernetes.pods import pod_row
from wfconsole.sources.kubernetes.values import amount, millicores
from wfconsole.sources.sealing import seal


class Load(msgspec.Struct, frozen=True, gc=False):
    """What pods ask of a node. CPU in millicores, memory in bytes."""

    pods: int = 0
    cpu: int = 0
    memory: int = 0
    gpus: int = 0


class NodeLoads:
    """The sum of what the pods on each node ask for, kept current pod by pod. Safe between threads."""

    def __init__(self) -> None:
        self._of_pod: dict[str, tuple[str, Load]] = {}
        self._shared: dict[tuple[str, Load], tuple[str, Load]] = {}  # thousands of pods ask for the same
        self._sums: dict[str, list[int]] = {}
        self._changed: set[str] = set()
        self._lock = threading.Lock()

    def put(self, key: str, node: str, load: Load) -> None:
        """The pod `key` is on `node` ("" for none) and asks for `load`."""
        with self._lock:
            before = self._of_pod.get(key)
            if before is not None and before == (node, load):
                return
            if before is not None:
                self._add(*before, sign=-1)
            if not node:
                self._of_pod.pop(key, None)
                return
            entry = (node, load)
            self._of_pod[key] = self._shared.setdefault(entry, entry)
            self._add(node, load, sign=1)

    def remove(self, key: str) -> None:
        self.put(key, "", Load())

    def on(self, node: str) -> Load:
        with self._lock:
            return Load(*self._sums.get(node, ()))

    def take_changed(self) -> set[str]:
        """Nodes whose sums changed since the last call."""
        with self._lock:
            changed, self._changed = self._changed, set()
            return changed

    def _add(self, node: str, load: Load, *, sign: int) -> None:
        sums = self._sums.setdefault(node, [0, 0, 0, 0])
        for index, value in enumerate((load.pods, load.cpu, load.memory, load.gpus)):
            sums[index] += sign * value
        if not any(sums):
            del self._sums[node]
        self._changed.add(node)


class PodMirror:
    """Keeps pods; see `reflector.Mirror`."""

    def __init__(self) -> None:
        self.table = RowTable()
        self.loads = NodeLoads()
        self.groups = LabelGroups()

    def key(self, item: Pod) -> str:
        return _key(item.metadata.namespace, item.metadata.name)

    def put(self, item: Pod) -> str:
        key = self.key(item)
        row = pod_row(item)
        self.table.put(key, seal(row))
        node = item.spec.node_name
        if item.status.phase in ("Succeeded", "Failed"):
            node = ""  # ended: holds nothing any more, and nothing reaches it
            self.groups.remove(key)
        else:
            self.groups.put(key, row.namespace, item.metadata.labels, (row.owner_kind, row.owner), ready=row.ready)
        self.loads.put(key, node, load_of(item, row.gpus))
        return key

    def glimpse(self, row: PodRow) -> str:
        """Keep what a first look saw of a pod, for as long as there is nothing better; returns its key."""
        key = _key(row.namespace, row.name)
        if key not in self.table:
            self.table.put(key, seal(row))
        return key

    def drop(self, key: str) -> None:
        self.table.remove(key)
        self.loads.remove(key)
        self.groups.remove(key)


def _key(namespace: str, name: str) -> str:
    """One object for each pod: four tables have it."""
    return sys.intern(f"{namespace}/{name}")


def load_of(pod: Pod, gpus: int) -> Load:
    """What the scheduler counts for the pod: the sum over its containers and sidecars, or what an init container needs
    while it runs, whichever is more; plus the overhead of its runtime class.

    Rule: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
    """
    cpu = memory = 0
    for box in pod.spec.containers or ():
        of_cpu, of_memory = _requested(box)
        cpu += of_cpu
        memory += of_memory
    if pod.spec.init_containers:
        cpu, memory = _with_init(pod.spec.init_containers, cpu, memory)
    if pod.spec.overhead:
        cpu += millicores(pod.spec.overhead.get("cpu", "0"))
        memory += amount(pod.spec.overhead.get("memory", "0"))
    return Load(1, cpu, memory, gpus)


def _with_init(boxes: list[Container], cpu: int, memory: int) -> tuple[int, int]:
    peak_cpu = peak_memory = side_cpu = side_memory = 0
    for box in boxes:
        of_cpu, of_memory = _requested(box)
        if box.restart_policy == "Always":
            side_cpu += of_cpu
            side_memory += of_memory
            of_cpu = of_memory = 0
        peak_cpu = max(peak_cpu, side_cpu + of_cpu)
        peak_memory = max(peak_memory, side_memory + of_memory)
    return max(cpu + side_cpu, peak_cpu), max(memory + side_memory, peak_memory)


def _requested(box: Container) -> tuple[int, int]:
    requests = box.resources.requests if box.resources is not None else None
    if not requests:
        return 0, 0
    return millicores(requests.get("cpu", "0")), amount(requests.get("memory", "0"))
