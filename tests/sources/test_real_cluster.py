"""The sources on a real API server, with real controllers, as the least-privileged user."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tests.collector.process import ALL, CollectorProcess
from tests.rig.api import MERGE, STRATEGIC, Api, ApiError, wait_for
from tests.rig.cluster import Cluster
from tests.rig.etcd import Etcd
from tests.rig.fixtures import World
from tests.sources.bad_pods import KINDS, box, container, status
from tests.sources.scribing import Scribe
from wfconsole.clock import HOUR, SystemClock
from wfconsole.observations.changes import recent_changes
from wfconsole.observations.levels import Level
from wfconsole.observations.pods import PodRow, judge_pod
from wfconsole.sources.kubernetes import payloads
from wfconsole.sources.kubernetes.client import Server
from wfconsole.sources.kubernetes.cluster import DEPLOYMENTS
from wfconsole.sources.kubernetes.glance import Glance
from wfconsole.sources.kubernetes.kubeconfig import load_access
from wfconsole.sources.kubernetes.payloads import Pod
from wfconsole.sources.kubernetes.pod_mirror import PodMirror
from wfconsole.sources.kubernetes.pods import pod_row
from wfconsole.sources.kubernetes.reflector import FROM_MEMORY, Reflector
from wfconsole.sources.kubernetes.workloads import WorkloadMirror
from wfconsole.text import is_safe

pytestmark = pytest.mark.rig

SETTINGS = {"flush_ms": 50, "intervals": dict.fromkeys(ALL, 1000)}
GATEWAY = "Deployment/production/wearforce-clean-gateway"
DEPLOYMENT = "/apis/apps/v1/namespaces/production/deployments/wearforce-clean-gateway"


def watching(kubeconfig: Path, **more: object) -> CollectorProcess:
    return CollectorProcess({**SETTINGS, "kubeconfig": str(kubeconfig), **more})


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace of one test."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    cluster.api.create("/api/v1/namespaces", {"metadata": {"name": name}})
    path = f"/api/v1/namespaces/{name}/serviceaccounts/default"
    wait_for("the service account", lambda: _or_none(lambda: cluster.api.get(path)))
    yield name
    cluster.api.delete(f"/api/v1/namespaces/{name}")


def _or_none(read: Callable[[], Any]) -> Any:
    with contextlib.suppress(Exception):
        return read()
    return None


def placed(api: Api, namespace: str, name: str, spec: dict[str, Any], pod_status: dict[str, Any]) -> None:
    """A pod with the status of somebody's choice. Nobody schedules it, so it stays: one that is on a node which is not
    there is deleted by the control plane before long."""
    pods = f"/api/v1/namespaces/{namespace}/pods"
    api.create(pods, {"metadata": {"name": name}, "spec": {"schedulerName": "nobody", **spec}})
    api.patch(f"{pods}/{name}/status", {"status": pod_status}, MERGE)


# --- what is there --------------------------------------------------------------------------------------------------


def test_every_source_shows_the_world(world: World) -> None:
    with watching(world.viewer.kubeconfig) as collector:
        collector.until_well()
        collector.until(lambda: not any(each.partial for each in collector.snapshots.values()), "all of it")
        shown = {name: dict(snapshot.rows) for name, snapshot in collector.snapshots.items()}
        gateway = shown["workloads"][GATEWAY]
        assert (gateway.desired, gateway.ready, gateway.progressing, len(gateway.images)) == (4, 4, False, 2)
        pods = [row for row in shown["pods"].values() if row.owner == "wearforce-clean-gateway"]
        assert [(row.owner_kind, row.status, row.ready, row.containers) for row in pods] == [
            ("Deployment", "Running", True, ())
        ] * 4
        assert shown["hpas"]["production/wearforce-clean-gateway"].maximum == 10
        models = shown["nodes"]["gpu-node-1"]
        assert (models.gpus, models.gpu_resource, models.ready) == (1, "nvidia.com/gpu", True)
        on_node = [row for row in shown["pods"].values() if row.node == "gpu-node-1"]
        assert models.pods == sum(row.phase not in ("Succeeded", "Failed") for row in on_node)
        assert models.cpu_requested > 0
        assert any(each.type == "Ready" and each.status == "True" and each.since for each in models.conditions)
        assert models.taints == ()
        assert any(row.reason == "ScalingReplicaSet" for row in shown["events"].values())


def test_an_autoscaler_says_in_its_own_words_whether_it_can_see(world: World) -> None:
    with watching(world.viewer.kubeconfig, sources=["hpas"]) as collector:

        def said() -> Any:
            row = collector.snapshots["hpas"].rows.get("production/wearforce-clean-gateway")
            return row is not None and {each.type: each for each in row.conditions}.get("ScalingActive")

        collector.until_well(("hpas",))
        active = collector.until(said, "its controller has looked at it", 60)
        assert active.status in ("True", "False")
        assert "the HPA was" in active.message
        assert active.since > 0


def test_what_nobody_changes_costs_no_patch_with_rows(world: World) -> None:
    with watching(world.viewer.kubeconfig, sources=["workloads"]) as collector:
        collector.until_well(("workloads",))
        collector.until(lambda: not collector.snapshots["workloads"].partial, "all of it")
        before = len(collector.history)

        def nothing_new() -> bool:
            """Whatever the test before has set going is over by then."""
            looks = collector.history[before:][-4:]
            return len(looks) == 4 and not any(snapshot.changed for snapshot in looks)

        collector.until(nothing_new, "four looks without a row")


def printed_by_the_server(api: Api, namespace: str) -> dict[str, tuple[str, str, int]]:
    """READY, STATUS and RESTARTS as the server's own printer gives them."""
    accept = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    table = api.request("GET", f"/api/v1/namespaces/{namespace}/pods", headers=accept).json()
    columns = [column["name"].lower() for column in table["columnDefinitions"]]
    rows = {}
    for row in table["rows"]:
        cells = dict(zip(columns, row["cells"], strict=True))
        restarts = int(re.match(r"\d+", str(cells["restarts"]))[0])  # type: ignore[index]
        rows[cells["name"]] = (cells["ready"], cells["status"], restarts)
    return rows


