"""Scaling on the real control plane, with its autoscaler, its scheduler and its quotas."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.actions.bed import Bed
from tests.actions.conftest import Kubectl, planned, ran
from tests.actions.kubernetes.looking import about, condition, found_after_kill, hurried, quota, scheduling
from tests.actions.process import Actor
from tests.rig import world as worlds
from tests.rig.api import Object, path_of, wait_for
from tests.rig.fixtures import World
from tests.rig.systems.postgres import MAX_CONNECTIONS, Postgres
from wfconsole.actions.contract import BadRequestError, Stale
from wfconsole.actions.systems import Systems
from wfconsole.clock import SystemClock
from wfconsole.config.actions import ActingSettings, ActionsSettings
from wfconsole.config.systems import DatabaseSettings
from wfconsole.guard.protocol import Begin
from wfconsole.incident.plan import Aim, Request
from wfconsole.redaction import redact

pytestmark = [pytest.mark.rig, pytest.mark.usefixtures("world")]

NO_CLIENT = ActionsSettings(database_clients=("production/*",))


def to(replicas: int, aim: Aim) -> Request:
    return Request("scale", aim, {"replicas": str(replicas)})


def replicas(bed: Bed, name: str = "web", kind: str = "Deployment") -> int:
    return int(bed.workload(name, kind)["spec"]["replicas"])


def asking(**requests: str) -> Object:
    """A pod that asks for this much."""
    box = {"name": "app", "image": "app:1.0.0", "resources": {"requests": requests}}
    if worlds.GPU in requests:
        box["resources"]["limits"] = {worlds.GPU: requests[worlds.GPU]}  # type: ignore[index]
    return {"containers": [box]}


def stateful(bed: Bed, name: str, count: int, image: str = "app:1.0.0", **spec: Any) -> Aim:
    pod = {"containers": [{"name": "app", "image": image, "resources": {"requests": {"cpu": "10m"}}}]}
    bed.make(name, count, kind="StatefulSet", pod=pod, serviceName=name, podManagementPolicy="Parallel", **spec)
    bed.await_ready(name, count, "StatefulSet")
    return Aim("statefulset", name, bed.namespace)


# --- the autoscaler


def test_the_autoscaler_takes_back_what_kubectl_did_and_ours_is_refused(
    bed: Bed, systems: Systems, kubectl: Kubectl
) -> None:
    aim = bed.deployment(replicas=2)
    bed.autoscaler("web", 2, 4)
    plan = planned(systems, to(6, aim))
    assert plan.colour == "REFUSE"
    assert "takes this back to 4 within seconds" in plan.refusals[0]
    (other,) = plan.alternatives
    assert (other.request.action, other.request.aim.name) == ("autoscale", "web")
    assert other.request.parameters == {"min": "6", "max": "6"}
    kubectl("scale", "deployment", "web", "--replicas=6", namespace=bed.namespace)
    assert replicas(bed) == 6
    wait_for("the autoscaler takes it back", lambda: replicas(bed) == 4)


def test_a_round_number_of_the_runbook_is_fewer_than_there_are_and_that_is_refused(
    bed: Bed, systems: Systems, kubectl: Kubectl
) -> None:
    aim = bed.deployment(replicas=4)
    bed.apply(
        "policy/v1", "PodDisruptionBudget", "all", spec={"minAvailable": 4, "selector": {"matchLabels": {"app": "web"}}}
    )
    wait_for("the budget is counted", lambda: healthy(bed) == 4)
    plan = planned(systems, to(3, aim))
    refusal = about(plan, "this takes 1 pod away, 3 stay")
    assert about(plan, "budget all wants 4 healthy pods, and a scaling does not ask it: 3 stay").judgement == "explain"
    assert (plan.colour, refusal.judgement, refusal.overridable, plan.danger) == ("REFUSE", "refuse", True, "R2")
    kubectl("scale", "deployment", "web", "--replicas=3", namespace=bed.namespace)
    wait_for("pods are gone, and nobody was asked", lambda: len(bed.pods()) == 3)


def test_zero_switches_the_autoscaler_off_for_good_and_ours_says_so(
    bed: Bed, systems: Systems, kubectl: Kubectl
) -> None:
    aim = bed.deployment(replicas=2)
    bed.autoscaler("web", 2, 4)
    plan = planned(systems, to(0, aim))
    assert plan.danger == "R3"
    assert "0 switches it off" in plan.refusals[0]
    assert any("nothing serves any more" in each for each in plan.refusals)
    assert not plan.alternatives
    kubectl("scale", "deployment", "web", "--replicas=0", namespace=bed.namespace)
    wait_for("it is off", lambda: condition(bed, "ScalingActive") == "False ScalingDisabled")
    assert replicas(bed) == 0
    again = planned(systems, to(2, aim))
    assert about(again, "this switches it on again").judgement == "explain"
    assert again.colour == "EXPLAIN"


def test_an_autoscaler_that_came_since_the_plan_makes_it_stale(bed: Bed, systems: Systems) -> None:
    aim = bed.deployment(replicas=1)
    plan = planned(systems, to(2, aim))
    bed.autoscaler("web", 1, 4)
    with pytest.raises(Stale, match="its autoscaler is web now"):
        ran(systems, plan)
    assert replicas(bed) == 1


# --- room


def test_without_a_free_gpu_more_pods_only_wait_and_ours_counts_them_first(
    bed: Bed, systems: Systems, kubectl: Kubectl
) -> None:
    """Both GPUs of the world are the model's."""
    bed.make("web", 0, pod=asking(cpu="10m", **{worlds.GPU: "1"}))
    aim = Aim("deployment", "web", bed.namespace)
    plan = planned(systems, to(1, aim))
    gpus = about(plan, "free, 1 needed, 1 pod will stay pending: gpu-node-1 0 of 1, gpu-node-2 0 of 1")
    assert (gpus.judgement, gpus.overridable) == ("refuse", True)
    assert "cpu" in gpus.evidence[0].said
    kubectl("scale", "deployment", "web", "--replicas=1", namespace=bed.namespace)
    wait_for("it waits", lambda: "Insufficient nvidia.com/gpu" in scheduling(bed))


