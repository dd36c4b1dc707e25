"""Services, ingresses and isolation from the API's objects, joined as they change."""

from __future__ import annotations

import functools
from typing import Any

import msgspec
import pytest

from wfconsole.observations.ingresses import IngressRow
from wfconsole.observations.isolation import Allowance, IsolationRow
from wfconsole.observations.services import ServiceRow
from wfconsole.sources.kubernetes import network_payloads as payloads
from wfconsole.sources.kubernetes.ingresses import IngressMirror
from wfconsole.sources.kubernetes.isolation import PolicyMirror, policy_of
from wfconsole.sources.kubernetes.label_groups import LabelGroups
from wfconsole.sources.kubernetes.services import Known, ServiceMirror, counted
from wfconsole.text import is_safe

GATEWAY = ("Deployment", "gateway")


class Cluster:
    """The mirrors of the network, and what of it counts as read."""

    def __init__(self) -> None:
        self.read = {"services": True, "slices": True, "pods": True, "policies": True}
        self.groups = LabelGroups()
        known = Known(*(functools.partial(self.read.__getitem__, what) for what in ("services", "slices", "pods")))
        self.services = ServiceMirror(self.groups, known)
        self.ingresses = IngressMirror(self.services)
        self.policies = PolicyMirror(self.groups, lambda: self.read["policies"])

    def pod(
        self, name: str, *, ready: bool = True, owner: tuple[str, str] = GATEWAY, revision: str = "1", **labels: str
    ) -> None:
        labels = {**(labels or {"app": "gateway"}), "pod-template-hash": revision}
        self.groups.put(f"shop/{name}", "shop", labels, owner, ready=ready)

    def service(self, name: str = "gateway", **spec: Any) -> None:
        spec = {"selector": {"app": "gateway"}, "ports": [{"port": 80, "targetPort": "http"}], **spec}
        self.services.put(made(payloads.Service, name, spec=spec))

    def ends(self, *conditions: Any, name: str = "gateway-1", service: str = "gateway", family: str = "IPv4") -> None:
        item = made(
            payloads.EndpointSlice,
            name,
            {"kubernetes.io/service-name": service},
            addressType=family,
            endpoints=[{"conditions": each} for each in conditions],
        )
        self.services.slices.put(item)

    def policy(self, name: str = "deny", **spec: Any) -> None:
        self.policies.put(made(payloads.NetworkPolicy, name, spec=spec))

    def ingress(self, *paths: Any, **spec: Any) -> None:
        rules = [{"host": "shop.example", "http": {"paths": [*paths]}}] if paths else None
        self.ingresses.put(made(payloads.Ingress, "shop", spec={"rules": rules, **spec}))

    def row(self, name: str = "gateway") -> ServiceRow:
        row: ServiceRow = the_row(self.services.take(), f"shop/{name}", ServiceRow)
        return row


def made(kind: Any, name: str, labels: dict[str, str] | None = None, **fields: Any) -> Any:
    """The object as the decoder makes it of the server's JSON."""
    item = {"metadata": {"name": name, "namespace": "shop", "labels": labels}, **fields}
    return msgspec.json.decode(msgspec.json.encode(item), type=kind)


def the_row(taken: Any, key: str, kind: Any) -> Any:
    assert key in taken, taken
    return msgspec.json.decode(taken[key], type=kind)


READY: dict[str, Any] = {"ready": True, "serving": True, "terminating": False}
NOT: dict[str, Any] = {"ready": False, "serving": False, "terminating": False}
ENDING: dict[str, Any] = {"ready": False, "serving": True, "terminating": True}


# --- services -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conditions", "counts"),
    [
        ([READY, READY, NOT], (3, 2, 2, 0)),
        ([READY, ENDING], (2, 1, 2, 1)),
        ([{}], (1, 1, 1, 0)),  # nothing said is ready
        ([{"ready": False}], (1, 0, 0, 0)),  # serving follows ready where it is not said
        ([None], (1, 1, 1, 0)),
        ([], (0, 0, 0, 0)),
    ],
)
def test_endpoints_are_counted_as_the_api_means_them(conditions: list[Any], counts: tuple[int, ...]) -> None:
    item = made(payloads.EndpointSlice, "s", endpoints=[{"conditions": each} for each in conditions])
    assert counted(item.endpoints) == counts


