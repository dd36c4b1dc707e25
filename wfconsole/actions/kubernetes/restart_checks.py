"""What a restart is asked beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfconsole.actions.kubernetes import one_fewer
from wfconsole.actions.kubernetes.cluster import Object
from wfconsole.actions.kubernetes.pods import Member
from wfconsole.actions.kubernetes.rollout_checks import gpu_wait, paused, rollout_checks
from wfconsole.actions.kubernetes.rollouts import strategy_of, under_way, wanted
from wfconsole.actions.kubernetes.workloads import seen
from wfconsole.actions.systems import Systems
from wfconsole.incident.plan import Aim, Check
from wfconsole.incident.wording import counted

_SHOWN: Final = 5


def restart_checks(
    systems: Systems, aim: Aim, item: Object, pods: tuple[Member, ...], *, fewer: bool
) -> Iterator[Check]:
    """All of them; with `fewer`, `item` has the strategy of this one rollout."""
    ready, failing = sum(each.ready for each in pods), tuple(each for each in pods if each.failing)
    here = (seen(aim, item, f"wants {wanted(item)}, {ready} ready, {len(failing)} failing"),)
    yield from paused(aim, item)
    if not wanted(item):
        yield Check("refuse", f"{aim} wants no pods: nothing to restart", here)
        return
    if waits := under_way(aim.kind, item):
        told = f"a rollout of it is still under way ({waits}): a restart begins another one on top of it"
        yield Check("refuse", told, here, overridable=True)
    yield _of_healthy(ready, failing, here[0].said)
    yield from _of_failing(aim, pods, failing)
    if fewer:
        yield one_fewer.check(aim, item)
    yield Check("ok", "it makes a new revision of the same pods: roll-back passes over it, a plain undo would not")
    yield from rollout_checks(systems, aim, item, item["spec"]["template"])


def _of_healthy(ready: int, failing: tuple[Member, ...], said: str) -> Check:
    named = tuple(each.seen() for each in failing[:_SHOWN])
    if not ready:
        return Check("ok", f"none of its pods serves: {said}", named)
    are = counted(ready, "healthy pod")
    if failing:
        return Check("explain", f"{are} restart too, for {len(failing)} that fail", named)
    return Check("explain", f"{are} restart, and none of them fails")


def _of_failing(aim: Aim, pods: tuple[Member, ...], failing: tuple[Member, ...]) -> Iterator[Check]:
    """What a fresh start does not mend."""
    named = tuple(each.seen() for each in failing[:_SHOWN])
    if pull := next((each for each in failing if each.finding.kind == "image-pull"), None):
        told = f"its image cannot be pulled ({pull.finding.reason}), and new pods have the same one: roll {aim} back"
        yield Check("refuse", told, named, overridable=True)
        return
    well = {each.row.revision for each in pods if each.ready}
    crash = [each for each in failing if each.finding.kind == "crash-loop" and each.row.revision not in well]
    if crash:
        told = f"no pod of its revision is ready and {counted(len(crash), 'pod')} of it crash again and again"
        yield Check("explain", f"{told}: a new one does the same, as a rule; roll {aim} back", named)


def stuck(systems: Systems, aim: Aim, item: Object) -> bool:
    """Whether its rollout would wait for a GPU that only its own pods have."""
    check = gpu_wait(systems, item["spec"]["template"], strategy_of(aim.kind, item))
    return check is not None and check.judgement == "refuse"
