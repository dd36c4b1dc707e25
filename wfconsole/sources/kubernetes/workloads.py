"""Workloads: deployments, stateful sets and daemon sets, with the revisions that their ReplicaSets are."""

from __future__ import annotations

import hashlib
import re
import threading
from typing import Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.observations.workloads import Revision, WorkloadRow
from wfconsole.sources.contract import RowTable
from wfconsole.sources.kubernetes.payloads import (
    Condition,
    DaemonSet,
    Deployment,
    ReplicaSet,
    StatefulSet,
    Template,
    WorkloadSpec,
)
from wfconsole.sources.kubernetes.values import instant
from wfconsole.sources.sealing import seal

REVISIONS_SHOWN: Final = 5

_REVISION: Final = "deployment.kubernetes.io/revision"
_CAUSE: Final = "kubernetes.io/change-cause"

# What a restart, and the controller itself, write into a template. The server writes maps sorted and without spaces,
# so two templates are the same exactly when their text is the same without these; a key inside a string value has its
# quotes escaped and does not match.
_RESTARTED: Final = rb'"(?:kubectl\.kubernetes\.io/restartedAt|pod-template-hash)":"[^"]*"'
_NOT_COMPARED: Final = re.compile(_RESTARTED + b",|,?" + _RESTARTED)
_EMPTY: Final = rb'"(?:annotations|labels)":\{\}'
_EMPTY_MAPS: Final = re.compile(_EMPTY + b",|,?" + _EMPTY)

_TEMPLATE: Final = msgspec.json.Decoder(Template)


class _ReplicaSetKept(msgspec.Struct, frozen=True):
    """What is kept of a ReplicaSet: enough for a `Revision`, and a fingerprint of its template."""

    key: str
    number: int
    created_at: Millis
    images: tuple[str, ...]
    replicas: int
    ready: int
    template: bytes
    cause: str
    generation: int


def fingerprint(template: bytes) -> bytes:
    """Sixteen bytes that are equal for templates that differ in nothing but a restart."""
    return hashlib.blake2b(_EMPTY_MAPS.sub(b"", _NOT_COMPARED.sub(b"", template)), digest_size=16).digest()


def deployment_row(item: Deployment, revisions: tuple[Revision, ...]) -> WorkloadRow:
    """The row of one deployment. It is rolling out by the rule of `kubectl rollout status`."""
    meta, spec, status = item.metadata, item.spec, item.status
    desired = 1 if spec.replicas is None else spec.replicas
    under_way = (
        status.observed_generation < meta.generation
        or status.updated_replicas < desired
        or status.replicas > status.updated_replicas
        or status.available_replicas < status.updated_replicas
    )
    number = (meta.annotations or {}).get(_REVISION, "")
    return WorkloadRow(
        kind="Deployment",
        namespace=meta.namespace,
        name=meta.name,
        desired=desired,
        ready=status.ready_replicas,
        updated=status.updated_replicas,
        available=status.available_replicas,
        revision=int(number) if number.isdecimal() and len(number) < 10 else 0,
        images=_images(spec),
        paused=spec.paused,
        created_at=instant(meta.creation_timestamp),
        generation=meta.generation,
        observed_generation=status.observed_generation,
        progressing=under_way,
        stalled=_stalled(status.conditions or []),
        revisions=revisions,
    )


