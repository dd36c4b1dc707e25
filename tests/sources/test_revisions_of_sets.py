"""Stateful sets and daemon sets with their revisions, as these come out of ControllerRevisions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sources.api_double import payload
from tests.sources.test_workload_rows import decoded, deployment, replica_set, rows_of, template
from wfconsole.observations.workloads import WorkloadRow
from wfconsole.sources.kubernetes import workloads
from wfconsole.sources.kubernetes.payloads import ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet
from wfconsole.sources.kubernetes.revisions import fingerprint
from wfconsole.sources.kubernetes.workloads import WorkloadMirror
from wfconsole.sources.sealing import seal

CACHE = "StatefulSet/production/cache"


def stateful_set(uid: str = "s1") -> Any:
    meta = {"name": "cache", "namespace": "production", "uid": uid}
    return decoded({"metadata": meta, "spec": {"template": template()}}, StatefulSet)


def revision_of(number: int, image: str = "app:1", *, name: str = "", **changes: Any) -> Any:
    owner = {"kind": "StatefulSet", "name": "cache", "uid": "s1", "controller": True} | changes.pop("owner", {})
    item = {
        "metadata": {"name": name or f"cache-{number}", "namespace": "production", "ownerReferences": [owner]},
        "data": {"spec": {"template": {"$patch": "replace", **template(image)}}},
        "revision": number,
    }
    return decoded(item | changes, ControllerRevision)


def joined(*revisions: Any, uid: str = "s1") -> WorkloadRow:
    mirror = WorkloadMirror()
    for each in revisions:
        mirror.controller_revisions.put(each)
    mirror.stateful_sets.put(stateful_set(uid))
    return rows_of(mirror)[CACHE]


@pytest.fixture(scope="module")
def captured() -> dict[str, WorkloadRow]:
    mirror = WorkloadMirror()
    for item in payload("statefulsets")["items"]:
        mirror.stateful_sets.put(decoded(item, StatefulSet))
    for item in payload("daemonsets")["items"]:
        mirror.daemon_sets.put(decoded(item, DaemonSet))
    for item in payload("controllerrevisions")["items"]:
        mirror.controller_revisions.put(decoded(item, ControllerRevision))
    return rows_of(mirror)


def test_a_rollback_takes_up_an_old_revision_under_a_new_number(captured: dict[str, WorkloadRow]) -> None:
    row = captured["StatefulSet/production/postgresql"]
    told = [(each.number, each.images[0].rpartition(":")[2], each.cause) for each in row.revisions]
    assert told == [(3, "16.9", ""), (2, "17.9", "ticket 4711")]
    assert row.revision == 3
    assert row.revisions[0].created_at < row.revisions[1].created_at
    assert not any(each.restart_only for each in row.revisions)


def test_a_restart_is_told_from_a_change(captured: dict[str, WorkloadRow]) -> None:
    told = [(each.number, each.restart_only) for each in captured["StatefulSet/production/redis-master"].revisions]
    assert told == [(3, True), (2, True), (1, False)]


def test_a_daemon_set_has_revisions_too(captured: dict[str, WorkloadRow]) -> None:
    row = captured["DaemonSet/monitoring/node-agent"]
    assert (row.revision, [each.images for each in row.revisions]) == (
        2,
        [("registry.wearforce.example/node-agent:99",), ("registry.wearforce.example/node-agent:1.30.0",)],
    )


def test_a_set_is_at_its_highest_number_and_shows_five() -> None:
    row = joined(*(revision_of(number, f"app:{number}") for number in (9, 7, 12, 8, 10, 11)))
    assert row.revision == 12
    assert [each.number for each in row.revisions] == [12, 11, 10, 9, 8]
    assert joined().revision == 0


def test_a_revision_that_comes_or_goes_later_is_joined_then() -> None:
    mirror = WorkloadMirror()
    mirror.stateful_sets.put(stateful_set())
    assert rows_of(mirror)[CACHE].revisions == ()
    mirror.controller_revisions.put(revision_of(1))
    assert rows_of(mirror)[CACHE].revision == 1
    mirror.controller_revisions.put(revision_of(2, "app:2"))
    mirror.controller_revisions.put(revision_of(3, name="cache-1"))
    assert [each.number for each in rows_of(mirror)[CACHE].revisions] == [3, 2]
    mirror.controller_revisions.drop("ControllerRevision/production/cache-1")
    assert [each.number for each in rows_of(mirror)[CACHE].revisions] == [2]
    mirror.stateful_sets.drop(CACHE)
    assert mirror.take() == {CACHE: None}


@pytest.mark.parametrize("now", [{"uid": "another"}, {"controller": False}], ids=["adopted", "nobody's"])
def test_a_revision_that_another_workload_adopts_or_nobody_has_is_not_ours_any_more(now: dict[str, Any]) -> None:
    mirror = WorkloadMirror()
    mirror.stateful_sets.put(stateful_set())
    mirror.deployments.put(decoded(deployment(), Deployment))
    theirs = replica_set(3, template())
    mirror.controller_revisions.put(revision_of(1))
    mirror.replica_sets.put(decoded(theirs, ReplicaSet))
    assert all(row.revisions for row in rows_of(mirror).values())
    theirs["metadata"]["ownerReferences"][0] |= now
    mirror.controller_revisions.put(revision_of(1, owner=now))
    mirror.replica_sets.put(decoded(theirs, ReplicaSet))
    assert [row.revisions for row in rows_of(mirror).values()] == [(), ()]


@pytest.mark.parametrize(
    "item",
    [
        revision_of(1, owner={"kind": "CloneSet"}),
        revision_of(1, data=["anything"]),
        revision_of(1, data={"spec": {"template": "anything"}}),
        revision_of(1, data={"spec": {}}),
        revision_of(1, data=None),
    ],
    ids=["of a kind that is not shown", "a list", "no template of pods", "no template", "no data"],
)
def test_what_others_keep_in_revisions_is_none_of_ours(item: Any) -> None:
    row = joined(item, revision_of(2))
    assert [each.number for each in row.revisions] == [2]


def test_a_replica_set_of_the_same_name_is_another_thing() -> None:
    mirror = WorkloadMirror()
    mirror.stateful_sets.put(stateful_set())
    mirror.deployments.put(decoded(deployment(), Deployment))
    key = mirror.controller_revisions.put(revision_of(7, name="same"))
    mirror.replica_sets.put(decoded(replica_set(3, template(), "same"), ReplicaSet))
    mirror.controller_revisions.drop(key)
    rows = rows_of(mirror)
    assert [each.number for each in rows["Deployment/production/gateway"].revisions] == [3]
    assert rows[CACHE].revisions == ()


def test_what_older_controllers_wrote_about_no_time_is_no_change() -> None:
    def text(**meta: Any) -> bytes:
        return json.dumps({"metadata": meta, "spec": {}}, separators=(",", ":")).encode()

    labels = {"app": "cache"}
    assert fingerprint(text(creationTimestamp=None, labels=labels)) == fingerprint(text(labels=labels))
    restarted = {"kubectl.kubernetes.io/restartedAt": "now"}
    assert fingerprint(text(annotations=restarted, creationTimestamp=None)) == fingerprint(text())
    assert fingerprint(text(creationTimestamp="now")) != fingerprint(text())


def test_a_set_that_goes_while_its_row_is_made_stays_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = WorkloadMirror()
    mirror.stateful_sets.put(stateful_set())

    def goes(row: WorkloadRow) -> bytes:
        mirror.stateful_sets.drop(CACHE)
        return seal(row)

    monkeypatch.setattr(workloads, "seal", goes)
    assert mirror.take() == {}
    assert mirror.take() == {}
