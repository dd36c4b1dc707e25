"""Pods: the API's object becomes a row. Pure."""

from __future__ import annotations

from sys import intern
from typing import Final

import msgspec

from wfconsole.clock import SECOND, Millis
from wfconsole.observations.pods import ContainerRow, PodRow
from wfconsole.sources.kubernetes.payloads import (
    Condition,
    Container,
    ContainerState,
    ContainerStatus,
    Pod,
    PodStatus,
    Resources,
)
from wfconsole.sources.kubernetes.pod_status import printed
from wfconsole.sources.kubernetes.values import amount, instant, is_gpu, millicores

_TEMPLATE_HASH: Final = "pod-template-hash"
_NO_STATE: Final = ContainerState()
_NO_RESOURCES: Final = Resources()
# Waiting for these is how every pod begins.
_USUAL_WAITS: Final = ("", "ContainerCreating", "PodInitializing")


def pod_row(pod: Pod) -> PodRow:
    """The row of one pod. Its strings are as the API gave them: `sealing.seal` makes them safe."""
    meta, spec, status = pod.metadata, pod.spec, pod.status
    boxes = spec.containers or ()
    condition = _condition(status, "Ready")
    ready = condition is not None and condition.status == "True"
    word, ready_boxes, all_boxes, restarts = "Running", len(boxes), len(boxes), 0
    plain = ready and meta.deletion_timestamp is None and _runs_plainly(pod)
    if not plain:
        word, ready_boxes, all_boxes, restarts = printed(pod)
    well = plain or status.phase == "Succeeded" or (ready and word == "Running" and not restarts)
    reason, message = ("", "") if well else _why(pod, condition)
    labels = meta.labels
    owner_kind, owner = owner_of(pod)
    return PodRow(
        namespace=meta.namespace,
        name=meta.name,
        status=word,
        phase=intern(status.phase),  # what is the default, and the very same object, is left out of the bytes
        ready=ready,
        ready_since=instant(condition.last_transition_time) if condition else 0,
        ready_containers=ready_boxes,
        all_containers=all_boxes,
        restarts=restarts,
        restarted_at=0 if plain else _last_end(status),
        node=spec.node_name,
        created_at=instant(meta.creation_timestamp),
        deleting_since=0 if plain else _deleting_since(pod),
        owner_kind=owner_kind,
        owner=owner,
        revision=(labels.get(_TEMPLATE_HASH) or labels.get("controller-revision-hash", "")) if labels else "",
        image=boxes[0].image if boxes else "",
        gpus=_gpus(pod),
        reason=reason,
        message=message,
        containers=() if well else container_rows(pod),
    )


def owner_of(pod: Pod) -> tuple[str, str]:
    """Kind and name of the workload, ReplicaSets resolved to their Deployment.

    Only the Deployment controller sets the label pod-template-hash, and it names its ReplicaSets DEPLOYMENT-HASH, so
    the label resolves the owner without a look at the ReplicaSet, which may be listed later or be denied to us.
    """
    owners = pod.metadata.owner_references
    if not owners:
        return "", ""
    owner = owners[0]
    for candidate in owners:
        if candidate.controller:
            owner = candidate
            break
    labels = pod.metadata.labels
    if owner.kind == "ReplicaSet" and labels is not None and _TEMPLATE_HASH in labels:
        ending = f"-{labels[_TEMPLATE_HASH]}"
        if owner.name.endswith(ending):
            return "Deployment", owner.name[: -len(ending)]
    return owner.kind, owner.name


def _gpus(pod: Pod) -> int:
    """Whole GPUs or slices that the pod's containers ask for."""
    count = 0
    for box in pod.spec.containers or ():
        wanted = box.resources.limits if box.resources is not None else None
        if wanted is not None and len(wanted) > 0:
            for name, value in wanted.items():
                if "/" in name and is_gpu(name):
                    count += amount(value)
    return count


