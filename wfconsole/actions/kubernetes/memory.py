"""What is known of the memory of a container, before somebody changes its limit: use, kills, nodes, autoscalers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from wfconsole.actions.contract import in_words
from wfconsole.actions.kubernetes.autoscalers import scaler_seen
from wfconsole.actions.kubernetes.cluster import Cluster, Object
from wfconsole.actions.kubernetes.limit_ranges import broken, defaulted
from wfconsole.actions.kubernetes.placing import barred, places
from wfconsole.actions.kubernetes.pods import Member
from wfconsole.actions.kubernetes.rollouts import needs_of, selector_of, shortages, spelled, units, wanted
from wfconsole.actions.kubernetes.room import Room, limits_of, room_of, told
from wfconsole.incident.plan import Aim, Check, Observed
from wfconsole.incident.wording import counted
from wfconsole.sources.contract import SourceError
from wfconsole.text import safe

_NEAR: Final = 1.2  # times what is used: less than a fifth to spare
_SHOWN: Final = 3


class Memory(NamedTuple):
    """A container's limit and request in bytes, None where there is none. A limit alone is the request too."""

    limit: int | None
    request: int | None

    @property
    def asks(self) -> int:
        """What the scheduler counts."""
        return (self.limit or 0) if self.request is None else self.request

    def __str__(self) -> str:
        limit = "no memory limit" if self.limit is None else f"memory limit {size(self.limit)}"
        if self.request is None:
            return f"{limit}, {'no request' if self.limit is None else 'and the request follows it'}"
        return f"{limit}, request {size(self.request)}"


class Change(NamedTuple):
    """What is to be another. `limit` and `request` are what is sent, in the words that it was said in; `request` None:
    it is left as it is."""

    container: str
    old: Memory
    new: Memory
    limit: str
    request: str | None


def size(value: int) -> str:
    """Bytes for people, exact where that is short: "512Mi", "2Gi"."""
    return f"{value >> 30}Gi" if value and value % (1 << 30) == 0 else spelled("memory", value)


def memory_of(box: Object) -> Memory:
    """What a container of a template says."""
    resources = box.get("resources") or {}

    def one(kind: str) -> int | None:
        value = (resources.get(kind) or {}).get("memory")
        return None if value is None else units("memory", value)

    return Memory(one("limits"), one("requests"))


# --- what it uses


def used(cluster: Cluster, namespace: str, pods: Iterable[Member], container: str) -> Mapping[str, int]:
    """Bytes that the container uses by pod, as metrics.k8s.io has measured. Raises SourceError."""
    path = f"/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods"
    mine = {each.name for each in pods}
    return {
        item["metadata"]["name"]: units("memory", box["usage"].get("memory", "0"))
        for item in cluster.list(path, "use of memory")
        if item["metadata"]["name"] in mine
        for box in item.get("containers") or ()
        if box["name"] == container
    }


def use_checks(cluster: Cluster, aim: Aim, pods: Sequence[Member], change: Change) -> Iterator[Check]:
    """Whether the container has enough of it, and whether memory is what hurts at all."""
    container, old, new = change.container, change.old, change.new
    kills = _kills(pods, container)
    lower = new.limit is not None and (old.limit is None or new.limit < old.limit)
    try:
        uses = used(cluster, aim.namespace, pods, container)
        missing = "" if uses else "nobody has measured its pods yet"
    except SourceError as error:
        uses, missing = {}, in_words(error)
    if missing:
        said = f"not known: how much {safe(container)} uses now ({missing})"
        if lower:
            yield Check("refuse", f"{said}, and what it uses beyond the limit kills it", kills, overridable=True)
        else:
            yield Check("explain", said, kills)
    else:
        yield _against(uses, container, new, lower=lower)
    if kills:
        yield Check("ok", f"{counted(len(kills), 'pod')} had {safe(container)} killed for its memory", kills)
    elif not lower and pods:
        yield Check(
            "explain", f"no pod of it shows a kill for memory in {safe(container)}: its limit may not be what hurts"
        )


def _against(uses: Mapping[str, int], container: str, new: Memory, *, lower: bool) -> Check:
    most = max(uses, key=lambda name: uses[name])
    seen = tuple(
        Observed(f"use of {safe(name)}", size(value))
        for name, value in sorted(uses.items(), key=lambda each: -each[1])[:_SHOWN]
    )
    said = f"{safe(container)} uses up to {size(uses[most])} now ({safe(most)})"
    if new.limit is None:
        return Check("ok", said, seen)
    if new.limit <= uses[most]:
        return Check("refuse", f"{said}: with {size(new.limit)} it is killed at once", seen, overridable=True)
    if new.limit < _NEAR * uses[most]:
        return Check("explain", f"{said}: {size(new.limit)} leaves it little, and samples miss peaks", seen)
    return Check("explain" if lower else "ok", f"{said}, of {size(new.limit)} then", seen)


def _kills(pods: Iterable[Member], container: str) -> tuple[Observed, ...]:
    """The pods whose container was killed for its memory, in this run's state or as the end of the run before."""
    found = []
    for each in pods:
        for box in each.raw["status"].get("containerStatuses") or ():
            states: tuple[dict[str, Any], ...] = (box.get("state") or {}, box.get("lastState") or {})
            ends = [one["terminated"] for one in states if one.get("terminated")]
            if box["name"] == container and any(end.get("reason") == "OOMKilled" for end in ends):
                said = f"OOMKilled, {box.get('restartCount', 0)} restarts, last at {safe(ends[-1].get('finishedAt'))}"
                found.append(Observed(f"pod {each.name}", said))
    return tuple(found)


# --- what it needs


