"""Which node takes how many pods, what a namespace fills in, what an autoscaler says of itself: without a server."""

from __future__ import annotations

from typing import Any

import pytest

from wfconsole.actions.kubernetes.autoscalers import at_most, blind, bounds_of, scaler_checks, scaler_instead
from wfconsole.actions.kubernetes.limit_ranges import broken, defaulted
from wfconsole.actions.kubernetes.placing import Held, left_out, nodes_of, places
from wfconsole.actions.kubernetes.replicas import is_database
from wfconsole.actions.kubernetes.rollouts import needs_of

GPU = "nvidia.com/gpu"


def node(name: str, *, taints: tuple[tuple[str, str, str], ...] = (), labels: Any = None, **has: str) -> dict[str, Any]:
    there = {
        "cpu": "4",
        "memory": "16Gi",
        "pods": "110",
        **{key.replace("gpu", GPU): value for key, value in has.items()},
    }
    return {
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **(labels or {})}},
        "spec": {"taints": [{"key": key, "value": value, "effect": effect} for key, value, effect in taints]},
        "status": {"allocatable": there},
    }


def pod(cpu: str = "1", **spec: Any) -> dict[str, Any]:
    return {"containers": [{"name": "app", "resources": {"requests": {"cpu": cpu}}}], **spec}


def takes(items: list[dict[str, Any]], spec: dict[str, Any], *held: Held) -> dict[str, int]:
    found = places(nodes_of(items, held), spec, needs_of(spec))
    return {each.node.name: each.takes for each in found}


def why(items: list[dict[str, Any]], spec: dict[str, Any]) -> str:
    (found,) = places(nodes_of(items, ()), spec, needs_of(spec))
    return found.why


def test_pods_are_packed_by_node_and_not_by_the_sum() -> None:
    busy = Held("a", "x", {}, {"cpu": 2500, "memory": 0})
    assert takes([node("a"), node("b")], pod("2"), busy) == {"a": 0, "b": 2}
    assert takes([node("a", pods="1")], pod("1m"), busy) == {"a": 0}
    assert takes([node("a", gpu="2")], pod("1", containers=[{"resources": {"limits": {GPU: "1"}}}])) == {"a": 2}


@pytest.mark.parametrize(
    ("toleration", "takes_it"),
    [
        ({}, False),
        ({"key": "gpu", "operator": "Exists"}, True),
        ({"operator": "Exists"}, True),
        ({"key": "gpu", "value": "yes"}, True),
        ({"key": "gpu", "value": "no"}, False),
        ({"key": "gpu", "value": "yes", "effect": "NoExecute"}, False),
    ],
)
def test_a_taint_keeps_off_whoever_does_not_tolerate_it(toleration: dict[str, str], takes_it: bool) -> None:
    spec = pod(tolerations=[toleration] if toleration else [])
    tainted = [node("a", taints=(("gpu", "yes", "NoSchedule"),))]
    assert takes(tainted, spec)["a"] == (4 if takes_it else 0)
    assert takes([node("a", taints=(("gpu", "yes", "PreferNoSchedule"),))], spec)["a"] == 4


@pytest.mark.parametrize(
    ("expression", "takes_it"),
    [
        ({"key": "disk", "operator": "In", "values": ["ssd"]}, True),
        ({"key": "disk", "operator": "NotIn", "values": ["ssd"]}, False),
        ({"key": "disk", "operator": "Exists"}, True),
        ({"key": "slow", "operator": "DoesNotExist"}, True),
        ({"key": "cores", "operator": "Gt", "values": ["8"]}, True),
        ({"key": "cores", "operator": "Lt", "values": ["8"]}, False),
        ({"key": "disk", "operator": "Gt", "values": ["8"]}, False),
        ({"key": "disk", "operator": "Unheard", "values": []}, False),
    ],
)
def test_node_affinity_is_kept_to(expression: dict[str, Any], takes_it: bool) -> None:
    terms = {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
    spec = pod(affinity={"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}})
    assert (takes([node("a", labels={"disk": "ssd", "cores": "16"})], spec)["a"] > 0) is takes_it


def test_why_a_node_takes_none_is_said() -> None:
    assert why([node("a")], pod(nodeSelector={"zone": "b"})) == "not labelled zone=b"
    assert why([node("a")], pod("6")) == "4000m of 4000m cpu left"
    assert why([node("a")], {"containers": [{"resources": {"limits": {GPU: "1"}}}]}) == f"has no {GPU}"
    closed = node("a")
    closed["spec"]["unschedulable"] = True
    assert why([closed], pod()) == "cordoned"


def test_what_is_not_reckoned_with_is_named() -> None:
    hard = "requiredDuringSchedulingIgnoredDuringExecution"
    spec = pod(
        affinity={"podAntiAffinity": {hard: [{}]}},
        topologySpreadConstraints=[{"whenUnsatisfiable": "DoNotSchedule"}],
        volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "d"}}],
        schedulerName="volcano",
    )
    assert left_out(spec) == (
        "pods that it keeps away from",
        "how it must be spread",
        "where its volumes are",
        "its own scheduler volcano",
    )
    assert left_out(pod()) == ()


