"""The arithmetic of a rollout, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from wfconsole.actions.kubernetes import rollouts
from wfconsole.actions.kubernetes.rollouts import Strategy, gpu_deadlock, needs_of, strategy_of, under_way

GPU = "nvidia.com/gpu"


def workload(replicas: int, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"generation": 1}, "spec": {"replicas": replicas, **spec}, "status": {"observedGeneration": 1}}


def rolling(surge: object, unavailable: object) -> dict[str, Any]:
    return {"strategy": {"rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}}


@pytest.mark.parametrize(
    ("replicas", "spec", "surge", "unavailable"),
    [
        (1, {}, 1, 0),
        (3, {}, 1, 0),  # a quarter of three: up to one more, down to none fewer
        (4, {}, 1, 1),
        (10, {}, 3, 2),
        (0, {}, 0, 1),
        (5, rolling("50%", 0), 3, 0),
        (5, rolling(0, "50%"), 0, 2),
        (2, rolling(0, "25%"), 0, 1),  # both are nothing: the controller takes one away all the same
        (2, rolling(2, 1), 2, 1),
        (3, {"strategy": {"type": "Recreate"}}, 0, 3),
    ],
)
def test_surge_is_rounded_up_and_unavailability_down(
    replicas: int, spec: dict[str, Any], surge: int, unavailable: int
) -> None:
    strategy = strategy_of("deployment", workload(replicas, **spec))
    assert (strategy.surge, strategy.unavailable) == (surge, unavailable)
    assert (strategy.least, strategy.most) == (max(0, replicas - unavailable), replicas + surge)


def test_a_stateful_set_goes_one_by_one_above_its_partition() -> None:
    update = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
    assert strategy_of("statefulset", workload(3)) == Strategy("RollingUpdate", 3, 0, 1)
    assert strategy_of("statefulset", workload(3, updateStrategy=update)).kept == 2
    assert strategy_of("statefulset", workload(3, updateStrategy={"type": "OnDelete"})).kind == "OnDelete"


def test_a_daemon_set_is_as_large_as_its_nodes_are_many() -> None:
    item: dict[str, Any] = {"metadata": {}, "spec": {}, "status": {"desiredNumberScheduled": 7, "numberReady": 6}}
    assert strategy_of("daemonset", item) == Strategy("RollingUpdate", 7, 0, 1)
    item["spec"] = {"updateStrategy": {"rollingUpdate": {"maxUnavailable": "30%"}}}
    assert strategy_of("daemonset", item).unavailable == 3
    item["spec"] = {"updateStrategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}}
    assert strategy_of("daemonset", item) == Strategy("RollingUpdate", 7, 1, 0)


def box(cpu: str, memory: str = "0", **more: Any) -> dict[str, Any]:
    return {"name": "x", "resources": {"requests": {"cpu": cpu, "memory": memory}}, **more}


def test_a_pod_asks_for_the_larger_of_its_containers_and_what_comes_before_them() -> None:
    assert needs_of({"containers": [box("250m", "1Gi"), box("50m", "128Mi")]}) == {
        "cpu": 300,
        "memory": (1024 + 128) << 20,
    }
    first = needs_of({"containers": [box("100m")], "initContainers": [box("1"), box("500m")]})
    assert first["cpu"] == 1000
    side = needs_of({"containers": [box("100m")], "initContainers": [box("200m", restartPolicy="Always"), box("1")]})
    assert side["cpu"] == 1200
    assert needs_of({"containers": [box("100m")], "overhead": {"cpu": "20m"}})["cpu"] == 120


def test_a_limit_alone_is_the_request_too() -> None:
    pod = {"containers": [{"resources": {"limits": {GPU: "1", "cpu": "2"}, "requests": {"cpu": "1"}}}]}
    assert needs_of(pod) == {GPU: 1, "cpu": 1000}
    assert needs_of(pod, "limits") == {GPU: 1, "cpu": 2000}


@pytest.mark.parametrize(
    ("replicas", "spec", "free", "waits_for"),
    [
        (2, {}, [{GPU: 0}, {GPU: 0}], GPU),
        (3, {}, [], GPU),
        (2, {}, [{GPU: 0}, {GPU: 1}], ""),  # a spare one
        (4, {}, [{GPU: 0}], ""),  # of four one may go first
        (2, rolling(0, 1), [{GPU: 0}], ""),
        (2, {"strategy": {"type": "Recreate"}}, [{GPU: 0}], ""),
    ],
)
def test_a_rollout_that_would_wait_for_a_gpu_without_an_end(
    replicas: int, spec: dict[str, Any], free: list[dict[str, int]], waits_for: str
) -> None:
    strategy = strategy_of("deployment", workload(replicas, **spec))
    assert gpu_deadlock(strategy, {GPU: 1, "cpu": 100}, free) == waits_for


def test_without_a_gpu_nothing_waits_for_one() -> None:
    assert gpu_deadlock(strategy_of("deployment", workload(2)), {"cpu": 100}, []) == ""


def test_two_slices_on_two_nodes_are_not_two_on_one() -> None:
    strategy = strategy_of("deployment", workload(2))
    assert gpu_deadlock(strategy, {GPU: 2}, [{GPU: 1}, {GPU: 1}]) == GPU


def quota(hard: dict[str, str], used: dict[str, str], **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "team"}, "spec": spec, "status": {"hard": hard, "used": used}}


def test_a_quota_lacks_what_the_surge_needs() -> None:
    pod = {"containers": [box("500m", "1Gi")]}
    fits = quota({"requests.cpu": "4", "pods": "10"}, {"requests.cpu": "3", "pods": "8"})
    assert not list(rollouts.shortages([fits], pod, 2))
    (short,) = rollouts.shortages(
        [quota({"requests.cpu": "4", "pods": "9"}, {"requests.cpu": "3", "pods": "8"})], pod, 2
    )
    assert str(short) == "quota team has 1 of pods left, and this needs 2 more"
    (short,) = rollouts.shortages([quota({"memory": "2Gi"}, {"memory": "1536Mi"}, scopes=["BestEffort"])], pod, 1)
    assert str(short) == ("quota team has 512Mi of memory left, and this needs 1024Mi more, if it counts these pods")


def test_a_budget_covers_what_its_selector_matches() -> None:
    def budget(name: str, **selector: Any) -> dict[str, Any]:
        status = {"observedGeneration": 1, "disruptionsAllowed": 0, "desiredHealthy": 2, "currentHealthy": 2}
        return {"metadata": {"name": name, "generation": 1}, "spec": {"selector": selector}, "status": status}

    exists = {"matchExpressions": [{"key": "app", "operator": "Exists"}]}
    all_of = [budget("web", matchLabels={"app": "web"}), budget("db", matchLabels={"app": "db"}), budget("x", **exists)]
    assert [each.name for each in rollouts.budgets_over(all_of, {"app": "web"})] == ["web", "x"]
    none = budget("none")
    none["spec"] = {}
    assert not rollouts.budgets_over([none], {"app": "web"})
    new = budget("web", matchLabels={"app": "web"})
    new["metadata"]["generation"] = 2
    assert rollouts.budgets_over([new], {"app": "web"})[0].allowed is None


def deployment(
    wanted: int, total: int, updated: int, available: int, reason: str = "ReplicaSetUpdated"
) -> dict[str, Any]:
    item = workload(wanted)
    item["status"] |= {"replicas": total, "updatedReplicas": updated, "availableReplicas": available}
    item["status"]["conditions"] = [{"type": "Progressing", "reason": reason}]
    return item


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (deployment(2, 2, 2, 2), ""),
        (deployment(2, 3, 1, 2), "1 of 2 pods are of the new revision"),
        (deployment(2, 3, 2, 2), "1 pods of the old revision are still there"),
        (deployment(2, 2, 2, 1), "1 of 2 new pods are available"),
        (deployment(2, 2, 2, 1, "NewReplicaSetAvailable"), ""),  # through long ago; one pod fails now
    ],
)
def test_a_rollout_that_is_still_under_way(item: dict[str, Any], said: str) -> None:
    assert under_way("deployment", item) == said


def test_nothing_is_concluded_before_the_controller_has_looked() -> None:
    item = deployment(2, 2, 2, 2)
    item["metadata"]["generation"] = 2
    assert "not seen" in under_way("deployment", item)


def test_two_templates_that_differ_by_a_restart_alone() -> None:
    one = {"metadata": {"labels": {"app": "web", "pod-template-hash": "1"}}, "spec": {"containers": [box("1")]}}
    two = {
        "metadata": {"labels": {"app": "web"}, "annotations": {rollouts.RESTARTED_AT: "2026-01-01T00:00:00Z"}},
        "spec": {"containers": [box("1")]},
    }
    assert rollouts.templates_equal(one, two, but_restarts=True)
    assert not rollouts.templates_equal(one, two)
    two["spec"] = {"containers": [box("2")]}
    assert not rollouts.templates_equal(one, two, but_restarts=True)
