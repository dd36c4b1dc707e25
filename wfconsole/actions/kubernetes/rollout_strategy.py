"""How many pods more or fewer a deployment may have while it replaces them. A restart that had to change it for itself
is taken back by this."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from wfconsole.actions.contract import Action, BadRequestError, NothingToDo, Say, Stale, found_by
from wfconsole.actions.kubernetes.by_hand import kubectl
from wfconsole.actions.kubernetes.cluster import MERGE, Call, Cluster, Object, Unchanged, unchanged
from wfconsole.actions.kubernetes.rollouts import strategy_of
from wfconsole.actions.kubernetes.workloads import path_of, resource_of, seen
from wfconsole.actions.systems import Systems
from wfconsole.clock import Millis
from wfconsole.decoding import convert
from wfconsole.incident.plan import Aim, Check, Found, Outcome, Plan, Reading, Request, Signal
from wfconsole.text import safe

ONE_FEWER: Final[Mapping[str, str]] = {"surge": "0", "unavailable": "1"}
_DEFAULT: Final = "25%"
_GOOD: Final = re.compile(r"[0-9]{1,5}|[0-9]{1,3}%")


class RolloutStrategy(Action):
    """See `contract.Action`. Parameters: `surge` and `unavailable`, numbers or shares such as 25%."""

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        aim, cluster = request.aim, systems.cluster
        resource = resource_of(aim, "deployment")
        wanted = _wanted(request)
        item = cluster.get(path_of(aim), str(aim))
        if (item["spec"].get("strategy") or {}).get("type") == "Recreate":
            raise BadRequestError(f"{aim} has strategy Recreate: it has neither a surge nor fewer pods")
        before = before_of(item)
        call = _call(aim, wanted)
        tried, would = cluster.dry_run(call)
        body = msgspec.json.encode(call.body).decode()
        if before == wanted:
            raise NothingToDo(f"{aim} has {_told(before)} already")
        return Plan(
            request,
            title=f"Strategy of {aim}: maxSurge {wanted['surge']}, maxUnavailable {wanted['unavailable']}",
            place=f"{cluster.where}, namespace {aim.namespace}",
            danger="R1",
            made_at=now,
            blast=("no pod is replaced by this; the next rollout, or one under way, goes on with it",),
            undo=f"maxSurge {before['surge']}, maxUnavailable {before['unavailable']} again",
            checks=(_check(aim, item, would),),
            permissions=(cluster.may("patch", resource, "apps", aim.namespace),),
            dry_run=tried,
            diff=tuple(f"{sign} {_told(each)}" for sign, each in (("-", before), ("+", wanted))),
            by_hand=(kubectl(cluster, aim.namespace, "patch", aim.kind, aim.name, "--type=merge", "-p", body),),
            word=aim.name,
            signal=Signal("the strategy is as asked (1: yes)", goal=1),
            before=Reading(now, 0.0, _told(before)),
            inverse=Request("rollout-strategy", aim, before, undoes=systems.receipt),
            calls={
                "call": msgspec.to_builtins(call),
                "from": before,
                "to": wanted,
                "unchanged": msgspec.to_builtins(unchanged(path_of(aim), str(aim), item, "spec.strategy")),
            },
        )

    def run(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        call = convert(plan.calls["call"], Call)
        say(call.what)
        systems.cluster.send_unchanged(call, convert(plan.calls["unchanged"], Unchanged))
        return Outcome("done", f"{plan.request.aim} has {_told(plan.calls['to'])} now")

    def observe(self, plan: Plan, systems: Systems) -> tuple[Found, str]:
        now = _now(systems, plan.request.aim)
        return found_by(now, plan, _told(now))

    def measure(self, plan: Plan, systems: Systems) -> Reading:
        now = _now(systems, plan.request.aim)
        same = now == plan.calls["to"]
        return Reading(
            systems.now(), float(same), _told(now), "" if same else f"it was changed meanwhile: {_told(now)}"
        )


def _check(aim: Aim, item: Object, would: Object) -> Check:
    here = (seen(aim, item, str(strategy_of("deployment", item))),)
    if not would:
        return Check("explain", "not known: what rollouts then have", here)
    return Check("ok", f"rollouts then have {strategy_of('deployment', would)}", here)


def before_of(item: Object) -> dict[str, str]:
    """The two numbers of a deployment, as parameters of this action."""
    rolling = (item["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    return {
        "surge": str(rolling.get("maxSurge", _DEFAULT)),
        "unavailable": str(rolling.get("maxUnavailable", _DEFAULT)),
    }


def set_strategy(values: Mapping[str, str]) -> dict[str, Any]:
    """The part of a deployment's specification that has them."""
    surge, unavailable = (int(each) if each.isdecimal() else each for each in (values["surge"], values["unavailable"]))
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}


def put_back(cluster: Cluster, aim: Aim, values: Mapping[str, str]) -> None:
    """Give a deployment its own strategy again, if it still has the one that a restart gave it. Raises Stale, and as
    `Cluster.send_unchanged`."""
    item = cluster.get(path_of(aim), str(aim))
    if before_of(item) == values:
        return
    if before_of(item) != ONE_FEWER:
        raise Stale("somebody gave it another strategy meanwhile")
    cluster.send_unchanged(_call(aim, values), unchanged(path_of(aim), str(aim), item, "spec.strategy"))


def _call(aim: Aim, values: Mapping[str, str]) -> Call:
    return Call("PATCH", path_of(aim), {"spec": {"strategy": set_strategy(values)}}, MERGE, f"strategy of {aim}")


def _wanted(request: Request) -> dict[str, str]:
    said = {name: request.parameters.get(name, "") for name in ("surge", "unavailable")}
    for name, value in said.items():
        if not _GOOD.fullmatch(value):
            raise BadRequestError(f"{name} {safe(value, 40)!r}: a number of pods, or a share such as 25%")
    if all(value.rstrip("%").strip("0") == "" for value in said.values()):
        raise BadRequestError("surge and unavailable cannot both be 0: no pod could ever be replaced")
    return said


def _told(values: Mapping[str, str]) -> str:
    return f"maxSurge {values['surge']}, maxUnavailable {values['unavailable']}"


def _now(systems: Systems, aim: Aim) -> dict[str, str]:
    return before_of(systems.cluster.get(path_of(aim), str(aim)))