def test_cpu_is_counted_node_by_node_and_not_in_sum(bed: Bed, systems: Systems, kubectl: Kubectl) -> None:
    """The world's ordinary nodes have some seven cores free each, those with a GPU eleven: five pods of four cores want
    twenty, which all of them have together, but two of seven take no more than one each."""
    bed.make("web", 0, pod=asking(cpu="6"))
    aim = Aim("deployment", "web", bed.namespace)
    plan = planned(systems, to(7, aim))
    refusal = about(plan, "will stay pending")
    takes = int(refusal.text.split("room for ")[1].split(" ")[0])
    assert refusal.judgement == "refuse"
    assert planned(systems, to(takes, aim)).colour == "EXPLAIN"
    kubectl("scale", "deployment", "web", "--replicas=7", namespace=bed.namespace)
    wait_for(
        "the scheduler comes to the same", lambda: len(placed(bed)) == takes and "Insufficient cpu" in scheduling(bed)
    )


def test_a_cordoned_node_and_a_taint_take_no_pod(bed: Bed, acting: ActingSettings, world: World) -> None:
    bed.make("web", 0, pod=asking(cpu="10m") | {"nodeSelector": {"kubernetes.io/hostname": "node-1"}})
    aim = Aim("deployment", "web", bed.namespace)
    assert "fit, node-1 " in about(planned(Systems(acting, SystemClock()), to(1, aim)), "room for 1 more pod").text
    node = path_of("v1", "Node", "node-1")
    try:
        world.api.patch(node, {"spec": {"taints": [{"key": "disk", "value": "bad", "effect": "NoSchedule"}]}})
        assert "node-1: taint disk=bad:NoSchedule" in "".join(
            planned(Systems(acting, SystemClock()), to(1, aim)).refusals
        )
        world.api.patch(node, {"spec": {"taints": None, "unschedulable": True}})
        refused = "".join(planned(Systems(acting, SystemClock()), to(1, aim)).refusals)
        assert "node-1: cordoned" in refused or "node-1: taint node.kubernetes.io/unschedulable" in refused
        assert "node-2: not labelled kubernetes.io/hostname=node-1" in refused
    finally:
        world.api.patch(node, {"spec": {"taints": None, "unschedulable": None}})


