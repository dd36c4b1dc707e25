"""Another memory limit for one container of a workload: a rollout, which replaces all its pods."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from wfconsole.actions.contract import Action, BadRequestError, Say, found_by, in_words
from wfconsole.actions.kubernetes.by_hand import kubectl
from wfconsole.actions.kubernetes.cluster import STRATEGIC, Call, Cluster, Object, Unchanged, unchanged
from wfconsole.actions.kubernetes.memory import (
    Change,
    Memory,
    bound_checks,
    memory_of,
    place_checks,
    quota_growth,
    scaler_effect,
    size,
    use_checks,
)
from wfconsole.actions.kubernetes.ownership import ownership_checks
from wfconsole.actions.kubernetes.pods import Member, members
from wfconsole.actions.kubernetes.progress import rollout_signal, standing
from wfconsole.actions.kubernetes.rollout_checks import paused, rollout_checks
from wfconsole.actions.kubernetes.rollouts import strategy_of, under_way, units, wanted
from wfconsole.actions.kubernetes.workloads import hpa_of, path_of, resource_of, seen
from wfconsole.actions.systems import Systems
from wfconsole.clock import Millis
from wfconsole.decoding import convert
from wfconsole.incident.plan import Aim, Check, Found, Observed, Outcome, Plan, Reading, Request
from wfconsole.incident.wording import counted
from wfconsole.sources.contract import SourceError
from wfconsole.text import safe

_KINDS: Final = ("deployment", "statefulset", "daemonset")
_NONE: Final = "none"
_QUANTITY: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?(Ki|Mi|Gi|Ti|k|M|G|T)?")
_LEAST: Final = 6 << 20  # below this no container runtime starts one


class MemoryLimit(Action):
    """See `contract.Action`. Parameters: `container`, which may be left out where there is one; `limit`, a quantity
    such as 2Gi or "none"; `request`, the same, left as it is where it is not said."""

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        aim, cluster = request.aim, systems.cluster
        resource = resource_of(aim, *_KINDS)
        item = cluster.get(path_of(aim), str(aim))
        change = _asked(request, item)
        pods = members(cluster, aim, item, now)
        ready = sum(each.ready for each in pods)
        call = Call("PATCH", path_of(aim), _patch(change), STRATEGIC, f"memory of {change.container} in {aim}")
        tried, _ = cluster.dry_run(call)
        return Plan(
            request,
            title=f"Memory limit of {safe(change.container)} in {aim}: {_words(change)}",
            place=f"{cluster.where}, namespace {safe(aim.namespace)}",
            danger="R2",
            made_at=now,
            blast=(
                f"a rollout: {counted(wanted(item), 'pod')} of {aim.name} replaced, {ready} of them ready now",
                str(strategy_of(aim.kind, item)),
            ),
            undo=f"back to {change.old}, which replaces all pods once more",
            lost=("what the pods have in memory and in their own files", "their logs of the run before"),
            checks=tuple(_checks(systems, aim, item, change, pods)),
            permissions=(cluster.may("patch", resource, "apps", aim.namespace, aim.name),),
            dry_run=tried,
            diff=tuple(_diff(item, change)),
            by_hand=(_by_hand(cluster, aim, change), kubectl(cluster, aim.namespace, *_status(aim))),
            word=aim.name,
            signal=rollout_signal(aim, item),
            before=standing(pods, lambda _pod: False, ready, now, ""),
            inverse=msgspec.structs.replace(request, parameters=_old(change), undoes=systems.receipt),
            calls={
                "call": msgspec.to_builtins(call),
                "unchanged": msgspec.to_builtins(unchanged(path_of(aim), str(aim), item, "spec.template")),
                "container": change.container,
                "from": list(change.old),
                "to": list(change.new),
                "ready": ready,
            },
        )

    def run(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        call = convert(plan.calls["call"], Call)
        say(call.what)
        systems.cluster.send_unchanged(call, convert(plan.calls["unchanged"], Unchanged))
        limit = _word(plan.calls["to"][0])
        return Outcome("done", f"{plan.request.aim} replaces its pods: {plan.calls['container']} gets {limit}")

    def observe(self, plan: Plan, systems: Systems) -> tuple[Found, str]:
        now = _now(plan, systems.cluster.get(path_of(plan.request.aim), str(plan.request.aim)))
        told = f"{plan.calls['container']} is not there" if now is None else f"{plan.calls['container']} has {now}"
        return found_by(None if now is None else list(now), plan, told)

    def measure(self, plan: Plan, systems: Systems) -> Reading:
        aim, name, to, at = plan.request.aim, plan.calls["container"], plan.calls["to"], systems.now()
        item = systems.cluster.get(path_of(aim), str(aim))
        there = _now(plan, item)
        undone = "" if there is not None and list(there) == to else f"{name} of {aim} has {there} now: it was changed"

        def new(pod: Member) -> bool:
            # What a namespace fills in where the template says nothing is the same for old pods and new ones.
            box = _box(pod.raw["spec"], name)
            return box is not None and (to[0] is None or memory_of(box).limit == to[0])

        return standing(members(systems.cluster, aim, item, at), new, plan.calls["ready"], at, undone)


# --- what is asked for


def _asked(request: Request, item: Object) -> Change:
    """Raises BadRequestError: above all for a container that is not there, which a patch would add."""
    pod, said = item["spec"]["template"]["spec"], request.parameters
    names = [box["name"] for box in pod["containers"]]
    name = said.get("container") or (names[0] if len(names) == 1 else "")
    box = _box(pod, name)
    if box is None:
        listed = ", ".join(map(safe, names))
        if any(each["name"] == name for each in pod.get("initContainers") or ()):
            raise BadRequestError(f"{safe(name)} is an init container of {request.aim}: name one of {listed}")
        told = f"there is no container {safe(name, 100)!r} in" if name else "say which container of"
        raise BadRequestError(f"{told} {request.aim}: it has {listed}")
    old = memory_of(box)
    limit = _parsed("limit", said.get("limit", ""))
    asks = _parsed("request", said["request"]) if said.get("request") else old.request
    return Change(name, old, Memory(limit, asks), said.get("limit", ""), said.get("request") or None)


def _parsed(name: str, said: str) -> int | None:
    if said == _NONE:
        return None
    if not _QUANTITY.fullmatch(said):
        raise BadRequestError(f"{name} {safe(said, 40)!r}: an amount of memory such as 512Mi or 2Gi, or {_NONE}")
    value = units("memory", said)
    if value < _LEAST:
        raise BadRequestError(f"{name} {said} is {value} bytes, with which nothing starts: did you mean {said}Mi?")
    return value


def _patch(change: Change) -> dict[str, Any]:
    resources: dict[str, Any] = {"limits": {"memory": None if change.limit == _NONE else change.limit}}
    if change.request is not None:
        resources["requests"] = {"memory": None if change.request == _NONE else change.request}
    return {"spec": {"template": {"spec": {"containers": [{"name": change.container, "resources": resources}]}}}}


def _old(change: Change) -> dict[str, str]:
    told = {"container": change.container, "limit": _word(change.old.limit)}
    return told if change.request is None else {**told, "request": _word(change.old.request)}


def _word(value: int | None) -> str:
    """A quantity that says exactly this many bytes."""
    if value is None:
        return _NONE
    for unit, bytes_ in (("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)):
        if value % bytes_ == 0:
            return f"{value // bytes_}{unit}"
    return str(value)


def _words(change: Change) -> str:
    return f"{_word(change.old.limit)} -> {_word(change.new.limit)}"


def _box(pod: Object, name: str) -> Object | None:
    return next((box for box in pod["containers"] if box["name"] == name), None)


def _now(plan: Plan, item: Object) -> Memory | None:
    box = _box(item["spec"]["template"]["spec"], plan.calls["container"])
    return None if box is None else memory_of(box)


def changed(item: Object, change: Change) -> Object:
    """The workload as it will be."""
    after = copy.deepcopy(item)
    box = _box(after["spec"]["template"]["spec"], change.container)
    assert box is not None
    resources = box.setdefault("resources", {})
    for kind, value in (("limits", change.new.limit), ("requests", change.new.request)):
        amounts = resources.setdefault(kind, {})
        amounts.pop("memory", None)
        if value is not None:
            amounts["memory"] = str(value)
    return after


# --- how it is shown


def _diff(item: Object, change: Change) -> Iterator[str]:
    for box in item["spec"]["template"]["spec"]["containers"]:
        name = safe(box["name"])
        if box["name"] == change.container:
            yield from (f"- {name}: {change.old}", f"+ {name}: {change.new}")
        else:
            yield f"  {name}: {memory_of(box)}"


def _by_hand(cluster: Cluster, aim: Aim, change: Change) -> str:
    body = msgspec.json.encode(_patch(change)).decode()
    return kubectl(cluster, aim.namespace, "patch", aim.kind, aim.name, "--type=strategic", "-p", body)


def _status(aim: Aim) -> tuple[str, ...]:
    return ("rollout", "status", f"{aim.kind}/{aim.name}", "--timeout=10m")


# --- what it will really do


def _checks(systems: Systems, aim: Aim, item: Object, change: Change, pods: tuple[Member, ...]) -> Iterator[Check]:
    cluster, old, new = systems.cluster, change.old, change.new
    here = (seen(aim, item, f"{safe(change.container)}: {old}"),)
    if new == old:
        yield Check("refuse", f"{safe(change.container)} has {old} already: nothing to do", here)
        return
    after = changed(item, change)
    pod = after["spec"]["template"]["spec"]
    yield from paused(aim, item)
    yield from ownership_checks(aim, item)
    if waits := under_way(aim.kind, item):
        told = f"a rollout of it is still under way ({waits}): this begins another one on top of it"
        yield Check("refuse", told, here, overridable=True)
    yield from _of_sizes(old, new, here)
    yield from use_checks(cluster, aim, pods, change)
    yield from bound_checks(cluster, aim.namespace, pod)
    yield from quota_growth(cluster, aim, item, pod)
    yield from place_checks(cluster, aim, item, pod, new.limit)
    try:
        yield from scaler_effect(hpa_of(cluster, aim), change)
    except SourceError as error:
        yield Check("explain", f"not known: whether an autoscaler goes by its memory: {in_words(error)}")
    yield from rollout_checks(systems, aim, item, after["spec"]["template"])
    yield Check("ok", "it makes a new revision with the same image: roll-back passes over it, a plain undo would not")


def _of_sizes(old: Memory, new: Memory, here: tuple[Observed, ...]) -> Iterator[Check]:
    if new.limit is not None and new.asks > new.limit:
        said = f"the request of {size(new.asks)} is more than the limit of {size(new.limit)}: say a request too"
        yield Check("refuse", said, here)
    if new.limit is None:
        yield Check("explain", "without a limit it may take all memory of its node, and others are killed for it", here)
    elif old.limit is None:
        yield Check("explain", f"it had no limit: from {size(new.limit)} on it is killed", here)
    elif new.limit < old.limit:
        yield Check("explain", f"less than before: {size(old.limit)} -> {size(new.limit)}", here)
    if old.request is None and new.request is None and old.asks != new.asks:
        said = f"it says no request, so that the limit is the request too: each pod asks for {size(new.asks)} now"
        yield Check("explain", f"{said}, not {size(old.asks)}", here)
