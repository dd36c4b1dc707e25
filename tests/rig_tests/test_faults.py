"""Every named fault gives the objects that a real cluster would show."""

from typing import Any

import pytest

from tests.rig import stages
from tests.rig import world as names
from tests.rig.api import Object, condition, path_of, wait_for
from tests.rig.fixtures import World

pytestmark = [pytest.mark.rig, pytest.mark.slow]

_AUTOSCALERS = path_of("autoscaling/v2", "HorizontalPodAutoscaler", namespace=names.NAMESPACE)
_EVENTS = path_of("v1", "Event", namespace=names.NAMESPACE)


def _first(pod: Object) -> Any:
    statuses = pod["status"].get("containerStatuses") or [{"name": "", "state": {}, "restartCount": 0, "ready": False}]
    return statuses[0]


def _waiting(pod: Object) -> str:
    return str(_first(pod)["state"].get("waiting", {}).get("reason", ""))


def _last_end(pod: Object) -> Any:
    return _first(pod).get("lastState", {}).get("terminated", {})


def _afflicted(world: World, fault: str) -> list[Object]:
    return [pod for pod in world.pods() if (pod["metadata"].get("annotations") or {}).get(stages.FAULT) == fault]


def _exactly(count: int, pods: list[Object]) -> list[Object] | None:
    return pods if len(pods) == count else None


def _event_reasons(world: World, name: str) -> set[str]:
    return {event["reason"] for event in world.api.items(_EVENTS, fieldSelector=f"involvedObject.name={name}")}


def _autoscaler(world: World, name: str) -> Object:
    return world.api.get(f"{_AUTOSCALERS}/{name}")


def test_a_crash_loop_counts_restarts_and_keeps_the_log_of_the_run_before(world: World) -> None:
    world.fault("crash-loop")

    def looping() -> list[Object]:
        pods = _afflicted(world, "crash-loop")
        return [pod for pod in pods if _waiting(pod) == "CrashLoopBackOff" and _first(pod)["restartCount"] >= 2]

    pod = wait_for("a crash loop", looping, 60)[0]
    name = pod["metadata"]["name"]
    assert _last_end(pod)["exitCode"] == 1
    assert _last_end(pod)["reason"] == "Error"
    assert condition(pod, "Ready") == "False"
    assert [status["ready"] for status in pod["status"]["containerStatuses"]] == [False, True]
    assert "BackOff" in _event_reasons(world, name)
    previous = world.api.text(
        path_of("v1", "Pod", name, names.NAMESPACE) + "/log", container="gateway", previous="true"
    )
    assert "panic" in previous


def test_an_oom_kill_is_told_by_the_last_state(world: World) -> None:
    world.fault("oom")

    def killed() -> list[Object]:
        return [pod for pod in _afflicted(world, "oom") if _last_end(pod) and _first(pod)["restartCount"] >= 1]

    pod = wait_for("a restart after an OOM kill", killed, 60)[0]
    assert _last_end(pod)["reason"] == "OOMKilled"
    assert _last_end(pod)["exitCode"] == 137


def test_a_pod_that_is_not_ready_runs_and_leaves_its_service(world: World) -> None:
    world.fault("not-ready")
    pod = wait_for(
        "an unready pod",
        lambda: [pod for pod in _afflicted(world, "not-ready") if condition(pod, "Ready") == "False"],
    )[0]
    assert "running" in _first(pod)["state"]
    assert _first(pod)["restartCount"] == 0
    assert "Unhealthy" in _event_reasons(world, pod["metadata"]["name"])
    slices = path_of("discovery.k8s.io/v1", "EndpointSlice", namespace=names.NAMESPACE)

    def ready_addresses() -> int:
        found = world.api.items(slices, labelSelector=f"kubernetes.io/service-name={names.GATEWAY}")
        return sum(bool(end["conditions"]["ready"]) for part in found for end in part.get("endpoints") or [])

    wait_for("three addresses left", lambda: ready_addresses() == 3)


