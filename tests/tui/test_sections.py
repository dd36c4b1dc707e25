"""What Enter shows of a row: of one that is known whole, and of one that is hardly known."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.alert_builders import an_alert
from tests.builders import NOW
from tests.tui.harness import Desk
from wfconsole.clock import MINUTE, SECOND
from wfconsole.observations.findings import FindingRow
from wfconsole.observations.ingresses import IngressPath, IngressRow
from wfconsole.observations.isolation import Allowance, IsolationRow, Side
from wfconsole.observations.services import ServicePort, ServiceRow
from wfconsole.observations.sessions import SessionRow
from wfconsole.observations.signals import SignalHistoryRow
from wfconsole.tui.frame import frame_of
from wfconsole.tui.glyphs import UNICODE
from wfconsole.tui.panes.row_sections import sections_of

HELD = f"9/{NOW - 60 * MINUTE}"
WAITER = builders.a_session(
    8,
    blockers=2,
    blocked_by=(HELD,),
    under=HELD,
    waiting_at=NOW - 20 * SECOND,
    wants="relation orders",
    wait="Lock:relation",
    transaction="771",
)
ROOT = builders.a_session(9, behind=1, held_since=NOW - 20 * SECOND, state="idle in transaction")
QUERY = "UPDATE orders SET state = $1"


def sections(source: str, rows: Any, desk: Desk | None = None, **others: Any) -> dict[str, list[str]]:
    """The lines of each section of the first row."""
    desk = desk or Desk()
    keyed = rows if isinstance(rows, dict) else {builders.row_key(row): row for row in rows}
    for name, told in {source: keyed, **others}.items():
        desk.tell(name, told)
    found = sections_of(frame_of(desk, UNICODE, observer=False), source, next(iter(keyed)))
    return {text_of(each.heading).removeprefix("── ").strip(): [text_of(line) for line in each.lines] for each in found}


def text_of(line: Any) -> str:
    return " ".join("".join(span.text for span in line).split())


def test_a_service() -> None:
    ports = (ServicePort(80, target="8080", name="http", node_port=30080), ServicePort(53, "UDP"))
    row = builders.a_service(ready=2, terminating=1, ports=ports)
    event = builders.an_event("Odd", kind="Service", name="gateway", message="it is odd")
    assert sections("services", [row], ingresses=[builders.an_ingress()], events=[event]) == {
        "NOW": [
            "answers",
            "ClusterIP 10.96.0.10",
            "selector app=gateway",
            "endpoints 2/3 ready 3 answer requests 1 shut down",
            "pods 3 match the selector 3 of them ready",
        ],
        "PORTS": ["80/tcp http -> 8080 of the pod node port 30080", "53/udp -> 53 of the pod"],
        "WAYS IN": ["shop shop.example/ -> gateway:80"],
        "EVENTS": ["14:31:07Z Odd it is odd"],
    }


def test_a_service_of_which_hardly_a_thing_is_known() -> None:
    assert sections("services", [ServiceRow("production", "gateway")]) == {
        "NOW": [
            "its endpoints are not known",
            "ClusterIP no address",
            "selector none",
            "endpoints -- ready -- answer requests -- shut down",
        ],
        "PORTS": ["none"],
        "WAYS IN": ["· off nothing reads ingresses"],
        "EVENTS": ["· off nothing reads events"],
    }


def test_a_service_that_is_another_name_has_no_endpoints() -> None:
    told = sections("services", [ServiceRow("production", "ext", external_name="db.example")], ingresses=[])
    assert told["NOW"] == ["answers", "ClusterIP another name for db.example", "selector none"]
    assert told["WAYS IN"] == ["no ingress leads here"]


def test_an_ingress() -> None:
    paths = (
        IngressPath("gateway", "80", "shop.example", "/", ready=3),
        IngressPath("cart", "80", "shop.example", "/cart", exact=True, state="no-endpoints", ready=0),
        IngressPath("docs", "80", "docs.example", "/", ready=1),
    )
    row = builders.an_ingress(
        addresses=("10.0.0.1",), tls_hosts=("shop.example",), tls_secrets=("shop-tls",), paths=paths
    )
    told = sections("ingresses", [row], events=[])
    assert told["NOW"][1] == "class nginx addresses 10.0.0.1"
    assert told["PATHS"][0] == "shop.example/ -> gateway:80 3 ready"
    assert told["PATHS"][1].startswith("shop.example/cart exactly -> cart:80 ")
    assert "ready" not in told["PATHS"][1].partition("cart:80 ")[2].split()[:2]
    assert told["TLS"] == ["shop.example ends here", "docs.example none here", "certificates in shop-tls"]
    assert told["EVENTS"] == ["none that the cluster still keeps"]


def test_an_ingress_of_which_hardly_a_thing_is_known() -> None:
    assert sections("ingresses", [IngressRow("production", "shop")]) == {
        "NOW": ["it leads nowhere: no rule and no default", "class default addresses --"],
        "PATHS": ["none"],
        "TLS": ["none"],
        "EVENTS": ["· off nothing reads events"],
    }


ENFORCED = "as the policies are written: whether the network plugin enforces them is not seen here"


def test_pods_that_policies_isolate() -> None:
    ingress = Side(("deny", "allow"), (Allowance("allow", "pods app=shop", "tcp/80"),), more=1)
    row = builders.an_isolation(ingress=ingress, egress=Side(("deny",)), policies_here=2)
    assert sections("isolation", [row]) == {
        "NOW": ["isolated for ingress and egress", "Deployment/gateway 3 pods app=gateway", ENFORCED],
        "INGRESS who may reach it": [
            "isolated by deny, allow",
            "allow allows pods app=shop at tcp/80",
            "and 1 more rule",
        ],
        "EGRESS what it may reach": ["isolated by deny", "nothing is allowed"],
    }


def test_pods_that_no_policy_isolates() -> None:
    assert sections("isolation", [IsolationRow("production", "gateway", pods=1)]) == {
        "NOW": ["open: its namespace has no policy", "gateway 1 pod no labels", ENFORCED],
        "INGRESS who may reach it": ["open: no policy isolates it"],
        "EGRESS what it may reach": ["open: no policy isolates it"],
    }


def test_a_finding() -> None:
    row = builders.a_finding(resources=3, product="GuardDuty", remedy="Delete it.")
    assert sections("findings", [row]) == {
        "NOW": ["CRITICAL nobody was told", "Root account has an access key", "found by GuardDuty"],
        "RESOURCE": [
            "arn:aws:iam::123456789012:root",
            "AwsAccount account 123456789012 eu-west-1",
            "and 2 more that are not shown here",
        ],
        "SEEN": [
            "first seen 2026-03-01 13:32:07Z 1h00m ago",
            "last seen 2026-03-01 14:31:07Z 1m00s ago",
            "updated 2026-03-01 14:31:07Z 1m00s ago",
        ],
        "WHAT TO DO as the product says": ["Delete it."],
        "ID": ["finding-1"],
    }


def test_a_finding_of_which_hardly_a_thing_is_known() -> None:
    row = FindingRow("f", region="eu-west-1", severity="HIGH", title="", workflow="NEW")
    assert sections("findings", [row]) == {
        "NOW": ["HIGH nobody was told", "--", "found by --"],
        "RESOURCE": ["--", "-- account -- eu-west-1"],
        "SEEN": ["first seen --", "last seen --", "updated --"],
        "WHAT TO DO as the product says": ["--"],
        "ID": ["f"],
    }


def test_a_session_that_waits() -> None:
    assert sections("sessions", [WAITER, ROOT]) == {
        "NOW": [
            "waits for relation orders for 20s",
            *("user shop", "app checkout", "client 10.2.8.14", "database orders", "process client backend"),
            *("waits Lock:relation", "xid 771", "state active since 14:32:04Z", "began 13:32:07Z"),
            "in tx since 14:32:03Z",
        ],
        "WAITS FOR up to the root": [
            "relation orders for 20s",
            f"pid 9 checkout idle in tx 4s holds up 1 {QUERY}",
            "and 1 more that are not listed",
        ],
        "HOLDS UP 0 in all": ["nobody"],
        "WHAT ENDS IT": ["ending it frees only those behind it: look at the root"],
        "QUERY running": [QUERY],
    }


def test_a_session_that_others_wait_for() -> None:
    told = sections("sessions", [ROOT, WAITER])
    assert told["NOW"][0] == "1 waits for it, idle in transaction for 20s"
    assert told["WAITS FOR up to the root"] == ["for no lock"]
    assert told["HOLDS UP 1 in all"] == [f"pid 8 checkout active 20s {QUERY}"]
    assert told["WHAT ENDS IT"][0].startswith("cancelling does nothing to it")
    assert told["QUERY last"] == [QUERY]


def test_a_session_of_which_hardly_a_thing_is_known() -> None:
    told = sections("sessions", {"1/1": SessionRow(pid=1)})
    assert told["NOW"] == ["nobody waits for it", "in tx in no transaction"]
    assert told["HOLDS UP 0 in all"] == ["nobody"]
    assert told["QUERY last"] == ["-- nobody knows"]


@pytest.mark.parametrize(
    ("row", "said"),
    [(ROOT, "1 that are not listed"), (builders.a_session(), "-- sessions of other roles are hidden")],
)
def test_a_session_among_others_that_are_hidden(row: SessionRow, said: str) -> None:
    desk = Desk()
    desk.tell("sessions", [row], partial="sessions of other roles are hidden")
    frame = frame_of(desk, UNICODE, observer=False)
    found = sections_of(frame, "sessions", builders.row_key(row))
    assert [text_of(line) for line in found[2].lines] == [said]


def test_a_signal() -> None:
    end = NOW // MINUTE * MINUTE
    rows = [
        builders.a_signal("errors", 0.078, promql="sum(failed) / sum(all)"),
        builders.a_signal("errors", 0.0, group="production/orders"),
        builders.a_signal("errors", 0.2, group="production/checkout"),
    ]
    told = sections("signals", rows, signal_history={"errors": SignalHistoryRow((*[0.01] * 59, 0.078), end, MINUTE)})
    assert told["NOW"] == [
        "7.8%, above 5.0%",
        "warning above 1.0% critical above 5.0% a promise to users",
    ]
    (hour,) = told["LAST HOUR one cell a minute"]
    assert "1.0% to 7.8%" in hour
    assert told["QUESTION"] == ["sum(failed) / sum(all)"]
    assert told["SERVICES the worst first"] == ["■ 20% production/checkout", "· 0% production/orders"]


def test_a_signal_of_which_hardly_a_thing_is_known() -> None:
    row = builders.a_signal("odd", None, warning=None, critical=None, slo=False)
    told = sections("signals", [row])
    assert told["NOW"][0] == "no such series"
    assert told["LAST HOUR one cell a minute"] == ["--", "· off nothing reads signal history"]
    assert told["QUESTION"] == ["this recording does not tell"]
    assert "SERVICES the worst first" not in told


def test_an_alert() -> None:
    row = an_alert(
        summary="lock wait",
        description="p95 above 5 s",
        runbook="https://runbooks.example/locks",
        generator="http://prometheus.example/graph",
        receivers=("operators",),
        labels={"pod": "orders-db-0"},
    )
    twin = an_alert(labels={"pod": "orders-db-1"}, at=NOW - 2 * MINUTE)
    told = sections("alerts", {"lock": row, "twin": twin})
    assert told["NOW"][0] == "orders-db lock wait"
    assert "critical for 1m00s, since 2026-03-01 14:31:07Z" in told["NOW"][2]
    assert told["NOW"][3:7] == [
        "p95 above 5 s",
        "runbook https://runbooks.example/locks",
        "rule http://prometheus.example/graph",
        "sent to operators",
    ]
    assert "pod orders-db-0" in told["LABELS"]
    assert told["SAME CAUSE the same name, namespace and service"] == ["14:30:07Z pod=orders-db-1"]


def test_an_alert_of_which_hardly_a_thing_is_known() -> None:
    told = sections("alerts", {"bare": an_alert(severity="", at=0)})
    assert told["NOW"][2].startswith("no severity: taken for a warning")
    assert told["NOW"][3:6] == ["runbook --", "rule --", "sent to --"]
    assert told["SAME CAUSE the same name, namespace and service"] == ["none"]
    assert not any("1970" in line or "00:00:00" in line for line in told["NOW"])


@pytest.mark.parametrize(
    ("source", "row"),
    [
        ("services", builders.a_service()),
        ("ingresses", builders.an_ingress()),
        ("isolation", builders.an_isolation()),
        ("findings", builders.a_finding()),
        ("sessions", builders.a_session()),
        ("signals", builders.a_signal()),
    ],
)
def test_what_is_old_says_so_first_and_has_no_colour_that_judges(source: str, row: Any) -> None:
    desk = Desk()
    desk.tell(source, [row])
    desk.clock.advance(4 * MINUTE)
    first, *rest = sections_of(frame_of(desk, UNICODE, observer=False), source, builders.row_key(row))
    assert text_of(first.lines[0]) == "as it was 4m00s ago"
    inks = {span.ink for each in (first, *rest) for line in each.lines for span in line if span.text.strip()}
    assert not inks & {"ok", "watch", "warn", "crit"}
