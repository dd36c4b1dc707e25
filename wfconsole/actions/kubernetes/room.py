"""Whether more pods find room: on the nodes, GPUs included, and in the quotas of their namespace.

For every action that starts pods: more of them, larger ones, or the surge of a rollout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from wfconsole.actions.contract import in_words
from wfconsole.actions.kubernetes.cluster import Cluster, Object
from wfconsole.actions.kubernetes.limit_ranges import broken, defaulted
from wfconsole.actions.kubernetes.placing import Held, Node, Place, left_out, nodes_of, places
from wfconsole.actions.kubernetes.rollouts import gpus_of, needs_of, quota_needs, shortages, spelled
from wfconsole.incident.plan import Check, Observed
from wfconsole.incident.wording import counted
from wfconsole.sources.contract import SourceError
from wfconsole.text import safe

# Pods that are over have given back what they asked for.
_NOT_OVER: Final = "status.phase!=Succeeded,status.phase!=Failed"
_SHOWN: Final = 5
_OF_WELL: Final = 2  # nodes as evidence where there is room
_MOST: Final = 20


class _Box(msgspec.Struct, frozen=True, rename="camel"):
    resources: dict[str, Any] = {}
    restart_policy: str = ""


class _Spec(msgspec.Struct, frozen=True, rename="camel"):
    containers: list[_Box] = []
    init_containers: list[_Box] = []
    overhead: dict[str, str] = {}
    node_name: str = ""


class _Meta(msgspec.Struct, frozen=True, rename="camel"):
    namespace: str = ""
    labels: dict[str, str] = {}
    deletion_timestamp: str = ""


class _Pod(msgspec.Struct, frozen=True):
    """Of a pod only what is reckoned with: there may be ten thousand."""

    metadata: _Meta
    spec: _Spec


class Room(msgspec.Struct, frozen=True):
    """The nodes as they are, and every pod that has asked for something."""

    items: tuple[Object, ...]
    held: tuple[Held, ...]

    def nodes(self, without: Callable[[Held], bool] = lambda _pod: False) -> tuple[Node, ...]:
        """The nodes, as they would be without some of the pods."""
        return nodes_of(self.items, (pod for pod in self.held if not without(pod)))

    @property
    def waiting(self) -> int:
        """Pods that no node has taken yet: they come first."""
        return sum(not pod.node for pod in self.held)


def room_of(cluster: Cluster) -> Room:
    """What the nodes have and what all pods ask of them, two seconds old at most. Raises SourceError."""
    return cluster.lately("room", lambda: _room(cluster))


def _room(cluster: Cluster) -> Room:
    items = tuple(cluster.list("/api/v1/nodes", "nodes"))
    pods = cluster.list_as(_Pod, "/api/v1/pods", "pods of all namespaces", fieldSelector=_NOT_OVER)
    # One that is on its way out holds its node until it is gone, and waits for none.
    return Room(items, tuple(_held(pod) for pod in pods if pod.spec.node_name or not pod.metadata.deletion_timestamp))


def _held(pod: _Pod) -> Held:
    spec = msgspec.to_builtins(pod.spec)
    return Held(pod.spec.node_name, pod.metadata.namespace, pod.metadata.labels, needs_of(spec))


def limits_of(cluster: Cluster, namespace: str) -> list[Object]:
    """The LimitRanges of a namespace. Raises SourceError."""
    return cluster.list(f"/api/v1/namespaces/{namespace}/limitranges", "limit ranges")


def start_checks(cluster: Cluster, namespace: str, pod: Object, more: int) -> Iterator[Check]:
    """Whether so many more pods of this specification can be there: bounds, quotas, nodes, GPUs. `pod` is that of a
    template; what the namespace fills in is reckoned with."""
    try:
        ranges = limits_of(cluster, namespace)
    except SourceError as error:
        yield Check("explain", f"not known: which defaults and bounds the namespace sets: {in_words(error)}")
        ranges = []
    whole = defaulted(pod, ranges)
    for bound in broken(whole, ranges):
        yield Check("refuse", f"no such pod is let in: LimitRange {bound}", _ranges_seen(ranges), overridable=True)
    yield from quota_checks(cluster, namespace, whole, more)
    yield from node_checks(cluster, whole, more)


def _ranges_seen(ranges: list[Object]) -> tuple[Observed, ...]:
    return tuple(
        Observed(f"LimitRange {safe(each['metadata']['name'])}", "its bounds", each["metadata"]["resourceVersion"])
        for each in ranges
    )


# --- quotas


def quota_checks(cluster: Cluster, namespace: str, pod: Object, more: int) -> Iterator[Check]:
    """Whether the namespace's quotas leave so many more pods of this specification, defaults filled in."""
    try:
        quotas = cluster.list(f"/api/v1/namespaces/{namespace}/resourcequotas", "quotas")
    except SourceError as error:
        yield Check("explain", f"not known: whether a quota allows {counted(more, 'more pod')}: {in_words(error)}")
        return
    seen = tuple(map(_quota_seen, quotas))
    short = list(shortages(quotas, pod, more))
    for each in short:
        judgement, sure = ("explain", False) if each.scoped else ("refuse", True)
        yield Check(judgement, f"{each}: the rest is never created", seen, overridable=sure)  # type: ignore[arg-type]
    for missing in _unstated(quotas, pod):
        yield Check("refuse", missing, seen, overridable=True)
    if not short:
        said = "no quota limits the namespace" if not quotas else f"quotas leave {counted(more, 'more pod')}"
        yield Check("ok", said, seen)


