"""The database: its slots, its sessions and its replicas; from where on each is worth a look, a warning, all hands."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import NOW, a_database, a_snapshot, a_world
from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.observations.database import DatabaseRow, judge_database, usable, used_share
from wfconsole.observations.headlines.database import database
from wfconsole.observations.headlines.facts import Facts
from wfconsole.observations.headlines.replicas import replicas
from wfconsole.observations.headlines.sessions import sessions
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level
from wfconsole.observations.replicas import (
    CRITICAL_BYTES,
    CRITICAL_MS,
    MIB,
    WARNING_BYTES,
    WARNING_MS,
    ReplicaRow,
    judge_replica,
)
from wfconsole.observations.sessions import SessionRow, weigh_session
from wfconsole.observations.world import World

OK, WATCH, WARNING, CRITICAL = Level.OK, Level.WATCH, Level.WARNING, Level.CRITICAL


def told(world: World) -> Judged:
    judged = Judged()
    for source in world.snapshots:
        judged = judged.after(world, source, NOW)
    return judged


# --- slots ----------------------------------------------------------------------------------------------------------

DATABASES = [
    ("room", a_database(clients=77), OK, ""),  # of 97
    ("four fifths", a_database(clients=78), WARNING, "78 of 97 connections, 19 free"),
    ("just before it is critical", a_database(clients=92), WARNING, "92 of 97 connections, 5 free"),
    ("nearly all", a_database(clients=93), CRITICAL, "93 of 97 connections, 4 free"),
    ("all, and reserved ones too", a_database(clients=99), CRITICAL, "99 of 97 connections, 0 free"),
    ("nobody", a_database(clients=0), OK, ""),
    (
        "hidden",
        a_database(clients=None),
        WATCH,
        "nobody can count the connections: those of other roles are hidden",
    ),
    (
        "only reserved ones",
        a_database(clients=0, max_connections=3, reserved=3),
        CRITICAL,
        "0 of 0 connections, 0 free",
    ),
]


@pytest.mark.parametrize(
    ("row", "level", "reason"), [case[1:] for case in DATABASES], ids=[case[0] for case in DATABASES]
)
def test_a_server_is_judged_by_the_slots_that_are_free(row: DatabaseRow, level: Level, reason: str) -> None:
    finding = judge_database(row, NOW)
    assert (finding.level, finding.reason) == (level, reason)


def test_the_share_of_nobody_knows_how_many_is_unknown() -> None:
    assert used_share(a_database(clients=None)) is None
    assert used_share(a_database(clients=97)) == 1.0
    assert used_share(a_database(clients=1, max_connections=3, reserved=3)) == 1.0
    assert usable(a_database(max_connections=3, reserved=5)) == 0


@pytest.mark.parametrize(
    ("rows", "facts"),
    [
        ([], Facts(("no server",))),
        ([a_database(clients=10)], Facts(("conn 10/97",))),
        ([a_database(clients=93)], Facts(("conn 93/97",), CRITICAL, "93 of 97 connections, 4 free")),
        (
            [a_database(clients=None)],
            Facts(("conn --/97",), WATCH, "nobody can count the connections: those of other roles are hidden"),
        ),
    ],
)
def test_the_headline_of_the_server(rows: list[DatabaseRow], facts: Facts) -> None:
    world = a_world(database=rows)
    assert database(world, told(world), NOW) == facts


# --- sessions -------------------------------------------------------------------------------------------------------


def ago(ms: Millis) -> Millis:
    return NOW - ms


def a_root(ms: Millis, behind: int = 1, **changes: Any) -> SessionRow:
    """It has held up others for so long."""
    fields: dict[str, Any] = {"pid": 7, "state": "idle in transaction", "state_at": ago(ms), "held_since": ago(ms)}
    return SessionRow(**(fields | {"behind": behind} | changes))


def a_waiter(ms: Millis, **changes: Any) -> SessionRow:
    fields: dict[str, Any] = {"pid": 8, "state": "active", "query_at": ago(ms), "blockers": 1, "waiting_at": ago(ms)}
    return SessionRow(**(fields | changes))


def idle(ms: Millis, state: str = "idle in transaction") -> SessionRow:
    return SessionRow(pid=9, state=state, state_at=ago(ms), xact_at=ago(ms))


def busy(ms: Millis, **changes: Any) -> SessionRow:
    fields: dict[str, Any] = {"pid": 9, "state": "active", "query_at": ago(ms)}
    return SessionRow(**(fields | changes))


def prepared(ms: Millis) -> SessionRow:
    return SessionRow(gid="pay-1", state="prepared", xact_at=ago(ms))


# Name, the row, its level and reason, and when time alone may change it, from now on (None: never).
SESSIONS: list[tuple[str, SessionRow, Level, str, int | None]] = [
    ("holds up one, just now", a_root(0), OK, "", 2 * SECOND),
    ("holds up one, nearly two seconds", a_root(1999), OK, "", 1),
    ("holds up one", a_root(2 * SECOND), WATCH, "1 waits for it, idle in transaction", 8 * SECOND),
    ("holds up one, ten seconds", a_root(10 * SECOND), WARNING, "1 waits for it, idle in transaction", 50 * SECOND),
    ("holds up one, a minute", a_root(MINUTE), CRITICAL, "1 waits for it, idle in transaction", None),
    ("holds up nine", a_root(15 * SECOND, 9), WARNING, "9 wait for it, idle in transaction", 45 * SECOND),
    ("holds up ten", a_root(2 * SECOND, 10), WARNING, "10 wait for it, idle in transaction", 13 * SECOND),
    ("holds up ten for 15 s", a_root(15 * SECOND, 10), CRITICAL, "10 wait for it, idle in transaction", None),
    (
        "holds up one, nobody knows since when",
        a_root(0, held_since=0),
        CRITICAL,
        "1 waits for it, idle in transaction",
        None,
    ),
    (
        "a backend without a state holds up one",
        a_root(2 * SECOND, state="", backend="autovacuum worker"),
        WATCH,
        "1 waits for it, autovacuum worker",
        8 * SECOND,
    ),
    ("waits, just now", a_waiter(1999), OK, "", 1),
    ("waits", a_waiter(2 * SECOND, wants="relation orders"), WATCH, "waits for relation orders", 58 * SECOND),
    ("waits for a minute", a_waiter(MINUTE), WARNING, "waits for a lock", None),
    ("waits and holds up others: the root is to blame", a_waiter(MINUTE, behind=20), WARNING, "waits for a lock", None),
    ("in a circle", a_waiter(0, cycle=True, behind=1), WARNING, "waits for itself in a circle", None),
    ("idle in a transaction", idle(MINUTE - 1), OK, "", 1),
    ("idle for a minute", idle(MINUTE), WATCH, "idle in transaction", 4 * MINUTE),
    ("idle for five", idle(5 * MINUTE), WARNING, "idle in transaction", None),
    (
        "idle in one that failed",
        idle(5 * MINUTE, "idle in transaction (aborted)"),
        WARNING,
        "idle in transaction (aborted)",
        None,
    ),
    ("runs", busy(MINUTE - 1), OK, "", 1),
    ("runs for a minute", busy(MINUTE), WATCH, "runs one query", 4 * MINUTE),
    ("runs for an hour", busy(60 * MINUTE), WARNING, "runs one query", None),
    ("prepared", prepared(MINUTE - 1), OK, "", 1),
    (
        "prepared for five minutes",
        prepared(5 * MINUTE),
        WARNING,
        "prepared, neither committed nor rolled back",
        None,
    ),
    ("idle, outside of a transaction", busy(60 * MINUTE, state="idle"), OK, "", None),
    ("of the server itself", busy(60 * MINUTE, state="", backend="checkpointer"), OK, "", None),
]


@pytest.mark.parametrize(
    ("row", "level", "reason", "until"), [case[1:] for case in SESSIONS], ids=[case[0] for case in SESSIONS]
)
def test_a_session_is_judged_by_whom_it_holds_up_and_how_long_it_lasts(
    row: SessionRow, level: Level, reason: str, until: int | None
) -> None:
    finding, at = weigh_session(row, NOW)
    assert (finding.level, finding.reason) == (level, reason)
    assert at == (0 if until is None else NOW + until)


HEADLINES: list[tuple[str, list[SessionRow], dict[str, Any], Facts]] = [
    ("nobody", [], {}, Facts(("no lock waits",))),
    ("nobody whom we may see", [], {"partial": "sessions of other roles are hidden"}, Facts(("lock waits --",))),
    (
        "the root that holds up most, and what lasts",
        [a_root(MINUTE, 3), a_root(MINUTE, 12, pid=5), idle(5 * MINUTE), busy(6 * MINUTE, pid=10)],
        {},
        Facts(("12 wait for pid 5", "1 idle in tx"), CRITICAL, "pid 5: 12 wait for it, idle in transaction"),
    ),
    (
        "a circle",
        [a_waiter(0, cycle=True), a_waiter(0, cycle=True, pid=9)],
        {},
        Facts(("2 wait in a circle",), WARNING, "pid 8: waits for itself in a circle"),
    ),
    ("several", [busy(MINUTE), busy(MINUTE)], {}, Facts(("2 long queries",), WATCH, "pid 9: runs one query")),
    (
        "only what lasts",
        [busy(MINUTE), prepared(5 * MINUTE)],
        {},
        Facts(
            ("1 prepared", "1 long query"),
            WARNING,
            "prepared pay-1: prepared, neither committed nor rolled back",
        ),
    ),
]


@pytest.mark.parametrize(
    ("rows", "snapshot", "facts"), [case[1:] for case in HEADLINES], ids=[case[0] for case in HEADLINES]
)
def test_the_headline_of_the_sessions(rows: list[SessionRow], snapshot: dict[str, Any], facts: Facts) -> None:
    keyed = {f"{row.pid or row.gid}/{place}": row for place, row in enumerate(rows)}
    world = a_world(sessions=a_snapshot("sessions", keyed, **snapshot))
    assert sessions(world, told(world), NOW) == facts


# --- replicas -------------------------------------------------------------------------------------------------------


def a_replica(lag_bytes: int | None = 0, **changes: Any) -> ReplicaRow:
    fields: dict[str, Any] = {"name": "standby-1", "state": "streaming", "lag_bytes": lag_bytes}
    return ReplicaRow(**(fields | changes))


def missing(found: int, expected: int) -> ReplicaRow:
    return ReplicaRow("replicas", "missing", found=found, expected=expected)


REPLICAS: list[tuple[str, ReplicaRow, Level, str]] = [
    ("follows", a_replica(0), OK, ""),
    ("follows, nearly 64 MiB behind", a_replica(WARNING_BYTES - 1), OK, ""),
    ("64 MiB behind", a_replica(WARNING_BYTES), WARNING, "64.0MiB behind"),
    ("nearly a GiB behind", a_replica(CRITICAL_BYTES - MIB), WARNING, "1.00GiB behind"),
    ("a GiB behind", a_replica(CRITICAL_BYTES), CRITICAL, "1.00GiB behind"),
    ("30 s behind", a_replica(8, lag_ms=WARNING_MS), WARNING, "8B behind"),
    ("nearly 30 s behind", a_replica(8, lag_ms=WARNING_MS - 1), OK, ""),
    ("five minutes behind", a_replica(8, lag_ms=CRITICAL_MS), CRITICAL, "8B behind"),
    ("idle: seconds without a byte are none", a_replica(0, lag_ms=CRITICAL_MS), OK, ""),
    ("nobody knows", a_replica(None), WATCH, "nobody knows how far it is behind"),
    ("nobody knows, for hours", a_replica(None, lag_ms=CRITICAL_MS), WATCH, "nobody knows how far it is behind"),
    ("paused", a_replica(8, paused=True), WARNING, "replay is paused, 8B behind"),
    ("paused and far behind", a_replica(CRITICAL_BYTES, paused=True), CRITICAL, "1.00GiB behind"),
    ("catches up", a_replica(8, state="catchup"), WATCH, "catchup, 8B behind"),
    ("a state that is hidden", a_replica(8, state=""), OK, ""),
    ("a standby that is fed", a_replica(0, role="standby", state=""), OK, ""),
    (
        "a standby that nobody feeds",
        a_replica(0, role="standby", receives=False),
        CRITICAL,
        "receives nothing from its primary",
    ),
    ("one of two is missing", missing(1, 2), WARNING, "1 of 2 replicas are fed"),
    ("all are missing", missing(0, 2), CRITICAL, "0 of 2 replicas are fed"),
]


@pytest.mark.parametrize(
    ("row", "level", "reason"), [case[1:] for case in REPLICAS], ids=[case[0] for case in REPLICAS]
)
def test_a_replica_is_judged_by_what_it_has_not_replayed(row: ReplicaRow, level: Level, reason: str) -> None:
    finding = judge_replica(row, NOW)
    assert (finding.level, finding.reason) == (level, reason)


@pytest.mark.parametrize(
    ("rows", "snapshot", "facts"),
    [
        ([], {}, Facts(("no replicas",))),
        ([], {"partial": "hidden"}, Facts(("replicas --",))),
        ([a_replica(1024), a_replica(2048, name="b")], {}, Facts(("replica 2.00KiB behind",))),
        (
            [a_replica(WARNING_BYTES), a_replica(None, name="b")],
            {},
            Facts(("replica -- behind",), WARNING, "standby-1: 64.0MiB behind"),
        ),
        (
            [missing(1, 2), a_replica(0)],
            {},
            Facts(("1 of 2 replicas", "replica 0B behind"), WARNING, "replicas: 1 of 2 replicas are fed"),
        ),
    ],
)
def test_the_headline_of_the_replicas(rows: list[ReplicaRow], snapshot: dict[str, Any], facts: Facts) -> None:
    world = a_world(replicas=a_snapshot("replicas", {row.name: row for row in rows}, **snapshot))
    assert replicas(world, told(world), NOW) == facts
