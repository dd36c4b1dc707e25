"""Back to a revision that was healthy, which is not always the one before: a restart makes a revision too, with the
same bad image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from wfconsole.actions.contract import Action, BadRequestError, Say, Stale
from wfconsole.actions.kubernetes import one_fewer, revisions
from wfconsole.actions.kubernetes.by_hand import kubectl
from wfconsole.actions.kubernetes.cluster import Cluster, Object, Unchanged, unchanged
from wfconsole.actions.kubernetes.history import going_back, revisions_of, source_of, template_at
from wfconsole.actions.kubernetes.left_behind import left_behind
from wfconsole.actions.kubernetes.ownership import ownership_checks
from wfconsole.actions.kubernetes.pods import Member, members
from wfconsole.actions.kubernetes.progress import rollout_signal, standing
from wfconsole.actions.kubernetes.revisions import Revision
from wfconsole.actions.kubernetes.rollout_checks import gpu_wait, paused, rollout_checks
from wfconsole.actions.kubernetes.rollout_strategy import before_of
from wfconsole.actions.kubernetes.rollouts import plain_template, strategy_of, templates_equal, wanted
from wfconsole.actions.kubernetes.workloads import path_of, resource_of, seen
from wfconsole.actions.systems import Systems
from wfconsole.clock import MINUTE, Millis
from wfconsole.decoding import convert
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
    fewer: bool  # one pod fewer at a time, instead of one more

    @property
    def rolled(self) -> Object:
        """The workload as it is while the rollout lasts."""
        return one_fewer.as_rolled(self.item) if self.fewer else self.item

    @property
    def there(self) -> int:
        """How many pods of the target there are already."""
        return sum(revisions.is_of(self.target, each) and not each.over for each in self.pods)

    @property
    def current(self) -> Revision:
        return self.found[0]


class RollBack(Action):
    """See `contract.Action`. Parameters: `revision`, a number; without it one is proposed. `strategy`: as of
    `restart.Restart`, and so is `patience_ms`."""

    patience_ms: Millis = one_fewer.PATIENCE_MS

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        aim, cluster = request.aim, systems.cluster
        resource = resource_of(aim, *_KINDS)
        way = _way(request, systems, now)
        target, item, fewer = way.target, way.item, way.fewer
        tried, would = cluster.dry_run(going_back(aim, item, target.template, target.number, target.cause, fewer=fewer))
        ready = sum(each.ready for each in way.pods)
        return Plan(
            msgspec.structs.replace(request, parameters={**request.parameters, "revision": str(target.number)}),
            title=f"Roll {aim} back from revision {way.current.number} to {target.number}",
            place=f"{cluster.where}, namespace {aim.namespace}",
            danger="R2",
            made_at=now,
            blast=(
                f"all {wanted(item)} pods of {aim.name} are replaced: {strategy_of(aim.kind, way.rolled)}",
                f"{', '.join(way.current.images)} -> {', '.join(target.images)}",
            ),
            undo=f"roll back to revision {way.current.number}, which is kept",
            lost=_LOST,
            checks=(*_checks(request, systems, way, would, now), *left_behind(systems, aim, way.found, target, now)),
            permissions=(cluster.may("patch", resource, "apps", aim.namespace),),
            dry_run=tried,
            diff=revisions.difference_of(way.current.template, target.template),
            by_hand=_by_hand(cluster, aim, way),
            word=aim.name,
            alternatives=tuple(_alternatives(systems, aim, way, now)),
            signal=rollout_signal(aim, item),
            before=standing(way.pods, lambda pod: revisions.is_of(target, pod), ready, now, ""),
            inverse=_inverse(aim, way, systems.receipt),
            deadline_ms=self.patience_ms + MINUTE if fewer else MINUTE // 2,
            calls=_calls(aim, way, ready),
        )

    def run(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        aim, cluster, number = plan.request.aim, systems.cluster, plan.calls["revision"]
        template = template_at(cluster, aim, plan.calls["source"])
        item = cluster.find(path_of(aim), str(aim))
        if item is None:
            raise Stale(f"{aim} is gone")
        fewer = plan.calls["strategy"] is not None
        call = going_back(aim, item, template, number, plan.calls["cause"], fewer=fewer)
        say(call.what)
        cluster.send_unchanged(call, convert(plan.calls["unchanged"], Unchanged))
        done = f"{aim} has the template of revision {number} again"
        if fewer:
            return one_fewer.until_through(plan, systems, say, done, self.patience_ms)
        return Outcome("done", done, lost=plan.lost)

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


def _calls(aim: Aim, way: _Way, ready: int) -> dict[str, Any]:
    item, target = way.item, way.target
    return {
        "source": source_of(target),
        "revision": target.number,
        "cause": target.cause,
        "hashes": list(target.hashes),
        "from": revisions.digest(plain_template(item["spec"]["template"])),
        "ready": ready,
        "strategy": before_of(item) if way.fewer else None,
        "unchanged": msgspec.to_builtins(
            unchanged(path_of(aim), str(aim), item, "spec.template", "spec.strategy", "spec.paused")
        ),
    }


def _inverse(aim: Aim, way: _Way, receipt: str) -> Request:
    strategy = {"strategy": one_fewer.WORD} if way.fewer else {}
    return Request("roll-back", aim, {"revision": str(way.current.number), **strategy}, undoes=receipt)


def _by_hand(cluster: Cluster, aim: Aim, way: _Way) -> tuple[str, ...]:
    words = ("rollout", "undo", f"{aim.kind}/{aim.name}", f"--to-revision={way.target.number}")
    command = kubectl(cluster, aim.namespace, *words)
    return one_fewer.by_hand(cluster, aim, way.item, command) if way.fewer else (command,)


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
    return _Way(item, pods, found, target, one_fewer.asked(request, item))


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
    if way.fewer:
        yield one_fewer.check(aim, item)
    yield from rollout_checks(systems, aim, way.rolled, target.template, way.there)
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


def _alternatives(systems: Systems, aim: Aim, way: _Way, now: Millis) -> Iterator[Alternative]:
    """Without a spare GPU, the same with one pod fewer; then every other revision that has other pods than now, its
    restarts left out."""
    if aim.kind == "deployment" and not way.fewer and way.there < wanted(way.item):
        stuck = gpu_wait(systems, way.target.template, strategy_of(aim.kind, way.item))
        if stuck is not None and stuck.judgement == "refuse":
            words = f"roll back {one_fewer.offered(aim, way.item)}"
            parameters = {"revision": str(way.target.number), "strategy": one_fewer.WORD}
            yield Alternative(words, Request("roll-back", aim, parameters))
    told = {way.current.pods, way.target.pods}
    for each in way.found[:_LISTED]:
        if each.pods not in told:
            told.add(each.pods)
            yield Alternative(each.told(now), Request("roll-back", aim, {"revision": str(each.number)}))
