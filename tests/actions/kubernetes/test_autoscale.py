"""The bounds of an autoscaler, on the real one."""

from __future__ import annotations

import shlex

import msgspec
import pytest

from tests.actions.bed import Bed
from tests.actions.conftest import Kubectl, planned, ran
from tests.actions.kubernetes.looking import about, condition, found_after_kill, hurried, quota
from tests.actions.process import Actor
from tests.rig import world as worlds
from tests.rig.api import path_of, wait_for
from tests.rig.fixtures import World
from wfconsole.actions.contract import BadRequestError, Stale
from wfconsole.actions.systems import Systems
from wfconsole.clock import SystemClock
from wfconsole.config.actions import ActingSettings
from wfconsole.guard.protocol import Begin
from wfconsole.incident.plan import Aim, Request
from wfconsole.redaction import redact

pytestmark = [pytest.mark.rig, pytest.mark.usefixtures("world")]


def bounds(aim: Aim, **said: int) -> Request:
    return Request("autoscale", aim, {name.rstrip("_"): str(value) for name, value in said.items()})


def kept(bed: Bed) -> tuple[int, int]:
    spec = bed.get("autoscaling/v2", "HorizontalPodAutoscaler", "web")["spec"]
    return spec["minReplicas"], spec["maxReplicas"]


def replicas(bed: Bed) -> int:
    return int(bed.workload()["spec"]["replicas"])


def test_a_higher_minimum_stays_where_a_scaling_would_be_taken_back_and_the_inverse_brings_the_old_one(
    bed: Bed, acting: ActingSettings, systems: Systems
) -> None:
    """Nobody has measured its pods yet: the autoscaler is blind, and keeps to its bounds all the same."""
    bed.deployment(replicas=1)
    aim = bed.autoscaler("web", 1, 2)
    with Actor(Begin(acting, request=bounds(aim, min_=3, max_=3), receipt="act-1")) as actor:
        plan = actor.plan()
        assert (plan.colour, plan.danger, plan.dry_run.kind) == ("EXPLAIN", "R1", "server")
        assert plan.blast == ("web gets 2 more pods at once, 1 now",)
        assert about(plan, "2 pods more at once, whether it is blind").judgement == "ok"
        assert kept(bed) == (1, 2)
        assert actor.run(plan).result == "done"
    assert plan.signal is not None
    assert (plan.signal.goal, plan.signal.more) == (3, True)
    with Actor(Begin(acting, plan=hurried(plan), mode="watch", ran_at=systems.now())) as actor:
        assert actor.verdict().word == "WORKED"
    assert plan.inverse is not None
    assert plan.inverse.parameters == {"min": "1", "max": "2"}
    back = planned(systems, plan.inverse)
    assert (back.colour, back.danger) == ("EXPLAIN", "R2")
    assert about(back, "this takes 1 pod away at once").judgement == "explain"
    ran(systems, back)
    assert kept(bed) == (1, 2)


def test_bounds_that_somebody_sets_back_are_no_effect(bed: Bed, acting: ActingSettings, systems: Systems) -> None:
    bed.deployment(replicas=1)
    aim = bed.autoscaler("web", 1, 2)
    plan = planned(systems, bounds(aim, min_=2))
    ran(systems, plan)
    bed.autoscaler("web", 1, 2)
    with Actor(Begin(acting, plan=hurried(plan), mode="watch", ran_at=systems.now())) as actor:
        verdict = actor.verdict()
    assert (verdict.word, verdict.text) == ("NO EFFECT", f"{aim} was set to min 1, max 2 meanwhile")


def test_a_lower_maximum_takes_pods_away_in_the_middle_of_it(bed: Bed, systems: Systems, kubectl: Kubectl) -> None:
    bed.deployment(replicas=3)
    aim = bed.autoscaler("web", 1, 4)
    plan = planned(systems, bounds(aim, max_=2))
    refusal = about(plan, "this takes 1 pod away at once: 3 now, at most 2")
    assert (refusal.judgement, refusal.overridable, plan.danger) == ("refuse", True, "R2")
    patch = '{"spec":{"maxReplicas":2}}'
    kubectl("patch", "hpa", "web", "--type=merge", "-p", patch, namespace=bed.namespace)
    wait_for("a pod goes", lambda: replicas(bed) == 2)


def test_a_higher_maximum_is_nothing_to_one_that_is_blind(bed: Bed, systems: Systems) -> None:
    bed.deployment(replicas=2, pod={"containers": [{"name": "app", "image": "app:1.0.0"}]})
    aim = bed.autoscaler("web", 2, 2)
    wait_for("it is blind", lambda: condition(bed, "ScalingActive").startswith("False FailedGet"))
    plan = planned(systems, bounds(aim, max_=4))
    refusal = about(plan, "it is blind, and a higher maximum changes nothing")
    assert (refusal.judgement, refusal.overridable) == ("refuse", True)
    assert plan.signal is None
    assert about(plan, "if it comes to 4: room for").judgement == "ok"
    (other,) = plan.alternatives
    assert other.request.parameters == {"min": "4", "max": "4"}


