"""Probes of the systems beside the cluster: what they conclude, what they cannot tell, and how a row reads."""

from __future__ import annotations

from typing import Any

import pytest

from tests.alert_builders import an_alert
from tests.builders import (
    NOW,
    a_cache,
    a_database,
    a_failure,
    a_fed_replica,
    a_finding,
    a_gpu,
    a_keys_row,
    a_login,
    a_model,
    a_node,
    a_secret,
    a_service,
    a_signal,
    a_snapshot,
    a_world,
    all_logins,
    an_hpa,
    an_idle_session,
    an_ingress,
    an_isolation,
)
from wfconsole.clock import DAY, HOUR, MINUTE
from wfconsole.incident.probe_tables import table_of
from wfconsole.incident.probe_words import FIELDS, FLAGS
from wfconsole.incident.probes import ProbeError, parse_probe
from wfconsole.incident.probing import evaluate
from wfconsole.observations.ingresses import IngressPath
from wfconsole.observations.isolation import Side
from wfconsole.observations.levels import Quality
from wfconsole.observations.world import World
from wfconsole.text import is_safe

ROWS: dict[str, Any] = {
    "services": [a_service(), a_service("llm", ready=0, serving=0)],
    "ingresses": [
        an_ingress(),
        an_ingress("api", paths=(IngressPath("llm", "80", "api.example", state="no-endpoints"),)),
    ],
    "isolation": [an_isolation(), an_isolation("llm", ingress=Side(("deny-all",)))],
    "database": [a_database(clients=92)],
    "sessions": [
        an_idle_session(behind=2, held_since=NOW - 50_000),
        an_idle_session(
            3398, application="checkout", state="active", blockers=1, waiting_at=NOW - 90_000, xact_at=NOW - 95_000
        ),
    ],
    "replicas": [a_fed_replica(), a_fed_replica("replica-2", lag_bytes=100 << 20, lag_ms=45_000)],
    "cache": [a_cache(evicted_per_s=12.0, rejected_per_s=0.0, write_errors_per_s=0.0, hit_ratio=0.97)],
    "keys": [a_keys_row(), a_keys_row("cart:", sessions=False, keys=40)],
    "signals": [
        a_signal(value=0.078),
        a_signal("p99", 2.4, title="p99", unit="seconds", warning=0.8, critical=2.0),
        a_signal("p99", 0.1, group="production/cart", unit="seconds", warning=0.8, critical=2.0),
        a_signal("traffic", 590.0, unit="per-second", warning=None, critical=None),
    ],
    "gpus": [a_gpu(), a_gpu("1", xid=79, temperature=93.0, utilization=0.99)],
    "inference": [a_model(queue=41.0), a_model("whisper", latency=6.0)],
    "alerts": {"a": an_alert(), "b": an_alert("Slow", severity="warning", state="pending")},
    "auth": [all_logins(per_minute=120.0), a_login(failed=512, others=512), a_login("eve", "user", failed=30)],
    "findings": [a_finding(), a_finding("old", severity="HIGH", workflow="NOTIFIED", first_at=NOW - 9 * DAY)],
    "secrets": [a_secret(), a_secret("prod/old", changed_at=NOW - 200 * DAY)],
}
WORLD = a_world(**ROWS)

VERDICTS: list[tuple[str, bool | None]] = [
    ("services namespace=production no-endpoints", True),
    ("services name=gateway no-endpoints count=0", True),
    ("services name=no-such-service no-endpoints count=0", None),
    ("services ready<1", True),
    ("ingresses broken", True),
    ("ingresses host=shop.example broken", False),
    ("ingresses broken-paths>=1 service=llm", True),
    ("isolation ingress-isolated", True),
    ("isolation name=gateway open", True),
    ("database used>=90%", True),
    ("database connections<90", False),
    ("database usable=97", True),
    ("database standby count=0", True),
    ("sessions waiting", True),
    ("sessions waiting waits>1m", True),
    ("sessions waiting waits>2m", False),
    ("sessions waiting application=nobody count=0", True),
    ("sessions root behind>=2 idle-in-transaction", True),
    ("sessions idle>5m", True),
    ("sessions transaction>1h", False),
    ("db.waiters = 1", True),
    ("db.longest_wait > 1m", True),
    ("db.longest_wait > 120", False),
    ("db.longest_transaction > 9m", True),
    ("db.connections > 90%", True),
    ("replicas lag-mib>64", True),
    ("replicas name=replica-1 behind>1s", False),
    ("replicas missing", False),
    ("db.replica_lag > 1000000", True),
    ("cache memory>=50%", True),
    ("cache evicting", True),
    ("cache evicted>100", False),
    ("cache refuses-writes count=0", True),
    ("cache ping<1ms", True),
    ("keys sessions keys>100", True),
    ("cache.sessions = 300", True),
    ("signals past-bound", True),
    ("signals rule=errors value>5%", True),
    ("signals rule=p99 total of-bound>=2", True),
    ("signals rule=p99 service=cart past-bound", False),
    ("signals rule=traffic past-bound", False),
    ("signals.errors > 1%", True),
    ("signals.p99 > 800ms", True),
    ("signals.p99 > 10s", False),
    ("gpus xid", True),
    ("gpus utilization>95% hot", True),
    ("gpus gpu=0 temperature>90", False),
    ("gpus.memory > 50%", True),
    ("inference growing", True),
    ("inference slow latency>5s", True),
    ("inference queue>100", False),
    ("inference.queue > 40", True),
    ("alerts firing", True),
    ("alerts firing severity=critical count=1", True),
    ("alerts name=NoSuchAlert firing count=0", True),
    ("alerts.active = 1", True),
    ("auth spraying", True),
    ("auth guessed", False),
    ("auth rising", True),
    ("auth by=user failed>=20", True),
    ("auth.failures > 100", True),
    ("findings critical new", True),
    ("findings severity=HIGH new", False),
    ("findings age<1d", True),
    ("findings.critical = 1", True),
    ("secrets stale", True),
    ("secrets name=prod/orders/* changed>30d", False),
    ("services no-endpoints and database used>90%", True),
]


