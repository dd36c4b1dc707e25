"""Remove only the pods of a workload that fail, one after the other, and wait for what comes in the place of each.

A restart of the workload would take the healthy ones too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from wfconsole.actions.contract import Action, Say, Stale, Unknown
from wfconsole.actions.kubernetes import evidence
from wfconsole.actions.kubernetes.by_hand import evict_by_hand
from wfconsole.actions.kubernetes.cluster import Cluster, Object
from wfconsole.actions.kubernetes.pods import (
    Member,
    evict,
    eviction,
    eviction_checks,
    member,
    members,
    pod_path,
    tried,
    wait_until,
)
from wfconsole.actions.kubernetes.remove_pod import LOST
from wfconsole.actions.kubernetes.rollouts import under_way, wanted
from wfconsole.actions.kubernetes.workloads import path_of, resource_of, seen
from wfconsole.actions.systems import Systems
from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.incident.plan import (
    Aim,
    Alternative,
    Check,
    DryRun,
    Evidence,
    Found,
    Outcome,
    Plan,
    Reading,
    Request,
    Signal,
)
from wfconsole.incident.wording import counted
from wfconsole.sources.contract import SourceError

KINDS: Final = ("deployment", "statefulset", "daemonset")
_SHOWN: Final = 5
_AT_ONCE: Final = 20  # pods of one action; what is more is another action, after a look at what these did
_EVIDENCE_MS: Final[Millis] = 10 * SECOND  # for all of them: the console waits twice as long for it
_PATIENCE_MS: Final[Millis] = 2 * MINUTE  # for the replacement of one pod


class RemoveFailingPods(Action):
    """See `contract.Action`. No parameters. `patience_ms`: how long one replacement may take to be ready."""

    patience_ms: Millis = _PATIENCE_MS

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        aim, cluster = request.aim, systems.cluster
        resource_of(aim, *KINDS)
        item = cluster.get(path_of(aim), str(aim))
        pods = members(cluster, aim, item, now)
        failing = tuple(each for each in pods if each.failing)
        gone, ready = failing[:_AT_ONCE], sum(each.ready for each in pods)
        return Plan(
            request,
            title=f"Remove the {counted(len(gone), 'failing pod')} of {aim}, one at a time",
            place=f"{cluster.where}, namespace {aim.namespace}",
            danger="R2",
            made_at=now,
            blast=(f"{counted(len(gone), 'pod')} that do not serve; the {ready} ready pods of {aim.name} stay",),
            undo=f"none: nobody brings back a pod; {aim} makes another one in the place of each",
            lost=LOST,
            checks=tuple(_checks(cluster, aim, item, pods, failing)),
            permissions=(cluster.may("create", "pods/eviction", "", aim.namespace),),
            dry_run=_tried(cluster, gone),
            diff=tuple(f"- pod {each.name}: {each.finding.reason}" for each in gone),
            by_hand=tuple(evict_by_hand(cluster, aim.namespace, each.name, each.uid) for each in gone[:_SHOWN]),
            word=aim.name,
            captures=evidence.KINDS,
            alternatives=tuple(_alternatives(aim, gone)),
            signal=Signal(
                f"ready pods of {aim}",
                goal=max(ready, min(wanted(item), ready + len(gone))),
                unit="pods",
                window_ms=3 * MINUTE,
                hold_ms=20 * SECOND,
            ),
            before=Reading(now, float(ready), f"{ready} of {wanted(item)} ready"),
            deadline_ms=max(1, len(gone)) * (self.patience_ms + 10 * SECOND),
            calls={"pods": [_kept(each) for each in gone]},
        )

    def capture(self, plan: Plan, systems: Systems) -> Iterator[Evidence]:
        namespace, until = plan.request.aim.namespace, time.monotonic() + _EVIDENCE_MS / SECOND
        for each in plan.calls["pods"]:
            if time.monotonic() < until:
                yield from evidence.of_pod(systems, namespace, each["name"])
            else:
                yield Evidence(f"pod {namespace}/{each['name']}", missing="the time for evidence was over")

    def run(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        self._still(plan, systems)
        lines: list[str] = []
        for number, each in enumerate(plan.calls["pods"], 1):
            say(f"{number} of {len(plan.calls['pods'])}: {each['name']}")
            try:
                told, well = self._one(plan.request.aim, systems, each)
            except (SourceError, Stale, Unknown) as error:
                if not lines:
                    raise
                told, well = f"{each['name']}: {error}", False
            lines.append(told)
            if not well:
                rest = plan.calls["pods"][number:]
                lines += [f"{other['name']}: not touched" for other in rest]
                return Outcome("partial", f"stopped at {each['name']}", tuple(lines), lost=plan.lost)
        return Outcome("done", f"{counted(len(lines), 'pod')} of {plan.request.aim} gone through", tuple(lines))

    def _still(self, plan: Plan, systems: Systems) -> None:
        """Raises Stale where none of them is there any more as the plan saw it."""
        namespace, found = plan.request.aim.namespace, []
        for each in plan.calls["pods"]:
            item = systems.cluster.find(pod_path(namespace, each["name"]), f"pod {each['name']}")
            left = _left_alone(item, each["uid"], systems.now())
            if not left:
                return
            found.append(f"{each['name']}: {left}")
        raise Stale("; ".join(found[:_SHOWN]) or "there was no pod to remove")

    def _one(self, aim: Aim, systems: Systems, pod: dict[str, Any]) -> tuple[str, bool]:
        """What became of one pod, and whether the next may follow."""
        cluster, name, uid = systems.cluster, pod["name"], pod["uid"]
        item = cluster.find(pod_path(aim.namespace, name), f"pod {name}")
        if left := _left_alone(item, uid, systems.now()):
            return f"{name}: {left}", True
        known = {each.uid for each in _members(systems, aim)}
        evict(cluster, eviction(aim.namespace, name, uid), pod["labels"])
        replaced = wait_until(_replaced(systems, aim, known), self.patience_ms)
        if replaced:
            return f"{name}: removed, and the pod in its place is ready", True
        new = [each for each in _members(systems, aim) if each.uid not in known]
        why = "; ".join(f"{each.name}: {each.finding.reason or each.row.status}" for each in new) or "there is none"
        return f"{name}: removed, but what came in its place is not ready: {why}", False

    def observe(self, plan: Plan, systems: Systems) -> tuple[Found, str]:
        aim = plan.request.aim
        there = {each.uid: each for each in _members(systems, aim)}
        left = [each["name"] for each in plan.calls["pods"] if each["uid"] in there and not there[each["uid"]].leaving]
        gone = len(plan.calls["pods"]) - len(left)
        if not gone:
            return "did not run", f"all {len(left)} of them are still there"
        if not left:
            return "ran", f"all {gone} of them are gone"
        return "cannot tell", f"{gone} of them are gone, {', '.join(left)} still there"

    def measure(self, plan: Plan, systems: Systems) -> Reading:
        aim = plan.request.aim
        pods = _members(systems, aim)
        ready = sum(each.ready for each in pods)
        failing = [f"{each.name}: {each.finding.reason}" for each in pods if each.failing]
        return Reading(systems.now(), float(ready), "; ".join((f"{ready} ready", *failing[:3])))


def _left_alone(item: Object | None, uid: str, now: Millis) -> str:
    """Why nothing is done to this pod any more, "" where it is as it was."""
    if item is None or item["metadata"]["uid"] != uid:
        return "gone already"
    return "ready again, left alone" if member(item, now).ready else ""


def _members(systems: Systems, aim: Aim) -> tuple[Member, ...]:
    cluster = systems.cluster
    return members(cluster, aim, cluster.get(path_of(aim), str(aim)), systems.now())


def _replaced(systems: Systems, aim: Aim, known: set[str]) -> Callable[[], bool]:
    """Whether a pod that was not there before is ready."""
    return lambda: any(each.ready and each.uid not in known for each in _members(systems, aim))


def _kept(pod: Member) -> dict[str, Any]:
    return {"name": pod.name, "uid": pod.uid, "labels": pod.labels}


def _tried(cluster: Cluster, gone: tuple[Member, ...]) -> DryRun:
    """The server asked for each of them; each by itself, as they go one after the other."""
    for each in gone:
        call = eviction(each.row.namespace, each.name, each.uid)
        answer = tried(cluster, call, each.labels)
        if answer.kind == "failed":
            return answer
    return answer if gone else DryRun("explained", "there is nothing to try")


def _checks(
    cluster: Cluster, aim: Aim, item: Object, pods: tuple[Member, ...], failing: tuple[Member, ...]
) -> Iterator[Check]:
    ready = sum(each.ready for each in pods)
    here = (seen(aim, item, f"wants {wanted(item)}, {ready} ready, {len(failing)} failing"),)
    if not failing:
        yield Check("refuse", "none of its pods fails: nothing to do", here)
        return
    named = tuple(each.seen() for each in failing[:_SHOWN])
    yield Check("ok", f"{counted(len(failing), 'pod')} of {wanted(item)} do not serve, {ready} do", here + named)
    if len(failing) > _AT_ONCE:
        yield Check("explain", f"only {_AT_ONCE} of them now: look at what comes of those before the rest", here)
    if over := sum(each.over for each in pods):
        yield Check("explain", f"{counted(over, 'pod')} that ended already are left alone: nothing runs in them", here)
    if waits := under_way(aim.kind, item):
        yield Check("explain", f"a rollout of it is under way: {waits}", here)
    yield from _of_template(aim, pods, failing)
    yield from eviction_checks(cluster, failing[0].raw)


def _of_template(aim: Aim, pods: tuple[Member, ...], failing: tuple[Member, ...]) -> Iterator[Check]:
    """Where no pod of the same revision is ready, a new one fares no better."""
    well = {each.row.revision for each in pods if each.ready}
    hopeless = [each for each in failing if each.row.revision not in well]
    if not hopeless:
        yield Check("ok", "other pods of the same revision are ready: a new one can be")
        return
    why = "; ".join(sorted({each.finding.reason for each in hopeless})[:3])
    told = f"no pod of revision {hopeless[0].row.revision} is ready ({why}): what comes in their place fails too"
    yield Check("refuse", f"{told}; roll {aim} back instead", tuple(map(Member.seen, hopeless[:_SHOWN])), True)


def _alternatives(aim: Aim, gone: tuple[Member, ...]) -> Iterator[Alternative]:
    if any(each.finding.kind in ("image-pull", "crash-loop") for each in gone):
        yield Alternative(f"roll {aim} back to a revision that was healthy", Request("roll-back", aim))
