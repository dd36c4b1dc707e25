"""Services of a cluster become settings: in force where they answer from here, else with the port-forward they need."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.rig.fixtures import World
from tests.sources.api_double import ApiDouble, Conversation, Request
from wfconsole.config.offers import Chosen, choose
from wfconsole.discovery import cluster, kinds_of_server
from wfconsole.discovery.kinds_of_server import Kind
from wfconsole.discovery.protocols import Recognised
from wfconsole.discovery.report import Report
from wfconsole.text import is_safe

Cluster = Callable[..., Report]
CONTEXT = "prod eu; reboot"


def service(name: str, port: int, namespace: str = "monitoring", port_name: str = "", **more: Any) -> dict[str, Any]:
    labels, ways, ip = more.get("labels"), more.get("ways", []), more.get("ip", "10.96.0.7")
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"clusterIP": ip, "ports": [{"port": port, "name": port_name, "protocol": "TCP"}]},
        "status": {"loadBalancer": {"ingress": [{"ip": way} for way in ways]}},
    }


def chosen(report: Report) -> dict[str, Chosen]:
    assert all(is_safe(text) for offer in report.offers for text in (offer.why, offer.command))
    assert all(is_safe(remark.words) for remark in report.remarks)
    return dict(choose(report.offers, report.remarks))


def found(report: Report) -> dict[str, dict[str, Any]]:
    return {table: one.offer.values for table, one in chosen(report).items() if one.offer is not None}


@pytest.fixture
def double(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiDouble]:
    with ApiDouble() as api:
        path = tmp_path / "kubeconfig"
        named = {"cluster": "c", "user": "u", "namespace": "shop"}
        told = {
            "current-context": CONTEXT,
            "contexts": [{"name": CONTEXT, "context": named}],
            "clusters": [{"name": "c", "cluster": {"server": api.url}}],
            "users": [{"name": "u", "user": {"token": "hunter2"}}],
        }
        path.write_text(json.dumps(told))
        monkeypatch.setenv("KUBECONFIG", str(path))
        yield api


@pytest.fixture
def look(double: ApiDouble, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """Look at a cluster with these services. `answering` are the addresses that answer as they should."""

    def looked(*services: dict[str, Any], answering: tuple[str, ...] = ()) -> Report:
        def behave(talk: Conversation, _request: Request) -> None:
            talk.answer(json.dumps({"items": services}).encode())

        def recognise(kind: Kind) -> Callable[[str, int, float], Recognised | None]:
            return lambda host, _port, _within: Recognised(kind.what) if host in answering else None

        kinds = [
            Kind(**{name: getattr(kind, name) for name in Kind.__struct_fields__ if name != "recognise"},
                 recognise=recognise(kind))
            for kind in kinds_of_server.KINDS
        ]  # fmt: skip
        monkeypatch.setattr(cluster, "KINDS", kinds)
        double.behaviour = behave
        return cluster.look()

    return looked


def test_what_only_a_port_forward_reaches_comes_with_its_command(look: Cluster) -> None:
    report = look(service("prometheus-server", 80, port_name="http"))
    offer = chosen(report)["prometheus"].offer
    assert offer is not None
    assert (offer.ready, offer.values) == (False, {"url": "http://127.0.0.1:9090"})
    assert offer.why == "service monitoring/prometheus-server, port 80, which does not answer from here"
    assert offer.command == (
        "kubectl --context 'prod eu; reboot' --namespace monitoring port-forward service/prometheus-server 9090:80"
    )


def test_what_answers_from_here_is_set(look: Cluster) -> None:
    services = (
        service("cache-redis-master", 6379, "shop"),
        service("orders-db-rw", 5432, "shop", ways=["192.0.2.7"]),
    )
    report = look(*services, answering=("cache-redis-master.shop.svc", "192.0.2.7"))
    assert found(report) == {
        "cache": {"host": "cache-redis-master.shop.svc", "port": 6379},
        "database": {"host": "192.0.2.7", "port": 5432},
    }
    assert all(offer.ready for offer in report.offers)


@pytest.mark.parametrize(
    ("table", "best", "others"),
    [
        (
            "prometheus",
            service("kube-prometheus-stack-prometheus", 9090, labels={"app": "kube-prometheus-stack-prometheus"}),
            [
                service("prometheus-operated", 9090, ip="None"),
                service("prometheus-node-exporter", 9100, labels={"app.kubernetes.io/name": "node-exporter"}),
                service("prometheus-pushgateway", 9091, port_name="http"),
                service("prometheus-kube-state-metrics", 8080, port_name="http"),
                service("prometheus-operator", 443, port_name="https"),
            ],
        ),
        (
            "alertmanager",
            service("monitoring-alertmanager", 9093, labels={"app.kubernetes.io/name": "alertmanager"}),
            [service("alertmanager-operated", 9093, ip="None"), service("cockpit", 9090)],
        ),
        (
            "cache",
            service("redis-master", 6379, labels={"app.kubernetes.io/name": "redis"}),
            [
                service("redis-headless", 6379, ip="None", labels={"app.kubernetes.io/name": "redis"}),
                service("redis-replicas", 6379, labels={"app.kubernetes.io/name": "redis"}),
                service("redis-metrics", 9121, labels={"app.kubernetes.io/name": "redis"}),
                service("queue", 6379),
            ],
        ),
        (
            "database",
            service("orders-postgresql", 5432, port_name="tcp-postgresql"),
            [
                service("orders-postgresql-hl", 5432, ip="None"),
                service("orders-postgresql-read", 5432),
                service("reports", 5432),
                service("mysql", 3306),
            ],
        ),
    ],
)
def test_the_server_itself_goes_before_what_stands_beside_it(
    look: Cluster, table: str, best: dict[str, Any], others: list[dict[str, Any]]
) -> None:
    report = look(*others, best)
    assert {offer.table for offer in report.offers} == {table}
    assert report.offers[0].why.startswith(f"service monitoring/{best['metadata']['name']},")


def test_the_others_of_a_kind_are_told(look: Cluster) -> None:
    report = look(*(service(f"db-{number}", 5432, "shop") for number in range(7)))
    assert chosen(report)["database"].remarks == (
        "Also in the cluster: service shop/db-1, port 5432; service shop/db-2, port 5432; service shop/db-3, port 5432;"
        " service shop/db-4, port 5432; and 2 more.",
    )


def test_an_empty_cluster_has_nothing(look: Cluster) -> None:
    report = look()
    assert (report.offers, report.trouble) == ((), "")
    assert report.looked["cache"] == "the services of the cluster"


@pytest.mark.parametrize(
    "name", ["redis\n[kubernetes]", "redis;reboot", "redis\x1b[2J", "$(reboot)-redis", "Redis", ""]
)
def test_a_name_that_kubernetes_would_not_take_is_written_nowhere(look: Cluster, name: str) -> None:
    report = look(service(name, 6379), service("redis", 6379, name), service("redis", 6379, ways=["a b\n"]))
    assert [offer.command.count("service/redis ") for offer in report.offers] == [1]
    assert report.remarks == ()


def test_who_may_see_one_namespace_only_sees_that(double: ApiDouble) -> None:
    def behave(talk: Conversation, request: Request) -> None:
        if request.path == "/api/v1/namespaces/shop/services":
            talk.answer(json.dumps({"items": [service("redis", 6379, "shop")]}).encode())
        else:
            talk.answer(b'{"kind":"Status","message":"services is forbidden"}', "403 Forbidden")

    double.behaviour = behave
    report = cluster.look()
    assert found(report) == {"cache": {"host": "127.0.0.1", "port": 6379}}
    assert "in namespace shop only" in chosen(report)["kubernetes"].remarks[0]
    assert report.looked["database"] == "the services of namespace shop"


def test_a_large_cluster_is_read_page_by_page(double: ApiDouble) -> None:
    def behave(talk: Conversation, request: Request) -> None:
        last = request.query.get("continue") == "more"
        page = [service("redis", 6379)] if last else [service("web", 80)]
        talk.answer(json.dumps({"metadata": {"continue": "" if last else "more"}, "items": page}).encode())

    double.behaviour = behave
    assert found(cluster.look()) == {"cache": {"host": "127.0.0.1", "port": 6379}}
    assert [request.query["limit"] for request in double.requests] == ["500", "500"]


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"{}", "401 Unauthorized", "does not accept who we are"),
        (b"nonsense", "200 OK", "services: "),
        (b'{"items":[{"metadata":7}]}', "200 OK", "services: "),
        (b'{"message":"hunter2"}', "503 Service Unavailable", "503"),
    ],
)
def test_a_cluster_that_does_not_tell_is_told(double: ApiDouble, body: bytes, status: str, told: str) -> None:
    double.behaviour = lambda talk, _request: talk.answer(body, status)
    report = cluster.look()
    assert report.offers == ()
    assert told in report.trouble
    assert is_safe(report.trouble)


def test_a_cluster_that_is_not_there_is_told(double: ApiDouble) -> None:
    double.refuse()
    assert "services" in cluster.look().trouble


def test_without_a_kubeconfig_no_cluster_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert cluster.look() == Report({})


@pytest.mark.rig
def test_a_real_control_plane_gives_its_services_to_the_least_privileged_user(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(world.viewer.kubeconfig))
    report = cluster.look()
    offer = chosen(report)["cache"].offer
    assert offer is not None
    assert offer.why.startswith("service production/redis-master, port 6379")
    assert "--namespace production port-forward service/redis-master 6379:6379" in offer.command
    database = chosen(report)["database"].offer
    assert database is not None
    assert database.why.startswith("service production/postgresql, port 5432")
