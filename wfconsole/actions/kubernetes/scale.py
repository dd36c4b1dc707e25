"""Another number of replicas. An autoscaler on the workload would take it back: then its bounds are what to change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from wfconsole.actions.asked import whole_number
from wfconsole.actions.contract import Action, BadRequestError, Say, Stale, found_by, in_words
from wfconsole.actions.kubernetes.autoscalers import name_of, scaler_checks, scaler_instead
from wfconsole.actions.kubernetes.by_hand import kubectl
from wfconsole.actions.kubernetes.cluster import Call, Cluster, Object, Unchanged, unchanged
from wfconsole.actions.kubernetes.ownership import may_be_taken_back
from wfconsole.actions.kubernetes.pods import budget_seen, budgets
from wfconsole.actions.kubernetes.replicas import growing, is_database, loses_volumes, shrinking
from wfconsole.actions.kubernetes.rollouts import under_way, wanted
from wfconsole.actions.kubernetes.room import start_checks
from wfconsole.actions.kubernetes.workloads import hpa_of, path_of, ready, resource_of, seen
from wfconsole.actions.slots import replica_checks, slot_checks
from wfconsole.actions.systems import Systems
from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.decoding import convert
from wfconsole.incident.plan import Aim, Check, Danger, Found, Observed, Outcome, Plan, Reading, Request, Signal
from wfconsole.incident.wording import counted
from wfconsole.sources.contract import SourceError
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
        current, hpa = wanted(item), hpa_of(cluster, aim)
        call = Call("PATCH", f"{path_of(aim)}/scale", {"spec": {"replicas": replicas}}, what=f"scale {aim}")
        tried, _ = cluster.dry_run(call)
        return Plan(
            request,
            title=f"Scale {aim} {current} -> {replicas}",
            place=f"{cluster.where}, namespace {safe(aim.namespace)}",
            danger=_danger(item, current, replicas),
            made_at=now,
            blast=tuple(_blast(request, item, current, replicas)),
            undo=f"scale back to {current}",
            lost=tuple(_lost(item, current, replicas)),
            checks=tuple(_checks(request, systems, _Change(item, current, replicas), hpa)),
            permissions=(cluster.may("patch", f"{resource}/scale", "apps", aim.namespace, aim.name),),
            dry_run=tried,
            diff=(f"- spec.replicas: {current}", f"+ spec.replicas: {replicas}"),
            by_hand=(_by_hand(cluster, request, current, replicas),),
            word=aim.name,
            alternatives=tuple(scaler_instead(hpa, current, replicas)),
            signal=_signal(aim, current, replicas, hpa),
            before=Reading(now, float(ready(item)), f"{ready(item)} of {current} ready"),
            inverse=msgspec.structs.replace(request, parameters={"replicas": str(current)}, undoes=systems.receipt),
            calls={
                "call": msgspec.to_builtins(call),
                "unchanged": msgspec.to_builtins(unchanged(path_of(aim), str(aim), item, "spec.replicas")),
                "autoscaler": name_of(hpa),
                "from": current,
                "to": replicas,
            },
        )

    def run(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        call = convert(plan.calls["call"], Call)
        there = name_of(hpa_of(systems.cluster, plan.request.aim))
        if there != plan.calls["autoscaler"]:
            raise Stale(f"its autoscaler is {there or 'gone'} now, and was {plan.calls['autoscaler'] or 'none'}")
        say(call.what)
        systems.cluster.send_unchanged(call, convert(plan.calls["unchanged"], Unchanged))
        return Outcome("done", f"{plan.request.aim} wants {plan.calls['to']} replicas now")

    def observe(self, plan: Plan, systems: Systems) -> tuple[Found, str]:
        aim = plan.request.aim
        now = wanted(systems.cluster.get(path_of(aim), str(aim)))
        told = f"{aim} wants {now} replicas"
        return found_by(now, plan, told)

    def measure(self, plan: Plan, systems: Systems) -> Reading:
        aim, to = plan.request.aim, plan.calls["to"]
        item = systems.cluster.get(path_of(aim), str(aim))
        now, wants = systems.now(), wanted(item)
        undone = "" if wants == to else f"{aim} was set to {wants} meanwhile, not {to}"
        return Reading(now, float(ready(item)), f"{ready(item)} of {wants} ready", undone)


def _signal(aim: Aim, current: int, replicas: int, hpa: Object | None) -> Signal:
    return Signal(
        f"ready pods of {aim}",
        goal=float(replicas),
        more=replicas >= current,
        unit="pods",
        window_ms=3 * MINUTE,
        hold_ms=_HOLD_MS if hpa is None else _AUTOSCALER_LOOKED_MS,
    )


def _number(request: Request) -> int:
    said = request.parameters.get("replicas", "")
    number = whole_number(said, 0, 10_000)
    if number is None:
        raise BadRequestError(f"replicas {safe(said, 40)!r}: a number from 0 to 10000")
    return number


def _by_hand(cluster: Cluster, request: Request, current: int, replicas: int) -> str:
    counts = (f"--current-replicas={current}", f"--replicas={replicas}")
    return kubectl(cluster, request.aim.namespace, "scale", request.aim.kind, request.aim.name, *counts)


def _danger(item: Object, current: int, replicas: int) -> Danger:
    if replicas < current and (replicas == 0 or loses_volumes(item)):
        return "R3"
    return "R2" if replicas < current or is_database(item) else "R1"


def _blast(request: Request, item: Object, current: int, replicas: int) -> Iterator[str]:
    name, change = request.aim.name, replicas - current
    if replicas == 0:
        yield f"{name} is stopped altogether: all {counted(current, 'pod')} end"
    else:
        more = f"{counted(abs(change), 'pod')} {'more' if change > 0 else 'fewer'}"
        yield f"{more} of {name}: {current} -> {replicas}, {ready(item)} ready now"


def _lost(item: Object, current: int, replicas: int) -> Iterator[str]:
    if replicas < current:
        yield "what the pods that go had in memory and in temporary files, and their logs"
        if loses_volumes(item):
            yield "the volumes of those pods, with their data"


class _Change(NamedTuple):
    item: Object
    current: int
    replicas: int


def _checks(request: Request, systems: Systems, change: _Change, hpa: Object | None) -> Iterator[Check]:
    aim, (item, current, replicas) = request.aim, change
    evidence = (seen(aim, item, f"wants {current}, {ready(item)} ready"),)
    if replicas == current:
        yield Check("refuse", f"it wants {current} replicas already: nothing to do", evidence)
        return
    yield from scaler_checks(hpa, current, replicas)
    yield from may_be_taken_back(item)
    if replicas < current:
        yield from _fewer(request, change, evidence)
        yield from _of_budgets(systems.cluster, aim, item, replicas)
        return
    yield from _standing(aim.kind, item, current)
    if aim.kind == "statefulset":
        yield from growing(aim, item, current, replicas, _volumes(systems.cluster, aim.namespace))
    yield from start_checks(systems.cluster, aim.namespace, item["spec"]["template"]["spec"], replicas - current)
    if is_database(item):
        yield from replica_checks(systems)
    else:
        yield from slot_checks(systems, aim, replicas - current)


def _fewer(request: Request, change: _Change, evidence: tuple[Observed, ...]) -> Iterator[Check]:
    gone = f"this takes {counted(change.current - change.replicas, 'pod')} away, {change.replicas} stay"
    if request.undoes:  # what was added here is what goes
        yield Check("explain", gone, evidence)
    else:
        yield Check("refuse", gone, evidence, overridable=True)
    if change.replicas == 0:
        yield Check("refuse", "nothing serves any more until somebody scales it up again", overridable=True)
    if request.aim.kind == "statefulset":
        yield from shrinking(request.aim, *change)


def _of_budgets(cluster: Cluster, aim: Aim, item: Object, replicas: int) -> Iterator[Check]:
    """Only evictions ask a disruption budget."""
    try:
        found = budgets(cluster, aim.namespace, item["spec"]["template"]["metadata"].get("labels") or {})
    except SourceError as error:
        yield Check("explain", f"not known: what disruption budgets want: {in_words(error)}")
        return
    for each in found:
        if replicas < each.wants:
            told = f"disruption budget {each.name} wants {each.wants} healthy pods, and a scaling does not ask it"
            yield Check("explain", f"{told}: {replicas} stay", (budget_seen(each),))


def _standing(kind: str, item: Object, current: int) -> Iterator[Check]:
    """Whether more of the same can help: pods that do not get ready do not get ready in greater numbers either."""
    if ready(item) < current:
        yield Check(
            "explain", f"{current - ready(item)} of its {current} pods are not ready: new ones are of the same make"
        )
    if waits := under_way(kind, item):
        yield Check("explain", f"a rollout is under way: {waits}")


def _volumes(cluster: Cluster, namespace: str) -> list[Object] | None:
    try:
        return cluster.list(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims", "volume claims")
    except SourceError:
        return None
