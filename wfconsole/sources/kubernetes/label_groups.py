"""Pods counted by their labels: ten thousand pods are some hundred groups, and selectors look at these alone."""

from __future__ import annotations

import threading
from typing import Final

import msgspec

# What controllers write to tell one pod, or one revision, of a workload from another. Nobody selects by it.
_OF_CONTROLLERS: Final = frozenset(
    (
        *("pod-template-hash", "controller-revision-hash", "pod-template-generation"),
        *("controller-uid", "batch.kubernetes.io/controller-uid", "apps.kubernetes.io/pod-index"),
    )
)


class Group(msgspec.Struct, frozen=True, eq=False):
    """Pods of one namespace and one workload that have the same labels. Compared by identity: there is one of each."""

    namespace: str
    kind: str  # of the workload; "" for pods of none
    owner: str
    labels: dict[str, str]


class Count(msgspec.Struct, frozen=True, gc=False):
    pods: int = 0
    ready: int = 0


class LabelGroups:
    """Which groups there are, and how many pods each has, kept current pod by pod. Safe between threads.

    `version` of a namespace grows when a group comes or goes: until then, a selector matches the same groups.
    """

    def __init__(self) -> None:
        self._of_pod: dict[str, tuple[Group, bool]] = {}
        self._entries: dict[tuple[Group, bool], tuple[Group, bool]] = {}  # thousands of pods have the same
        self._groups: dict[tuple[object, ...], Group] = {}
        self._known: dict[tuple[object, ...], Group] = {}  # by labels as they came: thousands of pods have the same
        self._counts: dict[Group, list[int]] = {}
        self._in: dict[str, dict[Group, None]] = {}
        self._versions: dict[str, int] = {}
        self._changed: list[set[Group]] = []  # of who looks at how many pods there are
        self._turned: list[set[Group]] = []  # of who looks at how many of them are ready, too
        self._lock = threading.Lock()

    def subscribe(self, *, readiness: bool) -> set[Group]:
        """A set into which every group is put that has more pods, or fewer, and with `readiness` one of which others
        are ready; `take` empties it."""
        mine: set[Group] = set()
        self._changed.append(mine)
        if readiness:
            self._turned.append(mine)
        return mine

    def take(self, mine: set[Group]) -> set[Group]:
        with self._lock:
            changed = set(mine)
            mine.clear()
            return changed

    def put(
        self, key: str, namespace: str, labels: dict[str, str] | None, owner: tuple[str, str], *, ready: bool
    ) -> None:
        with self._lock:
            entry = (self._group(namespace, labels or {}, owner), ready)
            before = self._of_pod.get(key)
            if before == entry:
                return
            self._of_pod[key] = self._entries.setdefault(entry, entry)
            if before is not None and before[0] is entry[0]:
                self._turn(*entry)
                return
            if before is not None:
                self._add(*before, sign=-1)
            self._add(*entry, sign=1)

    def remove(self, key: str) -> None:
        """The pod is gone, or has ended: nothing reaches it any more."""
        with self._lock:
            before = self._of_pod.pop(key, None)
            if before is not None:
                self._add(*before, sign=-1)

    def version(self, namespace: str) -> int:
        return self._versions.get(namespace, 0)

    def groups(self, namespace: str) -> tuple[Group, ...]:
        with self._lock:
            return tuple(self._in.get(namespace, ()))

    def namespaces(self) -> tuple[str, ...]:
        with self._lock:
            return tuple(self._in)

    def count(self, group: Group) -> Count:
        with self._lock:
            return Count(*self._counts.get(group, ()))

    def _group(self, namespace: str, labels: dict[str, str], owner: tuple[str, str]) -> Group:
        as_it_came = (namespace, owner, *labels.items())
        known = self._known.get(as_it_came)
        if known is not None:
            return known
        told = tuple(item for item in sorted(labels.items()) if item[0] not in _OF_CONTROLLERS)
        group = self._groups.setdefault((namespace, owner, told), Group(namespace, *owner, dict(told)))
        if len(self._known) > 4 * len(self._groups) + 1000:  # revisions that are long gone
            self._known.clear()
        self._known[as_it_came] = group
        return group

    def _add(self, group: Group, ready: bool, *, sign: int) -> None:
        counts = self._counts.get(group)
        if counts is None:
            counts = self._counts[group] = [0, 0]
            self._in.setdefault(group.namespace, {})[group] = None
            self._versions[group.namespace] = self._versions.get(group.namespace, 0) + 1
        counts[0] += sign
        counts[1] += sign * ready
        if not counts[0]:
            self._forget(group)
        for each in self._changed:
            each.add(group)

    def _turn(self, group: Group, ready: bool) -> None:
        """One of its pods has become ready, or no longer is."""
        self._counts[group][1] += 1 if ready else -1
        for each in self._turned:
            each.add(group)

    def _forget(self, group: Group) -> None:
        del self._counts[group]
        for ready in (False, True):
            self._entries.pop((group, ready), None)
        here = self._in[group.namespace]
        del here[group]
        if not here:
            del self._in[group.namespace]
        self._versions[group.namespace] += 1
        told = tuple(group.labels.items())
        self._groups.pop((group.namespace, (group.kind, group.owner), told), None)
        self._known = {each: kept for each, kept in self._known.items() if kept is not group}
