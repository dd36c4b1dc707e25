"""Removing pods on the real control plane, with its disruption budgets."""

from __future__ import annotations

import subprocess

import pytest

from tests.actions.bed import Bed
from tests.actions.conftest import Kubectl, planned, ran
from tests.actions.kubernetes.looking import about, found_after_kill
from tests.actions.kubernetes.troubles import afflict, budget, image, observed, pod_path, uids, unredacted, verdict_of
from tests.actions.process import Actor
from tests.rig import stages, world
from tests.rig.api import path_of, wait_for
from tests.rig.cluster import Cluster
from wfconsole.actions.catalogue import action_named
from wfconsole.actions.contract import BadRequestError, Stale
from wfconsole.actions.kubernetes.remove_failing_pods import RemoveFailingPods
from wfconsole.actions.systems import Systems
from wfconsole.clock import SystemClock
from wfconsole.config.actions import ActingSettings
from wfconsole.guard.protocol import Begin
from wfconsole.incident.plan import Aim, Request
from wfconsole.sources.contract import SourceError

pytestmark = [pytest.mark.rig, pytest.mark.usefixtures("world")]


def removal(bed: Bed, name: str) -> Request:
    return Request("remove-pod", Aim("pod", name, bed.namespace))


def test_a_delete_goes_past_the_disruption_budget_and_ours_does_not(
    bed: Bed, systems: Systems, kubectl: Kubectl
) -> None:
    bed.deployment(replicas=2)
    budget(bed, minAvailable=2)
    name = bed.pods()[0]["metadata"]["name"]
    before = uids(bed)
    plan = planned(systems, removal(bed, name))
    assert plan.colour == "REFUSE"
    assert not plan.overridable
    (told,) = [each for each in plan.refusals if "refuses" in each]
    assert "a disruption budget does not let it go now: web wants 2 healthy pods, 2 are, 0 may go now" in told
    with pytest.raises(SourceError, match="disruption budget") as refused:
        ran(systems, plan)
    assert refused.value.code == 429
    assert uids(bed) == before

    kubectl("delete", "pod", name, "--wait=false", namespace=bed.namespace)
    wait_for("the pod goes, whatever the budget says", lambda: len(uids(bed) & before) == 1)


def test_what_goes_with_a_pod_is_kept_before_and_its_successor_shows_that_it_worked(
    bed: Bed, acting: ActingSettings, systems: Systems, kubectl: Kubectl
) -> None:
    bed.deployment(replicas=2, pod={"containers": [world.container("gateway", "app:1.0.0", "10m", "16Mi")]})
    name = afflict(bed, bed.pods()[0])
    event = {"type": "Warning", "reason": "Odd", "message": "clip \x1b]52;c;ZXZpbA==\x07 password=hunter2", "count": 1}
    pod = bed.api.get(pod_path(bed, name))
    about_it = {"kind": "Pod", "name": name, "namespace": bed.namespace, "uid": pod["metadata"]["uid"]}
    bed.apply("v1", "Event", "odd", involvedObject=about_it, **event)
    with Actor(Begin(acting, request=removal(bed, name), receipt="act-1")) as actor:
        plan = actor.plan()
        assert (plan.colour, plan.danger, plan.dry_run.kind) == ("GREEN", "R2", "server")
        kept = {each.what.rpartition(": ")[2]: each for each in actor.capture()}
        assert {"description", "events", "log of gateway", "log of gateway, the run before"} <= kept.keys()
        assert any("last ended Error, exit 1" in line for line in kept["description"].lines)
        assert kept["log of gateway, the run before"].lines
        (odd,) = [line for line in kept["events"].lines if "Odd" in line]
        assert "\x1b" not in odd
        assert "hunter2" not in odd
        assert actor.run(plan).result == "done"
    wait_for("it is gone", lambda: pod["metadata"]["uid"] not in uids(bed))
    assert verdict_of(acting, plan, systems).word == "WORKED"
    # What a person who looks later would find.
    wait_for("its trace is gone", lambda: name not in {each["metadata"]["name"] for each in bed.pods()})
    with pytest.raises(subprocess.CalledProcessError, match="returned non-zero"):
        kubectl("logs", name, "--previous", namespace=bed.namespace)


def test_the_namesake_that_came_after_it_is_left_alone(bed: Bed, systems: Systems) -> None:
    bed.make("web", 1, kind="StatefulSet", serviceName="web")
    bed.await_ready("web", 1, "StatefulSet")
    plan = planned(systems, removal(bed, "web-0"))
    old = uids(bed)
    bed.api.delete(pod_path(bed, "web-0"))
    wait_for("another web-0", lambda: (now := uids(bed)) and now != old)
    new = uids(bed)
    with pytest.raises(Stale):
        ran(systems, plan)
    assert uids(bed) == new