def test_a_service_is_joined_with_all_its_slices_and_the_pods_that_it_selects() -> None:
    cluster = Cluster()
    cluster.pod("a")
    cluster.pod("b", ready=False)
    cluster.pod("other", owner=("Deployment", "cart"), app="cart")
    cluster.service()
    cluster.ends(READY)
    cluster.ends(NOT, name="gateway-2")
    cluster.ends(READY, READY, name="cart-1", service="cart")
    row = cluster.row()
    assert (row.endpoints, row.ready, row.pods, row.pods_ready) == (2, 1, 2, 1)
    assert (row.selector, row.ports[0].target, row.headless) == ("app=gateway", "http", False)
    assert cluster.services.take() == {}


def test_two_address_families_are_not_twice_as_many_endpoints() -> None:
    cluster = Cluster()
    cluster.service()
    cluster.ends(READY, READY)
    cluster.ends(READY, READY, name="gateway-6", family="IPv6")
    assert cluster.row().endpoints == 2


def test_only_the_services_that_a_change_concerns_are_made_anew() -> None:
    cluster = Cluster()
    cluster.service()
    cluster.service("cart", selector={"app": "cart"})
    cluster.pod("a")
    assert set(cluster.services.take()) == {"shop/gateway", "shop/cart"}
    cluster.pod("a", ready=False)
    assert set(cluster.services.take()) == {"shop/gateway"}
    cluster.pod("c", owner=("Deployment", "cart"), app="cart")
    assert cluster.row("cart").pods == 1
    cluster.groups.remove("shop/c")
    assert cluster.row("cart").pods == 0
    cluster.ends(READY, name="cart-1", service="cart")
    assert cluster.row("cart").ready == 1
    cluster.services.slices.drop("shop/cart-1")
    assert cluster.row("cart").ready == 0


def test_what_was_not_read_is_not_known_and_told_once_it_is() -> None:
    cluster = Cluster()
    cluster.read.update(slices=False, pods=False)
    cluster.service()
    row = cluster.row()
    assert (row.ready, row.endpoints, row.pods) == (None, None, None)
    cluster.read.update(slices=True, pods=True)
    row = cluster.row()
    assert (row.ready, row.endpoints, row.pods) == (0, 0, 0)


def test_services_of_every_kind() -> None:
    cluster = Cluster()
    cluster.service("none", selector=None)
    cluster.service("head", clusterIP="None")
    cluster.service("db", type="ExternalName", externalName="db.example", selector=None, ports=None)
    cluster.service("front", type="LoadBalancer")
    rows = {key: msgspec.json.decode(row or b"", type=ServiceRow) for key, row in cluster.services.take().items()}
    assert (rows["shop/none"].selector, rows["shop/none"].pods, rows["shop/none"].ready) == ("", None, 0)
    assert (rows["shop/head"].headless, rows["shop/head"].address) == (True, "")
    assert (rows["shop/db"].external_name, rows["shop/db"].ready) == ("db.example", None)
    assert rows["shop/front"].pending is True


def test_a_service_that_went_is_gone() -> None:
    cluster = Cluster()
    cluster.service()
    cluster.row()
    cluster.services.drop("shop/gateway")
    assert cluster.services.take() == {"shop/gateway": None}


def test_who_counts_pods_alone_is_not_told_when_one_becomes_ready() -> None:
    groups = LabelGroups()
    counts, turns = groups.subscribe(readiness=False), groups.subscribe(readiness=True)

    def told(*, ready: bool, key: str = "shop/a") -> tuple[int, int]:
        groups.put(key, "shop", {"app": "cart"}, ("Deployment", "cart"), ready=ready)
        return len(groups.take(counts)), len(groups.take(turns))

    assert told(ready=False) == (1, 1)
    assert told(ready=True) == (0, 1)
    assert told(ready=True) == (0, 0)
    (group,) = groups.groups("shop")
    assert (groups.count(group).pods, groups.count(group).ready) == (1, 1)
    assert told(ready=False) == (0, 1)
    assert groups.count(group).ready == 0
    assert told(ready=True, key="shop/b") == (1, 1)
    assert (groups.count(group).pods, groups.count(group).ready) == (2, 1)


