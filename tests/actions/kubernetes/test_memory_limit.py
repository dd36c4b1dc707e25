"""Another memory limit, on the real control plane: a rollout with everything that comes with one."""

from __future__ import annotations

import shlex
from typing import Any

import msgspec
import pytest

from tests.actions.bed import Bed
from tests.actions.conftest import Kubectl, planned, ran
from tests.actions.kubernetes.looking import about, found_after_kill, hurried, quota, scheduling
from tests.actions.process import Actor
from tests.rig import world as worlds
from tests.rig.api import Object, path_of, wait_for
from tests.rig.fixtures import World
from wfconsole.actions.contract import BadRequestError, Stale
from wfconsole.actions.systems import Systems
from wfconsole.clock import SystemClock
from wfconsole.config.actions import ActingSettings
from wfconsole.guard.protocol import Begin
from wfconsole.incident.plan import Aim, Request
from wfconsole.redaction import redact

pytestmark = [pytest.mark.rig, pytest.mark.usefixtures("world")]


def limit(aim: Aim, value: str, **more: str) -> Request:
    return Request("memory-limit", aim, {"limit": value, **more})


def two(memory: str = "64Mi") -> Object:
    """A pod of two containers."""
    return {
        "containers": [
            worlds.container("app", "app:1.0.0", "10m", memory),
            worlds.container("proxy", "proxy:1.0.0", "10m", "32Mi"),
        ]
    }


def containers(bed: Bed) -> dict[str, dict[str, Any]]:
    pod = bed.workload()["spec"]["template"]["spec"]
    return {box["name"]: box.get("resources", {}) for box in pod["containers"]}


def test_the_literal_patch_adds_a_container_that_nobody_has_and_ours_names_those_that_there_are(
    bed: Bed, systems: Systems, kubectl: Kubectl
) -> None:
    aim = bed.deployment(replicas=1, pod=two())
    with pytest.raises(BadRequestError, match=r"no container 'gateway' in deployment .*/web: it has app, proxy"):
        planned(systems, limit(aim, "4Gi", container="gateway"))
    with pytest.raises(BadRequestError, match="say which container of"):
        planned(systems, limit(aim, "4Gi"))
    patch = (
        '{"spec":{"template":{"spec":{"containers":'
        '[{"name":"gateway","image":"x","resources":{"limits":{"memory":"4Gi"}}}]}}}}'
    )
    kubectl("patch", "deployment", "web", "--type=strategic", "-p", patch, namespace=bed.namespace)
    assert sorted(containers(bed)) == ["app", "gateway", "proxy"]


def test_one_container_gets_another_limit_from_plan_to_verdict_and_the_inverse_brings_the_old_one(
    bed: Bed, acting: ActingSettings, systems: Systems
) -> None:
    aim = bed.deployment(replicas=1, pod=two())
    with Actor(Begin(acting, request=limit(aim, "128Mi", container="app"), receipt="act-1")) as actor:
        plan = actor.plan()
        assert (plan.danger, plan.dry_run.kind, plan.colour) == ("R2", "server", "EXPLAIN")
        assert plan.diff == (
            "- app: memory limit 64Mi, request 64Mi",
            "+ app: memory limit 128Mi, request 64Mi",
            "  proxy: memory limit 32Mi, request 32Mi",
        )
        assert plan.blast[0] == "a rollout: 1 pod of web replaced, 1 of them ready now"
        assert about(plan, "its limit may not be what hurts").judgement == "explain"
        assert about(plan, "what each pod asks of its node stays as it is").judgement == "ok"
        assert actor.run(plan).result == "done"
    assert containers(bed)["app"] == {
        "limits": {"memory": "128Mi"},
        "requests": {"cpu": "10m", "memory": "64Mi"},
    }
    with Actor(Begin(acting, plan=hurried(plan, 20_000), mode="watch", ran_at=systems.now())) as actor:
        assert actor.verdict().word == "WORKED"
    assert plan.inverse is not None
    assert plan.inverse.parameters == {"container": "app", "limit": "64Mi"}
    ran(systems, planned(systems, plan.inverse))
    assert containers(bed)["app"]["limits"] == {"memory": "64Mi"}
    with Actor(Begin(acting, plan=hurried(plan), mode="watch", ran_at=systems.now())) as actor:
        assert actor.verdict().word == "NO EFFECT"