def test_a_quota_lets_only_some_in_and_ours_says_which(bed: Bed, systems: Systems, kubectl: Kubectl) -> None:
    aim = bed.deployment(replicas=1, pod=asking(cpu="100m"))
    quota(bed, {"requests.cpu": "250m"}, {"requests.cpu": "100m"})
    plan = planned(systems, to(4, aim))
    refusal = about(plan, "quota team has 150m of requests.cpu left, and this needs 300m more")
    assert (refusal.judgement, refusal.overridable) == ("refuse", True)
    assert refusal.evidence[0].said == "requests.cpu 100m of 250m"
    assert planned(systems, to(2, aim)).colour == "EXPLAIN"
    kubectl("scale", "deployment", "web", "--replicas=4", namespace=bed.namespace)
    bed.await_ready("web", 2)
    wait_for("the rest is refused", lambda: "exceeded quota" in replica_failure(bed))
    assert len(bed.pods()) == 2


def test_a_quota_lets_no_pod_in_that_does_not_say_what_it_asks_for(bed: Bed, systems: Systems) -> None:
    bed.make("web", 0, pod=asking(cpu="10m"))
    bed.apply("v1", "ResourceQuota", "team", spec={"hard": {"requests.memory": "4Gi"}})
    plan = planned(systems, to(1, Aim("deployment", "web", bed.namespace)))
    assert about(plan, "none is let in").judgement == "refuse"
    bed.apply(
        "v1", "LimitRange", "usual", spec={"limits": [{"type": "Container", "defaultRequest": {"memory": "64Mi"}}]}
    )
    assert planned(systems, to(1, Aim("deployment", "web", bed.namespace))).colour == "EXPLAIN"


# --- the database


def pooled(acting: ActingSettings, postgres: Postgres, per_pod: int) -> Systems:
    database = msgspec.convert(postgres.settings()["database"], DatabaseSettings)
    actions = ActionsSettings(connections_per_pod=per_pod, database_clients=("bed-*/web",))
    return Systems(msgspec.structs.replace(acting, database=database, actions=actions), SystemClock(), receipt="act-1")


def test_more_pods_than_the_database_has_slots_for_are_refused_with_the_numbers(
    bed: Bed, acting: ActingSettings, postgres: Postgres
) -> None:
    aim = bed.deployment(replicas=1)
    usable = MAX_CONNECTIONS - 3
    plan = planned(pooled(acting, postgres, 10), to(5, aim))
    refusal = about(plan, "4 more pods will open up to 40 connections")
    assert refusal.judgement == "refuse"
    assert f"of {usable} are free" in refusal.text
    assert "usable slots taken" in refusal.evidence[0].said
    assert about(planned(pooled(acting, postgres, 1), to(2, aim)), "1 more pod will open").judgement == "ok"


def test_a_full_database_lets_us_not_in_and_that_is_no_good_sign(
    bed: Bed, acting: ActingSettings, postgres: Postgres
) -> None:
    """What kubectl does: it scales, and each new pod finds the slots taken."""
    aim = bed.deployment(replicas=1)
    sessions = [postgres.application() for _ in range(MAX_CONNECTIONS - 3)]
    try:
        check = about(planned(pooled(acting, postgres, 1), to(2, aim)), "not known: how many are free")
    finally:
        for each in sessions:
            each.close()
    assert (check.judgement, check.overridable) == ("refuse", True)


def test_what_nobody_said_of_the_database_is_not_known(bed: Bed, systems: Systems) -> None:
    plan = planned(systems, to(2, bed.deployment(replicas=1)))
    assert about(plan, "not known: how many database connections").judgement == "explain"
    assert plan.colour == "EXPLAIN"


# --- stateful sets


def test_a_replica_of_a_database_says_what_it_costs_and_when_it_does_not_help(bed: Bed, systems: Systems) -> None:
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "100Gi"}}},
    }
    bed.make("db-read", 0, kind="StatefulSet", serviceName="db-read", volumeClaimTemplates=[claim],
             pod={"containers": [{"name": "postgresql", "image": "registry.example/postgresql:16.9"}]})  # fmt: skip
    bed.apply("v1", "PersistentVolumeClaim", "data-db-read-0", spec=claim["spec"])
    plan = planned(systems, to(1, Aim("statefulset", "db-read", bed.namespace)))
    assert plan.danger == "R2"
    assert about(plan, "data 100Gi").judgement == "explain"
    assert "no connection and no lock of the primary" in about(plan, "helps read load").text
    assert about(plan, "not known: how far its replicas are behind").judgement == "explain"
    assert about(plan, "copies the whole database from the primary")
    assert "data-db-read-0" in about(plan, "with the old data on them").text


