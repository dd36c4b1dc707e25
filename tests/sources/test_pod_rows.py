"""A pod of the API becomes a row: every kind of bad pod, and the real captured ones."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.sources.api_double import payload
from tests.sources.bad_pods import KILLED, KINDS, LATER, Kind, box, conditions, container, status
from wfconsole.observations.pods import PodRow, judge_pod
from wfconsole.sources.kubernetes.payloads import Pod
from wfconsole.sources.kubernetes.pod_mirror import Load, NodeLoads, PodMirror, load_of
from wfconsole.sources.kubernetes.pods import pod_row
from wfconsole.sources.kubernetes.values import instant


def pod_of(item: Any) -> Pod:
    return msgspec.convert(item, Pod)


def row_of(item: Any) -> PodRow:
    return pod_row(pod_of(item))


@pytest.mark.parametrize("kind", KINDS)
def test_a_pod_is_told_in_the_words_of_kubectl(kind: str) -> None:
    made = KINDS[kind]
    row = row_of(made.pod("gateway-1"))
    assert (row.status, f"{row.ready_containers}/{row.all_containers}", row.restarts) == (
        made.word,
        made.ready,
        made.restarts,
    )
    assert row.reason == made.reason


@pytest.mark.parametrize("kind", KINDS)
def test_containers_are_kept_only_where_something_is_not_as_it_should_be(kind: str) -> None:
    made = KINDS[kind]
    row = row_of(made.pod("gateway-1"))
    plainly_well = kind in ("running and ready", "completed")
    assert bool(row.containers) != plainly_well


def test_an_evicted_pod_is_told_as_evicted_however_its_containers_ended() -> None:
    """kubectl prints how they did, which is "Error" where it ran."""
    row = row_of(KINDS["evicted while it ran"].pod("gateway-1"))
    finding = judge_pod(row, row.ready_since)
    assert (finding.kind, finding.reason) == ("evicted", "Evicted: The node was low on resource: memory")


def test_the_last_termination_is_told_after_the_restart() -> None:
    row = row_of(KINDS["running again after out of memory"].pod("gateway-1"))
    assert row.restarted_at == instant(LATER)
    assert row.containers[0].last_reason == "OOMKilled"
    assert row.containers[0].last_exit_code == 137
    assert row.containers[0].restarts == 3


def test_a_first_termination_without_a_restart_is_no_restart() -> None:
    row = row_of(KINDS["failed"].pod("job-1"))
    assert (row.restarts, row.restarted_at) == (0, 0)


def test_deletion_began_a_grace_period_before_it_is_due() -> None:
    row = row_of(KINDS["terminating"].pod("gateway-1"))
    assert row.deleting_since == instant(LATER) - 30_000


def test_a_pod_that_was_never_ready_has_no_time_of_readiness() -> None:
    row = row_of(Kind({"phase": "Pending"}, "", "").pod("new"))
    assert (row.ready, row.ready_since, row.status) == (False, 0, "Pending")


def test_the_worst_container_gives_the_reason() -> None:
    boxes = (box(waiting={"reason": "ContainerCreating"}), box("second", restarts=1, terminated=KILLED))
    kind = Kind(status("Running", *boxes), "", "", spec={"containers": [container(), container("second")]})
    assert row_of(kind.pod("two")).reason == "OOMKilled"


@pytest.mark.parametrize(
    ("owner", "labels", "expected"),
    [
        (("ReplicaSet", "gateway-6c7b9c4f59"), {"pod-template-hash": "6c7b9c4f59"}, ("Deployment", "gateway")),
        (("ReplicaSet", "a-b-c-12"), {"pod-template-hash": "12"}, ("Deployment", "a-b-c")),
        (("ReplicaSet", "lonely"), {}, ("ReplicaSet", "lonely")),
        (("ReplicaSet", "rollout-5d"), {"rollouts-pod-template-hash": "5d"}, ("ReplicaSet", "rollout-5d")),
        (("StatefulSet", "postgresql"), {"controller-revision-hash": "postgresql-1"}, ("StatefulSet", "postgresql")),
        (("Job", "migration"), {}, ("Job", "migration")),
    ],
)
def test_the_owner_is_the_workload(owner: tuple[str, str], labels: dict[str, str], expected: tuple[str, str]) -> None:
    item = KINDS["running and ready"].pod("x")
    other = {"kind": "Node", "name": "node-1"}
    item["metadata"] |= {
        "labels": labels,
        "ownerReferences": [other, {"kind": owner[0], "name": owner[1], "controller": True}],
    }
    row = row_of(item)
    assert (row.owner_kind, row.owner) == expected


def test_a_bare_pod_has_no_owner() -> None:
    row = row_of(KINDS["running and ready"].pod("x"))
    assert (row.owner_kind, row.owner) == ("", "")


def test_captured_pods_read_as_they_were() -> None:
    rows = {(row.owner, row.status) for row in map(row_of, payload("pods")["items"])}
    assert ("wearforce-clean-gateway", "CrashLoopBackOff") in rows
    assert ("wearforce-clean-gateway", "ImagePullBackOff") in rows
    assert ("wearforce-clean-llm", "Pending") in rows
    assert ("schema-migration", "Completed") in rows


def test_a_captured_pod_that_needs_a_gpu_says_so() -> None:
    models = [row for row in map(row_of, payload("pods")["items"]) if row.owner == "wearforce-clean-llm"]
    assert {row.gpus for row in models} == {1}
    pending = next(row for row in models if row.status == "Pending")
    assert "Insufficient nvidia.com/gpu" in pending.message


def requests(cpu: str, memory: str) -> dict[str, Any]:
    return {"resources": {"requests": {"cpu": cpu, "memory": memory}}}


@pytest.mark.parametrize(
    ("init", "expected"),
    [
        ([], Load(1, 300, 300)),
        ([container("big", **requests("1", "100"))], Load(1, 1000, 300)),
        ([container("side", restartPolicy="Always", **requests("50m", "50"))], Load(1, 350, 350)),
        (
            [
                container("side", restartPolicy="Always", **requests("50m", "50")),
                container("setup", **requests("400m", "20")),
            ],
            Load(1, 450, 350),
        ),
    ],
    ids=["containers add up", "a large init container", "a sidecar stays", "an init container beside a sidecar"],
)
def test_what_a_pod_asks_for(init: list[Any], expected: Load) -> None:
    spec = {
        "containers": [container(**requests("100m", "100")), container("second", **requests("200m", "200"))],
        "initContainers": init,
    }
    assert load_of(pod_of(Kind({"phase": "Running"}, "", "", spec=spec).pod("x")), 0) == expected


def test_overhead_and_gpus_count() -> None:
    spec = {
        "containers": [container(resources={"limits": {"nvidia.com/gpu": "2", "cpu": "4"}})],
        "overhead": {"cpu": "10m", "memory": "1Ki"},
    }
    mirror = PodMirror()
    mirror.put(pod_of(Kind({"phase": "Running"}, "", "", spec=spec).pod("x")))
    assert mirror.loads.on("node-1") == Load(1, 10, 1024, 2)


def test_node_sums_follow_their_pods() -> None:
    loads = NodeLoads()
    loads.put("a", "node-1", Load(1, 100, 10))
    loads.put("b", "node-1", Load(1, 200, 20, 1))
    assert loads.on("node-1") == Load(2, 300, 30, 1)
    assert loads.take_changed() == {"node-1"}
    loads.put("b", "node-1", Load(1, 200, 20, 1))
    assert loads.take_changed() == set()
    loads.put("b", "node-2", Load(1, 250, 20, 1))
    assert (loads.on("node-1"), loads.on("node-2")) == (Load(1, 100, 10), Load(1, 250, 20, 1))
    assert loads.take_changed() == {"node-1", "node-2"}
    loads.remove("a")
    assert loads.on("node-1") == Load()


def test_a_pod_that_ended_holds_nothing_of_its_node() -> None:
    mirror = PodMirror()
    mirror.put(pod_of(KINDS["running and ready"].pod("x")))
    assert mirror.loads.on("node-1").pods == 1
    mirror.put(pod_of(KINDS["completed"].pod("x")))
    assert mirror.loads.on("node-1").pods == 0
    mirror.drop("production/x")
    assert mirror.table.take() == {"production/x": None}


def test_conditions_that_are_missing_are_not_true() -> None:
    kind = Kind(status("Running", box(ready=True, running={}), conditions=conditions()[:1]), "", "")
    assert row_of(kind.pod("x")).ready is False