@pytest.mark.parametrize(("text", "holds"), VERDICTS, ids=[text for text, _holds in VERDICTS])
def test_a_probe_holds_or_not_or_cannot_tell(text: str, holds: bool | None) -> None:
    result = evaluate(parse_probe(text), WORLD, NOW)
    assert result.holds is holds
    assert (result.holds is None) == bool(result.why)


UNKNOWN: list[tuple[str, str, list[Any]]] = [
    ("services no-endpoints count=0", "services", [a_service(endpoints=None, ready=None)]),
    ("ingresses broken count=0", "ingresses", [an_ingress(paths=(IngressPath("x", state="unknown"),))]),
    ("database used<80%", "database", [a_database(clients=None)]),
    ("sessions waits>1m count=0", "sessions", [an_idle_session(blockers=1)]),
    ("replicas lag-mib>64 count=0", "replicas", [a_fed_replica(lag_bytes=None)]),
    ("db.replica_lag < 1000", "replicas", [a_fed_replica(lag_bytes=0), a_fed_replica("replica-2", lag_bytes=None)]),
    ("replicas behind>1s count=0", "replicas", [a_fed_replica(lag_ms=None)]),
    ("cache evicting count=0", "cache", [a_cache()]),
    ("cache refuses-writes count=0", "cache", [a_cache()]),
    ("keys sessions keys<100 count=0", "keys", [a_keys_row(keys=None)]),
    ("signals past-bound count=0", "signals", [a_signal(value=None)]),
    ("signals.errors < 1%", "signals", [a_signal(value=None)]),
    ("signals.p99 < 1s", "signals", [a_signal()]),
    ("gpus xid count=0", "gpus", [a_gpu(xid=None)]),
    ("gpus temperature>90 count=0", "gpus", [a_gpu(temperature=None)]),
    ("gpus hot count=0", "gpus", [a_gpu(temperature=None)]),
    ("inference growing count=0", "inference", [a_model(queue=None)]),
    ("inference latency>5s count=0", "inference", [a_model(latency=None)]),
    ("auth rising count=0", "auth", [all_logins(per_minute=None)]),
    ("auth spraying count=0", "auth", [all_logins(), a_login(others=None)]),
    ("auth.failures < 5", "auth", [all_logins(per_minute=None)]),
    ("findings age<1d count=0", "findings", [a_finding(first_at=0)]),
    ("nodes memory>90% count=0", "nodes", [a_node(memory_used=None)]),
    ("hpas ratio>1.2 count=0", "hpas", [an_hpa(metrics=())]),
]


def world_of(table: str, rows: Any, **changes: Any) -> World:
    """A world in which one source has spoken."""
    return World().with_snapshot(a_snapshot(table, rows, **changes))


@pytest.mark.parametrize(("text", "source", "rows"), UNKNOWN, ids=[text for text, _source, _rows in UNKNOWN])
def test_what_a_row_does_not_tell_is_never_well(text: str, source: str, rows: list[Any]) -> None:
    result = evaluate(parse_probe(text), world_of(source, rows), NOW)
    assert result.holds is None
    assert result.why


