"""Replication on a primary and a real standby of it."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from tests.rig.systems.postgres import PLAIN, Postgres
from tests.sources.postgres.conftest import Opens, rows_of
from wfconsole.clock import SystemClock
from wfconsole.observations.levels import Level
from wfconsole.observations.replicas import ReplicaRow, judge_replica
from wfconsole.observations.snapshot import in_words
from wfconsole.sources.postgres.replicas import ReplicasPoll, replica_rows

NOW = SystemClock().now()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_paused_standby_falls_behind_and_catches_up(postgres: Postgres, opens: Opens) -> None:
    primary = ReplicasPoll(opens(), 5000)
    standby = postgres.made.standby()
    own = ReplicasPoll(opens(port=standby.port), 5000)
    until(lambda: rows_of(primary, ReplicaRow)["replica-1 127.0.0.1"].lag_bytes == 0)
    postgres.faults["replica-lag"]()
    until(lambda: (rows_of(own, ReplicaRow)["standby"].lag_bytes or 0) > 8_000_000)
    behind = rows_of(primary, ReplicaRow)["replica-1 127.0.0.1"]
    here = rows_of(own, ReplicaRow)["standby"]
    assert (behind.state, behind.sync, behind.role) == ("streaming", "async", "replica")
    assert behind.lag_bytes is not None
    assert abs(behind.lag_bytes - (here.lag_bytes or 0)) < 1_000_000
    assert here.paused
    assert judge_replica(here, NOW).kind == "paused"
    standby.resume()
    until(lambda: rows_of(own, ReplicaRow)["standby"].lag_bytes == 0)
    assert judge_replica(rows_of(own, ReplicaRow)["standby"], NOW).level == Level.OK


def test_a_replica_that_is_expected_and_missing_is_a_finding(postgres: Postgres, opens: Opens) -> None:
    poll = ReplicasPoll(opens(replicas=2), 5000)
    assert judge_replica(rows_of(poll, ReplicaRow)["missing"], NOW).level == Level.CRITICAL
    postgres.made.standby()
    rows = rows_of(poll, ReplicaRow)
    assert judge_replica(rows["missing"], NOW).level == Level.WARNING
    assert judge_replica(rows["missing"], NOW).reason == "1 of 2 replicas are fed"
    assert not rows_of(ReplicasPoll(opens(), 5000), ReplicaRow).keys() - {"replica-1 127.0.0.1"}


def test_a_standby_whose_primary_is_gone_receives_nothing(postgres: Postgres, opens: Opens) -> None:
    standby = postgres.made.standby()
    own = ReplicasPoll(opens(port=standby.port), 5000)
    assert rows_of(own, ReplicaRow)["standby"].receives
    postgres.server.stop()
    try:
        until(lambda: not rows_of(own, ReplicaRow)["standby"].receives)
        assert judge_replica(rows_of(own, ReplicaRow)["standby"], NOW).level == Level.CRITICAL
    finally:
        postgres.restart()


def test_a_plain_role_knows_of_no_lag(postgres: Postgres, opens: Opens) -> None:
    postgres.made.standby()
    poll = ReplicasPoll(opens(PLAIN), 5000)
    rows = rows_of(poll, ReplicaRow)
    assert [row.lag_bytes for row in rows.values()] == [None]
    assert [judge_replica(row, NOW).level for row in rows.values()] == [Level.WATCH]
    assert "GRANT pg_monitor" in in_words(poll.source().lacks())


def test_replicas_of_the_same_name_are_two_rows() -> None:
    told = {
        "pid": 1,
        "application": "walreceiver",
        "client": "10.0.0.1",
        "state": "streaming",
        "sync": "async",
        "started_at": 1,
        "lag_bytes": 5,
        "lag_ms": None,
    }
    rows = replica_rows([told, told, {**told, "state": "backup"}], [], 0)
    assert list(rows) == ["walreceiver 10.0.0.1", "walreceiver 10.0.0.1 #2"]
    assert all(msgspec.json.encode(row) for row in rows.values())