def bound_checks(cluster: Cluster, namespace: str, pod: Object) -> Iterator[Check]:
    """The bounds of the namespace's LimitRanges."""
    try:
        ranges = limits_of(cluster, namespace)
    except SourceError as error:
        yield Check("explain", f"not known: which bounds the namespace sets: {in_words(error)}")
        return
    outside = list(broken(defaulted(pod, ranges), ranges))
    for bound in outside:
        yield Check("refuse", f"no such pod is let in: LimitRange {bound}", overridable=True)
    if ranges and not outside:
        yield Check("ok", f"within the bounds of {counted(len(ranges), 'LimitRange')}")


def place_checks(cluster: Cluster, aim: Aim, item: Object, pod: Object, limit: int | None) -> Iterator[Check]:
    """Whether all its pods have room when they are replaced: on the nodes, without those that go, and in the quotas."""
    try:
        room = room_of(cluster)
    except SourceError as error:
        yield Check("explain", f"not known: whether the nodes have room for such pods: {in_words(error)}")
        return
    yield from _largest(room, pod, limit)
    old = item["spec"]["template"]["spec"]
    if needs_of(pod) == needs_of(old):
        yield Check("ok", f"what each pod asks of its node stays as it is ({told(needs_of(pod))})")
        return
    yield _all_of_them(room, aim, item, pod)


def _largest(room: Room, pod: Object, limit: int | None) -> Iterator[Check]:
    nodes = [node for node in room.nodes() if not barred(node, pod)]
    if not nodes:
        yield Check("refuse", "no node takes such pods: all are closed to them", overridable=True)
        return
    largest = max(nodes, key=lambda node: node.all.get("memory", 0))
    has = largest.all.get("memory", 0)
    seen = (Observed(f"node {largest.name}", f"{size(has)} of memory for pods"),)
    asks = needs_of(pod).get("memory", 0)
    if asks > has:
        said = f"each pod asks for {size(asks)}, and the largest node that may take it, {largest.name}, has {size(has)}"
        yield Check("refuse", f"{said}: they would stay pending", seen, overridable=True)
    elif limit is not None and limit > has:
        said = f"a limit of {size(limit)} is more than the largest node has ({largest.name}, {size(has)})"
        yield Check("explain", f"{said}: the node runs out before the limit is reached", seen)
    else:
        yield Check("ok", f"the largest node that may take such a pod is {largest.name}, {size(has)}", seen)


def _all_of_them(room: Room, aim: Aim, item: Object, pod: Object) -> Check:
    selector = selector_of(item["spec"]["selector"])
    nodes = room.nodes(without=lambda held: held.namespace == aim.namespace and selector.matches(held.labels))
    replicas, needs = wanted(item), needs_of(pod)
    found = places(nodes, pod, needs)
    takes = sum(each.takes for each in found)
    if takes >= replicas:
        return Check("ok", f"the nodes have room for all {replicas} of them, each {told(needs)}")
    why = "; ".join(f"{each.node.name}: {each.why}" for each in found[:_SHOWN])
    said = f"the nodes have room for {takes} of {counted(replicas, 'such pod')}, each {told(needs)}"
    return Check("refuse", f"{said}; the rest would stay pending: {why}", overridable=True)


def quota_growth(cluster: Cluster, aim: Aim, item: Object, pod: Object) -> Iterator[Check]:
    """Whether the namespace's quotas leave what all its pods together take more than before."""
    try:
        quotas = cluster.list(f"/api/v1/namespaces/{aim.namespace}/resourcequotas", "quotas")
    except SourceError as error:
        yield Check("explain", f"not known: whether a quota allows it: {in_words(error)}")
        return
    grown = _growth(item["spec"]["template"]["spec"], pod)
    for each in shortages(quotas, grown, wanted(item)):
        if each.resource not in ("pods", "count/pods"):
            judged = "explain" if each.scoped else "refuse"
            yield Check(judged, f"{each} for all its pods", overridable=not each.scoped)  # type: ignore[arg-type]


def _growth(old: Object, new: Object) -> Object:
    """A pod that asks for what one asks for more than before, as a specification."""

    def more(of: str) -> dict[str, str]:
        before = needs_of(old, of).get("memory", 0)
        return {"memory": str(max(0, needs_of(new, of).get("memory", 0) - before))}

    return {"containers": [{"name": "growth", "resources": {"requests": more("requests"), "limits": more("limits")}}]}


# --- what an autoscaler makes of it


def scaler_effect(hpa: Object | None, change: Change) -> Iterator[Check]:
    """An autoscaler on memory reckons with what is used, against the request."""
    if hpa is None:
        return
    old, new = change.old, change.new
    targets = list(_on_memory(hpa, change.container))
    if not targets:
        return
    here = (scaler_seen(hpa),)
    name = safe(hpa["metadata"]["name"])
    if "Utilization" in targets and old.asks != new.asks:
        times = f"{old.asks / new.asks:.2g} times" if new.asks else "nothing of"
        way = "takes pods away" if new.asks > old.asks else "adds pods"
        yield Check(
            "refuse",
            f"autoscaler {name} compares memory with the request: {size(old.asks)} -> {size(new.asks)} shows it"
            f" {times} what it saw, and it {way}",
            here,
            overridable=True,
        )
        return
    yield Check(
        "explain",
        f"autoscaler {name} is on memory: the request stays, but new pods begin with little, and it may take some away",
        here,
    )


def _on_memory(hpa: Object, container: str) -> Iterator[str]:
    for metric in hpa["spec"].get("metrics") or ():
        told_: dict[str, Any] = metric.get("resource") or metric.get("containerResource") or {}
        if told_.get("name") == "memory" and told_.get("container", container) == container:
            yield str((told_.get("target") or {}).get("type", ""))
