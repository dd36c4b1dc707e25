"""Autoscalers as the API has them, in only the fields that we use; see `payloads`."""

from __future__ import annotations

import msgspec

from wfconsole.sources.kubernetes.payloads import Condition, Meta


class MetricName(msgspec.Struct):
    name: str = ""


class Reference(msgspec.Struct):
    kind: str = ""
    name: str = ""


class MetricTarget(msgspec.Struct, rename="camel"):
    """A target, or a current value: which field is set says what is compared."""

    average_utilization: int | None = None
    average_value: str | None = None
    value: str | None = None


class MetricSource(msgspec.Struct, rename="camel"):
    """The part of a metric that its type names: resource, pods, object, external or containerResource."""

    name: str = ""
    container: str = ""
    metric: MetricName | None = None
    described_object: Reference | None = None
    target: MetricTarget | None = None
    current: MetricTarget | None = None


class Metric(msgspec.Struct, rename="camel"):
    type: str = ""
    resource: MetricSource | None = None
    container_resource: MetricSource | None = None
    pods: MetricSource | None = None
    object: MetricSource | None = None
    external: MetricSource | None = None


class HpaSpec(msgspec.Struct, rename="camel"):
    scale_target_ref: Reference
    max_replicas: int = 0
    min_replicas: int | None = None
    metrics: list[Metric] | None = None


class HpaStatus(msgspec.Struct, rename="camel"):
    current_replicas: int = 0
    desired_replicas: int = 0
    current_metrics: list[Metric] | None = None
    conditions: list[Condition] | None = None
    last_scale_time: str | None = None


class Hpa(msgspec.Struct):
    metadata: Meta
    spec: HpaSpec
    status: HpaStatus = msgspec.field(default_factory=HpaStatus)