# --- what a namespace makes of it


def ranges(**bound: Any) -> list[dict[str, Any]]:
    return [{"metadata": {"name": "usual"}, "spec": {"limits": [{"type": "Container", **bound}]}}]


def test_defaults_are_filled_in_where_nothing_is_said() -> None:
    empty = {"containers": [{"name": "app"}]}
    both = ranges(default={"memory": "512Mi"}, defaultRequest={"memory": "128Mi"})
    assert defaulted(empty, both)["containers"][0]["resources"] == {
        "limits": {"memory": "512Mi"},
        "requests": {"memory": "128Mi"},
    }
    limited = {"containers": [{"name": "app", "resources": {"limits": {"memory": "1Gi"}}}]}
    assert defaulted(limited, both)["containers"][0]["resources"]["requests"] == {"memory": "1Gi"}
    assert empty == {"containers": [{"name": "app"}]}


def test_bounds_are_named_with_both_numbers() -> None:
    box = {"name": "app", "resources": {"limits": {"memory": "1Gi"}, "requests": {"memory": "64Mi"}}}
    found = list(broken({"containers": [box]}, ranges(max={"memory": "512Mi"}, min={"memory": "128Mi"})))
    assert found == [
        "usual: container app: limit 1024Mi of memory, at most 512Mi",
        "usual: container app: request 64Mi of memory, at least 128Mi",
    ]
    assert "16 times the request, at most 4" in next(
        broken({"containers": [box]}, ranges(maxLimitRequestRatio={"memory": "4"}))
    )
    pods = [{"metadata": {"name": "usual"}, "spec": {"limits": [{"type": "Pod", "max": {"memory": "1Gi"}}]}}]
    assert list(broken({"containers": [box]}, pods)) == []
    assert "a pod in all: limit 2048Mi" in next(broken({"containers": [box, box]}, pods))


# --- autoscalers


def hpa(least: int | None, most: int, *conditions: tuple[str, str, str]) -> dict[str, Any]:
    told = [{"type": kind, "status": status, "reason": reason} for kind, status, reason in conditions]
    return {
        "metadata": {"name": "web", "namespace": "x", "resourceVersion": "1"},
        "spec": {"maxReplicas": most, **({} if least is None else {"minReplicas": least})},
        "status": {"conditions": told},
    }


def test_what_an_autoscaler_says_of_itself() -> None:
    assert bounds_of(hpa(None, 4)) == (1, 4)
    assert blind(hpa(1, 4, ("ScalingActive", "False", "FailedGetResourceMetric"))) == "FailedGetResourceMetric"
    assert blind(hpa(1, 4, ("ScalingActive", "False", "ScalingDisabled"))) == ""
    assert blind(hpa(1, 4)) == ""
    assert at_most(hpa(1, 4, ("ScalingLimited", "True", "TooManyReplicas")))
    assert not at_most(hpa(1, 4, ("ScalingLimited", "True", "TooFewReplicas")))


@pytest.mark.parametrize(
    ("current", "replicas", "words"),
    [
        (4, 12, "takes this back to 10 within seconds"),
        (4, 1, "takes this back to 2 within seconds"),
        (4, 6, "to what it reckons"),
        (4, 0, "0 switches it off"),
        (0, 4, "switches it on again"),
    ],
)
def test_what_it_makes_of_a_number_that_somebody_sets(current: int, replicas: int, words: str) -> None:
    (check,) = scaler_checks(hpa(2, 10), current, replicas)
    assert words in check.text
    assert check.judgement == ("explain" if current == 0 else "refuse")


@pytest.mark.parametrize(
    ("current", "replicas", "least", "most"),
    [(4, 6, "6", "10"), (4, 12, "12", "12"), (4, 3, "2", "3"), (4, 1, "1", "1")],
)
def test_its_bounds_are_offered_for_more_and_for_fewer(current: int, replicas: int, least: str, most: str) -> None:
    (other,) = scaler_instead(hpa(2, 10), current, replicas)
    assert other.request.parameters == {"min": least, "max": most}


@pytest.mark.parametrize(
    ("image", "is_one"),
    [
        ("registry.example/postgresql:16", True),
        ("ghcr.io/cloudnative-pg/postgresql:16", True),
        ("mysql:8", True),
        ("registry.mysql.example/web:1", False),
        ("web:1", False),
    ],
)
def test_a_database_is_known_by_its_image(image: str, is_one: bool) -> None:
    assert is_database({"spec": {"template": {"spec": {"containers": [{"image": image}]}}}}) is is_one
