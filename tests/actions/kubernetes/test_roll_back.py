"""Rolling back on the real control plane."""

from __future__ import annotations

from typing import Any

import pytest

from tests.actions.bed import Bed
from tests.actions.conftest import Kubectl, planned, ran
from tests.actions.kubernetes.looking import about, found_after_kill
from tests.actions.kubernetes.troubles import (
    afflict,
    await_failing,
    image,
    image_of,
    observed,
    roll_out,
    unredacted,
    verdict_of,
)
from tests.rig import stages, world
from tests.rig.api import path_of, wait_for
from wfconsole.actions.contract import BadRequestError, Stale
from wfconsole.actions.systems import Systems
from wfconsole.config.actions import ActingSettings
from wfconsole.incident.plan import Aim, Request

pytestmark = [pytest.mark.rig, pytest.mark.usefixtures("world")]

BAD = stages.MISSING_TAG


def back(aim: Aim, revision: str = "") -> Request:
    return Request("roll-back", aim, {"revision": revision} if revision else {})


def revision(bed: Bed) -> str:
    return str(bed.workload()["metadata"]["annotations"]["deployment.kubernetes.io/revision"])


def restarted(bed: Bed, kubectl: Kubectl, number: str) -> None:
    kubectl("rollout", "restart", "deployment/web", namespace=bed.namespace)
    wait_for(f"revision {number}", lambda: revision(bed) == number)


def test_restart_then_undo_brings_back_the_same_bad_image_and_ours_the_last_healthy_one(
    bed: Bed, acting: ActingSettings, systems: Systems, kubectl: Kubectl
) -> None:
    aim = bed.deployment(replicas=4)
    roll_out(bed, BAD)
    await_failing(bed, 1)
    restarted(bed, kubectl, "3")
    kubectl("rollout", "undo", "deployment/web", namespace=bed.namespace)
    wait_for("the undo is a revision of its own", lambda: revision(bed) == "4")
    assert image_of(bed.workload()) == BAD

    bed.api.patch(path_of("apps/v1", "Deployment", "web", bed.namespace), {"metadata": {"annotations": {"team": "x"}}})
    plan = planned(systems, back(aim))
    assert plan.request.parameters == {"revision": "1"}
    assert about(plan, "revision 1: ").text.startswith(f"revision 1: {image('1.0.0')}, ")
    assert "ready for" in about(plan, "revision 1: ").text
    assert about(plan, "passes over revision 3: a restart of revision 4").judgement == "ok"
    assert plan.dry_run.kind == "server"
    assert (
        f"- spec.containers[app].image: {image(BAD)}",
        f"+ spec.containers[app].image: {image('1.0.0')}",
    ) == plan.diff
    assert plan.by_hand[0].endswith("rollout undo deployment/web --to-revision=1")
    assert unredacted(plan)
    assert ran(systems, plan).result == "done"
    assert image_of(bed.workload()) == "1.0.0"
    assert bed.workload()["metadata"]["annotations"]["team"] == "x"
    verdict = verdict_of(acting, plan, systems)
    assert (verdict.word, verdict.value) == ("WORKED", 4)
    assert observed(systems, plan) == "ran"

    assert plan.inverse is not None
    assert plan.inverse.parameters == {"revision": "4"}
    again = planned(systems, plan.inverse)
    assert about(again, "takes back the rollback").judgement == "explain"
    assert ran(systems, again).result == "done"
    assert image_of(bed.workload()) == BAD


def test_the_same_pods_again_are_refused_and_so_is_a_revision_that_never_was(
    bed: Bed, systems: Systems, kubectl: Kubectl
) -> None:
    aim = bed.deployment(replicas=1)
    with pytest.raises(BadRequestError, match=r"no revision of deployment .* is another one than now"):
        planned(systems, back(aim))
    roll_out(bed, BAD)
    await_failing(bed, 1)
    restarted(bed, kubectl, "3")
    same = planned(systems, back(aim, "2"))
    assert about(same, "has the very pods of now, but for the time of a restart").judgement == "refuse"
    assert not same.overridable
    with pytest.raises(BadRequestError, match=r"no revision '7': revision 3: .*only a restart of revision 2"):
        planned(systems, back(aim, "7"))


