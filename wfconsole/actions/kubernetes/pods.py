"""What the actions on pods share: which pods a workload has, how each is, who looks after them, and their eviction."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import msgspec

from wfconsole.actions.contract import BadRequestError, Stale
from wfconsole.actions.kubernetes.cluster import JSON, Call, Cluster, Object
from wfconsole.actions.kubernetes.rollouts import Budget, budgets_over, selector_of
from wfconsole.actions.kubernetes.workloads import path_of
from wfconsole.clock import SECOND, Millis
from wfconsole.decoding import convert
from wfconsole.incident.plan import Aim, Check, DryRun, Observed
from wfconsole.observations.levels import Finding, Level
from wfconsole.observations.pods import PodRow, judge_pod
from wfconsole.sources.contract import SourceError
from wfconsole.sources.kubernetes.payloads import Pod
from wfconsole.sources.kubernetes.pods import pod_row
from wfconsole.sources.sealing import made_safe
from wfconsole.text import safe

_GONE: Final = 404
TOO_MANY: Final = 429  # what an eviction is answered with that a disruption budget does not allow
_LOOK_EVERY_S: Final = 1.0
_WORKLOADS: Final = ("Deployment", "StatefulSet", "DaemonSet")


class Member(msgspec.Struct, frozen=True):
    """One pod. `raw` as the server sent it; `row` and `finding` as the console shows it."""

    raw: Object
    row: PodRow
    finding: Finding

    @property
    def name(self) -> str:
        """Safe to show, and exactly its name: the server lets nothing else be one."""
        return self.row.name

    @property
    def uid(self) -> str:
        return str(self.raw["metadata"]["uid"])

    @property
    def leaving(self) -> bool:
        return self.row.deleting_since > 0

    @property
    def over(self) -> bool:
        """Whether it has ended for good; its workload has another one already."""
        return self.row.phase in ("Succeeded", "Failed")

    @property
    def ready(self) -> bool:
        return self.row.ready and not self.leaving

    @property
    def failing(self) -> bool:
        """Whether it should serve and does not."""
        return not (self.row.ready or self.leaving or self.over) and self.finding.level >= Level.WARNING

    @property
    def labels(self) -> dict[str, str]:
        return dict(self.raw["metadata"].get("labels") or {})

    @property
    def notes(self) -> dict[str, str]:
        return dict(self.raw["metadata"].get("annotations") or {})

    def seen(self) -> Observed:
        meta = self.raw["metadata"]
        said = self.finding.reason or ("ready" if self.ready else self.row.status)
        return Observed(f"pod {safe(meta['namespace'])}/{self.name}", said, str(meta.get("resourceVersion", "")))


def member(raw: Object, now: Millis) -> Member:
    """A pod, judged at `now`."""
    row = made_safe(pod_row(convert(raw, Pod)), PodRow)
    return Member(raw, row, judge_pod(row, now))


def pod_path(namespace: str, name: str = "") -> str:
    return f"/api/v1/namespaces/{namespace}/pods{f'/{name}' if name else ''}"


def pod_at(aim: Aim) -> str:
    """The REST path of a pod. Raises BadRequestError where the aim is none."""
    if aim.kind != "pod" or not aim.namespace or not aim.name or "/" in aim.namespace + aim.name:
        raise BadRequestError(f"{aim.kind} {aim.name}: this is done to a pod, named as NAMESPACE/NAME")
    return pod_path(aim.namespace, aim.name)


def owner_of(item: Object) -> Object | None:
    """The reference to what controls an object."""
    references = item["metadata"].get("ownerReferences") or ()
    return next((each for each in references if each.get("controller")), None)


def members(cluster: Cluster, aim: Aim, item: Object, now: Millis) -> tuple[Member, ...]:
    """The pods that a workload controls. Raises SourceError."""
    selector = selector_of(item["spec"]["selector"])
    query = {"labelSelector": ",".join(f"{key}={value}" for key, value in selector.labels)} if selector.labels else {}
    found = cluster.list(pod_path(aim.namespace), "pods", **query)
    owners = {item["metadata"]["uid"]}
    if aim.kind == "deployment":
        owners = {each["metadata"]["uid"] for each in replica_sets(cluster, aim, item)}
    mine = [raw for raw in found if (owner := owner_of(raw)) is not None and owner["uid"] in owners]
    return tuple(member(raw, now) for raw in mine)


def replica_sets(cluster: Cluster, aim: Aim, item: Object) -> list[Object]:
    """The replica sets that a deployment controls: by its uid, not by labels that others may have too."""
    found = cluster.list(f"/apis/apps/v1/namespaces/{aim.namespace}/replicasets", "replica sets")
    uid = item["metadata"]["uid"]
    return [each for each in found if (owner := owner_of(each)) is not None and owner["uid"] == uid]


def workload_of(cluster: Cluster, pod: Object) -> tuple[Aim, Object] | None:
    """The workload that puts another pod in the place of this one; None where none of those that we know does.
    Raises SourceError."""
    namespace, owner = pod["metadata"]["namespace"], owner_of(pod)
    if owner is not None and owner["kind"] == "ReplicaSet":
        path = f"/apis/apps/v1/namespaces/{namespace}/replicasets/{owner['name']}"
        holder = cluster.find(path, f"replica set {safe(owner['name'])}")
        owner = None if holder is None else owner_of(holder)
    if owner is None or owner["kind"] not in _WORKLOADS:
        return None
    aim = Aim(owner["kind"].lower(), owner["name"], namespace)
    item = cluster.find(path_of(aim), str(aim))
    return None if item is None else (aim, item)


def budgets(cluster: Cluster, namespace: str, labels: dict[str, str]) -> tuple[Budget, ...]:
    """The disruption budgets over a pod with these labels. Raises SourceError."""
    path = f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets"
    return budgets_over(cluster.list(path, "disruption budgets"), labels)


def budget_seen(each: Budget) -> Observed:
    return Observed(f"PodDisruptionBudget {each.name}", str(each), each.version)


def eviction_checks(cluster: Cluster, pod: Object) -> tuple[Check, ...]:
    """What the disruption budgets say of evicting this pod; the dry run asks the server itself."""
    meta = pod["metadata"]
    try:
        found = budgets(cluster, meta["namespace"], meta.get("labels") or {})
    except SourceError as error:
        return (Check("explain", f"not known: what disruption budgets allow: {error.message}"),)
    seen = tuple(map(budget_seen, found))
    if not found:
        return (Check("ok", "no disruption budget is over it"),)
    if len(found) > 1:
        names = ", ".join(each.name for each in found)
        return (Check("refuse", f"two disruption budgets are over it ({names}): the server evicts no such pod", seen),)
    (budget,) = found
    if budget.allowed == 0:
        told = f"disruption budget {budget.name} lets no ready pod go now: it {budget}"
        return (Check("explain", told, seen),)
    return (Check("ok", f"disruption budget {budget.name}: it {budget}", seen),)


def eviction(namespace: str, name: str, uid: str) -> Call:
    """An eviction of this very pod, which keeps to disruption budgets; a namesake that came after it is left alone."""
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": name, "namespace": namespace},
        "deleteOptions": {"preconditions": {"uid": uid}},
    }
    return Call(
        "POST", f"{pod_path(namespace, name)}/eviction", body, JSON, f"evict pod {safe(namespace)}/{safe(name)}"
    )


def evict(cluster: Cluster, call: Call, labels: dict[str, str]) -> None:
    """Send an eviction. Raises as `Cluster.send`; a refusal by a disruption budget says that it is one."""
    try:
        cluster.send(call)
    except SourceError as error:
        if error.code == _GONE:
            raise Stale(f"{call.what}: it is gone") from None
        raise _explained(cluster, error, call, labels) from None


def tried(cluster: Cluster, call: Call, labels: dict[str, str]) -> DryRun:
    """What the server would say of an eviction, disruption budgets included."""
    try:
        cluster.try_out(call)
    except SourceError as error:
        return DryRun("failed", _explained(cluster, error, call, labels).message)
    return DryRun("server", "the server has tried it, disruption budgets included, and kept nothing")


def _explained(cluster: Cluster, error: SourceError, call: Call, labels: dict[str, str]) -> SourceError:
    """A budget answers with what a busy server answers with too: its words tell them apart."""
    if error.code != TOO_MANY or "disruption budget" not in error.message:
        return error
    namespace = call.path.split("/")[4]
    try:
        told = "; ".join(f"{each.name} {each}" for each in budgets(cluster, namespace, labels))
    except SourceError:
        told = ""
    why = f": {told}" if told else f" ({error.message})"
    return SourceError(
        "refused",
        f"{call.what}: a disruption budget does not let it go now{why}",
        remedy="Wait until more of its pods are ready, or make room in the budget.",
        code=error.code,
    )


def wait_until(met: Callable[[], bool], within_ms: Millis) -> bool:
    """Ask until it is so, at most so long; a read that fails is asked again."""
    until = time.monotonic() + within_ms / SECOND
    while True:
        try:
            if met():
                return True
        except SourceError:
            pass  # the next look may see again, and nothing is concluded from this one
        if time.monotonic() >= until:
            return False
        time.sleep(_LOOK_EVERY_S)