def test_more_than_any_node_has_waits_for_ever_and_ours_names_the_largest(
    bed: Bed, systems: Systems, kubectl: Kubectl
) -> None:
    """Without a request of its own the limit is what each pod asks for."""
    box = {"name": "app", "image": "app:1.0.0", "resources": {"limits": {"memory": "64Mi"}}}
    aim = bed.deployment(replicas=1, pod={"containers": [box]})
    plan = planned(systems, limit(aim, "100Gi"))
    refusal = about(plan, "the largest node that may take it, gpu-node-")
    assert (refusal.judgement, refusal.overridable) == ("refuse", True)
    assert about(plan, "the limit is the request too").judgement == "explain"
    command = ("set", "resources", "deployment/web", "-c", "app", "--limits=memory=100Gi")
    kubectl(*command, namespace=bed.namespace)
    wait_for("its pod waits", lambda: "Insufficient memory" in scheduling(bed))


def test_a_limit_beyond_the_node_with_a_small_request_is_explained(bed: Bed, systems: Systems) -> None:
    plan = planned(systems, limit(bed.deployment(replicas=1), "100Gi"))
    assert about(plan, "a limit of 100Gi is more than").judgement == "explain"


def test_a_limit_range_lets_no_such_pod_in(bed: Bed, systems: Systems, kubectl: Kubectl) -> None:
    aim = bed.deployment(replicas=1)
    spec = {"limits": [{"type": "Container", "max": {"memory": "256Mi"}}]}
    bed.apply("v1", "LimitRange", "bounds", spec=spec)
    plan = planned(systems, limit(aim, "512Mi"))
    found = [each for each in plan.checks if "container app: limit 512Mi of memory, at most 256Mi" in each.text]
    assert {each.judgement for each in found} == {"refuse"}
    assert about(planned(systems, limit(aim, "256Mi")), "within the bounds of 1 LimitRange").judgement == "ok"
    command = ("set", "resources", "deployment/web", "-c", "app", "--limits=memory=512Mi")
    kubectl(*command, namespace=bed.namespace)
    wait_for("no new pod is let in", lambda: "maximum memory usage" in str(bed.api.items(replica_sets(bed))))


def test_a_quota_has_no_room_for_all_of_them(bed: Bed, systems: Systems) -> None:
    aim = bed.deployment(replicas=3)
    quota(bed, {"limits.memory": "128Mi"}, {"limits.memory": "48Mi"})
    plan = planned(systems, limit(aim, "64Mi"))
    assert about(plan, "limits.memory left, and this needs 144Mi more for all its pods").judgement == "refuse"


def test_less_than_it_uses_now_kills_it_and_what_nobody_measured_is_not_taken_for_little(
    bed: Bed, systems: Systems, world: World
) -> None:
    unmeasured = planned(systems, limit(bed.deployment(replicas=1, pod=two()), "32Mi", container="app", request="16Mi"))
    refusal = about(unmeasured, "not known: how much app uses now")
    assert (refusal.judgement, refusal.overridable) == ("refuse", True)
    world.await_metrics()
    plan = planned(systems, limit(Aim("deployment", worlds.GATEWAY, worlds.NAMESPACE), "128Mi", container="gateway"))
    used = about(plan, "it is killed at once")
    assert (used.judgement, used.overridable, len(used.evidence)) == ("refuse", True, 3)
    assert about(plan, "is more than the limit of 128Mi").overridable is False
    assert plan.dry_run.kind == "failed"


def test_kills_for_memory_are_the_evidence(bed: Bed, systems: Systems) -> None:
    aim = bed.deployment(replicas=1)
    (pod,) = bed.pods()
    path = f"{path_of('v1', 'Pod', pod['metadata']['name'], bed.namespace)}/status"
    status = pod["status"]["containerStatuses"][0]
    end = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": "2026-01-07T03:12:00Z"}
    told = {**status, "restartCount": 4, "lastState": {"terminated": end}}
    bed.api.patch(path, {"status": {"containerStatuses": [told]}})
    check = about(planned(systems, limit(aim, "64Mi")), "1 pod had app killed for its memory")
    assert check.evidence[0].said == "OOMKilled, 4 restarts, last at 2026-01-07T03:12:00Z"


def test_an_autoscaler_on_memory_takes_pods_away_when_the_request_grows(bed: Bed, systems: Systems) -> None:
    aim = bed.deployment(replicas=2)
    metric = {"name": "memory", "target": {"type": "Utilization", "averageUtilization": 60}}
    bed.apply("autoscaling/v2", "HorizontalPodAutoscaler", "web", spec={
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        "minReplicas": 1, "maxReplicas": 4, "metrics": [{"type": "Resource", "resource": metric}],
    })  # fmt: skip
    plan = planned(systems, limit(aim, "64Mi", request="64Mi"))
    refusal = about(plan, "16Mi -> 64Mi shows it 0.25 times what it saw, and it takes pods away")
    assert (refusal.judgement, refusal.overridable) == ("refuse", True)
    only = about(planned(systems, limit(aim, "64Mi")), "autoscaler web is on memory: the request stays")
    assert only.judgement == "explain"


