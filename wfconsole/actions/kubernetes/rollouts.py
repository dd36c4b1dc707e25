"""The arithmetic of a rollout: how many pods more, how many fewer, what its pods ask for, and what stands in its way.

Pure. Objects are plain JSON as the server sends them. CPU is counted in thousandths of a core, memory in bytes, GPUs
one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Final

import msgspec

from wfconsole.observations.policies import Requirement, Selector
from wfconsole.sources.kubernetes.values import amount, is_gpu, millicores
from wfconsole.text import safe

Object = dict[str, Any]
Needs = Mapping[str, int]  # "cpu", "memory", "nvidia.com/gpu" and the like -> how much of it one pod asks for

RESTARTED_AT: Final = "kubectl.kubernetes.io/restartedAt"
_QUARTER: Final = "25%"


class Strategy(msgspec.Struct, frozen=True):
    """How pods are replaced. `kind` "RollingUpdate", "Recreate", or "OnDelete", where nothing happens by itself.

    Of `replicas` pods at most `unavailable` are missing at once while at most `surge` more than all are there;
    `kept`: how many stay as they are, below a partition.
    """

    kind: str
    replicas: int
    surge: int
    unavailable: int
    kept: int = 0

    @property
    def least(self) -> int:
        """How many ready pods there are at any time, as long as new pods do become ready."""
        return max(0, self.replicas - self.unavailable)

    @property
    def most(self) -> int:
        """How many pods there are at most."""
        return self.replicas + self.surge

    def __str__(self) -> str:
        match self.kind:
            case "Recreate":
                return f"all {self.replicas} pods end before the first new one starts"
            case "OnDelete":
                return "pods are replaced only when somebody removes them"
        return f"{self.least} to {self.most} pods while it lasts: {self.surge} more, {self.unavailable} fewer at once"


def strategy_of(kind: str, item: Object) -> Strategy:
    """How a deployment, a stateful set or a daemon set replaces its pods."""
    replicas = wanted(item)
    spec = item["spec"]
    if kind == "deployment":
        return _of_deployment(spec.get("strategy") or {}, replicas)
    update = spec.get("updateStrategy") or {}
    rolling = update.get("rollingUpdate") or {}
    if update.get("type") == "OnDelete":
        return Strategy("OnDelete", replicas, 0, 0)
    # Percentages of both round up: https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/
    fewer = share(rolling.get("maxUnavailable", 1), replicas, up=True)
    if kind == "statefulset":
        kept = min(replicas, int(rolling.get("partition") or 0))
        return Strategy("RollingUpdate", replicas, 0, max(1, fewer), kept)
    more = share(rolling.get("maxSurge", 0), replicas, up=True)
    return Strategy("RollingUpdate", replicas, more, fewer or (0 if more else 1))


def _of_deployment(strategy: Object, replicas: int) -> Strategy:
    if strategy.get("type") == "Recreate":
        return Strategy("Recreate", replicas, 0, replicas)
    rolling = strategy.get("rollingUpdate") or {}
    more = share(rolling.get("maxSurge", _QUARTER), replicas, up=True)
    fewer = share(rolling.get("maxUnavailable", _QUARTER), replicas, up=False)
    # With neither, nothing could ever move: the controller then takes one away.
    return Strategy("RollingUpdate", replicas, more, fewer or (0 if more else 1))


def share(value: object, of: int, *, up: bool) -> int:
    """A number, or a share such as "25%" of a number: surge is rounded up, unavailability down."""
    text = str(value)
    if not text.endswith("%"):
        return max(0, int(value)) if isinstance(value, int) else amount(text)
    part = Decimal(amount(text[:-1])) * of / 100
    return int(part.to_integral_value(ROUND_CEILING if up else ROUND_FLOOR))


def wanted(item: Object) -> int:
    """How many pods a workload should have."""
    if "numberReady" in (item.get("status") or {}):
        return int(item["status"].get("desiredNumberScheduled") or 0)
    replicas = item["spec"].get("replicas")
    return 1 if replicas is None else int(replicas)


def under_way(kind: str, item: Object) -> str:
    """What a rollout that is not through yet still waits for, "" where none is. As `kubectl rollout status` counts."""
    status = item.get("status") or {}
    if status.get("observedGeneration", 0) < item["metadata"].get("generation", 0):
        return "its controller has not seen the last change yet"
    if strategy_of(kind, item).kind == "OnDelete":
        return ""
    new = wanted(item)
    if kind == "daemonset":
        updated = int(status.get("updatedNumberScheduled") or 0)
        up = int(status.get("numberAvailable") or 0)
    else:
        updated = int(status.get("updatedReplicas") or 0)
        up = int(status.get("availableReplicas") or 0)
    if kind == "statefulset":
        if status.get("updateRevision") == status.get("currentRevision"):
            return ""
        new -= strategy_of(kind, item).kept
    old = int(status.get("replicas") or 0) - updated if kind == "deployment" else 0
    if updated < new:
        return f"{updated} of {new} pods are of the new revision"
    if old > 0:
        return f"{old} pods of the old revision are still there"
    if kind != "deployment" or up >= updated or _completed(status):
        return ""
    return f"{up} of {updated} new pods are available"


def _completed(status: Object) -> bool:
    """Whether its rollout was through once: pods that fail later do not begin it anew."""
    conditions = status.get("conditions") or ()
    return any(each["type"] == "Progressing" and each.get("reason") == "NewReplicaSetAvailable" for each in conditions)


def needs_of(pod: Object, of: str = "requests") -> dict[str, int]:
    """What one pod of this specification asks the scheduler for, or with `of="limits"` its limits: the sum over its
    containers and sidecars, or what an init container needs while it runs, whichever is more, and its overhead.

    Rule: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
    """
    total: dict[str, int] = {}
    for box in pod.get("containers") or ():
        _add(total, _asked(box, of))
    side: dict[str, int] = {}
    peak: dict[str, int] = {}
    for box in pod.get("initContainers") or ():
        asked = _asked(box, of)
        if box.get("restartPolicy") == "Always":
            _add(side, asked)
            asked = {}
        for name in side.keys() | asked.keys():
            peak[name] = max(peak.get(name, 0), side.get(name, 0) + asked.get(name, 0))
    _add(total, side)
    found = {name: max(total.get(name, 0), peak.get(name, 0)) for name in total.keys() | peak.keys()}
    _add(found, {name: units(name, value) for name, value in (pod.get("overhead") or {}).items()})
    return found


def _asked(box: Object, of: str) -> dict[str, int]:
    resources = box.get("resources") or {}
    limits = resources.get("limits") or {}
    # A limit without a request is the request too.
    told = limits if of == "limits" else limits | (resources.get("requests") or {})
    return {name: units(name, value) for name, value in told.items()}


def _add(total: dict[str, int], more: Needs) -> None:
    for name, value in more.items():
        total[name] = total.get(name, 0) + value


def units(resource: str, value: object) -> int:
    """A quantity of a resource as a whole number: CPU in thousandths of a core."""
    cpu = resource.removeprefix("requests.").removeprefix("limits.") == "cpu"
    return millicores(str(value)) if cpu else amount(str(value))


def spelled(resource: str, value: int) -> str:
    """The same for people: "1500m", "512Mi", "64Gi", "2"."""
    name = resource.removeprefix("requests.").removeprefix("limits.")
    if name == "cpu":
        return f"{value}m"
    if name in ("memory", "ephemeral-storage"):
        return f"{value / (1 << 30):.4g}Gi" if value >= 10 << 30 else f"{value / (1 << 20):.5g}Mi"
    return str(value)


def gpus_of(needs: Needs) -> dict[str, int]:
    """The GPUs, or slices of one, among what a pod asks for."""
    return {name: value for name, value in needs.items() if value > 0 and is_gpu(name)}


def gpu_deadlock(strategy: Strategy, needs: Needs, free: Iterable[Needs]) -> str:
    """The resource that a rollout would wait for without an end, "" where it gets through: the new pod needs a GPU
    that no node has free, and no old pod may go before the new one is ready. `free`: what each node has left."""
    if strategy.kind != "RollingUpdate" or strategy.unavailable > 0 or not strategy.surge:
        return ""
    asked = gpus_of(needs)
    if any(all(node.get(name, 0) >= value for name, value in asked.items()) for node in free):
        return ""
    return min(asked, default="")


class Budget(msgspec.Struct, frozen=True):
    """A PodDisruptionBudget that covers our pods: how many more may go now (None: its controller has not said), how
    many healthy ones it wants, and how many there are."""

    name: str
    allowed: int | None
    wants: int
    healthy: int
    version: str = ""

    def __str__(self) -> str:
        may = "not counted yet" if self.allowed is None else f"{self.allowed} may go now"
        return f"wants {self.wants} healthy pods, {self.healthy} are, {may}"


def budgets_over(budgets: Iterable[Object], labels: Mapping[str, str]) -> tuple[Budget, ...]:
    """Those of a namespace's PodDisruptionBudgets that cover a pod with these labels."""
    return tuple(_budget(each) for each in budgets if _covers(each, labels))