def test_another_setting_of_the_same_image_that_was_never_healthy_is_no_way_back(bed: Bed, systems: Systems) -> None:
    aim = bed.deployment(replicas=1)
    roll_out(bed, BAD)
    await_failing(bed, 1)
    box = {"name": "app", "env": [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "MODE", "value": "fast"}]}
    path = path_of("apps/v1", "Deployment", "web", bed.namespace)
    bed.api.patch(
        path, {"spec": {"template": {"spec": {"containers": [box]}}}}, "application/strategic-merge-patch+json"
    )
    wait_for("revision 3", lambda: revision(bed) == "3")
    refused = planned(systems, back(aim, "2"))
    assert about(refused, "same image as now, and nothing shows that it was ever healthy").overridable
    plan = planned(systems, back(aim))
    assert plan.request.parameters == {"revision": "1"}
    assert "- spec.containers[app].env[MODE].value: (not shown)" in plan.diff
    assert "hunter2" not in str(plan)
    assert [each.request.parameters for each in plan.alternatives] == [{"revision": "2"}]


def test_paused_and_from_git_and_what_is_not_brought_back_are_said(bed: Bed, systems: Systems) -> None:
    read = {"configMapRef": {"name": "settings"}}
    bed.apply("v1", "ConfigMap", "settings", data={"MODE": "slow"})
    box: dict[str, Any] = world.container(
        "app", "app:1.0.0", "10m", "16Mi", envFrom=[read, {"secretRef": {"name": "s"}}]
    )
    aim = bed.deployment(replicas=1, pod={"containers": [box]})
    roll_out(bed, BAD)
    await_failing(bed, 1)
    marks = {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:web"}
    path = path_of("apps/v1", "Deployment", "web", bed.namespace)
    bed.api.patch(path, {"metadata": {"annotations": marks}, "spec": {"paused": True}})
    # A second is what the server's times are made of.
    wait_for("a change after the rollout", lambda: _changed_after(bed))
    plan = planned(systems, back(aim))
    assert about(plan, "is paused").judgement == "refuse"
    assert about(plan, "Argo CD (argocd.argoproj.io/tracking-id=shop:apps/Deployment:web)").judgement == "refuse"
    assert "the rollback does not bring it back" in about(plan, "ConfigMap settings was changed").text
    assert about(plan, "not known: whether Secrets were changed since (s)").judgement == "explain"
    assert not plan.overridable
    bed.api.delete(path_of("v1", "ConfigMap", "settings", bed.namespace))
    assert about(planned(systems, back(aim)), "ConfigMap settings is gone").judgement == "refuse"


def _changed_after(bed: Bed) -> bool:
    sets = bed.api.items(path_of("apps/v1", "ReplicaSet", namespace=bed.namespace))
    bed.apply("v1", "ConfigMap", "settings", data={"MODE": str(len(bed.pods())) + str(id(sets))})
    written = bed.get("v1", "ConfigMap", "settings")["metadata"]["managedFields"][0]["time"]
    return bool(written > max(each["metadata"]["creationTimestamp"] for each in sets))


def test_what_changed_since_the_plan_is_not_overwritten(bed: Bed, systems: Systems) -> None:
    aim = bed.deployment(replicas=1)
    roll_out(bed, BAD)
    await_failing(bed, 1)
    plan = planned(systems, back(aim))
    roll_out(bed, "1.0.1")
    with pytest.raises(Stale, match="changed since"):
        ran(systems, plan)
    assert image_of(bed.workload()) == "1.0.1"
    assert observed(systems, plan) == "cannot tell"


def test_what_became_of_a_rollback_that_nobody_heard_the_end_of(bed: Bed, acting: ActingSettings) -> None:
    aim = bed.deployment(replicas=1)
    roll_out(bed, BAD)
    await_failing(bed, 1)
    assert found_after_kill(acting, back(aim), ran=False) == "did not run"
    assert image_of(bed.workload()) == BAD
    assert found_after_kill(acting, back(aim), ran=True) == "ran"
    assert image_of(bed.workload()) == "1.0.0"


def test_whoever_takes_it_back_makes_it_of_no_effect(bed: Bed, acting: ActingSettings, systems: Systems) -> None:
    aim = bed.deployment(replicas=1)
    roll_out(bed, BAD)
    await_failing(bed, 1)
    plan = planned(systems, back(aim))
    ran(systems, plan)
    roll_out(bed, BAD)
    verdict = verdict_of(acting, plan, systems)
    assert verdict.word == "NO EFFECT"
    assert "was given another template meanwhile" in verdict.text


def test_a_stateful_set_goes_back_by_its_controller_revisions(
    bed: Bed, acting: ActingSettings, systems: Systems
) -> None:
    bed.make("web", 2, kind="StatefulSet", serviceName="web")
    bed.await_ready("web", 2, "StatefulSet")
    aim = Aim("statefulset", "web", bed.namespace)
    roll_out(bed, BAD, kind="StatefulSet")
    await_failing(bed, 1)
    plan = planned(systems, back(aim))
    assert plan.request.parameters == {"revision": "1"}
    assert about(plan, "remove the failing pods after it").judgement == "explain"
    assert ran(systems, plan).result == "done"
    assert image_of(bed.workload(kind="StatefulSet")) == "1.0.0"
    # It waits for the pod of the bad revision, as its controller always does.
    helped = planned(systems, Request("remove-failing-pods", aim))
    assert ran(systems, helped).result == "done"
    assert verdict_of(acting, plan, systems).word == "WORKED"


def test_a_daemon_set_goes_back_too(bed: Bed, acting: ActingSettings, systems: Systems) -> None:
    box = world.container("app", "app:1.0.0", "10m", "16Mi")
    there = {"nodeSelector": {"kubernetes.io/hostname": "node-1"}, "terminationGracePeriodSeconds": 0}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [box], **there}}
    bed.apply("apps/v1", "DaemonSet", "web", spec={"selector": {"matchLabels": {"app": "web"}}, "template": template})
    wait_for("it is ready", lambda: bed.workload(kind="DaemonSet")["status"].get("numberReady") == 1)
    roll_out(bed, BAD, kind="DaemonSet")
    await_failing(bed, 1)
    plan = planned(systems, back(Aim("daemonset", "web", bed.namespace)))
    assert plan.request.parameters == {"revision": "1"}
    assert ran(systems, plan).result == "done"
    assert image_of(bed.workload(kind="DaemonSet")) == "1.0.0"
    assert verdict_of(acting, plan, systems).word == "WORKED"


def test_a_rollback_that_leaves_fewer_pods_ready_has_made_it_worse(
    bed: Bed, acting: ActingSettings, systems: Systems
) -> None:
    """The old image ran well once; now its pods fail."""
    aim = bed.deployment(replicas=2)
    roll_out(bed, "1.0.1")
    wait_for("all are new", lambda: {_image(each) for each in bed.pods()} == {image("1.0.1")} and len(bed.pods()) == 2)
    bed.await_ready("web", 2)
    plan = planned(systems, back(aim))
    assert about(plan, "nothing shows that it was healthy").judgement == "explain"
    ran(systems, plan)
    wait_for("all are of the old image", lambda: {_image(each) for each in bed.pods()} == {image("1.0.0")})
    bed.await_ready("web", 2)
    afflict(bed, bed.pods()[0])
    verdict = verdict_of(acting, plan, systems, window_ms=600)
    assert (verdict.word, verdict.value) == ("WORSE", -1)


def _image(pod: dict[str, Any]) -> str:
    return str(pod["spec"]["containers"][0]["image"])
