"""Another value of a ConfigMap, and the restart of those that would not see it otherwise: two things, in this order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from wfconsole.actions.contract import Action, BadRequestError, Say, Stale, Unknown
from wfconsole.actions.kubernetes.by_hand import kubectl
from wfconsole.actions.kubernetes.cluster import MERGE, STRATEGIC, Call, Cluster, Object, Unchanged, unchanged
from wfconsole.actions.kubernetes.config_checks import Change, Found, config_checks, find
from wfconsole.actions.kubernetes.config_readers import Reader
from wfconsole.actions.kubernetes.pods import members
from wfconsole.actions.kubernetes.progress import rollout_signal, standing
from wfconsole.actions.kubernetes.restart import moment
from wfconsole.actions.kubernetes.rollouts import RESTARTED_AT, wanted
from wfconsole.actions.kubernetes.workloads import named, path_of
from wfconsole.actions.systems import Systems
from wfconsole.clock import SECOND, Millis
from wfconsole.decoding import convert
from wfconsole.incident.plan import (
    Aim,
    Alternative,
    Danger,
    DryRun,
    Outcome,
    Permission,
    Plan,
    Reading,
    Request,
    Signal,
)
from wfconsole.incident.plan import (
    Found as Answer,
)
from wfconsole.incident.wording import counted
from wfconsole.redaction import is_secret_key, redact, redact_text
from wfconsole.sources.contract import SourceError
from wfconsole.text import is_safe, safe

_KEY: Final = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_LONGEST: Final = 2000
_ANSWER_MS: Final[Millis] = 10 * SECOND


class Step(msgspec.Struct, frozen=True):
    """One restart, as it will be sent."""

    name: str  # "deployment/llm"
    aim: Aim
    call: Call
    unchanged: Unchanged
    before: str = ""  # when it was restarted last
    replicas: int = 0
    ready: int = 0


class ConfigValue(Action):
    """See `contract.Action`. Parameters: `key`; `value`, or `remove` = yes; `restart`: "yes" for all whose pods would
    keep the old value, "no" for none, or some of them: "deployment/llm,statefulset/queue". `name` NAMESPACE/NAME may
    stand in place of the aim's."""

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        request = _aimed(request)
        aim, cluster = request.aim, systems.cluster
        item = cluster.get(_path(aim), str(aim))
        change = _asked(request, item, cluster)
        call = Call("PATCH", _path(aim), {"data": {change.key: change.new}}, MERGE, f"{change.key} of {aim}")
        steps = [_step(systems, reader, now) for reader in change.restart]
        return Plan(
            request,
            title=f"{change.key} of {aim}: {_told(change.old)} -> {_told(change.new)}",
            place=f"{cluster.where}, namespace {safe(aim.namespace)}",
            danger=_danger(change),
            made_at=now,
            blast=tuple(_blast(change, steps)),
            undo=f"back to {_told(change.old)}" + (", and another restart" if steps else ""),
            lost=("what the pods have in memory, and their logs of the run before",) if steps else (),
            checks=tuple(config_checks(systems, change, now)),
            permissions=tuple(_permissions(cluster, change)),
            dry_run=_tried(cluster, [call, *(each.call for each in steps)]),
            diff=tuple(_diff(change, steps)),
            by_hand=tuple(_by_hand(cluster, call, change)),
            word=aim.name,
            alternatives=tuple(_alternatives(request, change)),
            signal=_signal(change),
            before=Reading(now, 0.0, "no pod has started with it yet") if steps else None,
            inverse=_inverse(request, change, steps, systems.receipt),
            deadline_ms=_ANSWER_MS * (1 + len(steps)),
            calls={
                "call": msgspec.to_builtins(call),
                "unchanged": msgspec.to_builtins(unchanged(_path(aim), str(aim), item, "data", "immutable")),
                "at": moment(now),
                "from": change.old,
                "to": change.new,
                "restarts": msgspec.to_builtins(steps),
            },
        )

    def run(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        call, steps = convert(plan.calls["call"], Call), _steps(plan)
        say(call.what)
        systems.cluster.send_unchanged(call, convert(plan.calls["unchanged"], Unchanged))
        lines, done = [f"{call.what}: {_told(plan.calls['from'])} -> {_told(plan.calls['to'])}"], list[Step]()
        for step in steps:
            say(step.call.what)
            try:
                systems.cluster.send_unchanged(step.call, step.unchanged)
            except (Stale, SourceError) as error:
                return _broken_off(plan, lines, done, step, f"not restarted: {error}")
            except Unknown as error:
                return _broken_off(plan, lines, [*done, step], step, f"may have been restarted: {error}")
            done.append(step)
            lines.append(f"{step.name} replaces its pods")
        told = f"{plan.request.aim} has it now" + (f", {counted(len(done), 'reader')} restarted" if done else "")
        return Outcome("done", told, tuple(lines), lost=plan.lost)

    def observe(self, plan: Plan, systems: Systems) -> tuple[Answer, str]:
        aim = plan.request.aim
        now = _value(systems.cluster.get(_path(aim), str(aim)), plan.request.parameters["key"])
        told = f"{aim} has {_told(now)}"
        if now != plan.calls["to"]:
            return ("did not run" if now == plan.calls["from"] else "cannot tell"), told
        missing = []
        for step in _steps(plan):
            item = systems.cluster.get(path_of(step.aim), str(step.aim))
            if _restarted_at(item) != plan.calls["at"]:
                missing.append(step.name)
        if missing:
            return "cannot tell", f"{told}, and these were not restarted by it: {', '.join(missing)}"
        return "ran", told

    def measure(self, plan: Plan, systems: Systems) -> Reading:
        aim, at, now = plan.request.aim, plan.calls["at"], systems.now()
        there = _value(systems.cluster.get(_path(aim), str(aim)), plan.request.parameters["key"])
        undone = "" if there == plan.calls["to"] else f"{aim} has {_told(there)} now: somebody changed it"
        found = []
        for step in _steps(plan):
            item = systems.cluster.get(path_of(step.aim), str(step.aim))
            pods = members(systems.cluster, step.aim, item, now)
            found.append(standing(pods, lambda pod: pod.notes.get(RESTARTED_AT) == at, step.ready, now, ""))
        values = [each.value or 0.0 for each in found]
        fewer = [each for each in values if each < 0]
        told = "; ".join(f"{step.name}: {each.text}" for step, each in zip(_steps(plan), found, strict=True))
        return Reading(now, sum(fewer or values), told, undone)


# --- what is asked for


def _aimed(request: Request) -> Request:
    """With the map's own name as the aim. Raises BadRequestError."""
    parameters = dict(request.parameters)
    namespace, slash, name = parameters.pop("name", "").partition("/")
    aim = request.aim
    if not aim.name:
        aim = Aim("configmap", name if slash else namespace, namespace if slash else aim.namespace)
    if aim.kind != "configmap":
        raise BadRequestError(f"{safe(aim.kind, 40)} {safe(aim.name, 80)}: this is done to a configmap")
    named(aim)
    return msgspec.structs.replace(request, aim=aim, parameters=parameters)


def _asked(request: Request, item: Object, cluster: Cluster) -> Change:
    """Raises BadRequestError for what would be no value, or a secret, which has no place in the record."""
    said, aim = request.parameters, request.aim
    key, remove = said.get("key", ""), said.get("remove", "") == "yes"
    if not _KEY.fullmatch(key):
        raise BadRequestError(f"key {safe(key, 60)!r}: letters, digits, -, _ and .")
    if "value" not in said and not remove:
        raise BadRequestError("say the value")
    if key in (item.get("binaryData") or {}):
        raise BadRequestError(f"{key} of {aim} holds bytes, not text")
    old, new = _value(item, key), None if remove else said["value"]
    for value in (old, new):
        _fit_for_the_record(aim, key, value)
    found = find(cluster, aim.namespace, aim.name, key)
    return Change(aim, item, key, old, new, found, _to_restart(said.get("restart", "yes"), found))


def _fit_for_the_record(aim: Aim, key: str, value: str | None) -> None:
    if value is None:
        return
    line = f"{key}: {value}"
    if is_secret_key(key) or redact({key: value}) != {key: value} or redact_text(line) != line:
        told = f"{key} of {aim} looks like a secret, which is not shown and not kept: rotate it where it is made"
        raise BadRequestError(told)
    if len(value) > _LONGEST or (value and not is_safe(value)):
        raise BadRequestError(f"{key} of {aim} is a file or more than a line of plain text: change it where it is made")


def _to_restart(said: str, found: Found) -> tuple[Reader, ...]:
    stays = tuple(each for each in found.readers if each.stays)
    if said in ("", "yes"):
        return stays
    if said == "no":
        return ()
    names = [each.strip() for each in said.split(",")]
    known = {each.name: each for each in found.readers}
    if unknown := [each for each in names if each not in known]:
        told = f"restart {safe(', '.join(unknown), 200)}: yes, no, or some of those that read it"
        raise BadRequestError(f"{told}: {', '.join(known) or 'nothing does'}")
    return tuple(known[each] for each in dict.fromkeys(names))


def _path(aim: Aim) -> str:
    return f"/api/v1/namespaces/{aim.namespace}/configmaps/{aim.name}"


def _value(item: Object, key: str) -> str | None:
    value = (item.get("data") or {}).get(key)
    return None if value is None else str(value)


def _told(value: str | None) -> str:
    return "none" if value is None else safe(value, 60) or '""'


# --- what is sent


def _step(systems: Systems, reader: Reader, now: Millis) -> Step:
    aim, item = reader.aim, reader.item
    body: Object = {"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: moment(now)}}}}}
    pods = members(systems.cluster, aim, item, now)
    return Step(
        reader.name,
        aim,
        Call("PATCH", path_of(aim), body, STRATEGIC, f"restart {aim}"),
        unchanged(path_of(aim), str(aim), item, "spec.template", "spec.paused"),
        _restarted_at(item),
        wanted(item),
        sum(each.ready for each in pods),
    )


def _steps(plan: Plan) -> list[Step]:
    return convert(plan.calls["restarts"], list[Step])


def _restarted_at(item: Object) -> str:
    notes = (item["spec"]["template"].get("metadata") or {}).get("annotations") or {}
    return str(notes.get(RESTARTED_AT, ""))


def _tried(cluster: Cluster, calls: Sequence[Call]) -> DryRun:
    """The first that the server refuses, or the answer to the last one."""
    tried = DryRun("explained")
    for call in calls:
        tried, _ = cluster.dry_run(call)
        if tried.kind == "failed":
            break
    return tried


def _broken_off(plan: Plan, lines: Sequence[str], done: Sequence[Step], at: Step, why: str) -> Outcome:
    """The map is changed and not all of its readers are restarted: the inverse restarts only those that were."""
    every = [each.name for each in _steps(plan)]
    rest = every[every.index(at.name) + 1 :]
    said = [*lines, f"{at.name}: {safe(why, 300)}", *(f"{name}: not restarted" for name in rest)]
    assert plan.inverse is not None
    names = ",".join(each.name for each in done) or "no"
    parameters = {**plan.inverse.parameters, "restart": names}
    back = msgspec.structs.replace(plan.inverse, parameters=parameters)
    return Outcome("partial", f"the value is set, and {at.name} {safe(why, 200)}", tuple(said), back, plan.lost)


def _inverse(request: Request, change: Change, steps: Sequence[Step], receipt: str) -> Request:
    parameters = {"key": change.key, "restart": ",".join(each.name for each in steps) or "no"}
    parameters |= {"remove": "yes"} if change.old is None else {"value": change.old}
    return Request(request.action, request.aim, parameters, receipt)


# --- how it is shown


def _danger(change: Change) -> Danger:
    felt = change.restart or any(not all(way.stays for way in each.ways) for each in change.found.readers)
    return "R2" if felt else "R1"


def _blast(change: Change, steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        yield f"{step.name}: {counted(step.replicas, 'pod')} replaced, {step.ready} of them ready now"
    left = [each.name for each in change.found.readers if each.stays and each not in change.restart]
    if left:
        yield f"not restarted, so that they keep the old value: {', '.join(left)}"
    if not steps and not left:
        yield "no pod is restarted"


def _permissions(cluster: Cluster, change: Change) -> Iterator[Permission]:
    aim = change.aim
    yield cluster.may("patch", "configmaps", "", aim.namespace, aim.name)
    for reader in change.restart:
        yield cluster.may("patch", f"{reader.aim.kind}s", "apps", aim.namespace, reader.aim.name)


def _diff(change: Change, steps: Sequence[Step]) -> Iterator[str]:
    if change.old is not None:
        yield f"- {change.key}: {safe(change.old, 200)}"
    if change.new is not None:
        yield f"+ {change.key}: {safe(change.new, 200)}"
    for step in steps:
        yield f"+ {step.name}: restarted"


def _by_hand(cluster: Cluster, call: Call, change: Change) -> Iterator[str]:
    aim, body = change.aim, msgspec.json.encode(call.body).decode()
    yield kubectl(cluster, aim.namespace, "patch", "configmap", aim.name, "--type=merge", "-p", body)
    for reader in change.restart:
        yield kubectl(cluster, aim.namespace, "rollout", "restart", reader.name)
        yield kubectl(cluster, aim.namespace, "rollout", "status", reader.name, "--timeout=10m")


def _alternatives(request: Request, change: Change) -> Iterator[Alternative]:
    if change.old == change.new:
        for reader in change.found.readers:
            if reader.stays:
                yield Alternative(f"restart {reader.name}, so that it sees the value", Request("restart", reader.aim))
    elif change.restart:
        parameters: Mapping[str, Any] = {**request.parameters, "restart": "no"}
        yield Alternative(
            "set the value alone, and restart its readers one by one after it",
            msgspec.structs.replace(request, parameters=parameters),
        )


def _signal(change: Change) -> Signal | None:
    """None where nobody is restarted: that a map holds a value does not show that anybody sees it."""
    if not change.restart:
        return None
    of_each = [rollout_signal(reader.aim, reader.item) for reader in change.restart]
    if len(of_each) == 1:
        return of_each[0]
    return msgspec.structs.replace(
        of_each[0],
        text="pods that started with the new value and are ready (below zero: so many fewer are ready than before)",
        goal=float(sum(each.goal for each in of_each)),
        window_ms=sum(each.window_ms for each in of_each),
    )