def at_first_look(cluster: Cluster, namespace: str) -> dict[str, PodRow]:
    """The pods of one namespace as the first look at a large cluster shows them."""
    mirror = PodMirror()
    server = Server(load_access(str(cluster.viewer.kubeconfig), ""))
    client = server.client()
    assert any(Glance(server, mirror).take(client, frozenset((namespace,)), FROM_MEMORY))
    client.close()
    rows = (msgspec.json.decode(row, type=PodRow) for row in mirror.table.rows().values())
    return {row.name: row for row in rows}


def test_pods_are_told_in_the_very_words_of_the_servers_printer(cluster: Cluster, namespace: str) -> None:
    named = {f"p{number}": kind for number, kind in enumerate(KINDS.values())}
    for name, kind in named.items():
        placed(cluster.api, namespace, name, kind.spec, kind.status)
        if kind.deleted:
            cluster.api.patch(
                f"/api/v1/namespaces/{namespace}/pods/{name}",
                {"metadata": {"finalizers": ["test.example/stay"]}},
                MERGE,
            )
            cluster.api.delete(f"/api/v1/namespaces/{namespace}/pods/{name}")
    try:
        theirs = printed_by_the_server(cluster.api, namespace)
        items = cluster.api.items(f"/api/v1/namespaces/{namespace}/pods")
        glimpsed = at_first_look(cluster, namespace)
    finally:
        for name, kind in named.items():
            if kind.deleted:
                path = f"/api/v1/namespaces/{namespace}/pods/{name}"
                cluster.api.patch(path, {"metadata": {"finalizers": None}}, MERGE)
    rows = {row.name: row for row in (pod_row(msgspec.convert(item, Pod)) for item in items)}
    ours = {
        name: (f"{row.ready_containers}/{row.all_containers}", row.status, row.restarts) for name, row in rows.items()
    }
    assert ours == theirs
    same = ("status", "ready_containers", "all_containers", "restarts", "node", "ready")
    assert {name: [getattr(row, field) for field in same] for name, row in glimpsed.items()} == {
        name: [getattr(row, field) for field in same] for name, row in rows.items()
    }
    now = SystemClock().now()

    def critical(told: dict[str, PodRow]) -> set[str]:
        return {name for name, row in told.items() if judge_pod(row, now).level == Level.CRITICAL}

    assert critical(glimpsed) <= critical(rows)
    assert {word for _, word, _ in theirs.values()} >= {"Init:CrashLoopBackOff", "Terminating", "Evicted", "NotReady"}


# --- what goes wrong ------------------------------------------------------------------------------------------------


