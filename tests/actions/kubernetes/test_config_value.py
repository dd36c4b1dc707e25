"""A value of a ConfigMap and the restart of its readers, on the real control plane."""

from __future__ import annotations

import shlex
import subprocess
from typing import Any

import msgspec
import pytest

from tests.actions.bed import Bed
from tests.actions.conftest import Kubectl, planned, ran
from tests.actions.kubernetes.looking import about, found_after_kill, hurried
from tests.actions.process import Actor
from tests.rig import world as worlds
from tests.rig.api import Object, path_of, wait_for
from tests.rig.fixtures import World
from wfconsole.actions.catalogue import action_named
from wfconsole.actions.contract import BadRequestError, Stale
from wfconsole.actions.kubernetes.rollouts import RESTARTED_AT
from wfconsole.actions.systems import Systems
from wfconsole.clock import SystemClock
from wfconsole.config.actions import ActingSettings
from wfconsole.guard.protocol import Begin
from wfconsole.incident.plan import Aim, Request
from wfconsole.redaction import redact

pytestmark = [pytest.mark.rig, pytest.mark.usefixtures("world")]

PATCH = '{"data":{"BATCH_SIZE":"16"}}'


def config(bed: Bed, name: str = "llm-config", **more: Any) -> Aim:
    bed.apply("v1", "ConfigMap", name, data={"BATCH_SIZE": "8", "MODEL": "small"}, **more)
    return Aim("configmap", name, bed.namespace)


def reader(bed: Bed, name: str, count: int = 1, *, mounted: bool = False, **spec: Any) -> Aim:
    """A deployment that reads the map: in its environment, or as files."""
    box = worlds.container("app", "app:1.0.0", "10m", "16Mi")
    pod: Object = {"containers": [box]}
    if mounted:
        box["volumeMounts"] = [{"name": "conf", "mountPath": "/etc/llm"}]
        pod["volumes"] = [{"name": "conf", "configMap": {"name": "llm-config"}}]
    else:
        box["envFrom"] = [{"configMapRef": {"name": "llm-config"}}]
    return bed.deployment(name, count, pod=pod, **spec)


def to(aim: Aim, value: str, key: str = "BATCH_SIZE", **more: str) -> Request:
    return Request("config-value", aim, {"key": key, "value": value, **more})


def data(bed: Bed) -> dict[str, str]:
    found: dict[str, str] = bed.get("v1", "ConfigMap", "llm-config")["data"]
    return found


def restarted(bed: Bed, name: str) -> str:
    notes = bed.workload(name)["spec"]["template"]["metadata"].get("annotations") or {}
    return str(notes.get(RESTARTED_AT, ""))


def uids(bed: Bed, name: str) -> set[str]:
    return {pod["metadata"]["uid"] for pod in bed.pods(name)}


def test_the_literal_patch_reaches_no_pod_and_an_undo_brings_nothing_back_and_ours_does_both(
    bed: Bed, acting: ActingSettings, systems: Systems, kubectl: Kubectl
) -> None:
    aim, before = config(bed), uids(bed, reader(bed, "llm").name)
    kubectl("patch", "configmap", "llm-config", "-p", PATCH, namespace=bed.namespace)
    assert (data(bed)["BATCH_SIZE"], restarted(bed, "llm"), uids(bed, "llm")) == ("16", "", before)
    kubectl("rollout", "restart", "deployment/llm", namespace=bed.namespace)
    bed.await_ready("llm", 1)
    kubectl("rollout", "undo", "deployment/llm", namespace=bed.namespace)
    assert data(bed)["BATCH_SIZE"] == "16"

    config(bed)  # as it was
    wait_for("the undo is through", lambda: bed.workload("llm")["status"].get("replicas") == 1)
    with Actor(Begin(acting, request=to(aim, "16"), receipt="act-1")) as actor:
        plan = actor.plan()
        assert (plan.danger, plan.dry_run.kind) == ("R2", "server")
        assert plan.diff == ("- BATCH_SIZE: 8", "+ BATCH_SIZE: 16", "+ deployment/llm: restarted")
        assert "latency and memory up" in about(plan, "throughput up").text
        assert about(plan, "environment BATCH_SIZE of app): sees it by the restart").judgement == "ok"
        assert actor.run(plan).result == "done"
    assert data(bed) == {"BATCH_SIZE": "16", "MODEL": "small"}
    assert restarted(bed, "llm") == plan.calls["at"]
    with Actor(Begin(acting, plan=hurried(plan, 20_000), mode="watch", ran_at=systems.now())) as actor:
        assert actor.verdict().word == "WORKED"
    assert plan.inverse is not None
    back = planned(systems, plan.inverse)
    assert ran(systems, back).result == "done"
    assert (data(bed)["BATCH_SIZE"], restarted(bed, "llm")) == ("8", back.calls["at"])
    with Actor(Begin(acting, plan=hurried(plan), mode="watch", ran_at=systems.now())) as actor:
        assert actor.verdict().word == "NO EFFECT"


