"""Autoscalers, nodes and events of the API become rows; quantities and times are read as Kubernetes means them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.sources.api_double import payload
from wfconsole.observations.conditions import ConditionRow, is_fine, message_of
from wfconsole.observations.events import EventRow
from wfconsole.observations.hpas import HpaRow
from wfconsole.observations.nodes import NodeRow
from wfconsole.sources.kubernetes.conditions import MOST, condition_rows
from wfconsole.sources.kubernetes.events import EventMirror, event_row
from wfconsole.sources.kubernetes.hpa_payloads import Hpa
from wfconsole.sources.kubernetes.hpas import hpa_row
from wfconsole.sources.kubernetes.nodes import NodeMirror, Use, node_row
from wfconsole.sources.kubernetes.payloads import Condition, Event, Node
from wfconsole.sources.kubernetes.pod_mirror import Load, NodeLoads
from wfconsole.sources.kubernetes.values import amount, instant, is_gpu, millicores
from wfconsole.text import is_safe

# --- autoscalers ----------------------------------------------------------------------------------------------------


def hpa(metrics: list[Any] | None = None, current: list[Any] | None = None, **conditions: tuple[str, str]) -> HpaRow:
    item = {
        "metadata": {"name": "gateway", "namespace": "production"},
        "spec": {
            "scaleTargetRef": {"kind": "Deployment", "name": "gateway"},
            "maxReplicas": 10,
            "minReplicas": 2,
            "metrics": metrics,
        },
        "status": {
            "currentReplicas": 4,
            "desiredReplicas": 5,
            "currentMetrics": current,
            "conditions": [{"type": kind, "status": value, "reason": why} for kind, (value, why) in conditions.items()],
        },
    }
    return hpa_row(msgspec.convert(item, Hpa))


def resource(target: dict[str, Any], current: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    return (
        [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", **target}}}],
        [{"type": "Resource", "resource": {"name": "cpu", "current": current}}],
    )


def test_a_utilization_is_compared_in_percent() -> None:
    row = hpa(*resource({"averageUtilization": 60}, {"averageUtilization": 90, "averageValue": "450m"}))
    assert [(each.name, each.current, each.target, each.ratio) for each in row.metrics] == [("cpu", "90%", "60%", 1.5)]


def test_an_average_value_is_compared_as_a_quantity() -> None:
    row = hpa(*resource({"averageValue": "500m"}, {"averageValue": "1"}))
    assert (row.metrics[0].current, row.metrics[0].ratio) == ("1", 2.0)


def test_a_metric_that_nobody_measured_has_no_ratio() -> None:
    row = hpa(resource({"averageUtilization": 60}, {})[0], [{"type": ""}])
    assert (row.metrics[0].current, row.metrics[0].target, row.metrics[0].ratio) == ("", "60%", None)


def test_a_target_of_nothing_has_no_ratio() -> None:
    row = hpa(*resource({"averageValue": "0"}, {"averageValue": "1"}))
    assert row.metrics[0].ratio is None


def test_other_kinds_of_metrics_are_named() -> None:
    def named(kind: str, **more: Any) -> dict[str, Any]:
        field = kind[0].lower() + kind[1:]
        return {"type": kind, field: {"target": {"value": "10"}, **more}}

    row = hpa(
        [
            named("Pods", metric={"name": "queue"}),
            named("Object", metric={"name": "hits"}, describedObject={"kind": "Ingress", "name": "main"}),
            named("External", metric={"name": "lag"}),
            named("ContainerResource", name="cpu", container="app"),
        ]
    )
    assert [each.name for each in row.metrics] == ["queue", "hits of ingress main", "lag", "cpu of app"]


@pytest.mark.parametrize(
    ("conditions", "blind", "limited", "disabled"),
    [
        ({"ScalingActive": ("True", "ValidMetricFound"), "AbleToScale": ("True", "ReadyForNewScale")}, "", "", False),
        ({"ScalingActive": ("False", "FailedGetResourceMetric")}, "FailedGetResourceMetric", "", False),
        ({"ScalingActive": ("False", "ScalingDisabled")}, "", "", True),
        ({"AbleToScale": ("False", "FailedGetScale")}, "FailedGetScale", "", False),
        ({"ScalingLimited": ("True", "TooManyReplicas")}, "", "TooManyReplicas", False),
        ({"ScalingLimited": ("False", "DesiredWithinRange")}, "", "", False),
        ({"ScalingActive": ("False", "")}, "ScalingActive", "", False),
    ],
)
def test_whether_it_can_see_and_move(conditions: Any, blind: str, limited: str, disabled: bool) -> None:
    row = hpa(**conditions)
    assert (row.blind, row.limited, row.disabled) == (blind, limited, disabled)


def test_captured_autoscalers_read_as_they_were() -> None:
    blind = [hpa_row(msgspec.convert(item, Hpa)) for item in payload("horizontalpodautoscalers")["items"]]
    assert {row.blind for row in blind} == {"FailedGetResourceMetric"}
    well = [hpa_row(msgspec.convert(item, Hpa)) for item in payload("horizontalpodautoscalers-well")["items"]]
    assert {row.blind for row in well} == {""}
    assert all(row.metrics[0].ratio for row in well)
    assert {(row.minimum, row.maximum) for row in well} == {(4, 10), (2, 4)}


def test_what_an_autoscaler_says_of_itself_is_kept_in_its_own_words() -> None:
    row = hpa_row(msgspec.convert(payload("horizontalpodautoscalers")["items"][0], Hpa))
    active = next(each for each in row.conditions if each.type == "ScalingActive")
    assert (active.status, active.reason) == ("False", "FailedGetResourceMetric")
    assert active.message.startswith("the HPA was unable to compute the replica count: failed to get cpu utilization")
    assert active.since == instant("2026-11-23T14:39:11Z")
    assert message_of(row.conditions, "ScalingActive") == active.message
    assert message_of(row.conditions, "Nothing", "AbleToScale").startswith("the HPA controller was able")
    assert message_of((), "ScalingActive") == ""


@pytest.mark.parametrize(
    ("kind", "status", "fine"),
    [
        ("Ready", "True", True),
        ("Ready", "False", False),
        ("Ready", "Unknown", False),
        ("DiskPressure", "False", True),
        ("DiskPressure", "True", False),
        ("DiskPressure", "Unknown", False),
        ("ScalingActive", "False", False),
        ("ScalingLimited", "False", True),
        ("KernelDeadlock", "True", False),
    ],
)
def test_which_conditions_are_as_they_should_be(kind: str, status: str, fine: bool) -> None:
    assert is_fine(ConditionRow(kind, status)) == fine


def test_conditions_are_bounded_and_safe_whoever_wrote_them() -> None:
    wild = Condition("T" * 999, "True", "R\x1b[2J" * 99, "\x1b]52;c;AAAA\x07 " + "m" * 9_000, "not a time")
    rows = condition_rows([wild] * (MOST + 9))
    assert len(rows) == MOST
    assert len(rows[0].message) <= 500
    assert len(rows[0].type) <= 100
    assert all(is_safe(text) for text in (rows[0].type, rows[0].reason, rows[0].message))
    assert rows[0].since == 0
    assert condition_rows(None) == ()


def test_rows_of_a_recording_from_before_read_without_conditions() -> None:
    node = msgspec.json.decode(b'{"name":"n","ready":false}', type=NodeRow)
    hpa_before = msgspec.json.decode(b'{"namespace":"a","name":"b","target_kind":"D","target":"t"}', type=HpaRow)
    assert (node.conditions, node.taints, hpa_before.conditions) == ((), None, ())
    assert msgspec.json.decode(msgspec.json.encode(captured_nodes()["node-1"]), type=NodeRow).taints == ()


# --- nodes ----------------------------------------------------------------------------------------------------------


def captured_nodes() -> dict[str, NodeRow]:
    items = [msgspec.convert(item, Node) for item in payload("nodes")["items"]]
    return {item.metadata.name: node_row(item, Load(), None) for item in items}


def test_captured_nodes_read_as_they_were() -> None:
    rows = captured_nodes()
    assert rows["node-2"].pressures == ("MemoryPressure",)
    assert rows["node-1"].pressures == ()
    assert (rows["gpu-node-1"].gpus, rows["gpu-node-1"].gpu_resource) == (1, "nvidia.com/gpu")
    assert rows["node-2"].taints == ("node.kubernetes.io/memory-pressure:NoSchedule",)
    pressed = message_of(rows["node-2"].conditions, "MemoryPressure")
    assert pressed == "kubelet has insufficient memory"
    calm = rows["node-1"].conditions
    assert {each.message for each in calm if is_fine(each)} == {""}, "thousands of nodes say that they are well"
    assert {each.type for each in calm} >= {"Ready", "MemoryPressure"}
    assert all(row.ready and row.cpu > 1000 and row.memory > 2**30 for row in rows.values())


def test_the_use_of_a_node_is_unknown_until_it_was_measured() -> None:
    assert {row.cpu_used for row in captured_nodes().values()} == {None}


@pytest.mark.parametrize(
    ("conditions", "ready", "reason"),
    [
        ([{"type": "Ready", "status": "True"}], True, ""),
        ([{"type": "Ready", "status": "False", "reason": "KubeletNotReady"}], False, "KubeletNotReady"),
        (
            [{"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown", "message": "Kubelet stopped"}],
            False,
            "Unknown, NodeStatusUnknown: Kubelet stopped",
        ),
        ([], False, "says nothing about itself"),
    ],
)
def test_why_a_node_is_not_ready(conditions: list[Any], ready: bool, reason: str) -> None:
    item = {
        "metadata": {"name": "n", "labels": {"node-role.kubernetes.io/worker": ""}},
        "spec": {"unschedulable": True},
    }
    row = node_row(msgspec.convert({**item, "status": {"conditions": conditions}}, Node), Load(), None)
    assert (row.ready, row.reason, row.cordoned, row.roles) == (ready, reason, True, ("worker",))


def test_a_node_joins_what_its_pods_ask_for_and_what_it_uses() -> None:
    loads = NodeLoads()
    mirror = NodeMirror(loads)
    mirror.put(msgspec.convert(payload("nodes")["items"][0], Node))
    name = payload("nodes")["items"][0]["metadata"]["name"]
    loads.put("a", name, Load(1, 100, 10, 1))
    mirror.use({name: Use(500, 2**30, 7)})

    def taken() -> NodeRow:
        return msgspec.json.decode(mirror.take()[name] or b"", type=NodeRow)

    row = taken()
    assert (row.pods, row.cpu_requested, row.gpus_allocated, row.cpu_used, row.used_at) == (1, 100, 1, 500, 7)
    loads.remove("a")
    assert taken().pods == 0
    mirror.use({})
    assert taken().cpu_used is None
    assert mirror.take() == {}


# --- events ---------------------------------------------------------------------------------------------------------


def event(**fields: Any) -> EventRow:
    meta = {"name": "e", "namespace": "production", "uid": "u", "creationTimestamp": "2026-03-01T09:00:00Z"}
    return event_row(msgspec.convert({"metadata": meta, **fields}, Event))


EARLY, LATE = "2026-03-01T10:00:00Z", "2026-03-01T11:00:00.500000Z"


@pytest.mark.parametrize(
    ("fields", "last", "count"),
    [
        ({"series": {"count": 9, "lastObservedTime": LATE}, "eventTime": EARLY}, LATE, 9),
        ({"eventTime": LATE}, LATE, 1),
        ({"deprecatedFirstTimestamp": EARLY, "deprecatedLastTimestamp": LATE, "deprecatedCount": 5}, LATE, 5),
        ({"firstTimestamp": EARLY, "lastTimestamp": LATE, "count": 5, "eventTime": None}, LATE, 5),
        ({"firstTimestamp": EARLY, "lastTimestamp": None}, EARLY, 1),
        ({}, "2026-03-01T09:00:00Z", 1),
    ],
    ids=["a series", "a single new one", "an old one", "an old one of core", "never repeated", "without any time"],
)
def test_when_an_event_was_last_seen(fields: dict[str, Any], last: str, count: int) -> None:
    row = event(**fields)
    assert (row.last_at, row.count) == (instant(last), count)


def test_both_apis_give_the_same_rows() -> None:
    def rows(name: str) -> dict[str, EventRow]:
        items = [msgspec.convert(item, Event) for item in payload(name)["items"]]
        return {item.metadata.uid: event_row(item) for item in items}

    new, core = rows("events"), rows("events-core")
    shared = new.keys() & core.keys()
    assert len(shared) >= 15
    assert all(new[uid] == core[uid] for uid in shared)
    assert {row.type for row in new.values()} == {"Warning", "Normal"}
    assert all(row.name and row.kind and row.reason and row.last_at for row in new.values())


def numbered(number: int, kind: str) -> Event:
    meta = {"name": f"e{number}", "uid": f"u{number}"}
    time = f"2026-03-01T10:{number // 60:02}:{number % 60:02}Z"
    return msgspec.convert({"metadata": meta, "type": kind, "eventTime": time}, Event)


def test_the_newest_events_are_kept_and_warnings_have_room_of_their_own() -> None:
    mirror = EventMirror(warnings=20, others=8)
    for number in (*range(100, 0, -1), *range(101, 200)):
        mirror.put(numbered(number, "Warning"))
        mirror.put(numbered(number + 1000, "Normal"))
    kept = {key for key, row in mirror.table.take().items() if row}
    assert {f"u{number}" for number in range(180, 200)} <= kept
    assert 28 <= len(kept) <= 20 * 5 // 4 + 8 * 5 // 4
    assert mirror.facts() == {"left out": f"{2 * 199 - len(kept)} older events"}


def test_an_event_that_is_gone_is_forgotten() -> None:
    mirror = EventMirror()
    key = mirror.put(numbered(1, "Normal"))
    mirror.table.take()
    mirror.drop(key)
    mirror.drop("never seen")
    assert mirror.table.take() == {key: None}


# --- values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0), ("1", 1000), ("250m", 250), ("5123u", 6), ("1523456789n", 1524), ("0.1", 100), ("1e3", 1_000_000),
        ("2E", 2**48), ("", 0), ("abc", 0), ("1Zi", 0), ("NaN", 0), ("1e999999", 2**48),
        ("-1", -1000),
    ],
)  # fmt: skip
def test_cpu_is_rounded_up_to_millicores(text: str, value: int) -> None:
    assert millicores(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("128Mi", 128 * 2**20), ("1Gi", 2**30), ("1G", 10**9), ("1500k", 1_500_000), ("123", 123), ("1.5Ki", 1536),
        ("100m", 0), ("1e6", 10**6), ("1E", 2**48), ("E", 0), ("Ki", 0), ("infinity", 0),
    ],
)  # fmt: skip
def test_memory_is_read_in_bytes(text: str, value: int) -> None:
    assert amount(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-03-01T14:32:07Z", 1_772_375_527_000),
        ("2026-03-01T14:32:07.123456Z", 1_772_375_527_123),
        (None, 0),
        ("", 0),
        ("yesterday", 0),
        ("0001-01-01T00:00:00Z", instant("0001-01-01T00:00:00Z")),
    ],
)
def test_instants_are_milliseconds_and_nonsense_is_none(text: str | None, value: int) -> None:
    assert instant(text) == value


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nvidia.com/gpu", True), ("nvidia.com/mig-1g.5gb", True), ("amd.com/gpu", True), ("gpu.intel.com/i915", True),
        ("nvidia.com/gpu.shared", True), ("gpu.intel.com/memory.max", False), ("cpu", False),
        ("requests.nvidia.com/gpu", False), ("hugepages-2Mi", False), ("example.com/gpus-of-old", False),
    ],
)  # fmt: skip
def test_which_resources_are_gpus(name: str, expected: bool) -> None:
    assert is_gpu(name) is expected