def gateway_pods(collector: CollectorProcess) -> list[PodRow]:
    rows = collector.snapshots["pods"].rows.values() if "pods" in collector.snapshots else ()
    return [row for row in rows if row.owner == "wearforce-clean-gateway"]


def test_a_crash_loop_is_seen_with_its_last_end_and_its_logs(world: World) -> None:
    with watching(world.viewer.kubeconfig, sources=["pods", "workloads"]) as collector:
        collector.until_well(("pods", "workloads"))
        collector.until(lambda: collector.snapshots["workloads"].rows.get(GATEWAY), "the gateway")
        world.fault("crash-loop")

        def crashed() -> PodRow | None:
            looping = [row for row in gateway_pods(collector) if row.status == "CrashLoopBackOff" and row.restarts]
            return looping[0] if looping else None

        row: PodRow = collector.until(crashed, "a crash loop", 60)
        crashing = next(each for each in row.containers if each.restarts)
        assert (crashing.state, crashing.last_exit_code) == ("waiting", 1)
        assert row.restarted_at > 0
        assert row.ready is False
        collector.until(lambda: collector.snapshots["workloads"].rows[GATEWAY].ready < 4, "readiness lost", 30)
        collector.send({"type": "pod", "id": "1", "namespace": row.namespace, "name": row.name, "log_lines": 20})
        detail = collector.until(lambda: collector.answers, "an answer")[0].detail
        assert detail is not None
        logs = {(log.container, log.previous): log for log in detail.logs}
        assert logs[crashing.name, True].lines
        assert all(is_safe(line) for log in detail.logs for line in log.lines)
        assert any(event.reason == "BackOff" for event in detail.events)
        world.recover()
        collector.until(lambda: collector.snapshots["workloads"].rows[GATEWAY].ready == 4, "readiness regained", 60)


def test_several_faults_at_once_are_each_seen(world: World) -> None:
    for fault in ("node-pressure", "hpa-blind", "pending-no-gpu", "bad-image"):
        world.fault(fault)
    with watching(world.viewer.kubeconfig) as collector:

        def seen() -> dict[str, bool]:
            rows = {name: list(collector.snapshots[name].rows.values()) for name in collector.snapshots}
            if not set(rows) >= set(ALL):
                return {"all sources": False}
            return {
                "pressure": any("MemoryPressure" in row.pressures for row in rows["nodes"]),
                "blind": all(row.blind for row in rows["hpas"]) and bool(rows["hpas"]),
                "pending": any("Insufficient nvidia.com/gpu" in row.message for row in rows["pods"]),
                "image": any(row.status in ("ErrImagePull", "ImagePullBackOff") for row in rows["pods"]),
                "evicted": any(row.reason == "Evicted" for row in rows["events"]),
                "judged as evicted": any(judge_pod(row, row.ready_since).kind == "evicted" for row in rows["pods"]),
                "rollout": any(row.progressing and row.kind == "Deployment" for row in rows["workloads"]),
                "use unknown": "unknown" in collector.snapshots["nodes"].facts.get("use", ""),
            }

        try:
            collector.until(lambda: all(seen().values()), "every fault", 90)
        except AssertionError as error:
            pytest.fail(f"{seen()}; {error}")


def test_a_restart_and_a_new_image_are_told_apart(world: World) -> None:
    with watching(world.viewer.kubeconfig, sources=["workloads"]) as collector:
        collector.until_well(("workloads",))
        before = collector.until(lambda: collector.snapshots["workloads"].rows.get(GATEWAY), "the gateway").revision
        restarted = {"kubectl.kubernetes.io/restartedAt": "2026-03-01T10:00:00Z"}
        change = {"spec": {"template": {"metadata": {"annotations": restarted}}}}
        world.api.patch(DEPLOYMENT, change, STRATEGIC)
        row = collector.until(lambda: _revision(collector, before + 1), "the restart", 60)
        assert row.revisions[0].restart_only
        rollout = {
            "spec": {"template": {"spec": {"containers": [{"name": "gateway", "image": _new_image(row.images)}]}}}
        }
        world.api.patch(DEPLOYMENT, rollout, STRATEGIC)
        row = collector.until(lambda: _revision(collector, before + 2), "the rollout", 60)
        assert not row.revisions[0].restart_only
        assert row.revisions[0].images != row.revisions[1].images


