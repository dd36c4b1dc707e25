"""Troubles that the tests of pods and rollouts make on a bed, and what is waited for after them."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.actions.bed import Bed
from tests.actions.process import Actor
from tests.rig import stages, world
from tests.rig.api import STRATEGIC, Object, path_of, wait_for
from wfconsole.actions.catalogue import action_named
from wfconsole.actions.systems import Systems
from wfconsole.config.actions import ActingSettings
from wfconsole.guard.protocol import Begin, Judged
from wfconsole.incident.plan import Plan, Verdict
from wfconsole.redaction import redact


def image(tag: str) -> str:
    return f"{world.REGISTRY}/app:{tag}"


def pod_path(bed: Bed, name: str) -> str:
    return path_of("v1", "Pod", name, bed.namespace)


def afflict(bed: Bed, pod: Object, fault: str = "crash-loop") -> str:
    """Make a pod fail, and wait until it does; its name."""
    name: str = pod["metadata"]["name"]
    bed.api.patch(pod_path(bed, name), {"metadata": {"annotations": {stages.FAULT: fault}}})
    wait_for(f"{name} fails", lambda: failing(bed.api.get(pod_path(bed, name))))
    return name


def failing(pod: Object) -> bool:
    boxes = pod["status"].get("containerStatuses") or [{}]
    waits = boxes[0].get("state", {}).get("waiting") or {}
    return str(waits.get("reason", "")) in ("CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull")


def roll_out(bed: Bed, tag: str, name: str = "web", kind: str = "Deployment") -> None:
    """Another image for the workload, as somebody's pipeline would."""
    box = {"name": "app", "image": image(tag)}
    spec = {"template": {"spec": {"containers": [box]}}}
    bed.api.patch(path_of("apps/v1", kind, name, bed.namespace), {"spec": spec}, STRATEGIC)


def await_failing(bed: Bed, count: int, name: str = "web") -> None:
    wait_for(f"{count} failing pods of {name}", lambda: sum(map(failing, bed.pods(name))) >= count)


def image_of(item: Object) -> str:
    boxes = item["spec"]["template"]["spec"]["containers"]
    return str(boxes[0]["image"]).rpartition(":")[2]


def uids(bed: Bed, name: str = "web") -> set[str]:
    """Of the pods that are to stay."""
    return {each["metadata"]["uid"] for each in bed.pods(name) if "deletionTimestamp" not in each["metadata"]}


def budget(bed: Bed, name: str = "web", **spec: Any) -> None:
    """A disruption budget over a workload's pods, counted."""
    bed.apply("policy/v1", "PodDisruptionBudget", name, spec={"selector": {"matchLabels": {"app": name}}, **spec})

    def counted() -> bool:
        status = bed.get("policy/v1", "PodDisruptionBudget", name).get("status") or {}
        return bool(status.get("observedGeneration")) and status.get("expectedPods") == len(bed.pods(name))

    wait_for("the budget is counted", counted)


def verdict_of(acting: ActingSettings, plan: Plan, systems: Systems, *, window_ms: int = 20_000) -> Verdict:
    """What the process that acts says in the end of an action that has run; held for a moment only."""
    assert plan.signal is not None
    quick = msgspec.structs.replace(plan.signal, window_ms=window_ms, hold_ms=300, every_ms=200)
    quick_plan = msgspec.structs.replace(plan, signal=quick)
    with Actor(Begin(acting, plan=quick_plan, mode="watch", ran_at=systems.now())) as actor:
        return actor.until(Judged).verdict


def observed(systems: Systems, plan: Plan) -> str:
    found, _ = action_named(plan.request.action).observe(plan, systems)
    return found


def unredacted(plan: Plan) -> bool:
    """Whether the record keeps the plan whole: what runs later is exactly what was confirmed."""
    whole = msgspec.json.decode(msgspec.json.encode(plan))
    return bool(redact(whole) == whole)
