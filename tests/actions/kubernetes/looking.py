"""What the tests of actions on workloads look at, and how they hurry."""

from __future__ import annotations

import msgspec

from tests.actions.bed import Bed
from tests.actions.process import Actor
from tests.rig.api import path_of
from wfconsole.config.actions import ActingSettings
from wfconsole.guard.protocol import Asked, Begin
from wfconsole.incident.plan import Check, Plan, Request


def about(plan: Plan, words: str) -> Check:
    """The one check that says this."""
    found = [check for check in plan.checks if words in check.text]
    assert len(found) == 1, [check.text for check in plan.checks]
    return found[0]


def hurried(plan: Plan, window_ms: int = 10_000) -> Plan:
    """The same with a signal that is judged in seconds."""
    assert plan.signal is not None
    quick = msgspec.structs.replace(plan.signal, window_ms=window_ms, hold_ms=min(300, window_ms), every_ms=100)
    return msgspec.structs.replace(plan, signal=quick)


def found_after_kill(acting: ActingSettings, request: Request, *, ran: bool) -> str:
    """What a later process finds of an action whose own was killed: before anything was sent, or after the effect."""
    actor = Actor(Begin(acting, request=request, receipt="act-1"))
    plan = actor.plan()
    if ran:
        assert actor.run(plan).result == "done"
    actor.process.kill()
    actor.process.wait(30)
    actor.leave()
    assert actor.process.stdout is not None
    actor.process.stdout.close()
    with Actor(Begin(acting, plan=plan, mode="observe")) as later:
        return later.until(Asked).found


def condition(bed: Bed, kind: str, name: str = "web") -> str:
    """A condition of an autoscaler: "False ScalingDisabled"."""
    hpa = bed.get("autoscaling/v2", "HorizontalPodAutoscaler", name)
    told = hpa.get("status", {}).get("conditions") or ()
    return next((f"{each['status']} {each['reason']}" for each in told if each["type"] == kind), "")


def scheduling(bed: Bed, name: str = "web") -> str:
    """What the scheduler says of the pods that wait."""
    return " ".join(
        each.get("message", "")
        for pod in bed.pods(name)
        for each in pod["status"].get("conditions") or ()
        if each["type"] == "PodScheduled" and each["status"] == "False"
    )


def quota(bed: Bed, hard: dict[str, str], used: dict[str, str]) -> None:
    """A quota that is counted already: the rig has no controller that counts, but admission goes by these numbers."""
    bed.apply("v1", "ResourceQuota", "team", spec={"hard": hard})
    path = path_of("v1", "ResourceQuota", "team", bed.namespace)
    bed.api.patch(f"{path}/status", {"status": {"hard": hard, "used": used}})