def test_a_new_image_of_a_stateful_set_and_its_rollback_are_each_told_once(world: World) -> None:
    path = "/apis/apps/v1/namespaces/production/statefulsets/postgresql"

    def set_image(image: str) -> None:
        boxes = [{"name": "postgresql", "image": image}]
        world.api.patch(path, {"spec": {"template": {"spec": {"containers": boxes}}}}, STRATEGIC)

    with watching(world.viewer.kubeconfig, sources=["workloads"]) as collector:
        scribe = Scribe(collector)
        collector.until_well(("workloads",))
        collector.until(lambda: not collector.snapshots["workloads"].partial, "all of it")
        scribe.hear()
        row = collector.snapshots["workloads"].rows["StatefulSet/production/postgresql"]
        first, good = row.revision, next(each for each in row.images if "/postgresql:" in each)
        try:
            set_image(good.rpartition(":")[0] + ":17.9")
            rolled = scribe.until("once", "17.9", of=f"/postgresql {first + 1}")
        finally:
            set_image(good)
        back = scribe.until("once", "rolled back", of=f"/postgresql {first + 2}")
        scribe.looked("workloads")
    old = good.rpartition("/")[2]
    assert rolled.text.endswith(f"postgresql revision {first} -> {first + 1}: image {old} -> postgresql:17.9")
    assert back.text.endswith(
        f"postgresql revision {first + 1} -> {first + 2} (rolled back): image postgresql:17.9 -> {old}"
    )
    of_database = [each.key for each in scribe.said if each.phase == "once" and "/postgresql " in f"{each.key} "]
    assert of_database == [rolled.key, back.key]
    told = [(each.revision, each.text) for each in recent_changes(scribe.world, SystemClock().now(), HOUR)]
    assert [number for number, text in told if text.startswith("postgresql ")][:2] == [first + 2, first + 1]


def _revision(collector: CollectorProcess, number: int) -> Any:
    row = collector.snapshots["workloads"].rows[GATEWAY]
    return row if row.revision == number and row.revisions and row.revisions[0].number == number else None


def _new_image(images: tuple[str, ...]) -> str:
    return next(image for image in images if "gateway" in image).rpartition(":")[0] + ":2.14.4"


def test_a_state_that_etcd_has_dropped_is_not_read_again_and_again(world: World) -> None:
    """Of what nobody changes the API server remembers a version that is minutes old. Its first page is there, and
    expired before anybody can ask for the second."""
    deployments = "/apis/apps/v1/deployments"
    with Etcd(world.cluster.server("etcd").ports[0]) as etcd:

        def has_expired() -> bool:
            note = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "note", "namespace": "default"}}
            world.api.apply({**note, "data": {"now": uuid.uuid4().hex}})
            etcd.compact()
            page = world.api.get(deployments, limit="1", **FROM_MEMORY)
            try:
                world.api.get(deployments, limit="1", **{"continue": page["metadata"]["continue"]})
            except ApiError as error:
                return error.code == 410
            return False

        wait_for("a first page without a second", has_expired)
    mirror = WorkloadMirror()
    server = Server(load_access(str(world.viewer.kubeconfig), ""))
    reflector = Reflector[Any](server, DEPLOYMENTS, payloads.Deployment, mirror.deployments, window_ms=1000)
    reflector._page = 1
    reflector.step(lambda: None)
    reflector.cut()
    there = {
        f"Deployment/{each['metadata']['namespace']}/{each['metadata']['name']}"
        for each in world.api.items(deployments)
    }
    assert len(there) > 1
    assert set(mirror.take()) == there


def test_a_frozen_api_server_is_told_in_seconds_and_over_when_it_thaws(world: World) -> None:
    with watching(world.viewer.kubeconfig, deadline_ms=1000) as collector:
        collector.until_well()
        pid = world.cluster.server("kube-apiserver").pid
        os.kill(pid, signal.SIGSTOP)
        try:
            collector.until_failing("timeout", seconds=20)
            pods = collector.snapshots["pods"]
            last = next(each for each in reversed(collector.history) if each.source == "pods" and not each.failure)
            assert pods.rows == last.rows
            assert pods.failure is not None
            assert pods.good_at is not None
            assert pods.good_at <= pods.failure.since
        finally:
            os.kill(pid, signal.SIGCONT)
        collector.until_well(seconds=30)


# --- who may see what -----------------------------------------------------------------------------------------------


