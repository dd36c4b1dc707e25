"""Horizontal pod autoscalers: whether they can see, whether they can move, and how far they are from their targets."""

from __future__ import annotations

from wfconsole.observations.hpas import HpaMetric, HpaRow
from wfconsole.sources.contract import RowTable
from wfconsole.sources.kubernetes.conditions import condition_rows
from wfconsole.sources.kubernetes.hpa_payloads import Hpa, Metric, MetricSource, MetricTarget
from wfconsole.sources.kubernetes.payloads import Condition
from wfconsole.sources.kubernetes.values import instant, quantity
from wfconsole.sources.sealing import seal

_NOTHING = MetricTarget()


def hpa_row(item: Hpa) -> HpaRow:
    """The row of one autoscaler (autoscaling/v2, and v2beta2, which has the same shape)."""
    meta, spec, status = item.metadata, item.spec, item.status
    conditions = {condition.type: condition for condition in status.conditions or ()}
    active = conditions.get("ScalingActive")
    disabled = active is not None and active.status == "False" and active.reason == "ScalingDisabled"
    return HpaRow(
        namespace=meta.namespace,
        name=meta.name,
        target_kind=spec.scale_target_ref.kind,
        target=spec.scale_target_ref.name,
        minimum=1 if spec.min_replicas is None else spec.min_replicas,
        maximum=spec.max_replicas,
        current=status.current_replicas,
        desired=status.desired_replicas,
        metrics=_metrics(spec.metrics or [], status.current_metrics or []),
        blind="" if disabled else _says(active, "False") or _says(conditions.get("AbleToScale"), "False"),
        limited=_says(conditions.get("ScalingLimited"), "True"),
        disabled=disabled,
        last_scaled_at=instant(status.last_scale_time),
        conditions=condition_rows(status.conditions),
    )


def _says(condition: Condition | None, status: str) -> str:
    """The condition's reason when it has that status, else ""."""
    if condition is None or condition.status != status:
        return ""
    return condition.reason or condition.type


def _metrics(wanted: list[Metric], current: list[Metric]) -> tuple[HpaMetric, ...]:
    """Each metric that the autoscaler looks at, with the value that it saw last."""
    seen = {_name(metric): _source(metric) for metric in current}
    rows = []
    for metric in wanted:
        source = _source(metric)
        target = (source.target if source else None) or _NOTHING
        now = seen.get(_name(metric))
        current_value = (now.current if now else None) or _NOTHING
        rows.append(_row(_name(metric), current_value, target))
    return tuple(rows)


def _source(metric: Metric) -> MetricSource | None:
    return metric.resource or metric.container_resource or metric.pods or metric.object or metric.external


def _name(metric: Metric) -> str:
    source = _source(metric)
    if source is None:
        return metric.type
    name = source.name or (source.metric.name if source.metric else "")
    if source.container:
        return f"{name} of {source.container}"
    if source.described_object is not None and source.described_object.name:
        return f"{name} of {source.described_object.kind.lower()} {source.described_object.name}"
    return name


def _row(name: str, now: MetricTarget, target: MetricTarget) -> HpaMetric:
    """Compares what the target compares: utilization, average value or value."""
    if target.average_utilization is not None:
        aim = target.average_utilization
        if now.average_utilization is None:
            return HpaMetric(name, target=f"{aim}%")
        ratio = now.average_utilization / aim if aim > 0 else None
        return HpaMetric(name, f"{now.average_utilization}%", f"{aim}%", ratio)
    if target.average_value is not None:
        return _compared(name, now.average_value, target.average_value)
    return _compared(name, now.value, target.value)


def _compared(name: str, now: str | None, aim: str | None) -> HpaMetric:
    ratio = None
    if now is not None and aim is not None and quantity(aim) > 0:
        ratio = float(quantity(now) / quantity(aim))
    return HpaMetric(name, now or "", aim or "", ratio)


class HpaMirror:
    """Keeps autoscalers; see `reflector.Mirror`."""

    def __init__(self) -> None:
        self.table = RowTable()

    def key(self, item: Hpa) -> str:
        return f"{item.metadata.namespace}/{item.metadata.name}"

    def put(self, item: Hpa) -> str:
        key = self.key(item)
        self.table.put(key, seal(hpa_row(item)))
        return key

    def drop(self, key: str) -> None:
        self.table.remove(key)