def _covers(budget: Object, labels: Mapping[str, str]) -> bool:
    raw = budget["spec"].get("selector")
    return raw is not None and selector_of(raw).matches(labels)  # none at all: it covers nothing


def _budget(item: Object) -> Budget:
    meta, status = item["metadata"], item.get("status") or {}
    current = status.get("observedGeneration", 0) >= meta.get("generation", 0)
    return Budget(
        safe(meta["name"]),
        int(status.get("disruptionsAllowed", 0)) if current else None,
        int(status.get("desiredHealthy", 0)),
        int(status.get("currentHealthy", 0)),
        meta.get("resourceVersion", ""),
    )


def selector_of(raw: Object) -> Selector:
    """A label selector as the server sends it."""
    return Selector(
        tuple(sorted((raw.get("matchLabels") or {}).items())),
        tuple(
            Requirement(each["key"], each["operator"], tuple(each.get("values") or ()))
            for each in raw.get("matchExpressions") or ()
        ),
    )


class Shortage(msgspec.Struct, frozen=True):
    """A quota that has not enough left. `scoped`: it counts some pods only, and perhaps not these."""

    quota: str
    resource: str
    needed: int
    left: int
    scoped: bool = False

    def __str__(self) -> str:
        needed, left = spelled(self.resource, self.needed), spelled(self.resource, max(0, self.left))
        scoped = ", if it counts these pods" if self.scoped else ""
        return f"quota {self.quota} has {left} of {self.resource} left, and this needs {needed} more{scoped}"


