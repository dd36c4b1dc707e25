"""How services, ingresses and isolated pods are judged."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import NOW, a_service, an_ingress, an_isolation
from wfconsole.observations.ingresses import IngressPath, has_tls, judge_ingress
from wfconsole.observations.isolation import Allowance, Side, judge_isolation
from wfconsole.observations.levels import Level
from wfconsole.observations.series import measure
from wfconsole.observations.services import judge_service


@pytest.mark.parametrize(
    ("changes", "level", "says"),
    [
        ({}, Level.OK, ""),
        ({"ready": 1, "endpoints": 3, "serving": 1}, Level.WARNING, "1/3 endpoints ready"),
        ({"ready": 2, "endpoints": 6, "serving": 6, "terminating": 4}, Level.OK, ""),  # a rollout is no loss
        ({"ready": 0, "serving": 0}, Level.CRITICAL, "0/3 endpoints ready"),
        ({"ready": 0, "serving": 2, "terminating": 2}, Level.WARNING, "only 2 endpoints that shut down answer"),
        (
            {"ready": 0, "endpoints": 0, "serving": 0, "pods": 4, "pods_ready": 0},
            Level.CRITICAL,
            "no endpoint, 4 pods match, 0 ready",
        ),
        ({"ready": 0, "endpoints": 0, "serving": 0, "pods": 0}, Level.WARNING, "its selector matches no pod"),
        (
            {"ready": 0, "endpoints": 0, "serving": 0, "pods": None},
            Level.WARNING,
            "no endpoint; its pods are not known",
        ),
        (
            {"selector": "", "endpoints": 0, "ready": 0, "serving": 0},
            Level.WATCH,
            "no selector, and no endpoint was given",
        ),
        ({"selector": ""}, Level.OK, ""),
        ({"endpoints": None, "ready": None}, Level.WATCH, "its endpoints are not known"),
        ({"external_name": "db.example", "endpoints": None, "ready": None}, Level.OK, ""),
        ({"pending": True}, Level.WATCH, "its load balancer gave no address yet"),
    ],
)
def test_a_service(changes: dict[str, Any], level: Level, says: str) -> None:
    finding = judge_service(a_service(**changes), NOW)
    assert (finding.level, finding.reason) == (level, says)


OK = IngressPath("web", "80", "shop.example", "/", ready=2)
DEAD = IngressPath("web", "80", "shop.example", "/", state="no-endpoints", ready=0)
GONE = IngressPath("cart", "80", "shop.example", "/cart", state="no-service")
NO_PORT = IngressPath("web", "81", "shop.example", "/", state="no-port")
UNSURE = IngressPath("web", "80", "shop.example", "/", state="unknown")


@pytest.mark.parametrize(
    ("paths", "level", "says"),
    [
        ((OK,), Level.OK, ""),
        ((OK, GONE), Level.WARNING, "1 of 2 paths: there is no service cart"),
        ((GONE,), Level.CRITICAL, "there is no service cart"),
        ((DEAD,), Level.CRITICAL, "web has no ready endpoint"),
        ((NO_PORT, DEAD), Level.CRITICAL, "2 of 2 paths: service web has no port 81"),
        ((OK, UNSURE), Level.WATCH, "whether web answers is not known"),
        ((), Level.WATCH, "it leads nowhere: no rule and no default"),
    ],
)
def test_an_ingress(paths: tuple[IngressPath, ...], level: Level, says: str) -> None:
    finding = judge_ingress(an_ingress(paths=paths), NOW)
    assert (finding.level, finding.reason) == (level, says)


@pytest.mark.parametrize(
    ("hosts", "host", "covered"),
    [
        (("shop.example",), "shop.example", True),
        (("*.shop.example",), "cart.shop.example", True),
        (("*.shop.example",), "a.cart.shop.example", False),
        (("*.shop.example",), "shop.example", False),
        ((), "shop.example", False),
    ],
)
def test_tls_covers_a_host_by_name_or_by_one_label(hosts: tuple[str, ...], host: str, covered: bool) -> None:
    assert has_tls(an_ingress(tls_hosts=hosts), host) is covered


@pytest.mark.parametrize(
    ("ingress", "level", "says"),
    [
        (Side(), Level.OK, ""),
        (Side(("deny",), (Allowance("deny", "pods app=api"),)), Level.OK, ""),
        (Side(("deny",)), Level.WATCH, "nothing may reach it: deny"),
        (
            Side(("block",), (Allowance("block", "0.0.0.0/0 except 203.0.113.7/32"),)),
            Level.WATCH,
            "block lets in 0.0.0.0/0 except 203.0.113.7/32",
        ),
    ],
)
def test_isolation(ingress: Side, level: Level, says: str) -> None:
    finding = judge_isolation(an_isolation(ingress=ingress), NOW)
    assert (finding.level, finding.reason) == (level, says)


def test_the_trend_counts_what_is_known_to_be_down_and_nothing_else() -> None:
    down, unknown = a_service("a", ready=0, serving=0), a_service("b", ready=None, endpoints=None)
    assert measure("services", {"a": down, "b": unknown}, NOW) == {"services.down": 1}
    assert measure("services", {"b": unknown}, NOW) == {"services.down": None}
    assert measure("services", {}, NOW) == {"services.down": 0}
    assert measure("ingresses", {"a": an_ingress(paths=(OK, GONE, DEAD))}, NOW) == {"ingresses.broken": 2}