def test_the_reader_that_nobody_thought_of_is_found_and_restarted_too(
    bed: Bed, systems: Systems, kubectl: Kubectl
) -> None:
    """The runbook restarts the one that it names."""
    aim = config(bed)
    for name in ("llm", "worker"):
        reader(bed, name)
    reader(bed, "files", mounted=True)
    bed.deployment("other", 1)
    kubectl("patch", "configmap", "llm-config", "-p", PATCH, namespace=bed.namespace)
    kubectl("rollout", "restart", "deployment/llm", namespace=bed.namespace)
    assert restarted(bed, "worker") == ""
    bed.await_ready("llm", 1)
    config(bed)
    plan = planned(systems, to(aim, "16"))
    assert [each["name"] for each in plan.calls["restarts"]] == ["deployment/llm", "deployment/worker"]
    assert about(plan, "deployment/files (file in /etc/llm of app): sees it within about a minute")
    assert not any("deployment/other" in check.text for check in plan.checks)
    outcome = ran(systems, plan)
    assert outcome.lines[1:] == ("deployment/llm replaces its pods", "deployment/worker replaces its pods")
    assert restarted(bed, "worker") == plan.calls["at"]
    assert restarted(bed, "files") == ""


def test_without_a_restart_it_says_who_keeps_the_old_value_and_claims_no_effect(bed: Bed, systems: Systems) -> None:
    aim = config(bed)
    reader(bed, "llm")
    plan = planned(systems, to(aim, "16", restart="no"))
    assert about(plan, "its pods keep 8 until they are restarted; one that starts by itself has 16")
    assert plan.blast == ("not restarted, so that they keep the old value: deployment/llm",)
    assert (plan.signal, plan.before, plan.danger) == (None, None, "R1")
    assert ran(systems, plan).result == "done"
    assert (data(bed)["BATCH_SIZE"], restarted(bed, "llm")) == ("16", "")
    again = planned(systems, to(aim, "16"))
    assert "nothing to do" in again.refusals[0]
    assert [each.request for each in again.alternatives] == [
        Request("restart", Aim("deployment", "llm", bed.namespace))
    ]


def test_what_stops_half_way_says_what_was_done_and_takes_back_only_that(
    bed: Bed, systems: Systems, kubectl: Kubectl
) -> None:
    aim = config(bed)
    for name in ("a-first", "b-second", "c-third"):
        reader(bed, name)
    plan = planned(systems, to(aim, "16"))
    kubectl("rollout", "restart", "deployment/b-second", namespace=bed.namespace)
    outcome = ran(systems, plan)
    assert outcome.result == "partial"
    assert outcome.lines[1] == "deployment/a-first replaces its pods"
    assert "deployment/b-second: not restarted: " in outcome.lines[2]
    assert outcome.lines[3] == "deployment/c-third: not restarted"
    assert outcome.inverse is not None
    assert outcome.inverse.parameters == {"key": "BATCH_SIZE", "value": "8", "restart": "deployment/a-first"}
    found, told = action_named("config-value").observe(plan, systems)
    assert found == "cannot tell"
    assert told.endswith("were not restarted by it: deployment/b-second, deployment/c-third")
    ran(systems, planned(systems, outcome.inverse))
    assert (data(bed)["BATCH_SIZE"], restarted(bed, "c-third")) == ("8", "")


def test_an_immutable_map_is_refused_before_the_server_does(bed: Bed, systems: Systems, kubectl: Kubectl) -> None:
    aim = config(bed, immutable=True)
    with pytest.raises(subprocess.CalledProcessError):
        kubectl("patch", "configmap", "llm-config", "-p", PATCH, namespace=bed.namespace)
    plan = planned(systems, to(aim, "16"))
    assert "is immutable" in plan.refusals[0]
    assert (plan.dry_run.kind, plan.overridable) == ("failed", False)


def test_a_key_that_is_not_there_is_added_by_a_patch_and_named_by_ours(
    bed: Bed, systems: Systems, kubectl: Kubectl
) -> None:
    aim = config(bed)
    reader(bed, "llm")
    plan = planned(systems, to(aim, "16", key="BATCHSIZE"))
    refusal = about(plan, "there is no BATCHSIZE in it: it has BATCH_SIZE")
    assert (refusal.judgement, refusal.overridable) == ("refuse", True)
    assert plan.inverse is not None
    assert plan.inverse.parameters["remove"] == "yes"
    kubectl("patch", "configmap", "llm-config", "-p", '{"data":{"BATCHSIZE":"16"}}', namespace=bed.namespace)
    assert data(bed) == {"BATCH_SIZE": "8", "BATCHSIZE": "16", "MODEL": "small"}
    ran(systems, planned(systems, plan.inverse))
    assert data(bed) == {"BATCH_SIZE": "8", "MODEL": "small"}


def test_a_map_that_nobody_reads_changes_nothing_that_runs(bed: Bed, systems: Systems) -> None:
    plan = planned(systems, to(config(bed), "16"))
    assert about(plan, "this changes nothing that runs").overridable
    assert plan.colour == "REFUSE"


