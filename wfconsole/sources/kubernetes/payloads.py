"""The API's objects, in only the fields that we use: everything else is skipped by the decoder, not built.

Names and nesting are the API's own. A list may be null and a map may be missing: Go writes both.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Owner(msgspec.Struct, gc=False):
    """metadata.ownerReferences[]"""

    kind: str
    name: str
    uid: str = ""
    controller: bool | None = None


class ListMeta(msgspec.Struct, gc=False, rename="camel"):
    """metadata of a list; `remaining_item_count` is an estimate that may be missing."""

    resource_version: str = ""
    continue_: str = msgspec.field(name="continue", default="")
    remaining_item_count: int | None = None


class Listing(msgspec.Struct, Generic[T]):
    """One page of a list."""

    metadata: ListMeta = msgspec.field(default_factory=ListMeta)
    items: list[T] | None = None


# A watch: one object of JSON for each line, told apart by "type".
class Added(msgspec.Struct, Generic[T], tag="ADDED"):
    object: T


class Modified(msgspec.Struct, Generic[T], tag="MODIFIED"):
    object: T


class Deleted(msgspec.Struct, Generic[T], tag="DELETED"):
    object: T


class _BookmarkObject(msgspec.Struct):
    metadata: ListMeta


class Bookmark(msgspec.Struct, tag="BOOKMARK"):
    object: _BookmarkObject


class Broken(msgspec.Struct, tag="ERROR"):
    object: msgspec.Raw


class Meta(msgspec.Struct, gc=False, rename="camel"):
    """metadata of anything but a pod."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[Owner] | None = None


class Condition(msgspec.Struct, gc=False, rename="camel"):
    type: str
    status: str = ""
    reason: str | None = None
    message: str | None = None
    last_transition_time: str | None = None


# --- pods -----------------------------------------------------------------------------------------------------------


class PodMeta(msgspec.Struct, gc=False, rename="camel"):
    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    deletion_grace_period_seconds: int | None = None
    labels: dict[str, str] | None = None
    owner_references: list[Owner] | None = None


class Resources(msgspec.Struct, gc=False):
    requests: dict[str, str] | None = None
    limits: dict[str, str] | None = None


class Container(msgspec.Struct, gc=False, rename="camel"):
    name: str
    image: str = ""
    resources: Resources | None = None
    restart_policy: str | None = None  # "Always" makes an init container a sidecar


class PodSpec(msgspec.Struct, gc=False, rename="camel"):
    containers: list[Container] | None = None
    init_containers: list[Container] | None = None
    node_name: str = ""
    overhead: dict[str, str] | None = None
    service_account_name: str = ""


class Waiting(msgspec.Struct, gc=False):
    reason: str = ""
    message: str = ""


class Running(msgspec.Struct, gc=False, rename="camel"):
    started_at: str | None = None


class Terminated(msgspec.Struct, gc=False, rename="camel"):
    exit_code: int = 0
    signal: int = 0
    reason: str = ""
    message: str = ""
    started_at: str | None = None
    finished_at: str | None = None


class ContainerState(msgspec.Struct, gc=False):
    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(msgspec.Struct, gc=False, rename="camel"):
    name: str
    ready: bool = False
    started: bool | None = None
    restart_count: int = 0
    image: str = ""
    state: ContainerState | None = None
    last_state: ContainerState | None = None


class PodStatus(msgspec.Struct, gc=False, rename="camel"):
    phase: str = ""
    reason: str | None = None
    message: str | None = None
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    pod_ip: str = msgspec.field(name="podIP", default="")
    qos_class: str = ""


class Pod(msgspec.Struct, gc=False):
    metadata: PodMeta
    spec: PodSpec
    status: PodStatus


# --- workloads ------------------------------------------------------------------------------------------------------


class TemplateSpec(msgspec.Struct):
    containers: list[Container] | None = None


class Template(msgspec.Struct):
    spec: TemplateSpec


class WorkloadSpec(msgspec.Struct, rename="camel"):
    """spec of a Deployment, StatefulSet or DaemonSet."""

    template: Template
    replicas: int | None = None
    paused: bool = False


class DeploymentStatus(msgspec.Struct, rename="camel"):
    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    conditions: list[Condition] | None = None


class Deployment(msgspec.Struct):
    metadata: Meta
    spec: WorkloadSpec
    status: DeploymentStatus = msgspec.field(default_factory=DeploymentStatus)


