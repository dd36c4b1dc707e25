"""Take a pod out of its service and its workload, and keep it: in a security incident it is evidence. Nothing is
removed; another pod takes its place."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from wfconsole.actions.contract import Action, BadRequestError, NothingToDo, Say, Stale, Unknown
from wfconsole.actions.kubernetes import evidence, quarantine
from wfconsole.actions.kubernetes.by_hand import kubectl
from wfconsole.actions.kubernetes.cluster import MERGE, Call, Cluster, Object, Unchanged, unchanged
from wfconsole.actions.kubernetes.network_facts import enforcement
from wfconsole.actions.kubernetes.pods import Member, member, members, pod_at, workload_of
from wfconsole.actions.kubernetes.quarantine import HAD, LABEL, POLICY, YES, Bonds
from wfconsole.actions.kubernetes.rollouts import wanted
from wfconsole.actions.kubernetes.room import start_checks
from wfconsole.actions.kubernetes.workloads import path_of, seen
from wfconsole.actions.systems import Systems
from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.decoding import convert
from wfconsole.incident.plan import (
    Aim,
    Check,
    DryRun,
    Evidence,
    Found,
    Observed,
    Outcome,
    Permission,
    Plan,
    Reading,
    Request,
    Signal,
)
from wfconsole.observations.policies import Policy, Selector
from wfconsole.sources.contract import SourceError
from wfconsole.text import safe

_LOST: Final = (
    "connections that are open may go on: whether a policy cuts them is up to the network",
    "its service account's token is valid on: rotate what it could read",
    "what runs in it runs on: it is cut off, not stopped",
)
_Owner = tuple[Aim, Object]


class _Facts(msgspec.Struct, frozen=True):
    """What the plan is made from. `closes`: a policy lets nothing in or out of it."""

    pod: Member
    owner: _Owner | None
    bonds: Bonds
    taken: dict[str, str]
    policies: tuple[Policy, ...] | None
    unknown: str
    others: int
    closes: bool

    @property
    def after(self) -> dict[str, str]:
        return quarantine.afterwards(self.pod.labels, self.taken)


class IsolatePod(Action):
    """See `contract.Action`. Parameters: `network`, "cut" (or empty) for a policy that lets nothing in or out of it,
    "keep" to leave the network as it is."""

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        aim, cluster = request.aim, systems.cluster
        facts = _facts(request, systems, now)
        owner, others = facts.owner, facts.others
        call = _relabelled(aim, facts.taken)
        policy = quarantine.closing(aim.namespace) if facts.closes else None
        labels = msgspec.json.encode(facts.taken).decode()
        return Plan(
            request,
            title=f"Isolate {aim}, and keep it as evidence",
            place=f"{cluster.where}, namespace {aim.namespace}",
            danger="R2",
            made_at=now,
            blast=tuple(_blast(facts)),
            undo="its labels back: its workload takes it in again, and then removes one pod, perhaps this one",
            lost=_LOST,
            checks=tuple(_checks(systems, facts)),
            permissions=tuple(_permissions(cluster, aim, facts)),
            dry_run=_tried(cluster, call, policy),
            diff=tuple(_diff(facts)),
            by_hand=tuple(_by_hand(cluster, aim, facts, policy)),
            word=aim.name,
            captures=evidence.KINDS,
            signal=_signal(owner, others),
            before=Reading(now, float(others) if owner else 0.0, f"{others} ready beside it"),
            inverse=Request("return-pod", aim, {"labels": labels}, undoes=systems.receipt),
            calls={
                "call": msgspec.to_builtins(call),
                "policy": msgspec.to_builtins(policy),
                "unchanged": msgspec.to_builtins(unchanged(pod_at(aim), str(aim), facts.pod.raw, "metadata.labels")),
                "uid": facts.pod.uid,
                "owner": msgspec.to_builtins(owner[0]) if owner else None,
            },
        )

    def capture(self, plan: Plan, systems: Systems) -> Iterator[Evidence]:
        yield from evidence.of_pod(systems, plan.request.aim.namespace, plan.request.aim.name)

    def run(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        aim, done = plan.request.aim, []
        systems.cluster.still(convert(plan.calls["unchanged"], Unchanged))
        if plan.calls["policy"] is not None:
            policy = convert(plan.calls["policy"], Call)
            say(policy.what)
            systems.cluster.send(policy)
            done.append(f"policy {POLICY} stands: it lets nothing in or out of pods in quarantine")
        call = convert(plan.calls["call"], Call)
        say(call.what)
        try:
            systems.cluster.send_unchanged(call, convert(plan.calls["unchanged"], Unchanged))
        except (Stale, SourceError, Unknown) as error:
            if not done or isinstance(error, Unknown):
                raise
            lines = (*done, f"the pod was not touched: {error}", f"{POLICY} selects no pod, and may stay")
            return Outcome("partial", f"{aim} is not isolated: {error}", lines)
        done.append("it has left its service and its workload")
        return Outcome("done", f"{aim} is in quarantine, and runs on", tuple(done), lost=plan.lost)

    def observe(self, plan: Plan, systems: Systems) -> tuple[Found, str]:
        aim = plan.request.aim
        item = systems.cluster.find(pod_at(aim), str(aim))
        if item is None or item["metadata"]["uid"] != plan.calls["uid"]:
            return "cannot tell", f"{aim} with uid {plan.calls['uid']} is gone"
        there = (item["metadata"].get("labels") or {}).get(LABEL) == YES
        return ("ran", f"{aim} is in quarantine") if there else ("did not run", f"{aim} is not in quarantine")

    def measure(self, plan: Plan, systems: Systems) -> Reading:
        aim, cluster, now = plan.request.aim, systems.cluster, systems.now()
        item = cluster.find(pod_at(aim), str(aim))
        undone = ""
        if item is None or item["metadata"]["uid"] != plan.calls["uid"]:
            undone = f"{aim} is gone, and what it would have shown with it"
        elif (item["metadata"].get("labels") or {}).get(LABEL) != YES:
            undone = f"{aim} was taken out of quarantine meanwhile"
        if plan.calls["owner"] is None:
            return Reading(now, 0.0 if undone else 1.0, undone or "in quarantine", undone)
        others = _others(cluster, convert(plan.calls["owner"], Aim), plan.calls["uid"], now)
        return Reading(now, float(others), f"{others} ready beside it", undone)


def _facts(request: Request, systems: Systems, now: Millis) -> _Facts:
    aim, cluster = request.aim, systems.cluster
    network = request.parameters.get("network", "")
    if network not in ("", "cut", "keep"):
        raise BadRequestError(f"network {network!r}: cut, or keep")
    pod = member(cluster.get(pod_at(aim), str(aim)), now)
    if pod.labels.get(LABEL) == YES:
        raise NothingToDo(f"{aim} is in quarantine already")
    owner = workload_of(cluster, pod.raw)
    bonds = quarantine.bonds_of(cluster, pod.raw)
    policies, unknown = None, ""
    try:
        policies = quarantine.policies_of(cluster, aim.namespace)
    except SourceError as error:
        unknown = error.message
    return _Facts(
        pod,
        owner,
        bonds,
        quarantine.to_take(bonds, pod.labels),
        policies,
        unknown,
        _others(cluster, owner[0], pod.uid, now) if owner else 0,
        network != "keep",
    )


def _others(cluster: Cluster, owner: Aim, uid: str, now: Millis) -> int:
    item = cluster.get(path_of(owner), str(owner))
    return sum(each.ready and each.uid != uid for each in members(cluster, owner, item, now))


def _relabelled(aim: Aim, taken: dict[str, str]) -> Call:
    labels: dict[str, Any] = {**dict.fromkeys(taken), LABEL: YES}
    notes = {HAD: msgspec.json.encode(taken).decode()}
    return Call("PATCH", pod_at(aim), {"metadata": {"labels": labels, "annotations": notes}}, MERGE, f"isolate {aim}")


def _tried(cluster: Cluster, call: Call, policy: Call | None) -> DryRun:
    tried, _ = cluster.dry_run(call)
    if policy is not None and tried.kind != "failed":
        tried, _ = cluster.dry_run(policy)
    return tried


def _permissions(cluster: Cluster, aim: Aim, facts: _Facts) -> Iterator[Permission]:
    yield cluster.may("patch", "pods", "", aim.namespace)
    if facts.closes:
        for verb in ("create", "patch"):
            yield cluster.may(verb, "networkpolicies", "networking.k8s.io", aim.namespace)


def _blast(facts: _Facts) -> Iterator[str]:
    if facts.owner is None:
        yield "1 pod, which nothing replaces"
    else:
        yield f"1 pod of {facts.owner[0]}, which makes another one; {facts.others} others are ready"
    if services := facts.bonds.services_of(facts.pod.labels):
        yield f"it leaves {', '.join(f'service {each}' for each in services)}"


def _signal(owner: _Owner | None, others: int) -> Signal:
    if owner is None:
        return Signal("the pod is in quarantine (1: yes)", goal=1)
    text = f"ready pods of {owner[0]} beside the one in quarantine"
    return Signal(text, goal=others + 1, unit="pods", window_ms=3 * MINUTE, hold_ms=10 * SECOND)


def _diff(facts: _Facts) -> Iterator[str]:
    for key, value in sorted(facts.taken.items()):
        yield f"- label {key}={value}"
    yield f"+ label {LABEL}={YES}"
    yield f"+ annotation {HAD}: the labels above"
    if facts.closes:
        yield f"+ network policy {POLICY}: pods with {LABEL}={YES}, nothing in, nothing out"


def _by_hand(cluster: Cluster, aim: Aim, facts: _Facts, policy: Call | None) -> Iterator[str]:
    if policy is not None:
        apply = kubectl(cluster, aim.namespace, "apply", "-f", "-")
        yield f"echo {shlex.quote(safe(msgspec.json.encode(policy.body)))} | {apply}"
    gone = tuple(f"{key}-" for key in sorted(facts.taken))
    yield kubectl(cluster, aim.namespace, "label", "pod", aim.name, f"{LABEL}={YES}", *gone)


def _checks(systems: Systems, facts: _Facts) -> Iterator[Check]:
    pod, after = facts.pod, facts.after
    here = (pod.seen(),)
    if pod.leaving:
        yield Check("refuse", "it is on its way out already: what it shows goes with it", here)
    if pod.over:
        yield Check("explain", f"it has ended ({pod.row.status}): nothing runs in it any more", here)
    if facts.bonds.owned(after):
        yield Check("refuse", "its workload would still hold it: it selects by more than labels that can go", here)
    if still := facts.bonds.services_of(after):
        yield Check("refuse", f"it would still be in service {', '.join(still)}", here, overridable=True)
    yield from _of_owner(systems, facts)
    yield from _of_network(facts)
    if facts.closes:
        yield _of_plugin(systems, facts)


def _of_owner(systems: Systems, facts: _Facts) -> Iterator[Check]:
    pod, owner = facts.pod, facts.owner
    if owner is None:
        told = "nothing that we know takes its place"
        yield Check("refuse" if pod.ready else "explain", told, (pod.seen(),), overridable=pod.ready)
        return
    aim, item = owner
    here = (seen(aim, item, f"wants {wanted(item)}, {facts.others} others are ready"),)
    if aim.kind == "statefulset":
        told = f"{aim} makes no other {pod.name} as long as this one is there: it has the name"
        yield Check("refuse", told, here, overridable=True)
        return
    if not facts.others:
        yield Check("explain", "no other pod of it is ready: nobody serves until its successor does", here)
    else:
        yield Check("ok", f"{facts.others} other pods of {aim} are ready, and another one takes its place", here)
    for check in start_checks(systems.cluster, aim.namespace, item["spec"]["template"]["spec"], 1):
        if check.judgement == "refuse":
            told = f"its successor: {check.text}; this one keeps what it has"
            yield msgspec.structs.replace(check, judgement="explain", text=told, overridable=False)
        else:
            yield check


def _of_network(facts: _Facts) -> Iterator[Check]:
    """Policies only ever add up: one that closes does not take away what another one allows."""
    if facts.policies is None:
        yield Check(
            "refuse", f"not known: which policies are over it: {facts.unknown}", (facts.pod.seen(),), overridable=True
        )
        return
    namespace = facts.pod.row.namespace
    closing = (Policy(namespace, POLICY, _IN_QUARANTINE, (), ()),) if facts.closes else ()
    others = tuple(each for each in facts.policies if each.name != POLICY)
    before = set(quarantine.openings(facts.policies, facts.pod.labels))
    after = list(quarantine.openings((*others, *closing), facts.after))
    if wider := [each for each in after if each not in before]:
        told = f"without its labels it falls out of a policy that isolates it now: {', '.join(wider)}"
        yield Check("refuse", told, tuple(Observed("networkpolicy", each) for each in wider), overridable=True)
    elif after:
        yield Check("explain", f"it is not cut off: {', '.join(after)}", ())
    else:
        yield Check("ok", "policies then let nothing in or out of it")


def _of_plugin(systems: Systems, facts: _Facts) -> Check:
    if facts.pod.raw["spec"].get("hostNetwork"):
        return Check("explain", "it is on its node's own network, where no policy holds: it is not cut off")
    plugin, enforced = enforcement(systems.cluster)
    if enforced:
        return Check("ok", f"{plugin} enforces network policies")
    if enforced is False:
        return Check("explain", f"{plugin} does not enforce network policies: it is not cut off")
    return Check("explain", "not known: whether the network plugin enforces policies; the API cannot tell")


_IN_QUARANTINE: Final = Selector(((LABEL, YES),))