def test_the_restart_of_a_model_without_a_free_gpu_is_a_deadlock_here_too(bed: Bed, systems: Systems) -> None:
    """Both GPUs of the world are its model's: one more pod first, none fewer."""
    aim = config(bed)
    gpu = worlds.container("app", "app:1.0.0", "10m", "16Mi", extra={worlds.GPU: "1"})
    gpu["envFrom"] = [{"configMapRef": {"name": "llm-config"}}]
    bed.make("llm", 1, pod={"containers": [gpu]})
    plan = planned(systems, to(aim, "16"))
    assert any(each.startswith("deployment/llm: deadlock") for each in plan.refusals)
    assert plan.alternatives[0].request.parameters["restart"] == "no"


def test_what_changed_since_is_not_overwritten(bed: Bed, systems: Systems, kubectl: Kubectl) -> None:
    aim = config(bed)
    reader(bed, "llm")
    plan = planned(systems, to(aim, "16"))
    kubectl("patch", "configmap", "llm-config", "-p", '{"data":{"BATCH_SIZE":"12"}}', namespace=bed.namespace)
    with pytest.raises(Stale, match="changed since"):
        ran(systems, plan)
    assert (data(bed)["BATCH_SIZE"], restarted(bed, "llm")) == ("12", "")


def test_killed_before_and_after_the_effect_the_server_tells_which(bed: Bed, acting: ActingSettings) -> None:
    aim = config(bed)
    reader(bed, "llm")
    assert found_after_kill(acting, to(aim, "16"), ran=False) == "did not run"
    assert found_after_kill(acting, to(aim, "16"), ran=True) == "ran"


def test_a_secret_and_a_file_are_not_shown_and_not_kept(bed: Bed, systems: Systems) -> None:
    canary = "hunter2-canary"
    bed.apply("v1", "ConfigMap", "llm-config", data={"DB_PASSWORD": canary, "app.yaml": "a: 1\nb: 2\n", "URL": "x"})
    aim = Aim("configmap", "llm-config", bed.namespace)
    for key, value in (("DB_PASSWORD", "other"), ("URL", f"postgres://app:{canary}@db/x")):
        with pytest.raises(BadRequestError, match="looks like a secret") as caught:
            planned(systems, to(aim, value, key=key))
        assert canary not in str(caught.value)
    with pytest.raises(BadRequestError, match="more than a line of plain text"):
        planned(systems, to(aim, "x", key="app.yaml"))
    with pytest.raises(BadRequestError, match="more than a line of plain text"):
        planned(systems, to(aim, "a\x1b]52;c;x\x07", key="URL"))


def test_what_makes_no_sense_is_said_in_words(bed: Bed, systems: Systems) -> None:
    aim = config(bed)
    reader(bed, "llm")
    for request, words in (
        (Request("config-value", aim, {"key": "BATCH_SIZE"}), "say the value"),
        (to(aim, "1", key="a b"), "letters, digits"),
        (to(aim, "16", restart="deployment/gateway"), "some of those that read it: deployment/llm"),
        (to(Aim("deployment", "llm", bed.namespace), "1"), "this is done to a configmap"),
        (Request("config-value", Aim("configmap", ""), {"key": "K", "value": "1", "name": "x"}), "NAMESPACE/NAME"),
    ):
        with pytest.raises(BadRequestError, match=words):
            planned(systems, request)


def test_the_record_keeps_the_plan_whole_and_the_commands_do_the_same(
    bed: Bed, systems: Systems, kubectl: Kubectl, world: World
) -> None:
    config(bed)
    reader(bed, "llm")
    named = {"name": f"{bed.namespace}/llm-config", "key": "BATCH_SIZE", "value": "12; rm -rf '~'"}
    plan = planned(systems, Request("config-value", Aim("configmap", ""), named))
    assert plan.request.aim == Aim("configmap", "llm-config", bed.namespace)
    told = msgspec.json.decode(msgspec.json.encode(plan))
    assert redact(told) == told
    for command in plan.by_hand[:2]:
        kubectl(*shlex.split(command)[5:], namespace=bed.namespace)
    assert data(bed)["BATCH_SIZE"] == "12; rm -rf '~'"
    assert restarted(bed, "llm") != ""
    assert [each.right.partition(" in ")[0] for each in plan.permissions] == [
        "patch configmaps llm-config",
        "patch deployments.apps llm",
    ]
    assert all(each.allowed for each in plan.permissions)


def test_a_pod_of_a_job_is_named_as_one_that_nobody_restarts(bed: Bed, systems: Systems) -> None:
    aim = config(bed)
    box = {"name": "app", "image": "app:1.0.0", "envFrom": [{"configMapRef": {"name": "llm-config"}}]}
    bed.api.create(
        path_of("v1", "Pod", namespace=bed.namespace),
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "alone"}, "spec": {"containers": [box]}},
    )
    assert about(
        planned(systems, to(aim, "16")), "pods that nobody restarts read it too, and keep the old value: alone"
    )


def test_who_may_not_read_maps_is_told_so(bed: Bed, world: World) -> None:
    from wfconsole.sources.contract import SourceError

    viewer = Systems(ActingSettings(kubeconfig=str(world.viewer.kubeconfig)), SystemClock())
    with pytest.raises(SourceError, match="configmaps"):
        planned(viewer, to(config(bed), "16"))
