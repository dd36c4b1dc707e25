"""Pods by the thousand for benchmarks, in seconds: they are copies, in etcd, of one that was real.

Ten thousand pods through the API are twenty thousand writes, minutes on a small machine. Here one deployment runs on
a played node; what the API server stored for its pod is copied under other names of the same length, so that the
protobuf stays well-formed. Deployments and ReplicaSets own the copies, and their controllers find nothing to do.
"""

import itertools
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from tests.rig import stages, world
from tests.rig.api import STRATEGIC, Api, Object, condition, path_of, wait_for
from tests.rig.etcd import Etcd

NAMESPACE = "load"
PER_WORKLOAD = 100
#: So many pods of a churning load are unready at once: with more and more of them the load itself would grow.
UNREADY = 100
#: As long as the names of the copies.
_ORIGINAL = "seed-000"
#: What generated names end in (k8s.io/apimachinery, pkg/util/rand).
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_PODS = path_of("v1", "Pod", namespace=NAMESPACE)
_PLURALS = ("deployments", "replicasets", "pods")
_COUNTS = {"replicas", "readyReplicas", "availableReplicas", "updatedReplicas", "fullyLabeledReplicas"}


class Load:
    """Copies of one pod: `create`, then perhaps `churning`, then `remove`."""

    def __init__(self, api: Api, etcd: Etcd) -> None:
        self._api = api
        self._etcd = etcd
        self._ready: dict[str, bytes] = {}
        self._unready: dict[str, bytes] = {}

    def create(self, pods: int) -> None:
        """Make this many running pods, rounded up to whole deployments of a hundred, each on a node of its own."""
        count = -(-pods // PER_WORKLOAD)
        self._api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        world.await_account(self._api, NAMESPACE)
        for index in range(count):
            self._api.create(path_of("v1", "Node"), _node(index))
        original = self._original()
        self._ready = dict(self._copies(original, original.ready, count))
        self._unready = dict(self._copies(original, original.unready, count))
        # A ReplicaSet that does not see its pods yet would make others, and pods without their owner would be
        # collected. So the owner comes first, as one that is being deleted: it counts its pods and makes none.
        self._etcd.put(self._owners(original, count, deleting=True))
        self._etcd.put(self._ready)
        wanted = count * PER_WORKLOAD
        wait_for(f"{wanted} pods counted by their owners", lambda: self._counted() == wanted, 120, interval_s=0.5)
        self._etcd.put(self._owners(original, count))

    @contextmanager
    def churning(self, per_second: int) -> Iterator[None]:
        """Within this context so many pods a second become ready or unready."""
        stop = threading.Event()
        thread = threading.Thread(target=self._churn, args=(per_second, stop), name="rig-churn", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def changes(self) -> dict[str, int]:
        """How often its objects have changed so far: the pods, and the ReplicaSets and deployments that count them."""
        return {plural: self._etcd.writes(f"/registry/{plural}/{NAMESPACE}/") for plural in _PLURALS}

    def remove(self) -> None:
        """Remove every pod, workload and node of the load."""
        # More than once: a controller that is behind makes new ones of what it thinks is missing.
        wait_for("no pods of the load", lambda: not self._delete_all() and not self._api.items(_PODS), 60)
        for node in self._api.items(path_of("v1", "Node"), labelSelector=stages.BULK_LABEL):
            self._api.delete(path_of("v1", "Node", node["metadata"]["name"]))
        self._api.delete(path_of("v1", "Namespace", NAMESPACE))
        self._ready, self._unready = {}, {}

    def _delete_all(self) -> int:
        return sum(self._etcd.delete_prefix(f"/registry/{plural}/{NAMESPACE}/") for plural in _PLURALS)

    def _original(self) -> "_Original":
        self._api.apply(_deployment())
        pod = wait_for("the first pod of the load", self._first_ready_pod, 60)
        name = pod["metadata"]["name"]
        owner = pod["metadata"]["ownerReferences"][0]
        replica_set = self._api.get(path_of("apps/v1", "ReplicaSet", owner["name"], NAMESPACE))
        deployment = self._api.get(path_of("apps/v1", "Deployment", _ORIGINAL, NAMESPACE))
        key = f"/registry/pods/{NAMESPACE}/{name}"
        ready = self._etcd.get(key)
        statuses = [status | {"ready": False} for status in pod["status"]["containerStatuses"]]
        conditions = [{"type": kind, "status": "False"} for kind in ("Ready", "ContainersReady")]
        change = {"status": {"conditions": conditions, "containerStatuses": statuses}}
        path = path_of("v1", "Pod", name, NAMESPACE)
        self._api.patch(f"{path}/status", change, STRATEGIC)
        unready = self._etcd.get(key)
        self._api.delete(path_of("apps/v1", "Deployment", _ORIGINAL, NAMESPACE))
        wait_for("the end of the original", lambda: not self._api.items(_PODS))
        return _Original(pod, replica_set, deployment, ready, unready)

    def _first_ready_pod(self) -> Object | None:
        return next((pod for pod in self._api.items(_PODS) if condition(pod, "Ready") == "True"), None)

    def _owners(self, original: "_Original", count: int, *, deleting: bool = False) -> dict[str, bytes]:
        """The deployments and ReplicaSets, each with all its pods; or the latter alone, as if being deleted."""
        kinds = {"replicasets": original.replica_set} | ({} if deleting else {"deployments": original.deployment})
        values = {}
        for index in range(count):
            for plural, source in kinds.items():
                item = msgspec.json.decode(original.renamed(msgspec.json.encode(source), index), type=dict)
                del item["metadata"]["resourceVersion"]
                item["spec"]["replicas"] = PER_WORKLOAD
                for key in _COUNTS & item["status"].keys():
                    item["status"][key] = 0 if deleting else PER_WORKLOAD
                if deleting:
                    item["metadata"]["deletionTimestamp"] = item["metadata"]["creationTimestamp"]
                    item["metadata"]["finalizers"] = ["rig.wfconsole.dev/until-counted"]
                values[f"/registry/{plural}/{NAMESPACE}/{item['metadata']['name']}"] = msgspec.json.encode(item)
        return values

    def _copies(self, original: "_Original", stored: bytes, count: int) -> Iterator[tuple[str, bytes]]:
        for index in range(count):
            renamed = original.renamed(stored, index)
            for number in range(PER_WORKLOAD):
                name, value = original.numbered(renamed, index, number)
                yield f"/registry/pods/{NAMESPACE}/{name}", value

    def _churn(self, per_second: int, stop: threading.Event) -> None:
        """Lap after lap over the pods, at an even pace; at the end those that are unready become ready.

        From the hundredth change on, one that becomes unready and the one that has been unready for longest take turns.
        """
        unready: deque[str] = deque()
        next_at = time.monotonic()
        for key in itertools.cycle(self._ready):
            if key in unready:
                continue
            turns = [key] if len(unready) < UNREADY else [unready.popleft(), key]
            for turn in turns:
                if stop.wait(max(0.0, next_at - time.monotonic())):
                    self._etcd.put({name: self._ready[name] for name in {*unready, turn}})
                    return
                next_at += 1 / per_second
                becomes = self._unready if turn == key else self._ready
                self._etcd.put({turn: becomes[turn]})
            unready.append(key)

    def _counted(self) -> int:
        owners = self._api.items(path_of("apps/v1", "ReplicaSet", namespace=NAMESPACE))
        return sum(item["status"].get("readyReplicas", 0) for item in owners)


class _Original(msgspec.Struct, frozen=True):
    """The one real pod with its owners, and how the API server stored it, ready and not."""

    pod: Object
    replica_set: Object
    deployment: Object
    ready: bytes
    unready: bytes

    def renamed(self, stored: bytes, index: int) -> bytes:
        """The same for another workload, on another node."""
        for item, kind in ((self.deployment, "deployment"), (self.replica_set, "replicaset")):
            stored = stored.replace(item["metadata"]["uid"].encode(), _uid(kind, index).encode())
        stored = stored.replace(_node_name(0).encode(), _node_name(index).encode())
        return stored.replace(_ORIGINAL.encode(), _workload(index).encode())

    def numbered(self, stored: bytes, index: int, number: int) -> tuple[str, bytes]:
        """One pod's name and value."""
        uid = self.pod["metadata"]["uid"]
        first = self.pod["metadata"]["name"]
        old = first.replace(_ORIGINAL, _workload(index))
        name = old[:-5] + _suffix(number)
        return name, stored.replace(old.encode(), name.encode()).replace(
            uid.encode(), _uid("pod", index * PER_WORKLOAD + number).encode()
        )


def _uid(kind: str, number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind}-{number}"))


def _suffix(number: int) -> str:
    """Five of the letters that the API server makes names of."""
    return "".join(_LETTERS[number // len(_LETTERS) ** place % len(_LETTERS)] for place in reversed(range(5)))


def _workload(index: int) -> str:
    return f"load-{index:03}"


def _node_name(index: int) -> str:
    return f"bulk-node-{index:03}"


def _node(index: int) -> Object:
    node = world.node(_node_name(index), 64, 256, {stages.BULK_LABEL: "true"})
    node["status"]["capacity"]["pods"] = node["status"]["allocatable"]["pods"] = "1000"
    return node


def _deployment() -> Object:
    name = _ORIGINAL
    env = [{"name": f"SETTING_{n:02}", "value": f"value-of-setting-{n:02}-for-{name}"} for n in range(16)]
    labels = {"app": name, stages.BULK_LABEL: "true"}
    pod = {
        "nodeName": _node_name(0),
        "containers": [
            world.container("app", "load-app:1.4.0", "100m", "128Mi", env=env),
            world.container("sidecar", "envoy:1.35.2", "20m", "64Mi", env=env[:8]),
        ],
    }
    annotations = {f"wearforce.example/note-{n}": f"{name}: " + "what somebody wrote here once; " * 4 for n in range(3)}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": labels, "annotations": annotations}, "spec": pod},
        },
    }