def stateful_set_row(item: StatefulSet) -> WorkloadRow:
    """The row of one stateful set."""
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
    """The row of one daemon set."""
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
    """All workloads. Deployments wait for their ReplicaSets: `take` joins them."""

    def __init__(self) -> None:
        self._table = RowTable()
        self._deployments: dict[str, Deployment] = {}
        self._keys_by_uid: dict[str, str] = {}
        self._sets: dict[str, dict[str, _ReplicaSetKept]] = {}  # by the deployment's uid
        self._owners: dict[str, str] = {}  # a ReplicaSet's key -> its deployment's uid
        self._touched: dict[str, None] = {}
        self._lock = threading.Lock()
        self.deployments = DeploymentMirror(self)
        self.replica_sets = ReplicaSetMirror(self)
        self.stateful_sets = StatefulSetMirror(self._table)
        self.daemon_sets = DaemonSetMirror(self._table)

    def take(self) -> dict[str, bytes | None]:
        """Encoded rows that changed since the last call."""
        with self._lock:
            touched, self._touched = self._touched, {}
            rows = [(key, self._deployments[key]) for key in touched if key in self._deployments]
            revisions = [self._revisions(item.metadata.uid) for _, item in rows]
        for (key, item), shown in zip(rows, revisions, strict=True):
            self._table.put(key, seal(deployment_row(item, shown)))
        return self._table.take()

    def put_deployment(self, key: str, item: Deployment) -> None:
        with self._lock:
            self._deployments[key] = item
            self._keys_by_uid[item.metadata.uid] = key
            self._touched[key] = None

    def drop_deployment(self, key: str) -> None:
        with self._lock:
            gone = self._deployments.pop(key, None)
            if gone is not None:
                self._keys_by_uid.pop(gone.metadata.uid, None)
            self._touched.pop(key, None)
        self._table.remove(key)

    def replica_set(self, owner: str, key: str) -> _ReplicaSetKept | None:
        return self._sets.get(owner, {}).get(key)

    def put_set(self, key: str, owner: str, kept: _ReplicaSetKept) -> None:
        with self._lock:
            self._sets.setdefault(owner, {})[key] = kept
            self._owners[key] = owner
            self._touch(owner)

    def drop_set(self, key: str) -> None:
        with self._lock:
            owner = self._owners.pop(key, "")
            sets = self._sets.get(owner, {})
            sets.pop(key, None)
            if not sets:
                self._sets.pop(owner, None)
            self._touch(owner)

    def _touch(self, uid: str) -> None:
        key = self._keys_by_uid.get(uid)
        if key is not None:
            self._touched[key] = None

    def _revisions(self, uid: str) -> tuple[Revision, ...]:
        """Newest first. A revision is restart-only when the one before it has the same template."""
        kept = sorted(self._sets.get(uid, {}).values(), key=lambda each: each.number, reverse=True)
        shown = []
        for index, each in enumerate(kept[:REVISIONS_SHOWN]):
            before = kept[index + 1] if index + 1 < len(kept) else None
            shown.append(
                Revision(
                    number=each.number,
                    created_at=each.created_at,
                    images=each.images,
                    replicas=each.replicas,
                    ready=each.ready,
                    restart_only=before is not None and before.template == each.template,
                    cause=each.cause,
                )
            )
        return tuple(shown)


class DeploymentMirror:
    """Keeps deployments; see `reflector.Mirror`."""

    def __init__(self, all_of_them: WorkloadMirror) -> None:
        self._all = all_of_them

    def key(self, item: Deployment) -> str:
        return f"Deployment/{item.metadata.namespace}/{item.metadata.name}"

    def put(self, item: Deployment) -> str:
        key = self.key(item)
        self._all.put_deployment(key, item)
        return key

    def drop(self, key: str) -> None:
        self._all.drop_deployment(key)


class ReplicaSetMirror:
    """Keeps the ReplicaSets of deployments as their revisions; see `reflector.Mirror`."""

    def __init__(self, all_of_them: WorkloadMirror) -> None:
        self._all = all_of_them

    def key(self, item: ReplicaSet) -> str:
        return f"{item.metadata.namespace}/{item.metadata.name}"

    def put(self, item: ReplicaSet) -> str:
        key = self.key(item)
        for owner in item.metadata.owner_references or ():
            if owner.kind == "Deployment" and owner.controller:
                self._all.put_set(key, owner.uid, _kept(key, item, self._all.replica_set(owner.uid, key)))
        return key

    def drop(self, key: str) -> None:
        self._all.drop_set(key)


def _kept(key: str, item: ReplicaSet, before: _ReplicaSetKept | None) -> _ReplicaSetKept:
    """What to keep; the template is looked at again only when it can have changed."""
    meta = item.metadata
    annotations = meta.annotations or {}
    number = annotations.get(_REVISION, "")
    created_at = instant(meta.creation_timestamp)
    if before is not None and (before.generation, before.created_at) == (meta.generation, created_at):
        images, template = before.images, before.template
    else:
        raw = bytes(item.spec.template)
        images = tuple(box.image for box in _TEMPLATE.decode(raw).spec.containers or ())
        template = fingerprint(raw)
    return _ReplicaSetKept(
        key=key,
        number=int(number) if number.isdecimal() and len(number) < 10 else 0,
        created_at=created_at,
        images=images,
        replicas=item.status.replicas,
        ready=item.status.ready_replicas,
        template=template,
        cause=annotations.get(_CAUSE, ""),
        generation=meta.generation,
    )


class StatefulSetMirror:
    """Keeps stateful sets; see `reflector.Mirror`."""

    def __init__(self, table: RowTable) -> None:
        self._table = table

    def key(self, item: StatefulSet) -> str:
        return f"StatefulSet/{item.metadata.namespace}/{item.metadata.name}"

    def put(self, item: StatefulSet) -> str:
        key = self.key(item)
        self._table.put(key, seal(stateful_set_row(item)))
        return key

    def drop(self, key: str) -> None:
        self._table.remove(key)


class DaemonSetMirror:
    """Keeps daemon sets; see `reflector.Mirror`."""

    def __init__(self, table: RowTable) -> None:
        self._table = table

    def key(self, item: DaemonSet) -> str:
        return f"DaemonSet/{item.metadata.namespace}/{item.metadata.name}"

    def put(self, item: DaemonSet) -> str:
        key = self.key(item)
        self._table.put(key, seal(daemon_set_row(item)))
        return key

    def drop(self, key: str) -> None:
        self._table.remove(key)