class StatefulSetStatus(msgspec.Struct, rename="camel"):
    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""


class StatefulSet(msgspec.Struct):
    metadata: Meta
    spec: WorkloadSpec
    status: StatefulSetStatus = msgspec.field(default_factory=StatefulSetStatus)


class DaemonSetStatus(msgspec.Struct, rename="camel"):
    observed_generation: int = 0
    desired_number_scheduled: int = 0
    updated_number_scheduled: int = 0
    number_ready: int = 0
    number_available: int = 0


class DaemonSet(msgspec.Struct):
    metadata: Meta
    spec: WorkloadSpec
    status: DaemonSetStatus = msgspec.field(default_factory=DaemonSetStatus)


class ReplicaSetSpec(msgspec.Struct):
    template: msgspec.Raw = msgspec.Raw(b"null")
    replicas: int | None = None


class ReplicaSetStatus(msgspec.Struct, rename="camel"):
    replicas: int = 0
    ready_replicas: int = 0


class ReplicaSet(msgspec.Struct):
    metadata: Meta
    spec: ReplicaSetSpec
    status: ReplicaSetStatus = msgspec.field(default_factory=ReplicaSetStatus)


class ControllerRevision(msgspec.Struct):
    """What a StatefulSet or a DaemonSet was at one time. `data` is RevisionData there; whoever else keeps revisions has
    in it what he likes."""

    metadata: Meta
    revision: int = 0
    data: msgspec.Raw = msgspec.Raw(b"null")


class RevisionSpec(msgspec.Struct):
    template: msgspec.Raw = msgspec.Raw(b"null")


class RevisionData(msgspec.Struct):
    """data of the ControllerRevision of a StatefulSet or a DaemonSet."""

    spec: RevisionSpec


# --- nodes ----------------------------------------------------------------------------------------------------------


class Taint(msgspec.Struct, gc=False):
    key: str = ""
    effect: str = ""
    value: str | None = None


class NodeSpec(msgspec.Struct):
    unschedulable: bool = False
    taints: list[Taint] | None = None


class NodeInfo(msgspec.Struct, rename="camel"):
    kubelet_version: str = ""


class NodeStatus(msgspec.Struct, rename="camel"):
    allocatable: dict[str, str] | None = None
    conditions: list[Condition] | None = None
    node_info: NodeInfo | None = None


class Node(msgspec.Struct):
    metadata: Meta
    spec: NodeSpec = msgspec.field(default_factory=NodeSpec)
    status: NodeStatus = msgspec.field(default_factory=NodeStatus)


class NodeMetrics(msgspec.Struct):
    """One node of metrics.k8s.io."""

    metadata: Meta
    timestamp: str | None = None
    usage: dict[str, str] | None = None


class ContainerMetrics(msgspec.Struct):
    name: str
    usage: dict[str, str] | None = None


class PodMetrics(msgspec.Struct):
    """One pod of metrics.k8s.io."""

    metadata: Meta
    timestamp: str | None = None
    containers: list[ContainerMetrics] | None = None


# --- events ---------------------------------------------------------------------------------------------------------


class EventObject(msgspec.Struct, gc=False):
    kind: str = ""
    name: str = ""
    namespace: str = ""


class EventSource(msgspec.Struct, gc=False):
    component: str = ""
    host: str = ""


class EventSeries(msgspec.Struct, gc=False, rename="camel"):
    count: int = 0
    last_observed_time: str | None = None


class EventMeta(msgspec.Struct, gc=False, rename="camel"):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: str | None = None


class Event(msgspec.Struct, gc=False, rename="camel"):
    """An event of events.k8s.io/v1 or of core/v1: the same object under two sets of names."""

    metadata: EventMeta
    type: str = ""
    reason: str = ""
    event_time: str | None = None
    series: EventSeries | None = None
    # events.k8s.io/v1
    regarding: EventObject | None = None
    note: str = ""
    reporting_controller: str = ""
    deprecated_source: EventSource | None = None
    deprecated_first_timestamp: str | None = None
    deprecated_last_timestamp: str | None = None
    deprecated_count: int | None = None
    # core/v1
    involved_object: EventObject | None = None
    message: str = ""
    reporting_component: str = ""
    source: EventSource | None = None
    first_timestamp: str | None = None
    last_timestamp: str | None = None
    count: int | None = None