def test_replicas_that_should_be_there_and_are_not_speak_against_another_copy(
    bed: Bed, acting: ActingSettings, postgres: Postgres
) -> None:
    bed.make("db-read", 1, kind="StatefulSet", serviceName="db-read", podManagementPolicy="Parallel",
             pod={"containers": [{"name": "postgresql", "image": "postgresql:16.9"}]})  # fmt: skip
    aim = Aim("statefulset", "db-read", bed.namespace)
    well = pooled(acting, postgres, 10)
    assert about(planned(well, to(2, aim)), "names feeds none").judgement == "explain"
    two = msgspec.structs.replace(well.settings.database, replicas=2)
    late = Systems(msgspec.structs.replace(well.settings, database=two), SystemClock())
    refusal = about(planned(late, to(2, aim)), "0 of 2 replicas are fed")
    assert (refusal.judgement, refusal.overridable) == ("refuse", True)


def test_the_runbooks_three_replicas_may_be_fewer_and_take_their_volumes_along(
    bed: Bed, systems: Systems, kubectl: Kubectl
) -> None:
    aim = stateful(bed, "postgresql-read", 4, "postgresql:16.9")
    plan = planned(systems, to(3, aim))
    assert about(plan, "postgresql-read-3 goes").judgement == "refuse"
    assert plan.danger == "R2"
    kubectl("scale", "statefulset", "postgresql-read", "--replicas=3", namespace=bed.namespace)
    wait_for("a replica is gone", lambda: len(bed.pods("postgresql-read")) == 3)


def test_volumes_that_go_with_their_pods_make_it_the_worst_class(bed: Bed, systems: Systems) -> None:
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    bed.make("db", 2, kind="StatefulSet", serviceName="db", volumeClaimTemplates=[claim],
             persistentVolumeClaimRetentionPolicy={"whenScaled": "Delete"})  # fmt: skip
    plan = planned(systems, to(1, Aim("statefulset", "db", bed.namespace)))
    assert plan.danger == "R3"
    assert about(plan, "deleted with them").judgement == "refuse"
    assert "the volumes of those pods, with their data" in plan.lost


# --- the life of it


def test_through_the_process_from_plan_to_verdict_and_back(bed: Bed, acting: ActingSettings) -> None:
    aim = bed.deployment(replicas=1)
    wait_for("no pod of another test waits for a node", lambda: not unplaced(bed))
    acting = msgspec.structs.replace(acting, actions=NO_CLIENT)
    with Actor(Begin(acting, request=to(2, aim), receipt="act-1")) as actor:
        plan = actor.plan()
        assert (plan.colour, plan.dry_run.kind, plan.danger) == ("GREEN", "server", "R1")
        assert plan.before is not None
        assert plan.before.value == 1
        assert replicas(bed) == 1
        assert actor.capture() == []
        assert actor.run(plan).result == "done"
        assert replicas(bed) == 2
    assert plan.inverse is not None
    systems = Systems(acting, SystemClock())
    back = planned(systems, plan.inverse)
    assert (back.colour, back.danger) == ("EXPLAIN", "R2")
    ran(systems, back)
    assert replicas(bed) == 1


def test_ready_pods_that_hold_are_worked_and_an_autoscaler_that_comes_is_no_effect(
    bed: Bed, acting: ActingSettings, systems: Systems
) -> None:
    aim = bed.deployment(replicas=1)
    plan = hurried(planned(systems, to(2, aim)))
    assert ran(systems, plan).result == "done"
    with Actor(Begin(acting, plan=plan, mode="watch", ran_at=systems.now())) as actor:
        assert actor.verdict().word == "WORKED"
    bed.make("web", 1)
    with Actor(Begin(acting, plan=plan, mode="watch", ran_at=systems.now())) as actor:
        verdict = actor.verdict()
    assert (verdict.word, verdict.text) == ("NO EFFECT", f"{aim} was set to 1 meanwhile, not 2")


