"""Who reads a value of a ConfigMap, and when they see another one. Pure.

What is in the environment stays what it was when the pod started; files are refreshed within about a minute, except
those that are mounted by a subPath. https://kubernetes.io/docs/concepts/configuration/configmap/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from wfconsole.actions.kubernetes.cluster import Object
from wfconsole.incident.plan import Aim
from wfconsole.text import safe

KINDS: Final = ("deployment", "statefulset", "daemonset")
_VARIABLE: Final = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
_OF_WORKLOADS: Final = ("ReplicaSet", "StatefulSet", "DaemonSet")
_RELOADER: Final = "reloader.stakater.com"


class Way(msgspec.Struct, frozen=True):
    """One way in which a pod gets the value. `stays`: it has the old one until it is started anew."""

    text: str
    stays: bool


class Reader(msgspec.Struct, frozen=True):
    """A workload whose pods get the value."""

    aim: Aim
    item: Object
    ways: tuple[Way, ...]

    @property
    def name(self) -> str:
        """As a parameter names it: "deployment/llm"."""
        return f"{self.aim.kind}/{self.aim.name}"

    @property
    def stays(self) -> bool:
        return any(each.stays for each in self.ways)

    @property
    def reloads(self) -> bool:
        """Whether something else restarts it by itself when a ConfigMap changes (Stakater's Reloader)."""
        notes = self.item["metadata"].get("annotations") or {}
        inner = (self.item["spec"]["template"].get("metadata") or {}).get("annotations") or {}
        return any(_RELOADER in name and value not in ("false", "") for name, value in {**notes, **inner}.items())

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(each.text for each in self.ways)})"


def readers(items: Iterable[tuple[str, Object]], name: str, key: str) -> tuple[Reader, ...]:
    """Those of these workloads, by kind, that read this key of this map; those that have to be restarted first."""
    found = []
    for kind, item in items:
        ways = tuple(ways_of(item["spec"]["template"].get("spec") or {}, name, key))
        if ways:
            found.append(Reader(Aim(kind, item["metadata"]["name"], item["metadata"]["namespace"]), item, ways))
    return tuple(sorted(found, key=lambda each: (not each.stays, KINDS.index(each.aim.kind), each.aim.name)))


def loners(pods: Iterable[Object], name: str, key: str) -> tuple[str, ...]:
    """Pods that read it and that no workload of ours looks after, of jobs for example: they cannot be restarted."""
    return tuple(
        safe(pod["metadata"]["name"])
        for pod in pods
        if not any(each["kind"] in _OF_WORKLOADS for each in pod["metadata"].get("ownerReferences") or ())
        and (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
        and any(ways_of(pod.get("spec") or {}, name, key))
    )


def ways_of(pod: Object, name: str, key: str) -> Iterator[Way]:
    """How a pod of this specification gets the value."""
    volumes = {each["name"] for each in pod.get("volumes") or () if _holds(each, name, key)}
    for box in (*(pod.get("containers") or ()), *(pod.get("initContainers") or ())):
        yield from _environment(box, name, key)
        for mount in box.get("volumeMounts") or ():
            if mount["name"] in volumes:
                where = f"file in {safe(mount['mountPath'], 80)} of {safe(box['name'])}"
                fixed = bool(mount.get("subPath") or mount.get("subPathExpr"))
                yield Way(f"{where}, by subPath" if fixed else where, stays=fixed)


def _environment(box: Object, name: str, key: str) -> Iterator[Way]:
    own: dict[str, Any] = {each["name"]: each for each in box.get("env") or ()}
    for variable, each in own.items():
        told = (each.get("valueFrom") or {}).get("configMapKeyRef") or {}
        if told.get("name") == name and told.get("key") == key:
            yield Way(f"environment {safe(variable)} of {safe(box['name'])}", stays=True)
    for source in box.get("envFrom") or ():
        variable = f"{source.get('prefix') or ''}{key}"
        read = (source.get("configMapRef") or {}).get("name") == name
        # A variable of the container's own wins over one from a map; a name that is none is left out.
        if read and variable not in own and _VARIABLE.fullmatch(variable):
            yield Way(f"environment {safe(variable)} of {safe(box['name'])}", stays=True)


def _holds(volume: Object, name: str, key: str) -> bool:
    sources = [volume.get("configMap") or {}]
    sources += [each.get("configMap") or {} for each in (volume.get("projected") or {}).get("sources") or ()]
    return any(
        each.get("name") == name and (not each.get("items") or any(one["key"] == key for one in each["items"]))
        for each in sources
    )