def shortages(quotas: Iterable[Object], pod: Object, pods: int) -> Iterator[Shortage]:
    """What a namespace's ResourceQuotas lack for so many more pods of this specification."""
    wanted = quota_needs(pod, pods)
    for quota in quotas:
        status = quota.get("status") or {}
        hard, used = status.get("hard") or quota["spec"].get("hard") or {}, status.get("used") or {}
        scoped = bool(quota["spec"].get("scopes") or quota["spec"].get("scopeSelector"))
        for name in sorted(hard.keys() & wanted.keys()):
            left = units(name, hard[name]) - units(name, used.get(name, "0"))
            if wanted[name] > left:
                yield Shortage(safe(quota["metadata"]["name"]), safe(name), wanted[name], left, scoped)


def quota_needs(pod: Object, pods: int) -> dict[str, int]:
    """What so many pods take from a quota, under every name that a quota may have for it."""
    found = {"pods": pods, "count/pods": pods}
    for of in ("requests", "limits"):
        for name, value in needs_of(pod, of).items():
            found[f"{of}.{name}"] = value * pods
            if of == "requests" and "/" not in name:
                found[name] = value * pods
    return {name: value for name, value in found.items() if value > 0}


def templates_equal(one: Object, other: Object, *, but_restarts: bool = False) -> bool:
    """Whether two pod templates make the same pods; with `but_restarts` the time of a restart does not count."""
    return plain_template(one, but_restarts=but_restarts) == plain_template(other, but_restarts=but_restarts)


def plain_template(template: Object, *, but_restarts: bool = False) -> Object:
    """A template as its workload has it: without the hash that its replica set adds, and with `but_restarts` without
    the time of its last restart."""
    meta = dict(template.get("metadata") or {})
    meta["labels"] = {key: value for key, value in (meta.get("labels") or {}).items() if key != "pod-template-hash"}
    notes = meta.get("annotations") or {}
    meta["annotations"] = {key: value for key, value in notes.items() if not (but_restarts and key == RESTARTED_AT)}
    meta.pop("creationTimestamp", None)
    return {"metadata": meta, "spec": template.get("spec") or {}}


def images_of(template: Object) -> tuple[str, ...]:
    """The images of its containers, init containers first."""
    spec = template.get("spec") or {}
    boxes: Sequence[Object] = (*(spec.get("initContainers") or ()), *(spec.get("containers") or ()))
    return tuple(safe(str(box.get("image", ""))) for box in boxes)
