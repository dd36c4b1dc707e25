"""Remove one pod so that its workload makes another: by eviction, which keeps to disruption budgets as a delete does
not, and with everything kept that goes with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from wfconsole.actions.contract import Action, Say
from wfconsole.actions.kubernetes import evidence
from wfconsole.actions.kubernetes.by_hand import evict_by_hand
from wfconsole.actions.kubernetes.cluster import Call, Cluster, Object
from wfconsole.actions.kubernetes.pods import (
    Member,
    evict,
    eviction,
    eviction_checks,
    member,
    members,
    pod_at,
    tried,
    workload_of,
)
from wfconsole.actions.kubernetes.rollouts import wanted
from wfconsole.actions.kubernetes.workloads import path_of, seen
from wfconsole.actions.systems import Systems
from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.decoding import convert
from wfconsole.incident.plan import Aim, Alternative, Check, Evidence, Found, Outcome, Plan, Reading, Request, Signal
from wfconsole.incident.wording import counted

LOST: Final = (
    "what it has in memory and in its own files",
    "kubectl logs --previous of it: that log goes with the pod",
)
_Owner = tuple[Aim, Object]


class RemovePod(Action):
    """See `contract.Action`. No parameters."""

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        aim, cluster = request.aim, systems.cluster
        pod = member(cluster.get(pod_at(aim), str(aim)), now)
        owner = workload_of(cluster, pod.raw)
        call = eviction(aim.namespace, aim.name, pod.uid)
        others = _others(cluster, owner, pod.uid, now)
        return Plan(
            request,
            title=f"Remove {aim} by eviction",
            place=f"{cluster.where}, namespace {aim.namespace}",
            danger="R2",
            made_at=now,
            blast=_blast(pod, owner, others),
            undo="none: nobody brings back this pod" + (f"; {owner[0]} makes another one" if owner else ""),
            lost=LOST,
            checks=tuple(_checks(cluster, pod, owner)),
            permissions=(cluster.may("create", "pods/eviction", "", aim.namespace),),
            dry_run=tried(cluster, call, pod.labels),
            diff=(f"- pod {aim.name}: {pod.seen().said}", f"+ another pod of {owner[0]}" if owner else "+ nothing"),
            by_hand=(evict_by_hand(cluster, aim.namespace, aim.name, pod.uid),),
            word=aim.name,
            captures=evidence.KINDS,
            alternatives=(
                Alternative(
                    "isolate it, where it may have been broken into: it is replaced and stays as evidence",
                    Request("isolate-pod", aim),
                ),
            ),
            signal=_signal(owner, others),
            before=Reading(now, float(others), f"{others} ready without it") if owner else Reading(now, 1.0, "there"),
            calls={
                "call": msgspec.to_builtins(call),
                "uid": pod.uid,
                "labels": pod.labels,
                "owner": msgspec.to_builtins(owner[0]) if owner else None,
            },
        )

    def capture(self, plan: Plan, systems: Systems) -> Iterator[Evidence]:
        yield from evidence.of_pod(systems, plan.request.aim.namespace, plan.request.aim.name)

    def run(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        call = convert(plan.calls["call"], Call)
        say(call.what)
        evict(systems.cluster, call, plan.calls["labels"])
        return Outcome("done", f"{plan.request.aim} was evicted", lost=plan.lost)

    def observe(self, plan: Plan, systems: Systems) -> tuple[Found, str]:
        aim, uid = plan.request.aim, plan.calls["uid"]
        item = systems.cluster.find(pod_at(aim), str(aim))
        if item is None or item["metadata"]["uid"] != uid:
            return "ran", f"{aim} with uid {uid} is gone"
        if item["metadata"].get("deletionTimestamp"):
            return "ran", f"{aim} is on its way out"
        return "did not run", f"{aim} with uid {uid} is still there"

    def measure(self, plan: Plan, systems: Systems) -> Reading:
        aim, uid, now = plan.request.aim, plan.calls["uid"], systems.now()
        if plan.calls["owner"] is None:
            item = systems.cluster.find(pod_at(aim), str(aim))
            there = item is not None and item["metadata"]["uid"] == uid
            return Reading(now, float(there), "still there" if there else "gone")
        owner = convert(plan.calls["owner"], Aim)
        others = _others(systems.cluster, (owner, systems.cluster.get(path_of(owner), str(owner))), uid, now)
        return Reading(now, float(others), f"{others} ready without it")


def _others(cluster: Cluster, owner: _Owner | None, uid: str, now: Millis) -> int:
    """How many pods of its workload are ready beside this one."""
    if owner is None:
        return 0
    return sum(each.ready and each.uid != uid for each in members(cluster, *owner, now))


def _blast(pod: Member, owner: _Owner | None, others: int) -> tuple[str, ...]:
    if owner is None:
        return ("1 pod, which nothing replaces",)
    serves = "it serves now" if pod.ready else "it does not serve now"
    return (f"1 pod of {owner[0]}; {serves}, {others} others of {wanted(owner[1])} do",)


def _signal(owner: _Owner | None, others: int) -> Signal:
    if owner is None:
        return Signal("the pod is there", goal=0, more=False, window_ms=2 * MINUTE)
    text = f"ready pods of {owner[0]} beside the one that goes"
    return Signal(text, goal=others + 1, unit="pods", window_ms=3 * MINUTE, hold_ms=10 * SECOND)


def _checks(cluster: Cluster, pod: Member, owner: _Owner | None) -> Iterator[Check]:
    here = (pod.seen(),)
    if pod.leaving:
        yield Check("refuse", "it is on its way out already: nothing to do", here)
    elif pod.over:
        yield Check(
            "explain", f"it has ended already ({pod.row.status}): nothing runs in it, only its trace goes", here
        )
    elif pod.ready:
        yield Check("refuse", "it is ready and serves: this takes away capacity", here, overridable=True)
    else:
        yield Check("ok", f"it does not serve: {pod.finding.reason or pod.row.status}", here)
    yield from _of_owner(pod, owner)
    yield from eviction_checks(cluster, pod.raw)


def _of_owner(pod: Member, owner: _Owner | None) -> Iterator[Check]:
    if owner is None:
        kind = pod.row.owner_kind
        told = f"{kind} {pod.row.owner} looks after it, not known how" if kind else "nothing makes it again: it is gone"
        yield Check("refuse", told, (pod.seen(),), overridable=True)
        return
    aim, item = owner
    said = f"{aim} wants {counted(wanted(item), 'pod')} and makes another one"
    yield Check("ok", said, (seen(aim, item, f"wants {wanted(item)}"),))
    if pod.finding.kind == "image-pull":
        told = f"another pod has the same image, and fails in the same way: {pod.finding.reason}"
        yield Check("explain", f"{told}; roll {aim} back instead", (pod.seen(),))