def limited_user(cluster: Cluster, namespace: str, folder: Path, rules: list[dict[str, Any]]) -> Path:
    """A kubeconfig for a service account that has these rules in its own namespace, and nothing else."""
    api = cluster.api
    base = f"/api/v1/namespaces/{namespace}"
    api.create(f"{base}/serviceaccounts", {"metadata": {"name": "limited"}})
    roles = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    api.create(f"{roles}/roles", {"metadata": {"name": "limited"}, "rules": rules})
    api.create(
        f"{roles}/rolebindings",
        {
            "metadata": {"name": "limited"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "limited"},
            "subjects": [{"kind": "ServiceAccount", "name": "limited", "namespace": namespace}],
        },
    )
    token = api.create(f"{base}/serviceaccounts/limited/token", {"spec": {}})["status"]["token"]
    config = yaml.safe_load(cluster.viewer.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": token}
    config["contexts"][0]["context"]["namespace"] = namespace
    path = folder / "limited.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


def test_who_may_see_one_namespace_sees_that_one_and_is_told(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]
    kubeconfig = limited_user(cluster, namespace, tmp_path, rules)
    kind = KINDS["crash loop"]
    placed(cluster.api, namespace, "mine", kind.spec, kind.status)
    with watching(kubeconfig, sources=["pods", "nodes"]) as collector:
        collector.until(lambda: collector.snapshots["pods"].rows if "pods" in collector.snapshots else None, "my pod")
        pods = collector.snapshots["pods"]
        assert set(pods.rows) == {f"{namespace}/mine"}
        assert f"only namespace {namespace}" in pods.partial
        collector.until_failing("denied", ("nodes",))
        failure = collector.snapshots["nodes"].failure
        assert failure is not None
        assert "nodes is forbidden" in failure.message
        assert "Grant get, list and watch on nodes" in failure.remedy


def test_each_right_that_is_refused_is_said_once_with_its_grant_and_once_when_it_is_there(
    cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    def rule(group: str, resources: list[str], *verbs: str) -> dict[str, Any]:
        return {"apiGroups": [group], "resources": resources, "verbs": list(verbs)}

    lists, apps = ("get", "list", "watch"), ["deployments", "statefulsets", "replicasets"]
    kubeconfig = limited_user(cluster, namespace, tmp_path, [rule("", ["pods"], "list"), rule("apps", apps, *lists)])
    with watching(kubeconfig, sources=["pods", "workloads"]) as collector:
        scribe = Scribe(collector)
        daemons = scribe.until("began", 'cannot list resource "daemonsets"')
        assert daemons.text.endswith(f"; Grant get, list and watch on daemonsets.apps in {namespace}.")
        of_sets = scribe.until("began", "revisions of stateful and daemon sets unknown")
        assert of_sets.text.endswith(f"; Grant get, list and watch on controllerrevisions.apps in {namespace}.")
        watch = scribe.until("began", "watch pods: not allowed")
        assert watch.text.endswith("; grant watch on pods")
        narrow = scribe.until("began", f"only namespace {namespace}")
        assert "ClusterRoleBinding" in narrow.text
        scribe.looked("pods")
        scribe.looked("workloads")
        assert sorted(each.key for each in scribe.said if each.phase == "began") == sorted(
            each.key for each in (daemons, of_sets, watch, narrow)
        )

        role = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/roles/limited"
        rules = [rule("", ["pods"], *lists), rule("apps", [*apps, "daemonsets", "controllerrevisions"], *lists)]
        cluster.api.patch(role, {"rules": rules}, MERGE)
        for source in ("pods", "workloads"):
            collector.send({"type": "retry", "id": source, "source": source})
        assert scribe.until("ended", f"list daemonsets.apps in {namespace} is not refused any more").key == daemons.key
        over = scribe.until("ended", f"list controllerrevisions.apps in {namespace} is not refused any more")
        assert over.key == of_sets.key
        assert scribe.until("ended", "watch pods is not refused any more").key == watch.key
        assert narrow.key not in {each.key for each in scribe.said if each.phase == "ended"}


def test_who_may_list_and_not_watch_is_shown_changes_all_the_same(
    cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
    kubeconfig = limited_user(cluster, namespace, tmp_path, rules)
    with watching(kubeconfig, sources=["pods"]) as collector:
        collector.until(
            lambda: (
                "grant watch" in collector.snapshots["pods"].facts.get("watch", "")
                if "pods" in collector.snapshots
                else False
            ),
            "a word about the watch",
        )
        placed(cluster.api, namespace, "new", KINDS["crash loop"].spec, KINDS["crash loop"].status)
        collector.until(lambda: f"{namespace}/new" in collector.snapshots["pods"].rows, "the new pod", 30)


def test_a_token_that_the_server_does_not_know_is_denied(cluster: Cluster, tmp_path: Path) -> None:
    config = yaml.safe_load(cluster.viewer.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": "nobody"}
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(config))
    with watching(path) as collector:
        collector.until_failing("denied")
        failure = collector.snapshots["pods"].failure
        assert failure is not None
        assert "401" in failure.message


def test_a_server_whose_certificate_we_do_not_trust_is_told(cluster: Cluster, tmp_path: Path) -> None:
    config = yaml.safe_load(cluster.viewer.kubeconfig.read_text())
    named = config["clusters"][0]["cluster"]
    del named[next(key for key in named if key.startswith("certificate-authority"))]
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(config))
    with watching(path, sources=["pods"]) as collector:
        collector.until_failing("configuration", ("pods",))
        failure = collector.snapshots["pods"].failure
        assert failure is not None
        assert "certificate" in failure.message
        assert "certificate-authority" in failure.remedy


# --- strangers' words -----------------------------------------------------------------------------------------------

EVIL = [
    "[/]", "[@click=app.quit]x[/]", "\x1b]52;c;ZWNobyBoaQ==\x07", "\x1b[2J\x1b[1;1H", "\x9b31mred", "\u202etxt.exe",
    "zero\u200bwidth", "bell\x07back\x08", "x" * 10_000, "two\nlines\ttab", "\x7f",
]  # fmt: skip


def every_string(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from every_string(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from every_string(inner)


def test_hostile_text_from_the_api_server_arrives_inert_and_visible(cluster: Cluster, namespace: str) -> None:
    for number, evil in enumerate(EVIL):
        spec = {"containers": [container(image=f"registry.example/{evil[:200]}:1")]}
        boxes = box(waiting={"reason": "CrashLoopBackOff", "message": evil})
        placed(cluster.api, namespace, f"evil-{number}", spec, status("Running", boxes, message=evil))
        cluster.api.create(
            f"/api/v1/namespaces/{namespace}/events",
            {
                "metadata": {"name": f"evil-{number}"},
                "involvedObject": {"kind": "Pod", "name": f"evil-{number}", "namespace": namespace},
                "type": "Warning",
                "reason": "Evil",
                "message": evil,
                "lastTimestamp": "2026-03-01T10:00:00Z",
                "source": {"component": evil[:60]},
            },
        )
    with watching(cluster.viewer.kubeconfig, sources=["pods", "events"], namespaces=[namespace]) as collector:

        def arrived() -> bool:
            counts = [len(collector.snapshots[name].rows) for name in ("pods", "events") if name in collector.snapshots]
            return len(counts) == 2 and min(counts) >= len(EVIL)

        collector.until(arrived, "all of it")
        for name in ("pods", "events"):
            for text in every_string(msgspec.to_builtins(dict(collector.snapshots[name].rows))):
                assert is_safe(text), repr(text)
        collector.send({"type": "pod", "id": "1", "namespace": namespace, "name": "evil-2"})
        answer = collector.until(lambda: collector.answers, "an answer")[0]
        for text in every_string(msgspec.to_builtins(answer)):
            assert is_safe(text), repr(text)
        messages = " ".join(row.message for row in collector.snapshots["events"].rows.values())
        assert "␛]52;c;" in messages
        assert "[/]" in messages


def test_an_etcd_that_is_gone_makes_every_row_doubtful(world: World) -> None:
    """The API server goes on answering from its memory: without a look at its readiness all would seem calm."""
    with watching(world.viewer.kubeconfig, sources=["pods", "hpas"]) as collector:
        collector.until_well(("pods", "hpas"))
        pid = world.cluster.server("etcd").pid
        os.kill(pid, signal.SIGSTOP)
        try:
            collector.until(
                lambda: all("etcd" in _doubt(collector, name) for name in ("pods", "hpas")), "doubt about etcd", 40
            )
            assert collector.snapshots["pods"].rows
        finally:
            os.kill(pid, signal.SIGCONT)
        collector.until(lambda: not any(_doubt(collector, name) for name in ("pods", "hpas")), "no doubt", 40)


def _doubt(collector: CollectorProcess, name: str) -> str:
    snapshot = collector.snapshots[name]
    return snapshot.partial + (snapshot.failure.message if snapshot.failure is not None else "")