def test_the_rollout_that_it_triggers_waits_for_a_gpu_that_its_own_pods_have(bed: Bed, systems: Systems) -> None:
    """The model of the world has both GPUs, two pods, and the default strategy: one more first, none fewer."""
    aim = Aim("deployment", worlds.LLM, worlds.NAMESPACE)
    plan = planned(systems, limit(aim, "24Gi", container="llm"))
    assert any(each.startswith("deadlock") for each in plan.refusals)


def test_a_container_without_a_limit_and_back_to_none(bed: Bed, systems: Systems) -> None:
    aim = bed.deployment(replicas=1, pod={"containers": [{"name": "app", "image": "app:1.0.0"}]})
    plan = planned(systems, limit(aim, "64Mi", request="32Mi"))
    assert plan.diff[:2] == ("- app: no memory limit, no request", "+ app: memory limit 64Mi, request 32Mi")
    assert about(plan, "it had no limit: from 64Mi on it is killed").judgement == "explain"
    ran(systems, plan)
    assert plan.inverse is not None
    assert plan.inverse.parameters == {"container": "app", "limit": "none", "request": "none"}
    ran(systems, planned(systems, plan.inverse))
    assert not containers(bed)["app"].get("limits")
    assert not containers(bed)["app"].get("requests")


def test_stateful_and_daemon_sets_are_patched_the_same_way(bed: Bed, systems: Systems) -> None:
    bed.make("db", 2, kind="StatefulSet", serviceName="db")
    plan = planned(systems, limit(Aim("statefulset", "db", bed.namespace), "64Mi"))
    assert plan.dry_run.kind == "server"
    assert "1 to 2 pods while it lasts" in plan.blast[1]
    agent = planned(systems, limit(Aim("daemonset", "node-agent", "monitoring"), "256Mi"))
    assert agent.dry_run.kind == "server"


def test_killed_before_and_after_the_effect_the_server_tells_which(bed: Bed, acting: ActingSettings) -> None:
    aim = bed.deployment(replicas=1)
    assert found_after_kill(acting, limit(aim, "64Mi"), ran=False) == "did not run"
    assert found_after_kill(acting, limit(aim, "64Mi"), ran=True) == "ran"


def test_a_template_that_changed_since_is_not_overwritten(bed: Bed, systems: Systems, kubectl: Kubectl) -> None:
    aim = bed.deployment(replicas=1)
    plan = planned(systems, limit(aim, "64Mi"))
    kubectl("rollout", "restart", "deployment/web", namespace=bed.namespace)
    with pytest.raises(Stale, match="changed since"):
        ran(systems, plan)
    assert containers(bed)["app"]["limits"] == {"memory": "16Mi"}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("", "an amount of memory such as"),
        ("4GB", "an amount of memory such as"),
        ("-1Gi", "an amount of memory such as"),
        ("4", "4 is 4 bytes, with which nothing starts: did you mean 4Mi?"),
        ("400m", "an amount of memory such as"),
    ],
)
def test_what_is_no_amount_is_refused_in_words(bed: Bed, systems: Systems, said: str, words: str) -> None:
    bed.make("web", 0)
    with pytest.raises(BadRequestError, match=words):
        planned(systems, limit(Aim("deployment", "web", bed.namespace), said))


def test_the_same_amount_in_other_words_is_nothing_to_do(bed: Bed, systems: Systems) -> None:
    bed.make("web", 0)
    plan = planned(systems, limit(Aim("deployment", "web", bed.namespace), "16384Ki"))
    assert (plan.overridable, "nothing to do" in plan.refusals[0]) == (False, True)


def test_the_record_keeps_the_plan_whole_and_a_command_does_the_same(
    bed: Bed, systems: Systems, kubectl: Kubectl, world: World
) -> None:
    aim = bed.deployment(replicas=1)
    plan = planned(systems, limit(aim, "64Mi"))
    told = msgspec.json.decode(msgspec.json.encode(plan))
    assert redact(told) == told
    kubectl(*shlex.split(plan.by_hand[0])[5:], namespace=bed.namespace)
    assert containers(bed)["app"]["limits"] == {"memory": "64Mi"}
    viewer = Systems(ActingSettings(kubeconfig=str(world.viewer.kubeconfig)), SystemClock())
    (permission,) = planned(viewer, limit(aim, "128Mi")).permissions
    assert (permission.allowed, permission.right) == (False, f"patch deployments.apps web in {bed.namespace}")


def replica_sets(bed: Bed) -> str:
    return path_of("apps/v1", "ReplicaSet", namespace=bed.namespace)
