"""Restart all pods of a workload, the healthy ones too; a few that fail are better removed by themselves.

A rollout that could not get through without a spare GPU can be made to take one pod away first: its strategy is changed
for this rollout, recorded, and put back after it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from wfconsole.actions.contract import Action, Say
from wfconsole.actions.kubernetes import one_fewer
from wfconsole.actions.kubernetes.by_hand import kubectl
from wfconsole.actions.kubernetes.cluster import STRATEGIC, Call, Cluster, Object, Unchanged, unchanged
from wfconsole.actions.kubernetes.pods import Member, members
from wfconsole.actions.kubernetes.progress import rollout_signal, standing
from wfconsole.actions.kubernetes.restart_checks import restart_checks, stuck
from wfconsole.actions.kubernetes.rollout_strategy import ONE_FEWER, before_of, set_strategy
from wfconsole.actions.kubernetes.rollouts import RESTARTED_AT, strategy_of, under_way, wanted
from wfconsole.actions.kubernetes.workloads import path_of, resource_of
from wfconsole.actions.systems import Systems
from wfconsole.clock import MINUTE, Millis
from wfconsole.decoding import convert
from wfconsole.incident.plan import Aim, Alternative, Found, Outcome, Plan, Reading, Request
from wfconsole.incident.wording import counted

_KINDS: Final = ("deployment", "statefulset", "daemonset")
_MUST_STAND: Final = ("spec.template", "spec.strategy", "spec.paused")
_LOST: Final = ("what the pods have in memory and in their own files", "their logs of the run before")


class Restart(Action):
    """See `contract.Action`. Parameters: `strategy`, empty for the workload's own, "one-fewer" for one pod less
    instead of one more (deployments). `patience_ms`: how long such a rollout is waited for."""

    patience_ms: Millis = one_fewer.PATIENCE_MS

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        aim, cluster = request.aim, systems.cluster
        resource = resource_of(aim, *_KINDS)
        item = cluster.get(path_of(aim), str(aim))
        fewer = one_fewer.asked(request, item)
        pods = members(cluster, aim, item, now)
        ready, at = sum(each.ready for each in pods), moment(now)
        call = _call(aim, at, fewer=fewer)
        tried, _ = cluster.dry_run(call)
        as_rolled = one_fewer.as_rolled(item) if fewer else item
        rolls = strategy_of(aim.kind, as_rolled)
        return Plan(
            request,
            title=f"Restart {aim}" + (", one pod fewer at a time" if fewer else ""),
            place=f"{cluster.where}, namespace {aim.namespace}",
            danger="R2",
            made_at=now,
            blast=(f"all {wanted(item)} pods are replaced, the {ready} ready ones too: {rolls}",),
            undo="none: a pod that is gone does not come back; the new ones are of the same template",
            lost=_LOST,
            checks=tuple(restart_checks(systems, aim, as_rolled, pods, fewer=fewer)),
            permissions=(cluster.may("patch", resource, "apps", aim.namespace),),
            dry_run=tried,
            diff=_diff(item, at, fewer=fewer),
            by_hand=_by_hand(cluster, aim, item, fewer=fewer),
            word=aim.name,
            alternatives=tuple(_alternatives(systems, aim, item, pods, fewer=fewer)),
            signal=rollout_signal(aim, item),
            before=standing(pods, lambda _pod: False, ready, now, ""),
            inverse=Request("rollout-strategy", aim, before_of(item), undoes=systems.receipt) if fewer else None,
            deadline_ms=self.patience_ms + MINUTE if fewer else MINUTE // 2,
            calls={
                "call": msgspec.to_builtins(call),
                "at": at,
                "before": _restarted_at(item),
                "ready": ready,
                "strategy": before_of(item) if fewer else None,
                "unchanged": msgspec.to_builtins(unchanged(path_of(aim), str(aim), item, *_MUST_STAND)),
            },
        )

    def run(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        aim, call = plan.request.aim, convert(plan.calls["call"], Call)
        say(call.what)
        systems.cluster.send_unchanged(call, convert(plan.calls["unchanged"], Unchanged))
        if plan.calls["strategy"] is None:
            return Outcome("done", f"{aim} replaces its pods now", lost=plan.lost)
        return one_fewer.until_through(plan, systems, say, f"{aim} was restarted", self.patience_ms)

    def observe(self, plan: Plan, systems: Systems) -> tuple[Found, str]:
        aim = plan.request.aim
        item = systems.cluster.get(path_of(aim), str(aim))
        at = _restarted_at(item)
        if at == plan.calls["at"]:
            left = plan.calls["strategy"] is not None and before_of(item) != plan.calls["strategy"]
            return "ran", f"{aim} was restarted at {at}" + (", and its strategy was not put back" if left else "")
        if at == plan.calls["before"]:
            return "did not run", f"{aim} was restarted last at {at}" if at else f"{aim} was never restarted"
        return "cannot tell", f"somebody restarted {aim} at {at}"

    def measure(self, plan: Plan, systems: Systems) -> Reading:
        aim, at, now = plan.request.aim, plan.calls["at"], systems.now()
        item = systems.cluster.get(path_of(aim), str(aim))
        there = _restarted_at(item)
        undone = (
            "" if there == at else f"the template of {aim} was changed meanwhile: it is not this restart's any more"
        )
        pods = members(systems.cluster, aim, item, now)
        return standing(pods, lambda pod: pod.notes.get(RESTARTED_AT) == at, plan.calls["ready"], now, undone)


def moment(now: Millis) -> str:
    """With its milliseconds: a second restart within the same second would change nothing, and be none."""
    return dt.datetime.fromtimestamp(now / 1000, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _restarted_at(item: Object) -> str:
    notes = (item["spec"]["template"].get("metadata") or {}).get("annotations") or {}
    return str(notes.get(RESTARTED_AT, ""))


def _call(aim: Aim, at: str, *, fewer: bool) -> Call:
    body: dict[str, Any] = {"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: at}}}}}
    if fewer:
        body["spec"]["strategy"] = set_strategy(ONE_FEWER)
    return Call("PATCH", path_of(aim), body, STRATEGIC, f"restart {aim}")


def _diff(item: Object, at: str, *, fewer: bool) -> tuple[str, ...]:
    before = _restarted_at(item)
    old = (f"- {RESTARTED_AT}: {before}",) if before else ()
    return (*old, f"+ {RESTARTED_AT}: {at}", *(one_fewer.difference(item) if fewer else ()))


def _by_hand(cluster: Cluster, aim: Aim, item: Object, *, fewer: bool) -> tuple[str, ...]:
    command = kubectl(cluster, aim.namespace, "rollout", "restart", f"{aim.kind}/{aim.name}")
    return one_fewer.by_hand(cluster, aim, item, command) if fewer else (command,)


def _alternatives(
    systems: Systems, aim: Aim, item: Object, pods: tuple[Member, ...], *, fewer: bool
) -> Iterator[Alternative]:
    failing = [each for each in pods if each.failing]
    if any(each.finding.kind == "image-pull" for each in failing):
        yield Alternative(f"roll {aim} back to a revision that was healthy", Request("roll-back", aim))
    elif failing and any(each.ready for each in pods):
        told = f"remove only the {counted(len(failing), 'failing pod')}, one at a time"
        yield Alternative(told, Request("remove-failing-pods", aim))
    if aim.kind != "deployment" or fewer or not stuck(systems, aim, item):
        return
    if under_way(aim.kind, item):
        yield Alternative(
            "let the rollout that hangs go on, with one pod fewer instead of one more",
            Request("rollout-strategy", aim, dict(ONE_FEWER)),
        )
    else:
        told = f"restart {one_fewer.offered(aim, item)}"
        yield Alternative(told, Request("restart", aim, {"strategy": one_fewer.WORD}))
