"""What stands in the cells of each listing: of a row that is known whole, and of one that is hardly known.

Every number has its unit, `--` stands for what nobody knows, and no row of which nothing is known is called well.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.builders import NOW
from tests.tui.harness import Desk
from wfconsole.clock import DAY, HOUR, MINUTE, SECOND
from wfconsole.observations.findings import FindingRow
from wfconsole.observations.gpus import GpuRow
from wfconsole.observations.inference import InferenceRow
from wfconsole.observations.ingresses import IngressPath, IngressRow
from wfconsole.observations.isolation import Allowance, IsolationRow, Side
from wfconsole.observations.levels import Level
from wfconsole.observations.replicas import ReplicaRow
from wfconsole.observations.secrets import SecretRow
from wfconsole.observations.services import ServicePort, ServiceRow
from wfconsole.observations.sessions import SessionRow
from wfconsole.observations.statements import StatementRow
from wfconsole.tui.frame import Frame, frame_of
from wfconsole.tui.glyphs import UNICODE
from wfconsole.tui.listings import listings_of
from wfconsole.tui.listings.listing import Listing

PLACES = {listing.name: (pane, listing) for pane in range(2, 8) for listing in listings_of(pane)}
HELD = f"9/{NOW - HOUR}"
WAITER = builders.a_session(
    8, blockers=1, blocked_by=(HELD,), under=HELD, waiting_at=NOW - 20 * SECOND, wants="relation orders"
)
ROOT = builders.a_session(9, behind=1, held_since=NOW - 20 * SECOND)
IDLE: dict[str, Any] = {"state": "idle in transaction", "state_at": NOW - 6 * MINUTE, "xact_at": NOW - 7 * MINUTE}

BARE_CACHE: dict[str, Any] = {
    **{"version": "", "role": "", "clients": 0, "max_clients": 0, "memory_used": 0, "memory_max": 0},
    **{"policy": "", "ops_per_s": 0, "ping_ms": None},
}

# The listing, a row (the first is shown, others are there too), and its cells.
FULL: list[tuple[str, Any, str]] = [
    (
        "connections",
        builders.a_database(clients=80, states={"active": 5, "idle": 70, "idle in transaction (aborted)": 2}),
        "▲ | orders-db:5432 | 80/97 | 82% | 5 | 70 | 2 | 15.18",
    ),
    ("locks", (ROOT, WAITER), "▲ | 9 | checkout | active | 4s | 1 | UPDATE orders SET state = $1"),
    ("locks", (WAITER, ROOT), "◆ | └ 8 | checkout | active | 20s | 0 | UPDATE orders SET state = $1"),
    (
        "transactions",
        builders.a_session(7, **IDLE),
        "▲ | 7 | checkout | idle in tx | 6m00s | 7m00s | 0 | UPDATE orders SET state = $1",
    ),
    (
        "transactions",
        SessionRow(gid="pay-1", state="prepared", user="shop", xact_at=NOW - 6 * MINUTE),
        "▲ | prepared pay-1 | shop | prepared | 6m00s | 6m00s | 0 |",
    ),
    ("slow", builders.a_statement(), "200ms | 100% | 20 | 10ms | 13:32Z | shop | SELECT * FROM orders"),
    (
        "replicas",
        builders.a_replica(lag_bytes=70 << 20, lag_ms=31_000),
        "▲ | standby-1 | 10.2.8.20 | 70.0MiB | 31s | streaming | async | 70.0MiB behind",
    ),
    (
        "cache",
        builders.a_cache(hit_ratio=0.93, evicted_per_s=0.0),
        "· | cache.example:6379 | 50% | 12/10000 | 0.4 ms | 900/s | 93% | 0/s | master | 7.0.15",
    ),
    (
        "sessions by prefix",
        builders.a_keys_row(counted_at=NOW - MINUTE, so_far=10, walked=100),
        "session: | 300 | 1m00s ago | 75% | 25% | sessions",
    ),
    (
        "services",
        builders.a_service(ready=2, terminating=1, ports=(ServicePort(80, target="8080"), ServicePort(53, "UDP"))),
        "· | gateway | 2/3 | 1 | 3 | ok | 80,53/udp | ClusterIP | app=gateway | production",
    ),
    (
        "ingress",
        builders.an_ingress(
            addresses=("10.0.0.1", "10.0.0.2"),
            paths=(IngressPath("gateway", "80", "shop.example", "/", ready=3), IngressPath("cart", "80", ready=1)),
        ),
        "· | shop | shop.example/ -> gateway:80 and 1 more | ok | no | nginx | 10.0.0.1 | production",
    ),
    (
        "isolation",
        builders.an_isolation(
            ingress=Side(("deny", "allow"), (Allowance("allow", "pods app=shop", "tcp/80"),), more=2),
            egress=Side(("deny",)),
            policies_here=2,
        ),
        "· | Deployment/gateway | 3 | only pods app=shop at tcp/80 and 2 more | nothing allowed | deny, allow |"
        " production",
    ),
    (
        "findings",
        builders.a_finding(),
        "■ | CRITICAL | Root account has an access key | arn:aws:iam::123456789012:root | eu-west-1 | NEW | 1m |"
        " 123456789012",
    ),
    (
        "secrets",
        builders.a_secret(changed_at=NOW - 100 * DAY, rotated_at=NOW - 100 * DAY, accessed_at=NOW - DAY, rotation=True),
        "▲ | prod/orders/database | 100d | 100d | 24h | on | rotation is on, and did not change it | eu-west-1",
    ),
    (
        "gpu use",
        builders.a_gpu(instance="3g.40gb 1", model="H100", xid=79),
        "▲ | gpu-1 | 0 3g.40gb 1 | llm-0 | 61% | 60% | 63 C | 410 W | 79 | last error Xid 79 | H100",
    ),
    (
        "inference",
        builders.a_model(queue=60.0, queue_low=5.0, latency=6.0, latency_is_mean=True),
        "■ | llama-3-70b | 60 | 5 | 6s | mean | 24 | 55% | queue grew 5 to 60, mean 6.0s above 5s",
    ),
]
EMPTY: list[tuple[str, Any, str]] = [
    (
        "connections",
        builders.a_database(clients=None, states={}, version=""),
        "◆ | orders-db:5432 | --/97 | -- | -- | -- | -- |",
    ),
    ("locks", SessionRow(pid=8, blockers=1), "▲ | 8 | | -- | -- | 0 |"),
    ("transactions", SessionRow(pid=7, state="active", query_at=NOW), "· | 7 | | active | 0s | -- | 0 |"),
    ("slow", StatementRow(""), "0ms | -- | 0 | -- | -- | -- | its text is hidden from us"),
    ("replicas", ReplicaRow("standby-1"), "◆ | standby-1 | | -- | -- | -- | | nobody knows how far it is behind"),
    (
        "replicas",
        ReplicaRow("replicas", "missing", expected=2),
        "■ | replicas | | -- | -- | -- | | 0 of 2 replicas are fed",
    ),
    (
        "cache",
        builders.a_cache(**BARE_CACHE),
        "· | cache.example:6379 | 0 | 0/-- | -- | 0/s | -- | -- | -- |",
    ),
    ("sessions by prefix", builders.a_keys_row(keys=None, total=0), "session: | 0+ | counting | -- | | sessions"),
    (
        "services",
        ServiceRow("production", "gateway"),
        "◆ | gateway | -- | -- | -- | its endpoints are not known | | ClusterIP | none | production",
    ),
    (
        "ingress",
        IngressRow("production", "shop"),
        "◆ | shop | none | it leads nowhere: no rule and no default | no | default | -- | production",
    ),
    ("isolation", IsolationRow("production", "gateway"), "· | gateway | 0 | open | open | none | production"),
    (
        "findings",
        FindingRow("f", region="eu-west-1", severity="HIGH", title="", workflow="NOTIFIED"),
        "◆ | HIGH | -- | -- | eu-west-1 | NOTIFIED | -- |",
    ),
    (
        "secrets",
        SecretRow("prod/orders", "eu-west-1"),
        "◆ | prod/orders | -- | -- | -- | off | nobody knows when it changed | eu-west-1",
    ),
    ("gpu use", GpuRow("", "0"), "◆ | -- | 0 | none | -- | -- | -- | -- | -- | tells nothing of itself |"),
    ("gpu use", builders.a_gpu(xid=None), "· | gpu-1 | 0 | llm-0 | 61% | 60% | 63 C | 410 W | -- | -- |"),
    (
        "inference",
        InferenceRow("llama"),
        "◆ | llama | -- | -- | -- | | -- | -- | neither its queue nor its latency is known",
    ),
]
NAMED = [f"{name} {place}" for place, (name, _, _) in enumerate(FULL)]
BARE = [f"{name} {place}" for place, (name, _, _) in enumerate(EMPTY)]


def shown(name: str, rows: Any) -> tuple[Listing, Frame, str]:
    """The listing with these rows, and the key of the first."""
    rows = rows if isinstance(rows, tuple) else (rows,)
    listing = next(each for each in listings_of(PLACES[name][0]) if each.name == name)
    desk = Desk()
    desk.tell(listing.source, list(rows))
    frame = frame_of(desk, UNICODE, observer=False)
    return listing, frame, builders.row_key(rows[0])


def text_of(line: Any) -> str:
    return "".join(span.text for span in line)


@pytest.mark.parametrize(("name", "rows", "expected"), [*FULL, *EMPTY], ids=[*NAMED, *BARE])
def test_the_cells_of_a_row(name: str, rows: Any, expected: str) -> None:
    listing, frame, key = shown(name, rows)
    assert key in listing.keys(frame, listing.orders[0])
    cells = listing.cells(frame, key)
    assert len(cells) == len(listing.columns)
    assert " | ".join(cell.text for cell in cells).replace(" |  |", " | |").strip() == expected


@pytest.mark.parametrize(("name", "rows", "expected"), [*FULL, *EMPTY], ids=[*NAMED, *BARE])
def test_what_is_said_below_of_a_row(name: str, rows: Any, expected: str) -> None:
    del expected
    listing, frame, key = shown(name, rows)
    said = [text_of(line) for line in listing.detail(frame, key)]
    assert said[0].startswith(" ROW ")
    assert said[-1].startswith(" NEXT ")
    assert all(len(line.split()) > 1 for line in said), "no line without anything to say"
    assert not any(words in line for line in said for words in ("None", "nan", "1970-", "00:00:00Z"))


@pytest.mark.parametrize("name", dict.fromkeys(name for name, _, _ in FULL))
def test_of_a_row_that_went_nothing_is_said(name: str) -> None:
    listing, frame, _ = shown(name, next(rows for each, rows, _ in FULL if each == name))
    assert listing.detail(frame, "gone") == []
    assert {cell.text for cell in listing.cells(frame, "gone")} == {""}


@pytest.mark.parametrize(("name", "rows", "expected"), EMPTY, ids=BARE)
def test_no_row_of_which_nothing_is_known_counts_as_well(name: str, rows: Any, expected: str) -> None:
    listing, frame, key = shown(name, rows)
    if any(words in expected for words in ("not known", "nobody knows", "is known", "tells nothing")):
        assert frame.view.judged.finding(listing.source, key).level > Level.OK