def test_killed_before_and_after_the_effect_the_server_tells_which(bed: Bed, acting: ActingSettings) -> None:
    aim = bed.deployment(replicas=1)
    assert found_after_kill(acting, to(2, aim), ran=False) == "did not run"
    assert found_after_kill(acting, to(2, aim), ran=True) == "ran"


def test_what_changed_since_is_not_overwritten(bed: Bed, systems: Systems) -> None:
    aim = bed.deployment(replicas=1)
    plan = planned(systems, to(2, aim))
    bed.make("web", 3)
    with pytest.raises(Stale, match="changed since"):
        ran(systems, plan)
    assert replicas(bed) == 3


def test_what_changes_all_the_time_makes_no_plan_stale(bed: Bed, systems: Systems) -> None:
    """Its status moves on with every pod, and so does the resourceVersion."""
    bed.make("web", 1)
    plan = planned(systems, to(2, Aim("deployment", "web", bed.namespace)))
    bed.await_ready("web", 1)
    assert ran(systems, plan).result == "done"


def test_the_count_that_it_has_is_nothing_to_do(bed: Bed, systems: Systems) -> None:
    plan = planned(systems, to(1, bed.deployment(replicas=1)))
    assert (plan.colour, plan.overridable) == ("REFUSE", False)
    assert "nothing to do" in plan.refusals[0]


@pytest.mark.parametrize("said", ["", "-1", "ten", "10001", "²", "1e3"])
def test_what_is_no_count_is_refused_in_words(bed: Bed, systems: Systems, said: str) -> None:
    with pytest.raises(BadRequestError, match="a number from 0 to 10000"):
        planned(systems, Request("scale", Aim("deployment", "web", bed.namespace), {"replicas": said}))


@pytest.mark.parametrize("name", ["", "web/../../secrets/x", "web?dryRun=All", "Web", "web\x1b[2J", "-web"])
def test_a_name_that_no_object_can_have_leads_nowhere(bed: Bed, systems: Systems, name: str) -> None:
    with pytest.raises(BadRequestError, match="name it as NAMESPACE/NAME"):
        planned(systems, to(2, Aim("deployment", name, bed.namespace)))


def test_the_record_keeps_the_plan_whole_and_a_command_says_the_same(bed: Bed, systems: Systems) -> None:
    plan = planned(systems, to(2, bed.deployment(replicas=1)))
    told = msgspec.json.decode(msgspec.json.encode(plan))
    assert redact(told) == told
    (command,) = plan.by_hand
    assert command.startswith("kubectl --context ")
    assert command.endswith(f"-n {bed.namespace} scale deployment web --current-replicas=1 --replicas=2")


def test_a_viewer_is_told_what_is_missing_and_what_grants_it(bed: Bed, world: World) -> None:
    systems = Systems(ActingSettings(kubeconfig=str(world.viewer.kubeconfig)), SystemClock())
    plan = planned(systems, to(2, bed.deployment(replicas=1)))
    (permission,) = plan.permissions
    assert permission.allowed is False
    assert permission.right == f"patch deployments.apps/scale web in {bed.namespace}"
    assert "wfconsole-actor" in permission.grant
    assert not plan.overridable
    quotas = about(plan, "not known: whether a quota")
    assert quotas.judgement == "explain"
    assert quotas.text.endswith(f"grant get, list and watch on resourcequotas in {bed.namespace}")
    assert about(plan, "not known: which defaults").judgement == "explain"


def healthy(bed: Bed) -> int:
    """As the budget counts them."""
    status = bed.get("policy/v1", "PodDisruptionBudget", "all").get("status") or {}
    return int(status.get("currentHealthy", 0))


def replica_failure(bed: Bed) -> str:
    told = bed.workload()["status"].get("conditions") or ()
    return next((each["message"] for each in told if each["type"] == "ReplicaFailure"), "")


def unplaced(bed: Bed) -> list[Object]:
    return bed.api.items(path_of("v1", "Pod"), fieldSelector="spec.nodeName=,status.phase=Pending")


def placed(bed: Bed) -> list[Object]:
    return [pod for pod in bed.pods() if pod["spec"].get("nodeName")]
