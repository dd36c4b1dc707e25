"""The control plane is real: its version, its rights, its logs and its metrics."""

from pathlib import Path

import pytest
import yaml
from kubernetes import client, config

from tests.rig import world as names
from tests.rig.api import ApiError, condition, path_of
from tests.rig.cluster import Cluster
from tests.rig.fixtures import World

pytestmark = pytest.mark.rig

READ_BY_THE_CONSOLE = [
    ("v1", "Pod"),
    ("v1", "Event"),
    ("v1", "Node"),
    ("v1", "Service"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "ReplicaSet"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("discovery.k8s.io/v1", "EndpointSlice"),
    ("events.k8s.io/v1", "Event"),
    ("networking.k8s.io/v1", "Ingress"),
]


def test_the_server_says_its_version(cluster: Cluster) -> None:
    version = cluster.api.get("/version")
    assert (int(version["major"]), int(version["minor"].rstrip("+"))) >= (1, 34)


def test_both_kubeconfigs_work_with_the_official_client(world: World) -> None:
    for access in (world.admin, world.viewer):
        api = client.CoreV1Api(config.new_client_from_config(str(access.kubeconfig)))
        assert api.list_node(_request_timeout=5).items


def test_only_the_owner_can_read_the_kubeconfigs(cluster: Cluster) -> None:
    for access in (cluster.admin, cluster.viewer):
        assert access.kubeconfig.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("api_version", "kind"), READ_BY_THE_CONSOLE)
def test_the_viewer_may_list_what_the_console_reads(world: World, api_version: str, kind: str) -> None:
    viewer = world.cluster.client(world.viewer)
    assert "items" in viewer.get(path_of(api_version, kind))


@pytest.mark.parametrize("kind", ["Secret", "ConfigMap", "ServiceAccount"])
def test_the_viewer_may_not_read_secrets_and_configuration(cluster: Cluster, kind: str) -> None:
    viewer = cluster.client(cluster.viewer)
    with pytest.raises(ApiError, match="403"):
        viewer.get(path_of("v1", kind, namespace="kube-system"))


def test_the_viewer_may_change_nothing(world: World) -> None:
    viewer = world.cluster.client(world.viewer)
    with pytest.raises(ApiError, match="403"):
        viewer.delete(path_of("v1", "Pod", world.pods()[0]["metadata"]["name"], names.NAMESPACE))
    scale = path_of("apps/v1", "Deployment", names.GATEWAY, names.NAMESPACE) + "/scale"
    with pytest.raises(ApiError, match="403"):
        viewer.patch(scale, {"spec": {"replicas": 1}})


def test_the_role_that_ships_has_no_verb_that_changes_anything() -> None:
    path = Path(__file__).parents[2] / "wfconsole/sources/kubernetes/viewer-clusterrole.yaml"
    rules = yaml.safe_load(path.read_text())["rules"]
    assert {verb for rule in rules for verb in rule["verbs"]} <= {"get", "list", "watch"}


def test_the_world_is_the_runbooks(world: World) -> None:
    deployments = world.api.items(path_of("apps/v1", "Deployment", namespace=names.NAMESPACE))
    assert {(item["metadata"]["name"], item["spec"]["replicas"]) for item in deployments} == {
        (names.GATEWAY, 4),
        (names.LLM, 2),
    }
    stateful = world.api.items(path_of("apps/v1", "StatefulSet", namespace=names.NAMESPACE))
    assert {item["metadata"]["name"] for item in stateful} == {"postgresql", "postgresql-read", "redis-master"}
    nodes = world.api.items(path_of("v1", "Node"))
    assert all(condition(node, "Ready") == "True" for node in nodes)
    assert sum(int(node["status"]["allocatable"].get(names.GPU, 0)) for node in nodes) == 2


def test_a_container_has_its_own_log_with_times(world: World) -> None:
    path = path_of("v1", "Pod", "postgresql-0", names.NAMESPACE) + "/log"
    lines = world.api.text(path, container="postgresql", tailLines="3", timestamps="true").splitlines()
    assert len(lines) == 3
    assert all("LOG:" in line and line[:2] == "20" for line in lines)


def test_a_container_that_never_restarted_has_no_previous_log(world: World) -> None:
    path = path_of("v1", "Pod", "postgresql-0", names.NAMESPACE) + "/log"
    with pytest.raises(ApiError, match="400"):
        world.api.text(path, container="postgresql", previous="true")


@pytest.mark.slow
def test_use_comes_through_the_metrics_api_to_the_viewer(world: World) -> None:
    world.await_metrics()
    viewer = world.cluster.client(world.viewer)
    path = path_of("metrics.k8s.io/v1beta1", "PodMetrics", "postgresql-0", names.NAMESPACE)
    cpu = {item["name"]: item["usage"]["cpu"] for item in viewer.get(path)["containers"]}
    assert set(cpu) == {"postgresql", "metrics"}
    assert cpu["postgresql"].endswith("n")
    nodes = viewer.items(path_of("metrics.k8s.io/v1beta1", "NodeMetrics"))
    assert {item["metadata"]["name"] for item in nodes} == {"node-1", "node-2", "node-3", "gpu-node-1", "gpu-node-2"}
