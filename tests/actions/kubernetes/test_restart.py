"""Restarting on the real control plane, where it deadlocks without a spare GPU."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import msgspec
import pytest

from tests.actions.bed import Bed
from tests.actions.conftest import Kubectl, planned, ran
from tests.actions.kubernetes.looking import about, found_after_kill, quota, scheduling
from tests.actions.kubernetes.troubles import (
    afflict,
    await_failing,
    budget,
    image,
    observed,
    roll_out,
    uids,
    unredacted,
    verdict_of,
)
from tests.rig import stages, world
from tests.rig.api import STRATEGIC, path_of, wait_for
from tests.rig.systems.postgres import Postgres
from wfconsole.actions.contract import BadRequestError, NothingToDo, Stale
from wfconsole.actions.kubernetes.restart import Restart
from wfconsole.actions.kubernetes.rollouts import RESTARTED_AT
from wfconsole.actions.systems import Systems
from wfconsole.clock import SystemClock
from wfconsole.config.actions import ActingSettings, ActionsSettings
from wfconsole.config.systems import DatabaseSettings
from wfconsole.incident.plan import Aim, Request

pytestmark = [pytest.mark.rig, pytest.mark.usefixtures("world")]


def restart(aim: Aim, **parameters: str) -> Request:
    return Request("restart", aim, parameters)


def web(bed: Bed) -> str:
    return path_of("apps/v1", "Deployment", "web", bed.namespace)


def rolling(bed: Bed) -> dict[str, object]:
    return dict(bed.workload()["spec"]["strategy"]["rollingUpdate"])


@pytest.fixture
def llm(bed: Bed) -> Iterator[Aim]:
    """Two pods with a GPU each, on two nodes of their own that have one each."""
    label = {"rig/bed": bed.namespace}
    nodes = [world.node(f"{bed.namespace}-gpu-{number}", 4, 8, label, 1) for number in (1, 2)]
    for item in nodes:
        bed.api.create(path_of("v1", "Node"), item)
    box = world.container("app", "app:1.0.0", "10m", "16Mi", extra={world.GPU: "1"})
    yield bed.deployment(replicas=2, pod={"containers": [box], "nodeSelector": label})
    for item in nodes:
        bed.api.delete(path_of("v1", "Node", item["metadata"]["name"]))


def test_without_a_spare_gpu_a_rollout_deadlocks_and_ours_takes_one_pod_away_first(
    bed: Bed, llm: Aim, acting: ActingSettings, systems: Systems, kubectl: Kubectl
) -> None:
    plan = planned(systems, restart(llm))
    assert plan.colour == "REFUSE"
    assert not plan.overridable
    assert "no node has it free" in about(plan, "deadlock: ").text
    (other,) = plan.alternatives
    assert "1 of 2 pods of web serve while it lasts, and the strategy is put back after it" in other.text

    before = uids(bed)
    kubectl("rollout", "restart", "deployment/web", namespace=bed.namespace)
    wait_for("the new pod waits for a GPU", lambda: f"Insufficient {world.GPU}" in scheduling(bed))
    assert len(uids(bed)) == 3
    assert before < uids(bed)
    on_top = planned(systems, restart(llm))
    assert about(on_top, "of 2 pods are of the new revision): a restart begins another one").overridable
    let_on = planned(systems, on_top.alternatives[0].request)
    assert ran(systems, let_on).result == "done"
    wait_for("the rollout that hung is through", lambda: not uids(bed) & before and len(bed.pods()) == 2)
    bed.await_ready("web", 2)
    assert verdict_of(acting, let_on, systems).word == "WORKED"
    assert let_on.inverse is not None
    assert ran(systems, planned(systems, let_on.inverse)).result == "done"

    bed.await_ready("web", 2)
    before = uids(bed)
    ours = planned(systems, other.request)
    assert ours.colour == "EXPLAIN"
    assert "1 of 2 serve while it lasts, 50 % of its capacity is gone" in about(ours, "one pod fewer").text
    assert ours.inverse is not None
    assert ours.inverse.parameters == {"surge": "25%", "unavailable": "25%"}
    assert unredacted(ours)
    outcome = ran(systems, ours)
    assert (outcome.result, outcome.lines[-1]) == ("done", "its strategy is what it was")
    assert rolling(bed) == {"maxSurge": "25%", "maxUnavailable": "25%"}
    assert not uids(bed) & before
    assert verdict_of(acting, ours, systems).word == "WORKED"


def test_a_rollback_without_a_spare_gpu_takes_one_pod_away_first_too(bed: Bed, llm: Aim, systems: Systems) -> None:
    path = web(bed)
    bed.api.patch(path, {"spec": {"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 2}}}})
    roll_out(bed, "1.0.1")
    wait_for("all are new", lambda: images(bed) == {image("1.0.1")})
    bed.await_ready("web", 2)
    bed.api.patch(path, {"spec": {"strategy": {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}}})
    plan = planned(systems, Request("roll-back", llm))
    assert about(plan, "deadlock: ").judgement == "refuse"
    other = plan.alternatives[0]
    assert other.request.parameters == {"revision": "1", "strategy": "one-fewer"}
    ours = planned(systems, other.request)
    assert ours.colour == "EXPLAIN"
    assert unredacted(ours)
    assert ran(systems, ours).lines[-1] == "its strategy is what it was"
    assert rolling(bed) == {"maxSurge": "25%", "maxUnavailable": "25%"}
    assert images(bed) == {image("1.0.0")}


def images(bed: Bed) -> set[str]:
    return {str(each["spec"]["containers"][0]["image"]) for each in bed.pods()}


def test_a_rollout_that_does_not_get_through_says_so_and_its_strategy_is_one_key_away(
    bed: Bed, llm: Aim, systems: Systems
) -> None:
    plan = planned(systems, restart(llm, strategy="one-fewer"))
    action = Restart()
    action.patience_ms = 0
    outcome = action.run(plan, systems, lambda _text: None)
    assert outcome.result == "partial"
    assert outcome.inverse is not None
    assert rolling(bed) == {"maxSurge": 0, "maxUnavailable": 1}
    assert observed(systems, plan) == "ran"
    back = planned(systems, outcome.inverse)
    assert (back.colour, back.danger) == ("GREEN", "R1")
    assert ran(systems, back).result == "done"
    assert rolling(bed) == {"maxSurge": "25%", "maxUnavailable": "25%"}
    assert observed(systems, back) == "ran"
    with pytest.raises(NothingToDo):
        planned(systems, outcome.inverse)


def test_a_restart_takes_the_healthy_pods_too_and_ours_says_how_many(
    bed: Bed, systems: Systems, kubectl: Kubectl
) -> None:
    aim = bed.deployment(replicas=3)
    afflict(bed, bed.pods()[0])
    budget(bed, minAvailable="100%")
    before = uids(bed)
    plan = planned(systems, restart(aim))
    check = about(plan, "2 healthy pods restart too, for 1 that fail")
    assert [each.said.startswith("CrashLoopBackOff") for each in check.evidence] == [True]
    assert [each.request.action for each in plan.alternatives] == ["remove-failing-pods"]
    assert about(plan, "3 to 4 pods while it lasts: 1 more, 0 fewer at once").judgement == "ok"
    assert about(plan, "disruption budget web wants 3 healthy pods: this keeps 3").judgement == "ok"
    bed.api.patch(web(bed), {"spec": {"strategy": {"rollingUpdate": {"maxUnavailable": 2}}}})
    low = about(planned(systems, restart(aim)), "a rollout does not ask it: this one goes down to 1")
    assert low.judgement == "explain"
    kubectl("rollout", "restart", "deployment/web", namespace=bed.namespace)
    wait_for("all are others", lambda: not uids(bed) & before)


def test_two_restarts_within_a_second_are_two(bed: Bed, systems: Systems, kubectl: Kubectl) -> None:
    aim = bed.deployment(replicas=1)
    now = systems.now()

    def once(value: str) -> int:
        notes = {"metadata": {"annotations": {RESTARTED_AT: value}}}
        bed.api.patch(web(bed), {"spec": {"template": notes}}, STRATEGIC)
        return int(bed.workload()["metadata"]["generation"])

    assert once("2026-01-01T00:00:00Z") == once("2026-01-01T00:00:00Z")  # the second one changes nothing

    before = bed.workload()["metadata"]["generation"]
    for later in (0, 1):
        plan = Restart().plan(restart(aim), systems, now - now % 1000 + later)
        assert ran(systems, plan).result == "done"
    assert bed.workload()["metadata"]["generation"] == before + 2


def test_paused_is_refused_as_nothing_would_happen(bed: Bed, systems: Systems, kubectl: Kubectl) -> None:
    aim = bed.deployment(replicas=1)
    kubectl("rollout", "pause", "deployment/web", namespace=bed.namespace)
    plan = planned(systems, restart(aim))
    assert about(plan, "is paused").judgement == "refuse"
    assert not plan.overridable
    with pytest.raises(subprocess.CalledProcessError):
        kubectl("rollout", "restart", "deployment/web", namespace=bed.namespace)
    kubectl("rollout", "resume", "deployment/web", namespace=bed.namespace)
    with pytest.raises(Stale, match="changed since"):
        ran(systems, plan)


def test_an_image_that_cannot_be_pulled_is_not_mended_by_a_restart(
    bed: Bed, acting: ActingSettings, systems: Systems
) -> None:
    aim = bed.deployment(replicas=1)
    roll_out(bed, stages.MISSING_TAG)
    await_failing(bed, 1)
    plan = planned(systems, restart(aim))
    assert about(plan, "its image cannot be pulled").judgement == "refuse"
    assert "roll-back" in [each.request.action for each in plan.alternatives]
    assert ran(systems, plan).result == "done"
    assert verdict_of(acting, plan, systems, window_ms=1500).word == "NO EFFECT"


def test_a_surge_that_the_quota_does_not_leave_stands_still(bed: Bed, systems: Systems, kubectl: Kubectl) -> None:
    aim = bed.deployment(replicas=2)
    quota(bed, {"pods": "2"}, {"pods": "2"})
    plan = planned(systems, restart(aim))
    check = about(plan, "quota team has 0 of pods left, and this needs 1 more")
    assert check.judgement == "refuse"
    assert "the rollout would stand still" in check.text
    before = uids(bed)
    kubectl("rollout", "restart", "deployment/web", namespace=bed.namespace)
    wait_for("no new pod is let in", lambda: "exceeded quota" in str(bed.workload()["status"].get("conditions")))
    assert uids(bed) == before
    bed.api.patch(web(bed), {"spec": {"strategy": {"rollingUpdate": {"maxUnavailable": 1}}}})
    goes_on = about(planned(systems, restart(aim)), "quota team has 0 of pods left")
    assert goes_on.judgement == "explain"
    assert "it goes on all the same, as 1 pod may go first" in goes_on.text


def test_what_connects_anew_is_held_against_the_slots_of_the_database(
    bed: Bed, acting: ActingSettings, postgres: Postgres
) -> None:
    aim = bed.deployment(replicas=2)
    database = msgspec.convert(postgres.settings()["database"], DatabaseSettings)
    actions = ActionsSettings(connections_per_pod=900, database_clients=("bed-*/web",))
    settings = msgspec.structs.replace(acting, database=database, actions=actions)
    plan = planned(Systems(settings, SystemClock(), receipt="act-1"), restart(aim))
    assert about(plan, "1 more pod will open up to 900 connections").judgement == "refuse"
    bed.api.patch(web(bed), {"spec": {"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}}})
    plan = planned(Systems(settings, SystemClock(), receipt="act-1"), restart(aim))
    assert about(plan, "each new pod opens its connections anew").judgement == "explain"


def test_stateful_sets_and_daemon_sets_restart_as_they_do(bed: Bed, acting: ActingSettings, systems: Systems) -> None:
    bed.make("web", 1, kind="StatefulSet", serviceName="web")
    box = world.container("app", "app:1.0.0", "10m", "16Mi")
    there = {"nodeSelector": {"kubernetes.io/hostname": "node-1"}, "terminationGracePeriodSeconds": 0}
    template = {"metadata": {"labels": {"app": "agent"}}, "spec": {"containers": [box], **there}}
    selector = {"matchLabels": {"app": "agent"}}
    bed.apply("apps/v1", "DaemonSet", "agent", spec={"selector": selector, "template": template})
    bed.await_ready("web", 1, "StatefulSet")
    wait_for("the agent is ready", lambda: bed.workload("agent", "DaemonSet")["status"].get("numberReady") == 1)
    aims = [Aim("statefulset", "web", bed.namespace), Aim("daemonset", "agent", bed.namespace)]
    plans = [planned(systems, restart(aim)) for aim in aims]
    for plan in plans:
        assert plan.colour == "EXPLAIN"
        assert about(plan, "for a while none of its 1 pod may be ready").judgement == "explain"
        assert ran(systems, plan).result == "done"
    for plan in plans:
        assert verdict_of(acting, plan, systems).word == "WORKED"
    with pytest.raises(BadRequestError, match="is for deployments"):
        planned(systems, restart(aims[0], strategy="one-fewer"))


def test_what_became_of_a_restart_that_nobody_heard_the_end_of(bed: Bed, acting: ActingSettings) -> None:
    aim = bed.deployment(replicas=1)
    assert found_after_kill(acting, restart(aim), ran=False) == "did not run"
    assert found_after_kill(acting, restart(aim), ran=True) == "ran"