def test_ten_thousand_pods_are_few_groups_and_a_rollout_makes_no_new_ones() -> None:
    groups = LabelGroups()
    for number in range(10_000):
        labels = {"app": f"app-{number % 40}", "pod-template-hash": f"h{number % 80}"}
        groups.put(f"shop/{number}", "shop", labels, ("Deployment", f"app-{number % 40}"), ready=True)
    assert len(groups.groups("shop")) == 40
    version = groups.version("shop")
    groups.put("shop/new", "shop", {"app": "app-1", "pod-template-hash": "new"}, ("Deployment", "app-1"), ready=False)
    assert groups.version("shop") == version
    assert sum(groups.count(group).pods for group in groups.groups("shop")) == 10_001
    for number in range(10_000):
        groups.remove(f"shop/{number}")
    groups.remove("shop/new")
    assert groups.groups("shop") == ()


# --- ingresses ------------------------------------------------------------------------------------------------------


def path_to(service: str, port: Any, path: str = "/") -> dict[str, Any]:
    backend = {"service": {"name": service, "port": port}}
    return {"path": path, "pathType": "Prefix", "backend": backend}


def test_every_way_in_is_followed_to_ready_endpoints() -> None:
    cluster = Cluster()
    cluster.service()
    cluster.service("empty")
    cluster.ends(READY, READY)
    cluster.ingress(
        path_to("gateway", {"number": 80}),
        path_to("gateway", {"number": 81}, "/wrong-port"),
        path_to("gone", {"number": 80}, "/gone"),
        path_to("empty", {"number": 80}, "/empty"),
        {"path": "/files", "backend": {"resource": {"kind": "Bucket", "name": "files"}}},
        defaultBackend={"service": {"name": "gateway", "port": {"number": 80}}},
        tls=[{"hosts": ["shop.example"], "secretName": "shop-tls"}],
        ingressClassName="nginx",
    )
    row = the_row(cluster.ingresses.take(), "shop/shop", IngressRow)
    assert [path.state for path in row.paths] == [
        "ready",
        "no-port",
        "no-service",
        "no-endpoints",
        "elsewhere",
        "ready",
    ]
    assert (row.paths[0].ready, row.paths[-1].host, row.paths[-1].path) == (2, "", "")
    assert (row.tls_hosts, row.tls_secrets, row.class_name) == (("shop.example",), ("shop-tls",), "nginx")


def test_an_ingress_follows_its_service_as_it_comes_and_goes() -> None:
    cluster = Cluster()
    cluster.ingress(path_to("gateway", {"number": 80}))

    def state() -> str:
        row: IngressRow = the_row(cluster.ingresses.take(), "shop/shop", IngressRow)
        return row.paths[0].state

    assert state() == "no-service"
    cluster.service()
    assert state() == "no-endpoints"
    cluster.ends(READY)
    assert state() == "ready"
    cluster.service("another")
    assert cluster.ingresses.take() == {}
    cluster.services.drop("shop/gateway")
    assert state() == "no-service"


def test_a_backend_is_missing_only_where_services_were_read() -> None:
    cluster = Cluster()
    cluster.read["services"] = False
    cluster.ingress(path_to("gateway", {"number": 80}))
    row = the_row(cluster.ingresses.take(), "shop/shop", IngressRow)
    assert row.paths[0].state == "unknown"


