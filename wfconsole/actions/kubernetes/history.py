"""Reads the revisions of a workload, and makes the change that goes back to one of them."""

from __future__ import annotations

from typing import Any

from wfconsole.actions.contract import Stale
from wfconsole.actions.kubernetes import revisions
from wfconsole.actions.kubernetes.cluster import STRATEGIC, Call, Cluster, Object
from wfconsole.actions.kubernetes.pods import Member, owner_of, replica_sets
from wfconsole.actions.kubernetes.revisions import Revision
from wfconsole.actions.kubernetes.rollout_strategy import ONE_FEWER, set_strategy
from wfconsole.actions.kubernetes.rollouts import plain_template
from wfconsole.actions.kubernetes.workloads import path_of
from wfconsole.clock import Millis
from wfconsole.incident.plan import Aim


def revisions_of(
    cluster: Cluster, aim: Aim, item: Object, pods: tuple[Member, ...], now: Millis
) -> tuple[Revision, ...]:
    """The revisions of a workload, newest first. Raises SourceError."""
    if aim.kind == "deployment":
        return revisions.of_replica_sets(replica_sets(cluster, aim, item), pods, now)
    found = cluster.list(f"/apis/apps/v1/namespaces/{aim.namespace}/controllerrevisions", "controller revisions")
    uid = item["metadata"]["uid"]
    mine = [each for each in found if (owner := owner_of(each)) is not None and owner["uid"] == uid]
    return revisions.of_controller_revisions(mine, pods, now)


def source_of(revision: Revision) -> dict[str, Any]:
    """Where the template is, and how to know it again. The template itself stays out of the record: the values of its
    environment may be secrets."""
    return {"path": revision.path, "uid": revision.uid, "template": revisions.digest(revision.template)}


def template_at(cluster: Cluster, aim: Aim, source: dict[str, Any]) -> Object:
    """The template that the plan was made from. Raises Stale where it is gone or another one, and SourceError."""
    what = source["path"].rpartition("/")[2]
    # A controller revision alone cannot be read by one who may only list them.
    folder = source["path"].rpartition("/")[0]
    found = next((each for each in cluster.list(folder, "revisions") if each["metadata"]["uid"] == source["uid"]), None)
    if found is None:
        raise Stale(f"{what}, the revision to go back to, is gone")
    read = revisions.of_replica_sets if aim.kind == "deployment" else revisions.of_controller_revisions
    made = read([found], (), 0)
    if not made or revisions.digest(made[0].template) != source["template"]:
        raise Stale(f"{what}, the revision to go back to, is another one now")
    return made[0].template


def going_back(aim: Aim, item: Object, template: Object, number: int, cause: str, *, fewer: bool = False) -> Call:
    """The change: the whole template is replaced, what else there is stays as it is. kubectl's own undo drops every
    annotation of the deployment that the revision did not have."""
    body: Object = {"spec": {"template": {"$patch": "replace", **plain_template(template)}}}
    if fewer:
        body["spec"]["strategy"] = set_strategy(ONE_FEWER)
    if cause or revisions.CAUSE in (item["metadata"].get("annotations") or {}):
        body["metadata"] = {"annotations": {revisions.CAUSE: cause or None}}
    return Call("PATCH", path_of(aim), body, STRATEGIC, f"roll {aim} back to revision {number}")
