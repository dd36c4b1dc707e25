"""Another number of replicas. An autoscaler on the workload would take it back: then its bounds are what to change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from wfconsole.actions.contract import Action, BadRequestError, Say
from wfconsole.actions.kubernetes.cluster import Call, Object, Unchanged, unchanged
from wfconsole.actions.kubernetes.workloads import hpa_of, path_of, ready, resource_of, seen, wanted
from wfconsole.actions.systems import Systems
from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.incident.plan import (
    Aim,
    Alternative,
    Check,
    Danger,
    Found,
    Observed,
    Outcome,
    Plan,
    Reading,
    Request,
    Signal,
)
from wfconsole.text import safe

_HOLD_MS: Final[Millis] = 4 * SECOND
_AUTOSCALER_LOOKED_MS: Final[Millis] = 20 * SECOND  # it does every 15 s


class Scale(Action):
    """See `contract.Action`. Parameters: `replicas`."""

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        aim, cluster = request.aim, systems.cluster
        resource = resource_of(aim, "deployment", "statefulset")
        replicas = _number(request)
        item = cluster.get(path_of(aim), str(aim))
        current = wanted(item)
        hpa = hpa_of(cluster, aim)
        call = Call(
            "PATCH",
            f"{path_of(aim)}/scale",
            {"spec": {"replicas": replicas}},
            what=f"scale {aim}",
        )
        tried, _ = cluster.dry_run(call)
        return Plan(
            request,
            title=f"Scale {aim} {current} -> {replicas}",
            place=f"{cluster.where}, namespace {aim.namespace}",
            danger=_danger(current, replicas),
            made_at=now,
            blast=(f"{replicas - current:+d} pods of {aim.name}",),
            undo=f"scale back to {current}",
            checks=tuple(_checks(aim, item, current, replicas, hpa)),
            permissions=(cluster.may("patch", f"{resource}/scale", "apps", aim.namespace),),
            dry_run=tried,
            diff=(f"- spec.replicas: {current}", f"+ spec.replicas: {replicas}"),
            by_hand=(
                f"kubectl --context {safe(cluster.access.context)} -n {aim.namespace} scale {aim.kind} {aim.name}"
                f" --current-replicas={current} --replicas={replicas}",
            ),
            word=aim.name,
            alternatives=tuple(_alternatives(hpa, replicas)),
            signal=Signal(
                f"ready pods of {aim}",
                goal=float(replicas),
                more=replicas >= current,
                unit="pods",
                window_ms=3 * MINUTE,
                hold_ms=_HOLD_MS if hpa is None else _AUTOSCALER_LOOKED_MS,
            ),
            before=Reading(now, float(ready(item)), f"{ready(item)} of {current} ready"),
            inverse=msgspec.structs.replace(request, parameters={"replicas": str(current)}, undoes=systems.receipt),
            calls={
                "call": msgspec.to_builtins(call),
                "unchanged": msgspec.to_builtins(unchanged(path_of(aim), str(aim), item, "spec.replicas")),
                "from": current,
                "to": replicas,
            },
        )

    def run(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        call = msgspec.convert(plan.calls["call"], Call)
        say(call.what)
        systems.cluster.send_unchanged(call, msgspec.convert(plan.calls["unchanged"], Unchanged))
        return Outcome("done", f"{plan.request.aim} wants {plan.calls['to']} replicas now")

    def observe(self, plan: Plan, systems: Systems) -> tuple[Found, str]:
        aim = plan.request.aim
        now = wanted(systems.cluster.get(path_of(aim), str(aim)))
        told = f"{aim} wants {now} replicas"
        if now == plan.calls["to"]:
            return "ran", told
        return ("did not run", told) if now == plan.calls["from"] else ("cannot tell", told)

    def measure(self, plan: Plan, systems: Systems) -> Reading:
        aim, to = plan.request.aim, plan.calls["to"]
        item = systems.cluster.get(path_of(aim), str(aim))
        now, wants = systems.now(), wanted(item)
        undone = "" if wants == to else f"{aim} was set to {wants} meanwhile, not {to}"
        return Reading(now, float(ready(item)), f"{ready(item)} of {wants} ready", undone)


def _number(request: Request) -> int:
    said = request.parameters.get("replicas", "")
    if not said.isdecimal() or int(said) > 10_000:
        raise BadRequestError(f"replicas {said!r}: a number from 0 to 10000")
    return int(said)


def _danger(current: int, replicas: int) -> Danger:
    if replicas == 0:
        return "R3"
    return "R2" if replicas < current else "R1"


def _checks(aim: Aim, item: Object, current: int, replicas: int, hpa: Object | None) -> Iterator[Check]:
    evidence = (seen(aim, item, f"wants {current}, {ready(item)} ready"),)
    if replicas == current:
        yield Check("refuse", f"it wants {current} replicas already: nothing to do", evidence)
    elif replicas < current:
        yield Check("refuse", f"this takes {current - replicas} pods away", evidence, overridable=True)
    if hpa is None:
        yield Check("ok", "no autoscaler sets its replicas")
        return
    name, spec = hpa["metadata"]["name"], hpa["spec"]
    said = f"min {spec.get('minReplicas', 1)}, max {spec['maxReplicas']}"
    yield Check(
        "refuse",
        f"autoscaler {name} sets its replicas ({said}) and takes this back within seconds: change its bounds instead",
        (Observed(f"HPA {aim.namespace}/{name}", said, hpa["metadata"]["resourceVersion"]),),
        overridable=True,
    )


def _alternatives(hpa: Object | None, replicas: int) -> Iterator[Alternative]:
    if hpa is None:
        return
    meta, spec = hpa["metadata"], hpa["spec"]
    most = max(int(spec["maxReplicas"]), replicas)
    aim = Aim("horizontalpodautoscaler", meta["name"], meta["namespace"])
    bounds = {"min": str(replicas), "max": str(most)}
    yield Alternative(f"raise {aim} to min {replicas}, max {most}", Request("autoscale", aim, bounds))
