"""The bounds of an autoscaler: what to change where it would take another number of replicas back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

from wfconsole.actions.asked import whole_number
from wfconsole.actions.contract import Action, BadRequestError, Say, found_by
from wfconsole.actions.kubernetes.autoscalers import at_most, blind, bounds_of, scaler_seen
from wfconsole.actions.kubernetes.by_hand import kubectl
from wfconsole.actions.kubernetes.cluster import Call, Cluster, Object, Unchanged, unchanged
from wfconsole.actions.kubernetes.ownership import may_be_taken_back
from wfconsole.actions.kubernetes.replicas import growing, is_database
from wfconsole.actions.kubernetes.rollouts import wanted
from wfconsole.actions.kubernetes.room import start_checks
from wfconsole.actions.kubernetes.workloads import named, path_of, ready, seen
from wfconsole.actions.slots import slot_checks
from wfconsole.actions.systems import Systems
from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.decoding import convert
from wfconsole.incident.plan import Aim, Alternative, Check, Danger, Found, Outcome, Plan, Reading, Request, Signal
from wfconsole.incident.wording import counted
from wfconsole.text import safe

_KIND: Final = "horizontalpodautoscaler"
_PARTS: Final = ("spec.minReplicas", "spec.maxReplicas", "spec.scaleTargetRef")
_MOST: Final = 10_000
_HOLD_MS: Final[Millis] = 20 * SECOND  # it looks every 15 s
_SLOWLY_MS: Final[Millis] = 5 * MINUTE  # for so long it remembers that it wanted more


class Bounds(NamedTuple):
    """A minimum and a maximum."""

    least: int
    most: int


class _Change(NamedTuple):
    """What is to be another. `target` and `item` are the workload, None where it is none that we know; `current` is
    how many pods it wants."""

    hpa: Object
    old: Bounds
    new: Bounds
    target: Aim | None
    item: Object | None
    current: int

    @property
    def starts(self) -> int:
        """How many pods are started at once."""
        return max(0, self.new.least - self.current) if self.current else 0

    @property
    def ends(self) -> int:
        """How many are ended at once."""
        return max(0, self.current - self.new.most)


class Autoscale(Action):
    """See `contract.Action`. Parameters: `min`, `max`; what is not said stays."""

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        aim, cluster = request.aim, systems.cluster
        path = _path(aim)
        hpa = cluster.get(path, str(aim))
        old = Bounds(*bounds_of(hpa))
        change = _of_target(cluster, hpa, old, _asked(request, old))
        call = Call("PATCH", path, {"spec": _spec(change.new)}, what=f"set the bounds of {aim}")
        tried, _ = cluster.dry_run(call)
        signal = _signal(change)
        return Plan(
            request,
            title=f"Bounds of {aim}: min {old.least}, max {old.most} -> min {change.new.least}, max {change.new.most}",
            place=f"{cluster.where}, namespace {safe(aim.namespace)}",
            danger=_danger(change),
            made_at=now,
            blast=tuple(_blast(change)),
            undo=f"back to min {old.least}, max {old.most}",
            lost=("what the pods that go had in memory, and their logs",) if change.ends else (),
            checks=tuple(_checks(request, systems, change)),
            permissions=(cluster.may("patch", "horizontalpodautoscalers", "autoscaling", aim.namespace, aim.name),),
            dry_run=tried,
            diff=tuple(_diff(change)),
            by_hand=(_by_hand(cluster, aim, change.new),),
            word=aim.name,
            alternatives=tuple(_instead(request, change)),
            signal=signal,
            before=None if signal is None else _reading(change.hpa, change.item, "", now),
            inverse=msgspec.structs.replace(request, parameters=_texts(old), undoes=systems.receipt),
            calls={
                "call": msgspec.to_builtins(call),
                "unchanged": msgspec.to_builtins(unchanged(path, str(aim), hpa, *_PARTS)),
                "from": list(old),
                "to": list(change.new),
            },
        )

    def run(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        call = convert(plan.calls["call"], Call)
        say(call.what)
        systems.cluster.send_unchanged(call, convert(plan.calls["unchanged"], Unchanged))
        least, most = plan.calls["to"]
        return Outcome("done", f"{plan.request.aim} keeps between {least} and {most} pods now")

    def observe(self, plan: Plan, systems: Systems) -> tuple[Found, str]:
        aim = plan.request.aim
        now = list(bounds_of(systems.cluster.get(_path(aim), str(aim))))
        told = f"{aim} has min {now[0]}, max {now[1]}"
        return found_by(now, plan, told)

    def measure(self, plan: Plan, systems: Systems) -> Reading:
        aim, to = plan.request.aim, plan.calls["to"]
        hpa = systems.cluster.get(_path(aim), str(aim))
        least, most = bounds_of(hpa)
        undone = "" if [least, most] == to else f"{aim} was set to min {least}, max {most} meanwhile"
        target = target_of(hpa)
        item = None if target is None else systems.cluster.get(path_of(target), str(target))
        return _reading(hpa, item, undone, systems.now())


def _path(aim: Aim) -> str:
    if aim.kind != _KIND:
        raise BadRequestError(f"{safe(aim.kind, 40)} {safe(aim.name, 80)}: this is done to a {_KIND}")
    named(aim)
    return f"/apis/autoscaling/v2/namespaces/{aim.namespace}/{_KIND}s/{aim.name}"


def _asked(request: Request, old: Bounds) -> Bounds:
    said = request.parameters
    if not said.get("min") and not said.get("max"):
        raise BadRequestError("say min, max, or both: numbers of pods")
    return Bounds(_number("min", said.get("min", ""), old.least), _number("max", said.get("max", ""), old.most))


def _number(name: str, said: str, old: int) -> int:
    if not said:
        return old
    number = whole_number(said, 1, _MOST)
    if number is None:
        raise BadRequestError(f"{name} {safe(said, 40)!r}: a number from 1 to {_MOST}")
    return number


def _spec(bounds: Bounds) -> dict[str, int]:
    return {"minReplicas": bounds.least, "maxReplicas": bounds.most}


def _texts(bounds: Bounds) -> dict[str, str]:
    return {"min": str(bounds.least), "max": str(bounds.most)}


def _by_hand(cluster: Cluster, aim: Aim, new: Bounds) -> str:
    patch = msgspec.json.encode({"spec": _spec(new)}).decode()
    return kubectl(cluster, aim.namespace, "patch", "hpa", aim.name, "--type=merge", "-p", patch)


def target_of(hpa: Object) -> Aim | None:
    """The workload that it scales, None where it is of a kind that we do not know."""
    told = hpa["spec"]["scaleTargetRef"]
    kind = str(told["kind"]).lower()
    if kind not in ("deployment", "statefulset") or not str(told.get("apiVersion", "")).startswith("apps/"):
        return None
    return Aim(kind, told["name"], hpa["metadata"]["namespace"])


def _of_target(cluster: Cluster, hpa: Object, old: Bounds, new: Bounds) -> _Change:
    target = target_of(hpa)
    item = None if target is None else cluster.find(path_of(target), str(target))
    current = int((hpa.get("status") or {}).get("currentReplicas") or 0) if item is None else wanted(item)
    return _Change(hpa, old, new, target, item, current)


def _danger(change: _Change) -> Danger:
    return "R2" if change.ends or change.new.least < change.old.least else "R1"


def _diff(change: _Change) -> Iterator[str]:
    for name, old, new in zip(("minReplicas", "maxReplicas"), change.old, change.new, strict=True):
        if old == new:
            yield f"  spec.{name}: {old}"
        else:
            yield from (f"- spec.{name}: {old}", f"+ spec.{name}: {new}")


def _blast(change: _Change) -> Iterator[str]:
    name = safe(change.hpa["spec"]["scaleTargetRef"]["name"])
    if change.starts:
        yield f"{name} gets {counted(change.starts, 'more pod')} at once, {change.current} now"
    elif change.ends:
        yield f"{name} loses {counted(change.ends, 'pod')} at once, {change.current} now"
    else:
        yield f"{name} has {counted(change.current, 'pod')} now, and keeps them until its autoscaler wants other"


# --- what it will really do


def _checks(request: Request, systems: Systems, change: _Change) -> Iterator[Check]:
    here = (scaler_seen(change.hpa),)
    if change.new == change.old:
        told = f"it has min {change.old.least}, max {change.old.most} already: nothing to do"
        yield Check("refuse", told, here)
        return
    if change.new.most < change.new.least:
        yield Check("refuse", f"max {change.new.most} is less than min {change.new.least}", here)
        return
    if change.target is None or change.item is None:
        name = safe(change.hpa["spec"]["scaleTargetRef"]["name"])
        gone = "it is not there" if change.target is not None else "it is no deployment and no stateful set"
        yield Check("explain", f"not known: what its target {name} needs for more pods: {gone}", here)
    if change.current == 0 and change.item is not None:
        told = "its target has 0 replicas, and that switches an autoscaler off: no bounds bring a pod back"
        yield Check("refuse", told, here, overridable=True)
    yield from may_be_taken_back(change.hpa)
    yield from _lowered(request, change)
    yield from _raised(systems, change)


def _lowered(request: Request, change: _Change) -> Iterator[Check]:
    here = (scaler_seen(change.hpa),)
    if change.ends:
        told = f"this takes {counted(change.ends, 'pod')} away at once: {change.current} now, at most {change.new.most}"
        yield Check("explain" if request.undoes else "refuse", told, here, overridable=not request.undoes)
    if change.new.least < change.old.least and change.new.least < change.current:
        slowly = "it may go down as the load lets it, after some five minutes by default"
        yield Check("explain", f"min {change.old.least} -> {change.new.least}: {slowly}", here)


def _raised(systems: Systems, change: _Change) -> Iterator[Check]:
    here = (scaler_seen(change.hpa),)
    if change.new.most > change.old.most and not change.starts:
        if reason := blind(change.hpa):
            told = f"it is blind, and a higher maximum changes nothing: raise its minimum. {reason}"
            yield Check("refuse", told, here, overridable=True)
        elif at_most(change.hpa):
            yield Check("ok", f"it is at its maximum of {change.old.most} and would have more", here)
        else:
            yield Check("explain", "it is not at its maximum: a higher one changes nothing just now", here)
    more = change.starts or max(0, change.new.most - max(change.current, change.old.most))
    if not more or change.target is None or change.item is None:
        return
    checks = [*start_checks(systems.cluster, change.target.namespace, change.item["spec"]["template"]["spec"], more)]
    if not is_database(change.item):
        checks += slot_checks(systems, change.target, more)
    if change.starts:
        here = (seen(change.target, change.item, f"wants {change.current}, {ready(change.item)} ready"),)
        yield Check("ok", f"{counted(more, 'pod')} more at once, whether it is blind or not", here)
        if change.target.kind == "statefulset":
            yield from growing(change.target, change.item, change.current, change.new.least, None)
        yield from checks
        return
    for check in checks:  # of what it may come to: it would wait for room, and nothing is started now
        judgement = "explain" if check.judgement == "refuse" else check.judgement
        told = f"if it comes to {change.new.most}: {check.text}"
        yield msgspec.structs.replace(check, judgement=judgement, text=told, overridable=False)


def _instead(request: Request, change: _Change) -> Iterator[Alternative]:
    new = change.new
    if new.most < new.least:
        both = {"min": str(new.least), "max": str(new.least)}
        yield Alternative(f"min {new.least} and max {new.least}", msgspec.structs.replace(request, parameters=both))
    if change.current == 0 and change.target is not None and change.item is not None:
        count = {"replicas": str(new.least)}
        yield Alternative(f"scale {change.target} to {new.least}", Request("scale", change.target, count))
    if new.most > change.old.most and not change.starts and blind(change.hpa) and new.most > change.current:
        both = {"min": str(new.most), "max": str(new.most)}
        yield Alternative(f"raise its minimum to {new.most} too", msgspec.structs.replace(request, parameters=both))


# --- whether it helped


def _signal(change: _Change) -> Signal | None:
    """None where nothing is to be seen at once: then only the load decides."""
    name = f"ready pods of {change.target}"
    if change.target is None or change.item is None or not change.current:
        return None
    if change.starts:
        return Signal(name, float(change.new.least), unit="pods", window_ms=3 * MINUTE, hold_ms=_HOLD_MS)
    if change.ends:
        return Signal(name, float(change.new.most), more=False, unit="pods", window_ms=3 * MINUTE, hold_ms=_HOLD_MS)
    if change.new.most > change.old.most and at_most(change.hpa):
        return Signal(name, float(change.current + 1), unit="pods", window_ms=_SLOWLY_MS, hold_ms=_HOLD_MS)
    return None


def _reading(hpa: Object, item: Object | None, undone: str, now: Millis) -> Reading:
    if item is None:
        return Reading(now, None, "its target is not there", undone)
    told: dict[str, Any] = hpa.get("status") or {}
    return Reading(
        now,
        float(ready(item)),
        f"{ready(item)} of {wanted(item)} ready, {told.get('desiredReplicas', 0)} wanted",
        undone,
    )