def _quota_seen(quota: Object) -> Observed:
    status = quota.get("status") or {}
    used = status.get("used") or {}
    said = ", ".join(
        f"{safe(name)} {safe(used.get(name, '?'))} of {safe(most)}"
        for name, most in sorted((status.get("hard") or quota["spec"].get("hard") or {}).items())
    )
    return Observed(f"quota {safe(quota['metadata']['name'])}", said, quota["metadata"].get("resourceVersion", ""))


def _unstated(quotas: list[Object], pod: Object) -> Iterator[str]:
    """A quota on CPU or memory lets no pod in that leaves it open."""
    stated = {"pods", "count/pods", *quota_needs(pod, 1)}
    for quota in quotas:
        if quota["spec"].get("scopes") or quota["spec"].get("scopeSelector"):
            continue
        for name in sorted(quota["spec"].get("hard") or ()):
            if name in _MUST_BE_STATED and name not in stated:
                who = safe(quota["metadata"]["name"])
                yield f"quota {who} counts {name}, and these pods do not say theirs: none is let in"


_MUST_BE_STATED: Final = frozenset({"cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"})


# --- nodes


def node_checks(cluster: Cluster, pod: Object, more: int) -> Iterator[Check]:
    """Whether the nodes take so many more pods of this specification, node by node; and the GPUs by themselves."""
    try:
        room = room_of(cluster)
    except SourceError as error:
        yield Check(
            "explain", f"not known: whether the nodes have room for {counted(more, 'more pod')}: {in_words(error)}"
        )
        return
    needs = needs_of(pod)
    short = list(_gpus(room.nodes(), needs, more))
    yield from short
    if not any(each.judgement == "refuse" for each in short):  # else it has said what there is to say
        yield _fits(places(room.nodes(), pod, needs), needs, more)
    if room.waiting:
        waits = counted(room.waiting, "pod")
        yield Check("explain", f"{waits} of the cluster {'waits' if room.waiting == 1 else 'wait'} for a node already")
    if missing := left_out(pod):
        yield Check("explain", f"not reckoned with: {', '.join(missing)}")


def _fits(found: tuple[Place, ...], needs: Mapping[str, int], more: int) -> Check:
    takes = sum(each.takes for each in found)
    if takes >= more:
        open_ = [each for each in found if each.takes][:_SHOWN]
        where = ", ".join(f"{each.node.name} {each.takes}" for each in open_)
        said = f"room for {counted(more, 'more pod')} (each {told(needs)}): up to {takes} fit, {where}"
        return Check("ok", said, tuple(map(_node_seen, (each.node for each in open_[:_OF_WELL]))))
    why = "; ".join(f"{each.node.name}: {each.why}" for each in found[:_SHOWN])
    rest = f"; and {counted(len(found) - _SHOWN, 'node')} more" if len(found) > _SHOWN else ""
    said = f"room for {takes} of {counted(more, 'more pod')} (each {told(needs)}), {more - takes} will stay pending"
    seen = tuple(_node_seen(each.node) for each in found[:_SHOWN])
    return Check("refuse", f"{said}: {why}{rest}", seen, overridable=True)


def _node_seen(node: Node) -> Observed:
    return Observed(f"node {node.name}", str(node))


def _gpus(nodes: tuple[Node, ...], needs: Mapping[str, int], more: int) -> Iterator[Check]:
    for name, each in gpus_of(needs).items():
        with_some = [node for node in nodes if node.all.get(name)]
        starts = sum(max(0, node.free[name]) // each for node in with_some)
        free = sum(max(0, node.free[name]) for node in with_some)
        by_node = ", ".join(f"{node.name} {max(0, node.free[name])} of {node.all[name]}" for node in with_some[:_MOST])
        waits = f", {counted(more - starts, 'pod')} will stay pending" if starts < more else ""
        said = f"{free} {safe(name)} free, {more * each} needed{waits}: {by_node or 'no node has any'}"
        seen = tuple(map(_node_seen, with_some[:_SHOWN]))
        yield Check("refuse" if waits else "ok", said, seen, overridable=bool(waits))


def told(needs: Mapping[str, int]) -> str:
    """What a pod asks for, in words."""
    return (
        ", ".join(f"{spelled(name, value)} {safe(name)}" for name, value in sorted(needs.items())) or "asks for nothing"
    )
