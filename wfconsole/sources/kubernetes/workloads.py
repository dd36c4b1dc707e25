"""Workloads: deployments, stateful sets and daemon sets, each with its revisions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import msgspec

from wfconsole.observations.workloads import WorkloadRow
from wfconsole.sources.contract import RowTable
from wfconsole.sources.kubernetes import revisions
from wfconsole.sources.kubernetes.payloads import (
    Condition,
    ControllerRevision,
    DaemonSet,
    Deployment,
    Meta,
    ReplicaSet,
    StatefulSet,
    WorkloadSpec,
)
from wfconsole.sources.kubernetes.revisions import Kept
from wfconsole.sources.kubernetes.values import instant
from wfconsole.sources.sealing import seal


class _Workload(Protocol):
    @property
    def metadata(self) -> Meta: ...


W_contra = TypeVar("W_contra", bound=_Workload, contravariant=True)


def deployment_row(item: Deployment) -> WorkloadRow:
    """The row of one deployment, without its revisions. It is rolling out by the rule of `kubectl rollout status`."""
    meta, spec, status = item.metadata, item.spec, item.status
    desired = 1 if spec.replicas is None else spec.replicas
    under_way = (
        status.observed_generation < meta.generation
        or status.updated_replicas < desired
        or status.replicas > status.updated_replicas
        or status.available_replicas < status.updated_replicas
    )
    return WorkloadRow(
        kind="Deployment",
        namespace=meta.namespace,
        name=meta.name,
        desired=desired,
        ready=status.ready_replicas,
        updated=status.updated_replicas,
        available=status.available_replicas,
        revision=revisions.number_of(meta.annotations),
        images=_images(spec),
        paused=spec.paused,
        created_at=instant(meta.creation_timestamp),
        generation=meta.generation,
        observed_generation=status.observed_generation,
        progressing=under_way,
        stalled=_stalled(status.conditions or []),
    )


def stateful_set_row(item: StatefulSet) -> WorkloadRow:
    """The row of one stateful set, without its revisions."""
    meta, spec, status = item.metadata, item.spec, item.status
    desired = 1 if spec.replicas is None else spec.replicas
    return WorkloadRow(
        kind="StatefulSet",
        namespace=meta.namespace,
        name=meta.name,
        desired=desired,
        ready=status.ready_replicas,
        updated=status.updated_replicas,
        available=status.available_replicas,
        images=_images(spec),
        created_at=instant(meta.creation_timestamp),
        generation=meta.generation,
        observed_generation=status.observed_generation,
        progressing=status.observed_generation < meta.generation
        or status.current_revision != status.update_revision
        or status.ready_replicas < desired,
    )


def daemon_set_row(item: DaemonSet) -> WorkloadRow:
    """The row of one daemon set, without its revisions."""
    meta, status = item.metadata, item.status
    return WorkloadRow(
        kind="DaemonSet",
        namespace=meta.namespace,
        name=meta.name,
        desired=status.desired_number_scheduled,
        ready=status.number_ready,
        updated=status.updated_number_scheduled,
        available=status.number_available,
        images=_images(item.spec),
        created_at=instant(meta.creation_timestamp),
        generation=meta.generation,
        observed_generation=status.observed_generation,
        progressing=status.observed_generation < meta.generation
        or status.updated_number_scheduled < status.desired_number_scheduled
        or status.number_available < status.desired_number_scheduled,
    )


def _images(spec: WorkloadSpec) -> tuple[str, ...]:
    return tuple(box.image for box in spec.template.spec.containers or ())


def _stalled(conditions: list[Condition]) -> str:
    """Why a rollout does not get on; "" while it does."""
    for condition in conditions:
        if condition.type == "ReplicaFailure" and condition.status == "True":
            return f"{condition.reason or 'ReplicaFailure'}: {condition.message or ''}".rstrip(": ")
    for condition in conditions:
        if condition.type == "Progressing" and condition.status == "False":
            return condition.reason or "does not progress"
    return ""


class WorkloadMirror:
    """All workloads, and the revisions of each, which come by themselves: `take` joins them."""

    def __init__(self) -> None:
        self._table = RowTable()
        self._rows: dict[str, tuple[str, WorkloadRow]] = {}  # each with its uid
        self._keys_by_uid: dict[str, str] = {}
        self._revisions: dict[str, dict[str, Kept]] = {}  # by the uid of the workload
        self._owners: dict[str, str] = {}  # a revision's key -> its workload's uid
        self._touched: dict[str, None] = {}
        self._lock = threading.Lock()
        self.deployments = KindMirror("Deployment", deployment_row, self)
        self.stateful_sets = KindMirror("StatefulSet", stateful_set_row, self)
        self.daemon_sets = KindMirror("DaemonSet", daemon_set_row, self)
        self.replica_sets = ReplicaSetMirror(self)
        self.controller_revisions = ControllerRevisionMirror(self)

    def take(self) -> dict[str, bytes | None]:
        """Encoded rows that changed since the last call."""
        with self._lock:
            touched, self._touched = self._touched, {}
            joined = [(key, self._joined(*self._rows[key])) for key in touched if key in self._rows]
        sealed = [(key, seal(row)) for key, row in joined]
        with self._lock:
            for key, row in sealed:
                if key in self._rows:  # it may be gone since
                    self._table.put(key, row)
        return self._table.take()

    def put(self, key: str, uid: str, row: WorkloadRow) -> None:
        with self._lock:
            self._rows[key] = uid, row
            self._keys_by_uid[uid] = key
            self._touched[key] = None

    def drop(self, key: str) -> None:
        with self._lock:
            uid, _ = self._rows.pop(key, ("", None))
            self._keys_by_uid.pop(uid, None)
            self._touched.pop(key, None)
            self._table.remove(key)

    def revision(self, owner: str, key: str) -> Kept | None:
        return self._revisions.get(owner, {}).get(key)

    def put_revision(self, key: str, owner: str, kept: Kept) -> None:
        with self._lock:
            if self._owners.get(key, owner) != owner:  # another workload has adopted it
                self._remove_revision(key)
            self._revisions.setdefault(owner, {})[key] = kept
            self._owners[key] = owner
            self._touch(owner)

    def drop_revision(self, key: str) -> None:
        with self._lock:
            self._remove_revision(key)

    def _remove_revision(self, key: str) -> None:
        owner = self._owners.pop(key, "")
        known = self._revisions.get(owner, {})
        known.pop(key, None)
        if not known:
            self._revisions.pop(owner, None)
        self._touch(owner)

    def _touch(self, uid: str) -> None:
        key = self._keys_by_uid.get(uid)
        if key is not None:
            self._touched[key] = None

    def _joined(self, uid: str, row: WorkloadRow) -> WorkloadRow:
        """Of sets, which do not say their revision themselves, it is the newest one that is known."""
        shown = revisions.shown(self._revisions.get(uid, {}).values())
        number = row.revision or (shown[0].number if shown else 0)
        return msgspec.structs.replace(row, revision=number, revisions=shown)


class KindMirror(Generic[W_contra]):
    """Keeps the workloads of one kind; see `reflector.Mirror`."""

    def __init__(self, kind: str, row_of: Callable[[W_contra], WorkloadRow], all_of_them: WorkloadMirror) -> None:
        self._kind = kind
        self._row_of = row_of
        self._all = all_of_them

    def key(self, item: W_contra) -> str:
        return f"{self._kind}/{item.metadata.namespace}/{item.metadata.name}"

    def put(self, item: W_contra) -> str:
        key = self.key(item)
        self._all.put(key, item.metadata.uid, self._row_of(item))
        return key

    def drop(self, key: str) -> None:
        self._all.drop(key)


class ReplicaSetMirror:
    """Keeps the ReplicaSets of deployments as their revisions; see `reflector.Mirror`."""

    def __init__(self, all_of_them: WorkloadMirror) -> None:
        self._all = all_of_them

    def key(self, item: ReplicaSet) -> str:
        return f"ReplicaSet/{item.metadata.namespace}/{item.metadata.name}"

    def put(self, item: ReplicaSet) -> str:
        key = self.key(item)
        if owner := revisions.controller_of(item.metadata, "Deployment"):
            self._all.put_revision(key, owner, revisions.of_replica_set(item, self._all.revision(owner, key)))
        else:
            self._all.drop_revision(key)
        return key

    def drop(self, key: str) -> None:
        self._all.drop_revision(key)


class ControllerRevisionMirror:
    """Keeps the ControllerRevisions of stateful and daemon sets as their revisions; see `reflector.Mirror`. Others,
    whose owners we do not show, may hold anything."""

    def __init__(self, all_of_them: WorkloadMirror) -> None:
        self._all = all_of_them

    def key(self, item: ControllerRevision) -> str:
        return f"ControllerRevision/{item.metadata.namespace}/{item.metadata.name}"

    def put(self, item: ControllerRevision) -> str:
        key = self.key(item)
        owner = revisions.controller_of(item.metadata, "StatefulSet", "DaemonSet")
        kept = revisions.of_controller_revision(item) if owner else None
        if kept is not None:
            self._all.put_revision(key, owner, kept)
        else:
            self._all.drop_revision(key)
        return key

    def drop(self, key: str) -> None:
        self._all.drop_revision(key)
