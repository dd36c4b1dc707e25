"""The doctor on a Kubernetes that answers what no real one can be made to: odd clocks, refusals, silence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.collector.examined import Examined
from tests.collector.process import kubeconfig_for
from tests.sources.api_double import ApiDouble, Conversation, Dated, Request, silence, well
from wfconsole.clock import SECOND, SystemClock
from wfconsole.sources.kubernetes.rights import ACTOR, VIEWER, Right, grant, path_of, rights_of

SERVED = ("pods", "workloads", "hpas", "nodes", "events")


@pytest.fixture
def double() -> Iterator[ApiDouble]:
    with ApiDouble() as server:
        yield server


def examined(double: ApiDouble, folder: Path, within_ms: int = 60_000, **settings: object) -> Examined:
    told = {"kubeconfig": kubeconfig_for(double.url, folder), "sources": SERVED, **settings}
    return Examined("kubernetes", told, within_ms)


@pytest.mark.parametrize(("ahead_s", "side"), [(7200, "ahead"), (-36, "behind")])
def test_a_clock_that_is_off_is_told_with_its_side(double: ApiDouble, tmp_path: Path, ahead_s: int, side: str) -> None:
    double.behaviour = lambda talk, request: well(Dated(talk, SystemClock().now() + ahead_s * SECOND), request)
    clock = examined(double, tmp_path)["clock"]
    assert clock.state == "problem"
    told = re.fullmatch(rf"the server's clock is {side} by (\d+) s", clock.detail)
    assert told is not None
    assert int(told[1]) == pytest.approx(abs(ahead_s), abs=2)  # dates of HTTP have whole seconds
    assert "timedatectl" in clock.remedy


def test_a_clock_that_is_right_is_well_and_one_that_nobody_tells_is_not_known(
    double: ApiDouble, tmp_path: Path
) -> None:
    assert examined(double, tmp_path)["clock"].state == "unknown"
    double.behaviour = lambda talk, request: well(Dated(talk, SystemClock().now()), request)
    assert examined(double, tmp_path)["clock"].state == "ok"


def test_a_right_is_asked_for_in_each_namespace_that_is_looked_at(double: ApiDouble, tmp_path: Path) -> None:
    def only_production(talk: Conversation, request: Request) -> None:
        if not request.path.endswith("selfsubjectaccessreviews"):
            return well(talk, request)
        asked = json.loads(request.body)["spec"]["resourceAttributes"]
        allowed = asked["resource"] != "deployments" or asked["namespace"] == "production"
        talk.answer(json.dumps({"status": {"allowed": allowed}}).encode(), "201 Created")
        return None

    double.behaviour = only_production
    found = examined(double, tmp_path, namespaces=("production", "staging"))
    assert found["list deployments.apps"].detail == "denied in staging"
    assert found["list deployments.apps"].run[-1].endswith("--user=someone -n staging")
    assert found["list nodes"].state == "ok"
    asked = [json.loads(each.body)["spec"] for each in double.requests if b"resourceAttributes" in each.body]
    assert {each["resourceAttributes"].get("namespace") for each in asked} == {None, "production", "staging"}


def test_who_names_namespaces_needs_no_right_to_list_them(double: ApiDouble, tmp_path: Path) -> None:
    assert "list namespaces" in examined(double, tmp_path).named("permission")
    named = examined(double, tmp_path, namespaces=("production",)).named("permission")
    assert "list namespaces" not in named


def test_whoever_may_do_everything_is_told_so(double: ApiDouble, tmp_path: Path) -> None:
    found = examined(double, tmp_path)
    assert found["authenticated"].detail == "someone (may do everything)"
    double.behaviour = lambda talk, request: (
        talk.answer(b'{"status":{"allowed":false}}', "201 Created") if b'"*"' in request.body else well(talk, request)
    )
    assert examined(double, tmp_path)["authenticated"].detail == "someone"


def test_a_refused_login_is_no_lack_of_rights(double: ApiDouble, tmp_path: Path) -> None:
    double.behaviour = lambda talk, _: talk.answer(b"{}", "401 Unauthorized")
    found = examined(double, tmp_path)
    assert found["reachable"].state == "ok"
    assert found["authenticated"].state == "problem"
    assert "Log in again" in found["authenticated"].remedy
    assert found["list pods"].state == "unknown"
    assert "t0ken" not in repr(found.checks)


def test_an_older_server_does_not_say_who_we_are_and_is_well_all_the_same(double: ApiDouble, tmp_path: Path) -> None:
    def older(talk: Conversation, request: Request) -> None:
        if request.path.startswith("/apis/authentication"):
            talk.answer(b'{"kind":"Status","code":404}', "404 Not Found")
        elif request.path == "/version":
            talk.answer(b'{"gitVersion":"v1.27.0"}')
        else:
            well(talk, request)

    double.behaviour = older
    found = examined(double, tmp_path)
    assert found["authenticated"].state == "ok"
    assert found["list pods"].state == "ok"


def test_a_server_that_never_answers_is_told_in_time(double: ApiDouble, tmp_path: Path) -> None:
    double.on_accept = silence
    found = examined(double, tmp_path, within_ms=500)
    assert found["reachable"].state == "problem"
    assert {check.state for check in found.checks if check.name != "reachable"} == {"unknown"}


def test_a_kubeconfig_that_names_nothing_is_told(tmp_path: Path) -> None:
    wrong = tmp_path / "kubeconfig"
    wrong.write_text("current-context: nowhere\n")
    found = Examined("kubernetes", {"kubeconfig": str(wrong)})
    assert found["reachable"].state == "problem"
    assert "nowhere" in found["reachable"].detail
    assert found["pods"].state == "unknown"


def test_rights_are_those_of_the_shipped_roles_and_are_named_as_kubectl_takes_them() -> None:
    names = {str(right) for right in rights_of(VIEWER)}
    assert {"list pods", "get pods/log", "watch horizontalpodautoscalers.autoscaling", "list nodes"} <= names
    assert "list nodes.metrics.k8s.io" in names
    assert all(right.verb in ("get", "list", "watch") for right in rights_of(VIEWER))
    assert Right("create", "pods/eviction") in rights_of(ACTOR)


def test_what_a_server_calls_us_is_no_part_of_a_command() -> None:
    _, bind = grant(VIEWER, "a; rm -rf ~", ())
    assert bind.endswith("'--user=a; rm -rf ~'")
    apply, bind = grant(ACTOR, "system:serviceaccount:ops:wfconsole", ("production",))
    assert apply == f"kubectl apply -f {path_of(ACTOR)}"
    assert bind.endswith("--serviceaccount=ops:wfconsole -n production")


def test_what_gpus_take_without_metrics_is_checked_where_it_was_asked_for(double: ApiDouble, tmp_path: Path) -> None:
    """The second way to GPUs is a source like any other, with rights of its own in one namespace."""

    def no_exec(talk: Conversation, request: Request) -> None:
        if b'"exec"' in request.body:
            talk.answer(b'{"status":{"allowed":false}}', "201 Created")
        elif request.path == "/api/v1/namespaces/gpu-operator/pods":
            talk.answer(b'{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[]}')
        else:
            well(talk, request)

    double.behaviour = no_exec
    assert "gpus" not in {check.source for check in examined(double, tmp_path).checks}
    found = examined(double, tmp_path, gpu={"exec_namespace": "gpu-operator"})
    assert found["list pods in gpu-operator"].state == "ok"
    for name in ("create pods/exec in gpu-operator", "get pods/exec in gpu-operator"):
        assert (found[name].source, found[name].state) == ("gpus", "problem")
        assert found[name].run[0].startswith("kubectl apply -n gpu-operator -f ")
        assert found[name].run[1] == (
            "kubectl create rolebinding wfconsole-gpu-exec --role=wfconsole-gpu-exec --user=someone -n gpu-operator"
        )
    assert found["gpus"].state == "problem"
    assert "gpu.exec_selector" in found["gpus"].remedy


@pytest.mark.parametrize(("ago_s", "state"), [(20, "ok"), (3600, "problem")])
def test_the_use_of_nodes_is_as_new_as_its_newest_measure(
    double: ApiDouble, tmp_path: Path, ago_s: int, state: str
) -> None:
    at = datetime.fromtimestamp(SystemClock().now() / SECOND - ago_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    name = "node-1"

    def measured(talk: Conversation, request: Request) -> None:
        if request.path == "/apis/metrics.k8s.io/v1beta1/nodes":
            usage = {"metadata": {"name": name}, "timestamp": at, "usage": {"cpu": "1", "memory": "1Gi"}}
            talk.answer(json.dumps({"metadata": {}, "items": [usage]}).encode())
        elif request.path == "/api/v1/nodes" and not request.watching:
            talk.answer(
                json.dumps({"metadata": {"resourceVersion": "7"}, "items": [{"metadata": {"name": name}}]}).encode()
            )
        else:
            well(talk, request)

    double.behaviour = measured
    check = examined(double, tmp_path)["use of nodes"]
    assert (check.aspect, check.state) == ("fresh", state)
    assert check.detail.startswith("newest ")