def container_rows(pod: Pod) -> tuple[ContainerRow, ...]:
    """Every container with its state; init containers first, in their order."""
    init = {box.name: box for box in pod.status.init_container_statuses or ()}
    boxes = {box.name: box for box in pod.status.container_statuses or ()}
    return (
        *(_container_row(box, init.get(box.name), init=True) for box in pod.spec.init_containers or ()),
        *(_container_row(box, boxes.get(box.name), init=False) for box in pod.spec.containers or ()),
    )


def _container_row(box: Container, status: ContainerStatus | None, *, init: bool) -> ContainerRow:
    resources = box.resources or _NO_RESOURCES
    requests, limits = resources.requests or {}, resources.limits or {}
    row = ContainerRow(
        name=box.name,
        image=box.image,
        init=init,
        cpu_request=millicores(requests.get("cpu", "0")),
        cpu_limit=millicores(limits.get("cpu", "0")),
        memory_request=amount(requests.get("memory", "0")),
        memory_limit=amount(limits.get("memory", "0")),
    )
    if status is None:
        return row
    state = status.state or _NO_STATE
    last = (status.last_state or _NO_STATE).terminated
    if state.terminated is not None:
        ended = state.terminated
        word, reason, message, started = "terminated", ended.reason, ended.message, ended.started_at
    elif state.waiting is not None:
        word, reason, message, started = "waiting", state.waiting.reason, state.waiting.message, None
    else:
        word, reason, message = "running" if state.running else "", "", ""
        started = state.running.started_at if state.running else None
    return msgspec.structs.replace(
        row,
        ready=status.ready,
        state=word,
        reason=reason,
        message=message,
        restarts=status.restart_count,
        exit_code=state.terminated.exit_code if state.terminated else None,
        last_reason=last.reason if last else "",
        last_exit_code=last.exit_code if last else None,
        last_finished_at=instant(last.finished_at) if last else 0,
        started_at=instant(started),
    )


def _runs_plainly(pod: Pod) -> bool:
    """The short cut for nearly every pod: running, nothing but plain containers, none ever restarted."""
    status = pod.status
    if status.phase != "Running" or pod.spec.init_containers or status.reason:
        return False
    for box in status.container_statuses or ():
        if box.restart_count or not box.ready or box.state is None or box.state.running is None:
            return False
    return bool(status.container_statuses)


def _condition(status: PodStatus, kind: str) -> Condition | None:
    for condition in status.conditions or ():
        if condition.type == kind:
            return condition
    return None


def _why(pod: Pod, ready: Condition | None) -> tuple[str, str]:
    """Reason and message of what keeps the pod from being well: the most telling one."""
    status = pod.status
    if status.reason:
        return status.reason, status.message or ""
    scheduled = _condition(status, "PodScheduled")
    if scheduled is not None and scheduled.status == "False":
        return scheduled.reason or "", scheduled.message or ""
    usual: tuple[str, str] = ("", "")
    for box in (*(status.init_container_statuses or ()), *(status.container_statuses or ())):
        state = box.state or _NO_STATE
        if state.waiting is not None:
            said = state.waiting.reason, state.waiting.message
            if state.waiting.reason not in _USUAL_WAITS:
                return said
            usual = usual if usual[0] else said
        elif state.terminated is not None and state.terminated.exit_code != 0:
            ended = state.terminated
            return ended.reason or f"ExitCode:{ended.exit_code}", ended.message
    if usual[0]:
        return usual
    if ready is not None and ready.status != "True" and status.phase != "Succeeded":
        return ready.reason or "", ready.message or ""
    return "", ""


def _last_end(status: PodStatus) -> Millis:
    """When the newest termination of any container that was started again ended."""
    newest = ""
    for box in (*(status.init_container_statuses or ()), *(status.container_statuses or ())):
        for state in (box.state, box.last_state):
            ended = state.terminated if state is not None else None
            if ended is not None and box.restart_count and ended.finished_at:
                newest = max(newest, ended.finished_at)  # RFC 3339 in UTC sorts as text
    return instant(newest)


def _deleting_since(pod: Pod) -> Millis:
    """deletionTimestamp says when the pod has to be gone: the request came the grace period before."""
    due = instant(pod.metadata.deletion_timestamp)
    return due - (pod.metadata.deletion_grace_period_seconds or 0) * SECOND if due else 0
