"""Restart all pods of a workload, the healthy ones too; a few that fail are better removed by themselves.

A rollout that could not get through without a spare GPU can be made to take one pod away first: its strategy is changed
for this rollout, recorded, and put back after it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from wfconsole.actions.contract import Action, BadRequestError, Say, Stale, Unknown
from wfconsole.actions.kubernetes.by_hand import kubectl
from wfconsole.actions.kubernetes.cluster import STRATEGIC, Call, Cluster, Object, Unchanged, unchanged
from wfconsole.actions.kubernetes.pods import Member, members, wait_until
from wfconsole.actions.kubernetes.progress import rollout_signal, standing
from wfconsole.actions.kubernetes.restart_checks import restart_checks, stuck
from wfconsole.actions.kubernetes.rollout_strategy import ONE_FEWER, before_of, put_back, set_strategy
from wfconsole.actions.kubernetes.rollouts import RESTARTED_AT, strategy_of, under_way
from wfconsole.actions.kubernetes.workloads import path_of, resource_of, wanted
from wfconsole.actions.systems import Systems
from wfconsole.clock import MINUTE, Millis
from wfconsole.incident.plan import Aim, Alternative, Found, Outcome, Plan, Reading, Request
from wfconsole.incident.wording import counted
from wfconsole.sources.contract import SourceError

_KINDS: Final = ("deployment", "statefulset", "daemonset")
_ONE_FEWER: Final = "one-fewer"
_MUST_STAND: Final = ("spec.template", "spec.strategy", "spec.paused")
_LOST: Final = ("what the pods have in memory and in their own files", "their logs of the run before")
_PATIENCE_MS: Final[Millis] = 15 * MINUTE  # a model takes its time to load


class Restart(Action):
    """See `contract.Action`. Parameters: `strategy`, empty for the workload's own, "one-fewer" for one pod less
    instead of one more (deployments). `patience_ms`: how long such a rollout is waited for."""

    patience_ms: Millis = _PATIENCE_MS

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        aim, cluster = request.aim, systems.cluster
        resource = resource_of(aim, *_KINDS)
        item = cluster.get(path_of(aim), str(aim))
        fewer = _one_fewer(request, item)
        pods = members(cluster, aim, item, now)
        ready, at = sum(each.ready for each in pods), moment(now)
        call = _call(aim, at, fewer=fewer)
        tried, _ = cluster.dry_run(call)
        as_rolled = _with_strategy(item) if fewer else item
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
        aim, call = plan.request.aim, msgspec.convert(plan.calls["call"], Call)
        say(call.what)
        systems.cluster.send_unchanged(call, msgspec.convert(plan.calls["unchanged"], Unchanged))
        if plan.calls["strategy"] is None:
            return Outcome("done", f"{aim} replaces its pods now", lost=plan.lost)
        return self._through(plan, systems, say)

    def _through(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        """Wait for the rollout, then put the strategy back."""
        aim, cluster = plan.request.aim, systems.cluster
        say(f"waits until {aim} is through, to put its strategy back")

        def through() -> bool:
            return not under_way(aim.kind, cluster.get(path_of(aim), str(aim)))

        done = f"{aim} was restarted"
        if not wait_until(through, self.patience_ms):
            lines = (done, "the rollout is not through: its strategy is left as it is, one pod fewer at a time")
            return Outcome("partial", f"{done}, and is not through", lines, plan.inverse, plan.lost)
        try:
            put_back(cluster, aim, plan.calls["strategy"])
        except (SourceError, Stale, Unknown) as error:
            lines = (done, f"its strategy was not put back: {error}")
            return Outcome("partial", f"{done}, its strategy not put back", lines, plan.inverse, plan.lost)
        lines = (done, "its strategy is what it was")
        # Nothing is left that an inverse could take back; the request puts back what is there already.
        return Outcome("done", f"{done}, one pod at a time", lines, None, plan.lost)

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


def _one_fewer(request: Request, item: Object) -> bool:
    said = request.parameters.get("strategy", "")
    if said not in ("", _ONE_FEWER):
        raise BadRequestError(f"strategy {said!r}: leave it empty, or say {_ONE_FEWER}")
    if said and (request.aim.kind != "deployment" or (item["spec"].get("strategy") or {}).get("type") == "Recreate"):
        raise BadRequestError(f"{_ONE_FEWER} is for deployments that replace their pods step by step")
    return bool(said)


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


def _with_strategy(item: Object) -> Object:
    return {**item, "spec": {**item["spec"], "strategy": set_strategy(ONE_FEWER)}}


def _diff(item: Object, at: str, *, fewer: bool) -> tuple[str, ...]:
    before = _restarted_at(item)
    lines = [f"- {RESTARTED_AT}: {before}"] if before else []
    lines.append(f"+ {RESTARTED_AT}: {at}")
    if fewer:
        old = before_of(item)
        lines += [f"- maxSurge: {old['surge']}, maxUnavailable: {old['unavailable']}"]
        lines += ["+ maxSurge: 0, maxUnavailable: 1 (for this rollout; put back after it)"]
    return tuple(lines)


def _by_hand(cluster: Cluster, aim: Aim, item: Object, *, fewer: bool) -> tuple[str, ...]:
    target = f"{aim.kind}/{aim.name}"
    restart = kubectl(cluster, aim.namespace, "rollout", "restart", target)
    if not fewer:
        return (restart,)

    def patch(values: Mapping[str, str]) -> str:
        body = msgspec.json.encode({"spec": {"strategy": set_strategy(values)}}).decode()
        return kubectl(cluster, aim.namespace, "patch", aim.kind, aim.name, "--type=merge", "-p", body)

    status = kubectl(cluster, aim.namespace, "rollout", "status", target)
    return (patch(ONE_FEWER), restart, status, patch(before_of(item)))


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
        left = max(0, wanted(item) - 1)
        yield Alternative(
            "restart with one pod fewer instead of one more (maxUnavailable 1, maxSurge 0), for this rollout only:"
            f" {left} of {wanted(item)} serve while it lasts, and the strategy is put back after it",
            Request("restart", aim, {"strategy": _ONE_FEWER}),
        )