def test_a_ready_pod_and_one_that_nothing_makes_again_are_refused_with_the_reason(bed: Bed, systems: Systems) -> None:
    box = world.container("app", "app:1.0.0", "10m", "16Mi")
    bed.apply("v1", "Pod", "alone", spec={"containers": [box]})
    wait_for("it runs", lambda: bed.api.get(pod_path(bed, "alone"))["status"]["phase"] == "Running")
    plan = planned(systems, removal(bed, "alone"))
    assert about(plan, "nothing makes it again").judgement == "refuse"
    assert about(plan, "takes away capacity").overridable
    assert plan.overridable
    assert unredacted(plan)
    assert [each.request.action for each in plan.alternatives] == ["isolate-pod"]
    with pytest.raises(BadRequestError, match="done to a pod"):
        planned(systems, Request("remove-pod", Aim("deployment", "web", bed.namespace)))


def test_who_may_only_look_is_told_what_would_help(bed: Bed, cluster: Cluster) -> None:
    bed.deployment(replicas=1)
    looking = Systems(ActingSettings(kubeconfig=str(cluster.viewer.kubeconfig)), SystemClock(), receipt="act-1")
    plan = planned(looking, removal(bed, bed.pods()[0]["metadata"]["name"]))
    (right,) = plan.permissions
    assert (right.allowed, right.right) == (False, f"create pods/eviction in {bed.namespace}")
    assert "wfconsole-actor" in right.grant
    assert about(plan, "not known: what disruption budgets allow").judgement == "explain"
    assert (plan.colour, plan.overridable) == ("REFUSE", False)


def test_what_became_of_a_removal_that_nobody_heard_the_end_of(bed: Bed, acting: ActingSettings) -> None:
    bed.deployment(replicas=2)
    request = removal(bed, bed.pods()[0]["metadata"]["name"])
    assert found_after_kill(acting, request, ran=False) == "did not run"
    assert found_after_kill(acting, request, ran=True) == "ran"


def test_only_the_pods_that_fail_go_and_the_healthy_one_stays(
    bed: Bed, acting: ActingSettings, systems: Systems
) -> None:
    aim = bed.deployment(replicas=3)
    healthy, *others = bed.pods()
    gone = {afflict(bed, each) for each in others}
    plan = planned(systems, Request("remove-failing-pods", aim))
    assert {each["name"] for each in plan.calls["pods"]} == gone
    assert "2 failing pods" in plan.title
    assert plan.colour == "GREEN"
    kept = {each.what.partition(": ")[0] for each in action_named("remove-failing-pods").capture(plan, systems)}
    assert kept == {f"pod {bed.namespace}/{name}" for name in gone}
    assert observed(systems, plan) == "did not run"
    outcome = ran(systems, plan)
    assert observed(systems, plan) == "ran"
    assert outcome.result == "done"
    assert all("the pod in its place is ready" in line for line in outcome.lines)
    now = uids(bed)
    assert healthy["metadata"]["uid"] in now
    assert not now & {each["metadata"]["uid"] for each in others}
    assert verdict_of(acting, plan, systems).word == "WORKED"
    assert planned(systems, Request("remove-failing-pods", aim)).refusals[0] == "none of its pods fails: nothing to do"


def test_it_stops_where_the_pod_in_its_place_fails_too(bed: Bed, systems: Systems) -> None:
    aim = Aim("deployment", "web", bed.namespace)
    bad = world.container("app", f"app:{stages.CRASHING_TAG}", "10m", "16Mi")
    bed.make("web", 2, pod={"containers": [bad]})
    wait_for("both fail", lambda: len(planned(systems, Request("remove-failing-pods", aim)).calls["pods"]) == 2)
    plan = planned(systems, Request("remove-failing-pods", aim))
    assert about(plan, "what comes in their place fails too").judgement == "refuse"
    assert plan.overridable
    assert [each.request.action for each in plan.alternatives] == ["roll-back"]
    action = RemoveFailingPods()
    action.patience_ms = 1500
    outcome = action.run(plan, systems, lambda _text: None)
    assert outcome.result == "partial"
    assert "removed, but what came in its place is not ready" in outcome.lines[0]
    assert outcome.lines[1] == f"{plan.calls['pods'][1]['name']}: not touched"
    assert plan.calls["pods"][1]["uid"] in uids(bed)
    assert image(stages.CRASHING_TAG) in bed.pods()[0]["spec"]["containers"][0]["image"]


def test_the_budget_is_asked_for_each_of_them(bed: Bed, systems: Systems) -> None:
    aim = bed.deployment(replicas=2)
    afflict(bed, bed.pods()[0])
    budget(bed, minAvailable=2)
    before = uids(bed)
    plan = planned(systems, Request("remove-failing-pods", aim))
    assert (plan.colour, plan.dry_run.kind) == ("REFUSE", "failed")
    with pytest.raises(SourceError, match="disruption budget"):
        ran(systems, plan)
    assert uids(bed) == before
    path = path_of("policy/v1", "PodDisruptionBudget", "web", bed.namespace)
    bed.api.patch(path, {"spec": {"unhealthyPodEvictionPolicy": "AlwaysAllow"}})
    wait_for("one that fails may go", lambda: planned(systems, plan.request).dry_run.kind == "server")