def test_a_rollout_to_a_missing_image_stops_with_the_old_pods_serving(world: World) -> None:
    world.fault("bad-image")

    def backing_off() -> list[Object]:
        return [pod for pod in world.pods(names.GATEWAY) if _waiting(pod) == "ImagePullBackOff"]

    pods = wait_for("two pods in ImagePullBackOff", lambda: _exactly(2, backing_off()), 60)
    assert stages.MISSING_TAG in pods[0]["spec"]["containers"][0]["image"]
    assert {"Pulling", "Failed", "BackOff"} <= _event_reasons(world, pods[0]["metadata"]["name"])
    old = [pod for pod in world.pods(names.GATEWAY) if names.GATEWAY_TAG in pod["spec"]["containers"][0]["image"]]
    assert sum(condition(pod, "Ready") == "True" for pod in old) == 3


def test_a_rollout_to_a_crashing_image_loops_in_the_new_pods_only(world: World) -> None:
    world.fault("bad-image-crash")

    def crashing() -> list[Object]:
        return [pod for pod in world.pods(names.GATEWAY) if _waiting(pod) == "CrashLoopBackOff"]

    pods = wait_for("two crashing pods", lambda: _exactly(2, crashing()), 60)
    assert all(stages.CRASHING_TAG in pod["spec"]["containers"][0]["image"] for pod in pods)


def test_a_node_under_memory_pressure_is_tainted_and_evicts_a_pod(world: World) -> None:
    said = world.fault("node-pressure")
    victim = said.rpartition(" ")[2]
    node = path_of("v1", "Node", said.partition(" ")[0])
    wait_for("the condition", lambda: condition(world.api.get(node), "MemoryPressure") == "True")
    wait_for(
        "the scheduler's taint",
        lambda: any("memory-pressure" in taint["key"] for taint in world.api.get(node)["spec"].get("taints", [])),
    )

    def evicted() -> list[Object]:
        return [pod for pod in world.pods() if pod["status"].get("reason") == "Evicted"]

    pod = wait_for("an evicted pod", evicted)[0]
    assert pod["metadata"]["name"] == victim
    assert pod["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet"
    assert pod["status"]["phase"] == "Failed"


def test_the_scheduler_finds_no_gpu_for_a_third_replica(world: World) -> None:
    world.fault("pending-no-gpu")

    def unschedulable() -> list[str]:
        return [
            entry["message"]
            for pod in world.pods(names.LLM)
            if pod["status"]["phase"] == "Pending"
            for entry in pod["status"].get("conditions", [])
            if entry["type"] == "PodScheduled" and entry["status"] == "False"
        ]

    assert "Insufficient nvidia.com/gpu" in wait_for("the scheduler's verdict", unschedulable, 60)[0]


def test_an_autoscaler_at_its_maximum_wants_more(world: World) -> None:
    world.await_metrics()
    world.fault("hpa-at-max")

    def at_max() -> Object | None:
        item = _autoscaler(world, names.GATEWAY)
        reasons = {entry["type"]: entry["reason"] for entry in item["status"]["conditions"]}
        return item if reasons.get("ScalingLimited") == "TooManyReplicas" else None

    item = wait_for("an autoscaler that is limited", at_max, 120)
    assert item["status"]["desiredReplicas"] == 10
    used = item["status"]["currentMetrics"][0]["resource"]["current"]["averageUtilization"]
    assert used > 60, "the metric that makes it want more is real, from metrics.k8s.io"


def test_a_blind_autoscaler_says_that_scaling_is_not_active(world: World) -> None:
    world.await_metrics()
    wait_for("sight", lambda: condition(_autoscaler(world, names.GATEWAY), "ScalingActive") == "True", 60)
    world.fault("hpa-blind")
    wait_for("blindness", lambda: condition(_autoscaler(world, names.GATEWAY), "ScalingActive") == "False", 60)


def test_recovery_leaves_no_trace_of_a_fault(world: World) -> None:
    for fault in ("not-ready", "crash-loop", "bad-image", "node-pressure"):
        world.fault(fault)
    world.recover()
    assert all(condition(pod, "Ready") == "True" for pod in world.pods(names.GATEWAY))
    assert len(world.pods(names.GATEWAY)) == 4
    nodes = path_of("v1", "Node")
    wait_for("no pressure", lambda: all(condition(node, "MemoryPressure") != "True" for node in world.api.items(nodes)))


def test_an_unknown_fault_is_refused_with_the_names_of_those_that_exist(world: World) -> None:
    with pytest.raises(ValueError, match="bad-image"):
        world.fault("no-such-fault")
