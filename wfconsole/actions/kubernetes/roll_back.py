"""Back to a revision that was healthy, which is not always the one before: a restart makes a revision too, with the
same bad image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from wfconsole.actions.contract import Action, BadRequestError, Say, Stale
from wfconsole.actions.kubernetes import revisions
from wfconsole.actions.kubernetes.by_hand import kubectl
from wfconsole.actions.kubernetes.cluster import Cluster, Object, Unchanged, unchanged
from wfconsole.actions.kubernetes.history import going_back, revisions_of, source_of, template_at
from wfconsole.actions.kubernetes.left_behind import left_behind
from wfconsole.actions.kubernetes.ownership import ownership_checks
from wfconsole.actions.kubernetes.pods import Member, members
from wfconsole.actions.kubernetes.progress import rollout_signal, standing
from wfconsole.actions.kubernetes.revisions import Revision
from wfconsole.actions.kubernetes.rollout_checks import paused, rollout_checks
from wfconsole.actions.kubernetes.rollouts import plain_template, strategy_of, templates_equal
from wfconsole.actions.kubernetes.workloads import path_of, resource_of, seen, wanted
from wfconsole.actions.systems import Systems
from wfconsole.clock import Millis
from wfconsole.incident.plan import Aim, Alternative, Check, Found, Observed, Outcome, Plan, Reading, Request
from wfconsole.text import safe

_KINDS: Final = ("deployment", "statefulset", "daemonset")
_LISTED: Final = 10
_LOST: Final = (
    "ConfigMaps and Secrets as they were: pods of the old revision read those of today",
    "what a migration has done to a database: the old program meets the new tables",
    "the number of replicas, autoscalers, services: a rollback changes the pods' template and nothing else",
)


class _Way(msgspec.Struct, frozen=True):
    """From where to where."""

    item: Object
    pods: tuple[Member, ...]
    found: tuple[Revision, ...]
    target: Revision

    @property
    def current(self) -> Revision:
        return self.found[0]


class RollBack(Action):
    """See `contract.Action`. Parameters: `revision`, a number; without it one is proposed."""

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        aim, cluster = request.aim, systems.cluster
        resource = resource_of(aim, *_KINDS)
        way = _way(request, systems, now)
        target, item = way.target, way.item
        call = going_back(aim, item, target.template, target.number, target.cause)
        tried, would = cluster.dry_run(call)
        ready = sum(each.ready for each in way.pods)
        return Plan(
            msgspec.structs.replace(request, parameters={**request.parameters, "revision": str(target.number)}),
            title=f"Roll {aim} back from revision {way.current.number} to {target.number}",
            place=f"{cluster.where}, namespace {aim.namespace}",
            danger="R2",
            made_at=now,
            blast=(
                f"all {wanted(item)} pods of {aim.name} are replaced: {strategy_of(aim.kind, item)}",
                f"{', '.join(way.current.images)} -> {', '.join(target.images)}",
            ),
            undo=f"roll back to revision {way.current.number}, which is kept",
            lost=_LOST,
            checks=(*_checks(request, systems, way, would, now), *left_behind(systems, aim, way.found, target, now)),
            permissions=(cluster.may("patch", resource, "apps", aim.namespace),),
            dry_run=tried,
            diff=revisions.difference_of(way.current.template, target.template),
            by_hand=(_by_hand(cluster, aim, target.number),),
            word=aim.name,
            alternatives=tuple(_alternatives(aim, way, now)),
            signal=rollout_signal(aim, item),
            before=standing(way.pods, lambda pod: revisions.is_of(target, pod), ready, now, ""),
            inverse=Request("roll-back", aim, {"revision": str(way.current.number)}, undoes=systems.receipt),
            calls=_calls(aim, item, target, ready),
        )

    def run(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        aim, cluster, number = plan.request.aim, systems.cluster, plan.calls["revision"]
        template = template_at(cluster, aim, plan.calls["source"])
        item = cluster.find(path_of(aim), str(aim))
        if item is None:
            raise Stale(f"{aim} is gone")
        call = going_back(aim, item, template, number, plan.calls["cause"])
        say(call.what)
        cluster.send_unchanged(call, msgspec.convert(plan.calls["unchanged"], Unchanged))
        return Outcome("done", f"{aim} has the template of revision {number} again", lost=plan.lost)

    def observe(self, plan: Plan, systems: Systems) -> tuple[Found, str]:
        aim = plan.request.aim
        now = _template_now(systems, aim)
        if now == plan.calls["source"]["template"]:
            return "ran", f"{aim} has the template of revision {plan.calls['revision']}"
        if now == plan.calls["from"]:
            return "did not run", f"{aim} has the template that it had before"
        return "cannot tell", f"{aim} has another template than before, and not that of the revision"

    def measure(self, plan: Plan, systems: Systems) -> Reading:
        aim, calls, now = plan.request.aim, plan.calls, systems.now()
        item = systems.cluster.get(path_of(aim), str(aim))
        mine = revisions.digest(plain_template(item["spec"]["template"])) == calls["source"]["template"]
        undone = "" if mine else f"{aim} was given another template meanwhile: {_writer(item)}"
        hashes = set(calls["hashes"]) - {""}

        def new(pod: Member) -> bool:
            return bool(hashes & {pod.labels.get(revisions.HASH), pod.labels.get(revisions.REVISION_HASH)})

        return standing(members(systems.cluster, aim, item, now), new, calls["ready"], now, undone)


def _calls(aim: Aim, item: Object, target: Revision, ready: int) -> dict[str, Any]:
    return {
        "source": source_of(target),
        "revision": target.number,
        "cause": target.cause,
        "hashes": list(target.hashes),
        "from": revisions.digest(plain_template(item["spec"]["template"])),
        "ready": ready,
        "unchanged": msgspec.to_builtins(unchanged(path_of(aim), str(aim), item, "spec.template", "spec.paused")),
    }


def _by_hand(cluster: Cluster, aim: Aim, number: int) -> str:
    return kubectl(cluster, aim.namespace, "rollout", "undo", f"{aim.kind}/{aim.name}", f"--to-revision={number}")


def _way(request: Request, systems: Systems, now: Millis) -> _Way:
    aim, cluster = request.aim, systems.cluster
    item = cluster.get(path_of(aim), str(aim))
    pods = members(cluster, aim, item, now)
    found = revisions_of(cluster, aim, item, pods, now)
    said = request.parameters.get("revision", "").strip()
    if not found:
        raise BadRequestError(f"{aim} has no revisions that it could be rolled back to")
    if said:
        target = next((each for each in found if str(each.number) == said), None)
        if target is None:
            raise BadRequestError(f"{aim} has no revision {safe(said, 40)!r}: {_listed(found, now)}")
    elif (target := revisions.proposed(found)) is None:
        raise BadRequestError(f"no revision of {aim} is another one than now and was healthy: {_listed(found, now)}")
    return _Way(item, pods, found, target)


def _listed(found: tuple[Revision, ...], now: Millis) -> str:
    return "; ".join(each.told(now) for each in found[:_LISTED])


def _template_now(systems: Systems, aim: Aim) -> str:
    item = systems.cluster.get(path_of(aim), str(aim))
    return revisions.digest(plain_template(item["spec"]["template"]))


def _writer(item: Object) -> str:
    """Who has written to it last, as the server has it."""
    fields = [each for each in item["metadata"].get("managedFields") or () if not each.get("subresource")]
    last: dict[str, Any] = max(fields, key=lambda each: str(each.get("time", "")), default={})
    return f"last written to by {last.get('manager', 'somebody')}"


def _checks(request: Request, systems: Systems, way: _Way, would: Object, now: Millis) -> Iterator[Check]:
    aim, item, target = request.aim, way.item, way.target
    yield from paused(aim, item)
    yield from _of_target(request, way, now)
    if would and not templates_equal(would["spec"]["template"], target.template):
        yield Check(
            "explain", "the server would keep another template than that of the revision: something rewrites it"
        )
    yield from ownership_checks(aim, item)
    there = sum(revisions.is_of(target, each) and not each.over for each in way.pods)
    yield from rollout_checks(systems, aim, item, target.template, there)
    if aim.kind == "statefulset" and any(each.failing for each in way.pods):
        told = "a stateful set replaces no pod while one of the old revision fails: remove the failing pods after it"
        yield Check("explain", told, (seen(aim, item, "OrderedReady"),))


def _of_target(request: Request, way: _Way, now: Millis) -> Iterator[Check]:
    current, target = way.current, way.target
    seen_ = tuple(
        Observed(f"revision {each.number}", each.told(now).partition(": ")[2], each.uid) for each in (target, current)
    )
    if target.number == current.number:
        yield Check("refuse", f"revision {target.number} is the one that is there now", seen_)
        return
    if target.pods == current.pods:
        told = f"revision {target.number} has the very pods of now, but for the time of a restart: nothing gets better"
        yield Check("refuse", told, seen_)
        return
    if request.undoes:
        yield Check("explain", f"this takes back the rollback: {target.told(now)}", seen_)
    elif target.images == current.images and not target.proven:
        told = f"revision {target.number} has the same image as now, and nothing shows that it was ever healthy"
        yield Check("refuse", told, seen_, overridable=True)
    elif target.proven:
        yield Check("ok", target.told(now), seen_)
    else:
        yield Check("explain", f"nothing shows that it was healthy: {target.told(now)}", seen_)
    for each in way.found:
        if target.number < each.number < current.number:
            why = f"a restart of revision {each.like}" if each.restarted else ", ".join(each.images)
            yield Check("ok", f"passes over revision {each.number}: {why}")


def _alternatives(aim: Aim, way: _Way, now: Millis) -> Iterator[Alternative]:
    """Every other revision that has other pods than now, its restarts left out."""
    told = {way.current.pods, way.target.pods}
    for each in way.found[:_LISTED]:
        if each.pods not in told:
            told.add(each.pods)
            yield Alternative(each.told(now), Request("roll-back", aim, {"revision": str(each.number)}))