def test_a_maximum_below_the_minimum_is_refused_by_both(bed: Bed, systems: Systems) -> None:
    bed.deployment(replicas=1)
    aim = bed.autoscaler("web", 1, 2)
    plan = planned(systems, bounds(aim, min_=5))
    assert plan.refusals[0] == "max 2 is less than min 5"
    assert (plan.dry_run.kind, plan.overridable) == ("failed", False)
    (other,) = plan.alternatives
    assert other.request.parameters == {"min": "5", "max": "5"}


def test_no_bounds_bring_back_what_was_scaled_to_nothing(bed: Bed, systems: Systems) -> None:
    bed.make("web", 0)
    aim = bed.autoscaler("web", 1, 4)
    plan = planned(systems, bounds(aim, min_=2))
    assert "switches an autoscaler off" in plan.refusals[0]
    (other,) = plan.alternatives
    assert (other.request.action, other.request.parameters) == ("scale", {"replicas": "2"})
    ran(systems, plan)
    wait_for("it is off", lambda: condition(bed, "ScalingActive") == "False ScalingDisabled")
    assert replicas(bed) == 0


def test_a_minimum_beyond_quota_and_gpus_is_refused_with_the_numbers(bed: Bed, systems: Systems) -> None:
    """The literal patch of the minimum leaves pods that wait for ever."""
    box = worlds.container("app", "app:1.0.0", "10m", "16Mi")
    bed.deployment(replicas=1, pod={"containers": [box]})
    aim = bed.autoscaler("web", 1, 4)
    quota(bed, {"pods": "2"}, {"pods": "1"})
    assert "quota team has 1 of pods left, and this needs 3 more" in planned(systems, bounds(aim, min_=4)).refusals[0]
    gpu = worlds.container("app", "app:1.0.0", "10m", "16Mi", extra={worlds.GPU: "1"})
    patch = {"spec": {"replicas": 1, "template": {"spec": {"containers": [gpu]}}}}
    bed.api.patch(path_of("apps/v1", "Deployment", "web", bed.namespace), patch)
    refused = planned(systems, bounds(aim, min_=2)).refusals
    assert any("0 nvidia.com/gpu free, 1 needed" in each for each in refused)


def test_killed_before_and_after_the_effect_the_server_tells_which(bed: Bed, acting: ActingSettings) -> None:
    bed.deployment(replicas=1)
    aim = bed.autoscaler("web", 1, 2)
    assert found_after_kill(acting, bounds(aim, min_=2), ran=False) == "did not run"
    assert found_after_kill(acting, bounds(aim, min_=2), ran=True) == "ran"


def test_bounds_that_changed_since_are_not_overwritten(bed: Bed, systems: Systems) -> None:
    bed.deployment(replicas=1)
    aim = bed.autoscaler("web", 1, 2)
    plan = planned(systems, bounds(aim, min_=2))
    bed.autoscaler("web", 1, 3)
    with pytest.raises(Stale, match="changed since"):
        ran(systems, plan)
    assert kept(bed) == (1, 3)


def test_what_is_no_bound_is_refused_in_words(bed: Bed, systems: Systems) -> None:
    bed.deployment(replicas=1)
    aim = bed.autoscaler("web", 1, 2)
    with pytest.raises(BadRequestError, match="say min, max, or both"):
        planned(systems, Request("autoscale", aim))
    with pytest.raises(BadRequestError, match="a number from 1 to"):
        planned(systems, Request("autoscale", aim, {"min": "0"}))
    with pytest.raises(BadRequestError, match="this is done to a horizontalpodautoscaler"):
        planned(systems, Request("autoscale", Aim("deployment", "web", bed.namespace), {"min": "2"}))
    assert "nothing to do" in planned(systems, bounds(aim, min_=1, max_=2)).refusals[0]


def test_the_record_keeps_the_plan_whole_and_a_command_does_the_same(
    bed: Bed, systems: Systems, kubectl: Kubectl, world: World
) -> None:
    bed.deployment(replicas=1)
    aim = bed.autoscaler("web", 1, 2)
    plan = planned(systems, bounds(aim, min_=2, max_=3))
    told = msgspec.json.decode(msgspec.json.encode(plan))
    assert redact(told) == told
    words = shlex.split(plan.by_hand[0])
    assert words[:3] == ["kubectl", "--context", systems.cluster.access.context]
    kubectl(*words[5:], namespace=bed.namespace)
    assert kept(bed) == (2, 3)
    viewer = Systems(ActingSettings(kubeconfig=str(world.viewer.kubeconfig)), SystemClock())
    (permission,) = planned(viewer, bounds(aim, max_=5)).permissions
    assert permission.allowed is False
    assert permission.right.startswith("patch horizontalpodautoscalers.autoscaling web")