# --- isolation ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "ingress", "egress"),
    [
        ({}, True, False),
        ({"egress": [{}]}, True, True),
        ({"egress": []}, True, False),
        ({"policyTypes": ["Egress"]}, False, True),
        ({"policyTypes": ["Ingress", "Egress"]}, True, True),
        ({"policyTypes": ["Egress"], "ingress": [{}]}, False, True),
    ],
)
def test_a_policy_speaks_of_the_directions_that_the_api_says(spec: dict[str, Any], ingress: bool, egress: bool) -> None:
    found = policy_of(made(payloads.NetworkPolicy, "p", spec={"podSelector": {}, **spec}))
    assert (found.ingress is not None, found.egress is not None) == (ingress, egress)


def test_pods_are_isolated_by_the_union_of_the_policies_that_select_them() -> None:
    cluster = Cluster()
    cluster.pod("a")
    cluster.pod("b", revision="2")
    cluster.pod("alone", owner=("", ""), job="migrate")
    taken = cluster.policies.take()
    assert set(taken) == {"shop/Deployment/gateway", "shop/job=migrate"}
    row = the_row(taken, "shop/Deployment/gateway", IsolationRow)
    assert (row.pods, row.policies_here, row.ingress.isolated) == (2, 0, False)
    cluster.policy("deny", podSelector={})
    cluster.policy(
        "allow",
        podSelector={"matchExpressions": [{"key": "app", "operator": "In", "values": ["gateway"]}]},
        ingress=[
            {"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.9.0.0/16"]}}], "ports": [{"port": 8080}]},
            {"from": [{"namespaceSelector": {"matchLabels": {"team": "web"}}, "podSelector": {}}]},
        ],
    )
    taken = cluster.policies.take()
    row = the_row(taken, "shop/Deployment/gateway", IsolationRow)
    assert row.ingress.by == ("allow", "deny")
    assert row.ingress.allows == (
        Allowance("allow", "10.0.0.0/8 except 10.9.0.0/16", "tcp/8080"),
        Allowance("allow", "all pods in namespaces team=web"),
    )
    assert the_row(taken, "shop/job=migrate", IsolationRow).ingress.by == ("deny",)
    cluster.policies.drop("shop/deny")
    cluster.policies.drop("shop/allow")
    assert not the_row(cluster.policies.take(), "shop/Deployment/gateway", IsolationRow).ingress.isolated


def test_pods_of_one_workload_that_policies_treat_differently_are_two_rows() -> None:
    cluster = Cluster()
    cluster.pod("a", app="gateway", track="stable")
    cluster.pod("b", app="gateway", track="canary")
    cluster.policy("canary", podSelector={"matchLabels": {"track": "canary"}})
    rows = {key: msgspec.json.decode(row or b"", type=IsolationRow) for key, row in cluster.policies.take().items()}
    assert sorted((row.labels, row.ingress.isolated) for row in rows.values()) == [
        ("app=gateway,track=canary", True),
        ("app=gateway,track=stable", False),
    ]
    cluster.groups.remove("shop/b")
    assert None in cluster.policies.take().values()


def test_pods_do_not_pass_for_open_before_the_policies_were_read() -> None:
    cluster = Cluster()
    cluster.read["policies"] = False
    cluster.pod("a")
    assert cluster.policies.take() == {}
    cluster.policy("deny", podSelector={})
    assert cluster.policies.take() == {}
    cluster.read["policies"] = True
    row = the_row(cluster.policies.take(), "shop/Deployment/gateway", IsolationRow)
    assert row.ingress.by == ("deny",)


def test_hostile_text_in_the_network_is_made_safe() -> None:
    cluster = Cluster()
    cluster.pod("a", app="\x1b]52;c;x\x07")
    cluster.service(ports=[{"port": 1, "name": "\x1b[2J"}], type="ExternalName", externalName="\u202eevil")
    cluster.ingress(path_to("\x9b31m", {"name": "\x07"}, "/\u200b"))
    for taken in (cluster.services.take(), cluster.ingresses.take(), cluster.policies.take()):
        assert taken
        for row in taken.values():
            text = msgspec.json.decode(row or b"")
            assert all(is_safe(value) for value in _strings(text))


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in inner for text in _strings(each)]
