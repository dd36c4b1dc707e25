"""Deployments, stateful sets, daemon sets, and revisions as they come out of ReplicaSets."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from tests.sources.api_double import payload
from wfconsole.observations.workloads import WorkloadRow
from wfconsole.sources.kubernetes.payloads import DaemonSet, Deployment, ReplicaSet, StatefulSet
from wfconsole.sources.kubernetes.revisions import fingerprint
from wfconsole.sources.kubernetes.workloads import WorkloadMirror, daemon_set_row, stateful_set_row

THEN = "2026-03-01T10:00:00Z"
RESTARTED = "kubectl.kubernetes.io/restartedAt"


def decoded(item: Any, kind: Any) -> Any:
    return msgspec.json.decode(json.dumps(item, separators=(",", ":")).encode(), type=kind)


def template(image: str = "app:1", *, restarted: str = "", hash_: str = "", **labels: str) -> dict[str, Any]:
    meta: dict[str, Any] = {"labels": {"app": "gateway", **labels}}
    if restarted:
        meta["annotations"] = {RESTARTED: restarted}
    if hash_:
        meta["labels"] = dict(sorted({**meta["labels"], "pod-template-hash": hash_}.items()))
    return {"metadata": meta, "spec": {"containers": [{"name": "app", "image": image}]}}


def deployment(**changes: Any) -> dict[str, Any]:
    status = {
        "observedGeneration": 3, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2,
    } | changes.pop("status", {})  # fmt: skip
    spec = {"replicas": 2, "template": template()} | changes.pop("spec", {})
    meta = {"name": "gateway", "namespace": "production", "uid": "d1", "generation": 3, "creationTimestamp": THEN}
    return {"metadata": meta | changes, "spec": spec, "status": status}


def replica_set(number: int, pod_template: dict[str, Any], name: str = "", **more: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": name or f"gateway-{number}",
            "namespace": "production",
            "creationTimestamp": THEN,
            "annotations": {"deployment.kubernetes.io/revision": str(number), **more},
            "ownerReferences": [{"kind": "Deployment", "name": "gateway", "uid": "d1", "controller": True}],
        },
        "spec": {"replicas": 2, "template": pod_template},
        "status": {"replicas": 2, "readyReplicas": 1},
    }


def rows_of(mirror: WorkloadMirror) -> dict[str, WorkloadRow]:
    return {key: msgspec.json.decode(row, type=WorkloadRow) for key, row in mirror.take().items() if row}


def joined(item: dict[str, Any], *sets: dict[str, Any]) -> WorkloadRow:
    mirror = WorkloadMirror()
    for each in sets:
        mirror.replica_sets.put(decoded(each, ReplicaSet))
    mirror.deployments.put(decoded(item, Deployment))
    return rows_of(mirror)["Deployment/production/gateway"]


def test_a_complete_deployment() -> None:
    row = joined(deployment())
    assert (row.desired, row.ready, row.updated, row.available) == (2, 2, 2, 2)
    assert (row.progressing, row.stalled, row.paused, row.images) == (False, "", False, ("app:1",))


@pytest.mark.parametrize(
    "status",
    [{"observedGeneration": 2}, {"updatedReplicas": 1}, {"replicas": 3}, {"availableReplicas": 1}],
    ids=["not seen yet", "not all are new", "old ones are left", "not all are available"],
)
def test_a_rollout_is_under_way_by_the_rule_of_kubectl(status: dict[str, int]) -> None:
    assert joined(deployment(status=status)).progressing


def test_missing_numbers_are_zero_and_missing_replicas_one() -> None:
    item = deployment()
    item["status"] = {}
    del item["spec"]["replicas"]
    row = joined(item)
    assert (row.desired, row.ready, row.observed_generation, row.progressing) == (1, 0, 0, True)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}], ""),
        (
            [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}],
            "ProgressDeadlineExceeded",
        ),
        (
            [
                {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"},
                {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota"},
            ],
            "FailedCreate: exceeded quota",
        ),
    ],
)
def test_why_a_rollout_does_not_get_on(conditions: list[dict[str, str]], expected: str) -> None:
    assert joined(deployment(status={"conditions": conditions})).stalled == expected


def test_revisions_come_newest_first_and_at_most_five() -> None:
    row = joined(deployment(), *(replica_set(number, template(f"app:{number}")) for number in (3, 1, 7, 2, 5, 6, 4)))
    assert [revision.number for revision in row.revisions] == [7, 6, 5, 4, 3]
    assert row.revisions[0].images == ("app:7",)
    assert (row.revisions[0].replicas, row.revisions[0].ready) == (2, 1)


def test_revisions_are_sorted_by_number_not_as_text() -> None:
    row = joined(deployment(), replica_set(9, template("app:9")), replica_set(10, template("app:10")))
    assert [revision.number for revision in row.revisions] == [10, 9]


def test_a_restart_is_told_from_a_change() -> None:
    row = joined(
        deployment(),
        replica_set(1, template(hash_="aaa")),
        replica_set(2, template(hash_="bbb", restarted="2026-03-01T10:00:00Z")),
        replica_set(3, template(hash_="ccc", restarted="2026-03-01T11:00:00Z")),
        replica_set(4, template("app:2", hash_="ddd", restarted="2026-03-01T11:00:00Z")),
    )
    assert [(each.number, each.restart_only) for each in row.revisions] == [
        (4, False),
        (3, True),
        (2, True),
        (1, False),
    ]


def test_the_oldest_one_shown_is_compared_with_the_one_that_is_not() -> None:
    sets = [replica_set(number, template(hash_=f"h{number}", restarted=f"t{number}")) for number in range(1, 7)]
    assert [each.restart_only for each in joined(deployment(), *sets).revisions] == [True] * 5


@pytest.mark.parametrize(
    "other",
    [
        {
            **template(),
            "spec": {"containers": [{"name": "app", "image": "app:1", "env": [{"name": "A", "value": "1"}]}]},
        },
        template(zone="b"),
        {**template(), "metadata": {"labels": {"app": "gateway"}, "annotations": {"team": "x"}}},
    ],
    ids=["an environment variable", "a label", "an annotation"],
)
def test_any_other_difference_is_a_change(other: dict[str, Any]) -> None:
    def text(item: dict[str, Any]) -> bytes:
        return json.dumps(item, separators=(",", ":")).encode()

    assert fingerprint(text(template())) != fingerprint(text(other))


def test_an_annotation_beside_others_is_left_out_wherever_it_stands() -> None:
    def text(**annotations: str) -> bytes:
        meta = {"annotations": dict(sorted(annotations.items()))} if annotations else {}
        return json.dumps({"metadata": meta, "spec": {}}, separators=(",", ":")).encode()

    for others in ({}, {"a": "1"}, {"z": "1"}, {"a": "1", "z": "2"}):
        assert fingerprint(text(**others)) == fingerprint(text(**others, **{RESTARTED: "now"}))


def test_a_value_that_quotes_the_annotation_is_compared() -> None:
    def text(value: str) -> bytes:
        return json.dumps({"spec": {"env": value}}, separators=(",", ":")).encode()

    assert fingerprint(text(f'"{RESTARTED}":"a"')) != fingerprint(text(f'"{RESTARTED}":"b"'))


def test_a_replica_set_that_comes_later_completes_the_row() -> None:
    mirror = WorkloadMirror()
    mirror.deployments.put(decoded(deployment(), Deployment))
    assert rows_of(mirror)["Deployment/production/gateway"].revisions == ()
    mirror.replica_sets.put(decoded(replica_set(1, template()), ReplicaSet))
    assert len(rows_of(mirror)["Deployment/production/gateway"].revisions) == 1
    mirror.replica_sets.drop("ReplicaSet/production/gateway-1")
    assert rows_of(mirror)["Deployment/production/gateway"].revisions == ()
    mirror.deployments.drop("Deployment/production/gateway")
    assert mirror.take() == {"Deployment/production/gateway": None}


def test_a_change_cause_is_told() -> None:
    row = joined(deployment(), replica_set(1, template(), **{"kubernetes.io/change-cause": "ticket 7"}))
    assert row.revisions[0].cause == "ticket 7"


def test_a_replica_set_of_nobody_is_nobodys_revision() -> None:
    item = replica_set(1, template())
    item["metadata"]["ownerReferences"] = None
    assert joined(deployment(), item).revisions == ()


def test_captured_workloads_read_as_they_were() -> None:
    mirror = WorkloadMirror()
    for item in payload("deployments")["items"]:
        mirror.deployments.put(decoded(item, Deployment))
    for item in payload("replicasets")["items"]:
        mirror.replica_sets.put(decoded(item, ReplicaSet))
    rows = rows_of(mirror)
    gateway = rows["Deployment/production/wearforce-clean-gateway"]
    assert gateway.desired == 4
    assert gateway.revision > 1
    assert len(gateway.revisions) >= 2
    assert gateway.revisions[0].number > gateway.revisions[1].number


def test_captured_stateful_and_daemon_sets_are_complete() -> None:
    for item in payload("statefulsets")["items"]:
        row = stateful_set_row(decoded(item, StatefulSet))
        assert (row.kind, row.ready, row.progressing) == ("StatefulSet", row.desired, False)
    for item in payload("daemonsets")["items"]:
        row = daemon_set_row(decoded(item, DaemonSet))
        assert (row.kind, row.ready, row.progressing) == ("DaemonSet", row.desired, False)


def test_a_stateful_set_between_two_revisions_is_rolling_out() -> None:
    item = payload("statefulsets")["items"][0]
    item["status"]["updateRevision"] = "another"
    assert stateful_set_row(decoded(item, StatefulSet)).progressing