def test_what_is_not_known_of_one_row_does_not_hide_what_is_known_of_another() -> None:
    world = a_world(gpus=[a_gpu(xid=None), a_gpu("1", xid=79), a_gpu("2", xid=0)])
    result = evaluate(parse_probe("gpus xid"), world, NOW)
    assert result.holds is True
    assert result.lines[0] == "1 of 3 GPUs"
    assert result.lines[-1] == "-- for 1 GPU"
    few = evaluate(parse_probe("gpus xid count<=1"), world, NOW)
    assert (few.holds, few.why) == (None, "1 GPU cannot be told")


@pytest.mark.parametrize("table", sorted(FIELDS.keys() - {"pods", "workloads", "hpas", "nodes", "events"}))
def test_nothing_is_concluded_from_a_table_that_cannot_be_trusted(table: str) -> None:
    doubts: list[tuple[World, Quality]] = [
        (World(), Quality.OFF),
        (world_of(table, ROWS[table], good_at=NOW - HOUR), Quality.STALE),
        (world_of(table, ROWS[table], partial="not all of it"), Quality.PARTIAL),
        (world_of(table, (), failure=a_failure("denied")), Quality.DENIED),
        (world_of(table, (), good_at=None), Quality.UNKNOWN),
    ]
    for world, quality in doubts:
        for text in (table, f"{table} count=0"):
            result = evaluate(parse_probe(text), world, NOW)
            assert (result.holds, result.quality) == (None, quality)
            assert result.why.startswith((f"{table} is ", f"{table} are "))


@pytest.mark.parametrize("table", sorted(ROWS))
def test_no_row_at_all_is_an_answer_only_where_rows_are_what_goes_on(table: str) -> None:
    result = evaluate(parse_probe(f"{table} count=0"), world_of(table, []), NOW)
    assert result.holds is (True if table_of(table).may_be_none else None)


TOLD = [
    ("services name=llm", "production/llm  0/3 endpoints ready"),
    ("ingresses broken", "production/api  1 paths  llm has no ready endpoint"),
    ("isolation name=llm", "production/llm  3 pods  ingress isolated by deny-all  nothing may reach it: deny-all"),
    ("database", "orders-db:5432  92 of 97 connections (95%)  10 idle"),
    ("sessions root", "pid 3321  reconcile  2 wait for it, idle in transaction  since 14:31:17Z"),
    ("replicas name=replica-2", "replica-2  streaming  100MiB behind"),
    ("cache", "cache.example:6379  memory 50%  12 of 10000 clients  evicts keys: 12/s, noeviction"),
    ("keys sessions", "session:  300 keys  sessions"),
    ("signals rule=errors", "errors total  7.8%  (bound 1.0)"),
    ("gpus xid", "gpu-1/1  llm-1  use 99% memory 60%  93 C  last error Xid 79"),
    ("inference growing", "llama-3-70b  41 wait  0.8s  queue grew 2 to 41"),
    ("alerts firing", "orders-db LockWait  critical  firing  since 14:31:07Z"),
    ("auth by=all", "all logins  540 failed, 3000 succeeded  120 failures/min, usually 9"),
    ("auth spraying", "source 203.0.113.66  512 failed  spraying 512 users"),
    ("findings critical", "CRITICAL  Root account has an access key  eu-west-1  AwsAccount  found 13:32:07Z"),
    ("secrets stale", "prod/old  eu-west-1  changed 2025-08-13 14:32:07Z  not changed"),
]


@pytest.mark.parametrize(("text", "line"), TOLD, ids=[text for text, _line in TOLD])
def test_each_kind_of_row_is_told_in_one_line(text: str, line: str) -> None:
    result = evaluate(parse_probe(text), WORLD, NOW)
    assert result.lines[1] == line
    assert all(is_safe(shown) for shown in result.lines)


def test_every_table_can_be_asked_for_everything() -> None:
    for table, fields in FIELDS.items():
        for flag in FLAGS[table]:
            evaluate(parse_probe(f"{table} {flag}"), WORLD, NOW)
        for field, kind in fields.items():
            value = {"number": "1", "duration": "1m", "level": "watch"}.get(kind, "x")
            evaluate(parse_probe(f"{table} {field}={value}"), WORLD, NOW)


def test_a_signal_in_seconds_takes_a_duration_or_a_number_and_shows_its_unit() -> None:
    result = evaluate(parse_probe("signals.p99 > 0.8s"), WORLD, NOW)
    assert result.lines == ("signals.p99 2.40s (asked: > 0.80s)",)
    with pytest.raises(ProbeError, match="expected a number"):
        parse_probe("signals.p99 > soon")


def test_durations_may_be_milliseconds() -> None:
    assert parse_probe("inference latency>800ms").clauses[0].filters[0].number == 800
    assert parse_probe("sessions waits>2m").clauses[0].filters[0].number == 2 * MINUTE
