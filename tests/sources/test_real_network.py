"""The network's sources on a real API server, as the least-privileged user; and what the shipped roles allow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.collector.process import CollectorProcess
from tests.rig.api import Api, ApiError, path_of, wait_for
from tests.rig.cluster import Cluster
from tests.rig.fixtures import World
from tests.sources.roles import ACTOR, VIEWER, granted
from tests.sources.test_real_cluster import limited_user, namespace

pytestmark = pytest.mark.rig

NETWORK = ("services", "ingresses", "isolation")
GATEWAY = "production/wearforce-clean-gateway"
__all__ = ["namespace"]  # a fixture


def watching(kubeconfig: Path, **more: object) -> CollectorProcess:
    settings = {"flush_ms": 50, "intervals": dict.fromkeys((*NETWORK, "pods"), 1000), "sources": ["pods", *NETWORK]}
    return CollectorProcess({**settings, "kubeconfig": str(kubeconfig), **more})


def rows(collector: CollectorProcess, source: str) -> dict[str, Any]:
    return dict(collector.snapshots[source].rows) if source in collector.snapshots else {}


def policy(name: str, namespace: str, **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def test_the_world_has_its_services_ways_in_and_open_pods(world: World) -> None:
    with watching(world.viewer.kubeconfig) as collector:
        collector.until_well(("pods", *NETWORK))
        collector.until(lambda: not any(each.partial for each in collector.snapshots.values()), "all of it")

        def four_of_each() -> Any:
            """Pods of a test before this one may still be on their way out."""
            row = rows(collector, "services")[GATEWAY]
            return row if (row.ready, row.endpoints, row.pods, row.pods_ready) == (4, 4, 4, 4) else None

        row = collector.until(four_of_each, "four endpoints of four pods", 30)
        assert (row.selector, row.ports[0].port) == ("app=wearforce-clean-gateway", 8080)
        api_server = rows(collector, "services")["default/kubernetes"]
        assert (api_server.selector, api_server.pods) == ("", None)
        ingress = rows(collector, "ingresses")["production/wearforce-clean-ingress"]
        assert [(path.host, path.state, path.ready) for path in ingress.paths] == [
            ("clean.wearforce.example", "ready", 4)
        ]
        isolation = rows(collector, "isolation")["production/Deployment/wearforce-clean-gateway"]
        assert (isolation.pods, isolation.policies_here, isolation.ingress.isolated) == (4, 0, False)


def test_policies_that_close_and_open_are_seen_as_one(world: World) -> None:
    api: Api = world.api
    key = "production/Deployment/wearforce-clean-gateway"
    deny = policy("deny", "production", podSelector={}, policyTypes=["Ingress", "Egress"])
    block = {"cidr": "0.0.0.0/0", "except": ["203.0.113.7/32"]}
    allow = policy(
        "block-ip",
        "production",
        podSelector={"matchLabels": {"app": "wearforce-clean-gateway"}},
        ingress=[{"from": [{"ipBlock": block}]}],
    )
    with watching(world.viewer.kubeconfig) as collector:
        collector.until(lambda: key in rows(collector, "isolation"), "the gateway's pods", 30)
        try:
            api.apply(deny, allow)
            row = collector.until(
                lambda: len((row := rows(collector, "isolation")[key]).ingress.by) == 2 and row, "both policies", 30
            )
            assert (row.ingress.by, row.egress.by) == (("block-ip", "deny"), ("deny",))
            assert [each.peers for each in row.ingress.allows] == ["0.0.0.0/0 except 203.0.113.7/32"]
        finally:
            for name in ("deny", "block-ip"):
                api.delete(path_of("networking.k8s.io/v1", "NetworkPolicy", name, "production"))
        collector.until(lambda: not rows(collector, "isolation")[key].ingress.isolated, "open again", 30)


def test_a_service_whose_pods_are_not_ready_is_seen_down(world: World) -> None:
    with watching(world.viewer.kubeconfig) as collector:
        collector.until(lambda: GATEWAY in rows(collector, "services"), "the service", 30)
        world.fault("crash-loop")

        def lost() -> Any:
            """Endpoints and pods come from lists of their own: until both are read, one of them is not known."""
            row = rows(collector, "services")[GATEWAY]
            return row if row.ready is not None and row.ready < 4 and row.pods is not None else None

        row = collector.until(lost, "endpoints lost", 60)
        assert row.pods >= row.pods_ready


def test_a_service_that_selects_nothing_says_so(cluster: Cluster, namespace: str) -> None:
    service = {"metadata": {"name": "lost"}, "spec": {"selector": {"app": "typo"}, "ports": [{"port": 80}]}}
    cluster.api.create(f"/api/v1/namespaces/{namespace}/services", service)
    with watching(cluster.viewer.kubeconfig, namespaces=[namespace]) as collector:
        row = collector.until(
            lambda: (
                (row := rows(collector, "services").get(f"{namespace}/lost"))
                and row.pods == 0
                and row.ready == 0
                and row
            ),
            "the service",
        )
        assert row.endpoints == 0


def test_who_may_not_see_the_network_still_sees_the_pods(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    allowed = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]
    kubeconfig = limited_user(cluster, namespace, tmp_path, allowed)
    with watching(kubeconfig) as collector:
        collector.until_failing("denied", NETWORK)
        assert collector.snapshots["pods"].failure is None
        failure = collector.snapshots["isolation"].failure
        assert failure is not None
        assert "Grant get, list and watch on networkpolicies" in failure.remedy


def test_who_may_not_see_endpoints_is_told_that_they_are_not_known(
    cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    allowed = [{"apiGroups": [""], "resources": ["pods", "services"], "verbs": ["get", "list", "watch"]}]
    kubeconfig = limited_user(cluster, namespace, tmp_path, allowed)
    service = {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}
    cluster.api.create(f"/api/v1/namespaces/{namespace}/services", service)
    with watching(kubeconfig, sources=["services"]) as collector:
        row = collector.until(lambda: rows(collector, "services").get(f"{namespace}/web"), "the service")
        assert row.ready is None
        collector.until(lambda: "endpoints" in collector.snapshots["services"].partial, "what is missing")


# --- the shipped roles ----------------------------------------------------------------------------------------------


def allowed(api: Api, user: str, rule: tuple[str, str, str]) -> bool:
    """What the API server itself says of a user: verb, group and resource (with its subresource)."""
    verb, group, resource = rule
    name, _, sub = resource.partition("/")
    asked = {"verb": verb, "group": group, "resource": name, "subresource": sub}
    review = {"spec": {"user": user, "resourceAttributes": asked}}
    return bool(api.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"])


def test_the_viewer_can_write_nothing_and_read_no_secret(cluster: Cluster) -> None:
    assert {verb for verb, _, _ in granted(VIEWER)} == {"get", "list", "watch"}
    may = [rule for rule in sorted(granted(ACTOR)) if allowed(cluster.api, cluster.viewer.user, rule)]
    assert [rule for rule in may if rule[0] != "get" and rule[2] != "selfsubjectaccessreviews"] == []
    assert not allowed(cluster.api, cluster.viewer.user, ("get", "", "secrets"))
    assert not allowed(cluster.api, cluster.viewer.user, ("get", "", "configmaps"))
    assert not allowed(cluster.api, cluster.viewer.user, ("get", "", "pods/exec"))


def test_who_has_the_actors_role_may_do_exactly_what_it_says(cluster: Cluster, namespace: str) -> None:
    roles = "/apis/rbac.authorization.k8s.io/v1"
    name = f"{ACTOR['metadata']['name']}-{namespace}"
    cluster.api.create(f"{roles}/clusterroles", {**ACTOR, "metadata": {"name": name}})
    binding = {
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name}],
    }
    cluster.api.create(f"{roles}/clusterrolebindings", binding)
    try:
        wait_for("the binding", lambda: allowed(cluster.api, name, ("patch", "apps", "deployments")) or None)
        assert [rule for rule in sorted(granted(ACTOR)) if not allowed(cluster.api, name, rule)] == []
        for rule in (("delete", "apps", "deployments"), ("get", "", "secrets"), ("create", "", "pods")):
            assert not allowed(cluster.api, name, rule)
    finally:
        cluster.api.delete(f"{roles}/clusterrolebindings/{name}")
        cluster.api.delete(f"{roles}/clusterroles/{name}")


def test_a_write_with_the_viewers_token_is_refused_by_the_server(cluster: Cluster, namespace: str) -> None:
    viewer = cluster.client(cluster.viewer)
    with pytest.raises(ApiError) as refused:
        viewer.create(
            path_of("networking.k8s.io/v1", "NetworkPolicy", namespace=namespace),
            policy("deny", namespace, podSelector={}),
        )
    assert refused.value.code == 403
