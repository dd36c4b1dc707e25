"""Where pods of one kind would find room: what each node has left, and what keeps them off it. Pure.

It does as the scheduler's filters do for what requests, taints and node selectors say. What it leaves out, `left_out`
names: https://kubernetes.io/docs/concepts/scheduling-eviction/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from wfconsole.actions.kubernetes.rollouts import Needs, Object, spelled, units
from wfconsole.observations.policies import Requirement
from wfconsole.text import safe

_KEEPS_OFF: Final = ("NoSchedule", "NoExecute")
_ON_NO_NODE: Final = 10_000  # a pod that asks for nothing fits anywhere, as often as the node takes pods


class Held(msgspec.Struct, frozen=True):
    """A pod that has a node, or waits for one (`node` ""), and what it asks for."""

    node: str
    namespace: str
    labels: Mapping[str, str]
    needs: Needs


class Node(msgspec.Struct, frozen=True):
    """A node: what it has in all, and what nobody has asked for yet, pods included."""

    name: str
    all: Needs
    free: Needs
    labels: Mapping[str, str] = {}
    taints: tuple[tuple[str, str, str], ...] = ()  # key, value, effect: those that keep pods off
    closed: bool = False

    def __str__(self) -> str:
        names = sorted(name for name in self.all if name in ("cpu", "memory", "pods") or "/" in name)
        return ", ".join(
            f"{spelled(name, max(0, self.free[name]))} of {spelled(name, self.all[name])} {safe(name)} free"
            for name in names
            if self.all[name]
        )


class Place(msgspec.Struct, frozen=True):
    """How many more pods a node takes, and what stands in the way of the next."""

    node: Node
    takes: int
    why: str


def nodes_of(items: Iterable[Object], held: Iterable[Held]) -> tuple[Node, ...]:
    """The nodes, less what the pods on them have asked for."""
    taken: dict[str, dict[str, int]] = {}
    for pod in held:
        mine = taken.setdefault(pod.node, {})
        mine["pods"] = mine.get("pods", 0) + 1
        for name, value in pod.needs.items():
            mine[name] = mine.get(name, 0) + value
    return tuple(_node(item, taken.get(item["metadata"]["name"], {})) for item in items)


def _node(item: Object, taken: Needs) -> Node:
    spec, status = item.get("spec") or {}, item.get("status") or {}
    told = status.get("allocatable") or status.get("capacity") or {}
    there = {name: units(name, value) for name, value in told.items()}
    taints = [(each["key"], each.get("value") or "", each["effect"]) for each in spec.get("taints") or ()]
    return Node(
        safe(item["metadata"]["name"]),
        there,
        {name: value - taken.get(name, 0) for name, value in there.items()},
        item["metadata"].get("labels") or {},
        tuple(each for each in taints if each[2] in _KEEPS_OFF),
        bool(spec.get("unschedulable")),
    )


def places(nodes: Iterable[Node], pod: Object, needs: Needs) -> tuple[Place, ...]:
    """How many pods of this specification each node takes, the roomiest first."""
    asked = {**{name: value for name, value in needs.items() if value > 0}, "pods": 1}
    found = [Place(node, 0, why) if (why := barred(node, pod)) else _place(node, asked) for node in nodes]
    return tuple(sorted(found, key=lambda each: (-each.takes, each.node.name)))


def _place(node: Node, asked: Needs) -> Place:
    shares = {name: max(0, node.free.get(name, 0)) // value for name, value in asked.items()}
    scarce = min(shares, key=lambda name: (shares[name], "/" not in name), default="pods")
    takes = min(shares[scarce], _ON_NO_NODE)
    if not node.all.get(scarce):
        return Place(node, takes, f"has no {safe(scarce)}")
    left = spelled(scarce, max(0, node.free[scarce] - takes * asked[scarce]))
    return Place(node, takes, f"{left} of {spelled(scarce, node.all[scarce])} {safe(scarce)} left")


def barred(node: Node, pod: Object) -> str:
    """What keeps pods of this specification off a node whatever room it has, "" where nothing does."""
    if node.closed:
        return "cordoned"
    for key, value, effect in node.taints:
        if not any(_tolerates(each, key, value, effect) for each in pod.get("tolerations") or ()):
            return f"taint {safe(key)}{f'={safe(value)}' if value else ''}:{effect}"
    for key, value in (pod.get("nodeSelector") or {}).items():
        if node.labels.get(key) != value:
            return f"not labelled {safe(key)}={safe(value)}"
    terms = _terms(pod)
    if terms and not any(_selected(node, term) for term in terms):
        return "not what its node affinity asks for"
    return ""


def _tolerates(toleration: Object, key: str, value: str, effect: str) -> bool:
    if toleration.get("effect") not in (None, "", effect):
        return False
    if toleration.get("operator", "Equal") == "Exists":
        return toleration.get("key") in (None, "", key)
    return bool(toleration.get("key") == key and (toleration.get("value") or "") == value)


def _terms(pod: Object) -> Sequence[Object]:
    affinity = (pod.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    terms: Sequence[Object] = required.get("nodeSelectorTerms") or ()
    return terms


def _selected(node: Node, term: Object) -> bool:
    labels, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    return (
        bool(labels or fields)
        and all(_meets(node.labels, each) for each in labels)
        and all(_meets({"metadata.name": node.name}, each) for each in fields)
    )


def _meets(labels: Mapping[str, str], told: Mapping[str, Any]) -> bool:
    values = tuple(told.get("values") or ())
    if told["operator"] in ("Gt", "Lt"):
        mine = labels.get(told["key"], "")
        if not (mine.isdecimal() and values and values[0].isdecimal()):
            return False
        return int(mine) > int(values[0]) if told["operator"] == "Gt" else int(mine) < int(values[0])
    return Requirement(told["key"], told["operator"], values).matches(labels)


def left_out(pod: Object) -> tuple[str, ...]:
    """What of this specification may keep a pod off a node and is not reckoned with here."""
    affinity = pod.get("affinity") or {}
    hard = "requiredDuringSchedulingIgnoredDuringExecution"
    found = [
        told
        for name, told in (("podAntiAffinity", "pods that it keeps away from"), ("podAffinity", "pods that it wants"))
        if (affinity.get(name) or {}).get(hard)
    ]
    if any(each.get("whenUnsatisfiable") == "DoNotSchedule" for each in pod.get("topologySpreadConstraints") or ()):
        found.append("how it must be spread")
    if any(port.get("hostPort") for box in pod.get("containers") or () for port in box.get("ports") or ()):
        found.append("ports of the node")
    if any("persistentVolumeClaim" in each or "ephemeral" in each for each in pod.get("volumes") or ()):
        found.append("where its volumes are")
    if pod.get("resourceClaims"):
        found.append("its resource claims")
    if pod.get("schedulerName", "default-scheduler") != "default-scheduler":
        found.append(f"its own scheduler {safe(pod['schedulerName'])}")
    return tuple(found)
