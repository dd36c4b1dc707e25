"""Give a pod in quarantine its labels back, as far as that brings anything back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from wfconsole.actions.contract import Action, BadRequestError, NothingToDo, Say
from wfconsole.actions.kubernetes.by_hand import kubectl
from wfconsole.actions.kubernetes.cluster import MERGE, Call, Cluster, Object, Unchanged, unchanged
from wfconsole.actions.kubernetes.pods import Member, member, owner_of, pod_at
from wfconsole.actions.kubernetes.quarantine import HAD, LABEL, POLICY, YES
from wfconsole.actions.kubernetes.rollouts import selector_of
from wfconsole.actions.systems import Systems
from wfconsole.clock import MINUTE, Millis
from wfconsole.decoding import convert, decoder_of
from wfconsole.incident.plan import Aim, Check, Found, Observed, Outcome, Plan, Reading, Request, Signal
from wfconsole.text import safe

_LABELS: Final = decoder_of(dict[str, str])


class ReturnPod(Action):
    """See `contract.Action`. Parameters: `labels`, those to give back as a JSON object; empty: those that the pod's
    annotation names."""

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        aim, cluster = request.aim, systems.cluster
        pod = member(cluster.get(pod_at(aim), str(aim)), now)
        if LABEL not in pod.labels:
            raise NothingToDo(f"{aim} is not in quarantine")
        labels = _labels(request, pod)
        call = _call(aim, labels)
        tried, _ = cluster.dry_run(call)
        adopts = _adopter(cluster, pod, labels)
        return Plan(
            request,
            title=f"Take {aim} out of quarantine",
            place=f"{cluster.where}, namespace {aim.namespace}",
            danger="R2",
            made_at=now,
            blast=("1 pod serves again, whatever was the matter with it",),
            undo="isolate it again, if it is still there then",
            lost=("the pod that took its place, or this one: its workload keeps only as many as it wants",),
            checks=tuple(_checks(pod, adopts)),
            permissions=(cluster.may("patch", "pods", "", aim.namespace),),
            dry_run=tried,
            diff=(f"- label {LABEL}={YES}", *(f"+ label {key}={value}" for key, value in sorted(labels.items()))),
            by_hand=(_by_hand(cluster, aim, labels),),
            word=aim.name,
            signal=Signal("the pod is out of quarantine, ready, and of its workload (1: yes)", 1, window_ms=MINUTE),
            before=Reading(now, 0.0, "in quarantine"),
            inverse=Request("isolate-pod", aim, undoes=systems.receipt),
            calls={
                "call": msgspec.to_builtins(call),
                "unchanged": msgspec.to_builtins(unchanged(pod_at(aim), str(aim), pod.raw, "metadata.labels")),
                "uid": pod.uid,
                "owned": adopts is not None,
            },
        )

    def run(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        call = convert(plan.calls["call"], Call)
        say(call.what)
        systems.cluster.send_unchanged(call, convert(plan.calls["unchanged"], Unchanged))
        lines = ("its labels are back", f"policy {POLICY} stays: it selects only pods in quarantine")
        return Outcome("done", f"{plan.request.aim} is out of quarantine", lines, lost=plan.lost)

    def observe(self, plan: Plan, systems: Systems) -> tuple[Found, str]:
        aim = plan.request.aim
        item = systems.cluster.find(pod_at(aim), str(aim))
        if item is None or item["metadata"]["uid"] != plan.calls["uid"]:
            return "cannot tell", f"{aim} with uid {plan.calls['uid']} is gone"
        there = LABEL in (item["metadata"].get("labels") or {})
        return ("did not run", f"{aim} is in quarantine") if there else ("ran", f"{aim} is out of quarantine")

    def measure(self, plan: Plan, systems: Systems) -> Reading:
        aim, now = plan.request.aim, systems.now()
        item = systems.cluster.find(pod_at(aim), str(aim))
        if item is None or item["metadata"]["uid"] != plan.calls["uid"]:
            return Reading(now, 0.0, "gone", f"{aim} was removed by its workload, which kept the other one")
        pod = member(item, now)
        back = LABEL not in pod.labels and pod.ready and (owner_of(item) is not None or not plan.calls["owned"])
        return Reading(now, float(back), pod.seen().said)


def _by_hand(cluster: Cluster, aim: Aim, labels: dict[str, str]) -> str:
    back = tuple(f"{key}={value}" for key, value in sorted(labels.items()))
    return kubectl(cluster, aim.namespace, "label", "pod", aim.name, f"{LABEL}-", *back)


def _labels(request: Request, pod: Member) -> dict[str, str]:
    said = request.parameters.get("labels", "") or pod.notes.get(HAD, "")
    try:
        return _LABELS.decode(said)
    except (msgspec.DecodeError, RecursionError):
        raise BadRequestError('labels: a JSON object such as {"app": "web"}, as the pod had them') from None


def _call(aim: Aim, labels: dict[str, str]) -> Call:
    body: dict[str, Any] = {"metadata": {"labels": {**labels, LABEL: None}, "annotations": {HAD: None}}}
    return Call("PATCH", pod_at(aim), body, MERGE, f"take {aim} out of quarantine")


def _adopter(cluster: Cluster, pod: Member, labels: dict[str, str]) -> Object | None:
    """The replica set that takes the pod in again, None where none does. Raises SourceError."""
    path = f"/apis/apps/v1/namespaces/{pod.row.namespace}/replicasets"
    after = {key: value for key, value in {**pod.labels, **labels}.items() if key != LABEL}
    found = cluster.list(path, "replica sets")
    return next((each for each in found if selector_of(each["spec"]["selector"]).matches(after)), None)


def _checks(pod: Member, adopts: Object | None) -> Iterator[Check]:
    here: tuple[Observed, ...] = (pod.seen(),)
    if pod.leaving or pod.over:
        yield Check("refuse", f"it does not run any more ({pod.row.status}): nothing to bring back", here)
    yield Check("explain", "it was taken out of service for a reason: what runs in it serves users again", here)
    if adopts is None:
        yield Check("explain", "no replica set takes it in by these labels: it serves, and nobody looks after it", here)
        return
    name, wants = safe(adopts["metadata"]["name"]), int(adopts["spec"].get("replicas") or 0)
    here += (Observed(f"replica set {name}", f"wants {wants}", adopts["metadata"]["resourceVersion"]),)
    if not wants:
        told = f"replica set {name} wants no pods any more: it takes this one in and removes it at once"
        yield Check("refuse", told, here, overridable=True)
        return
    told = f"replica set {name} wants {wants}, takes it in and then removes one of them: as a rule the newest"
    yield Check("explain", told, here)
