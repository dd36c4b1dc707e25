"""Who waits for whom, on the real server, beside what the runbook's own query says of the same locks."""

from __future__ import annotations

from typing import Final

import pytest

from tests.rig.systems.postgres import Postgres
from tests.sources.postgres.conftest import rows_of
from wfconsole.clock import MINUTE, SystemClock
from wfconsole.observations.levels import Level
from wfconsole.observations.locks import drawn
from wfconsole.observations.sessions import SessionRow, is_root, judge_session, remedy
from wfconsole.observations.snapshot import in_words
from wfconsole.sources.postgres.connection import Session
from wfconsole.sources.postgres.sessions import SessionsPoll

# The runbook's step "Check database locks", word for word.
SEED: Final = """
SELECT blocked_locks.pid AS blocked_pid,
       blocked_activity.usename AS blocked_user,
       blocking_locks.pid AS blocking_pid,
       blocking_activity.usename AS blocking_user,
       blocked_activity.query AS blocked_statement
FROM pg_catalog.pg_locks blocked_locks
JOIN pg_catalog.pg_stat_activity blocked_activity ON blocked_activity.pid = blocked_locks.pid
JOIN pg_catalog.pg_locks blocking_locks ON (blocking_locks.locktype = blocked_locks.locktype
    AND blocking_locks.database IS NOT DISTINCT FROM blocked_locks.database
    AND blocking_locks.relation IS NOT DISTINCT FROM blocked_locks.relation)
JOIN pg_catalog.pg_stat_activity blocking_activity ON blocking_activity.pid = blocking_locks.pid
WHERE NOT blocked_locks.granted;
"""


@pytest.fixture
def poll(session: Session) -> SessionsPoll:
    return SessionsPoll(session, 5000)


def seen(poll: SessionsPoll) -> dict[str, SessionRow]:
    return rows_of(poll, SessionRow)


def edges(rows: dict[str, SessionRow]) -> set[tuple[int, int]]:
    return {(row.pid, rows[key].pid) for row in rows.values() for key in row.blocked_by}


def seed_edges(postgres: Postgres) -> list[tuple[int, int]]:
    with postgres.admin() as admin:
        return [(row[0], row[2]) for row in admin.execute(SEED).fetchall()]


def test_two_true_edges_where_the_runbooks_query_has_seven_rows(postgres: Postgres, poll: SessionsPoll) -> None:
    made = postgres.made
    holder, unrelated = made.session("batch-reconcile"), made.session("orders-svc")
    holder.execute("UPDATE orders SET state = 'held' WHERE id = 1")
    unrelated.execute("UPDATE orders SET state = 'mine' WHERE id = 100")
    waiters = [made.session("checkout-api") for _ in range(2)]
    for waiter in waiters:
        made.wait(waiter, "UPDATE orders SET state = 'wanted' WHERE id = 1")
    first, second = (waiter.info.backend_pid for waiter in waiters)
    told = seed_edges(postgres)
    rows = seen(poll)
    assert edges(rows) == {(first, holder.info.backend_pid), (second, first)}
    assert len(told) == 7
    assert any(one == other for one, other in told)  # it calls a session its own blocker,
    assert unrelated.info.backend_pid in {blocker for _, blocker in told}  # and names one that blocks nobody
    assert unrelated.info.backend_pid not in {row.pid for row in rows.values()}


def test_a_convoys_three_edges_where_the_runbooks_query_has_twelve_rows(postgres: Postgres, poll: SessionsPoll) -> None:
    postgres.faults["lock-convoy"]()
    rows = seen(poll)
    assert len(seed_edges(postgres)) == 12
    assert len(edges(rows)) == 3
    (root,) = [row for row in rows.values() if is_root(row)]
    assert (root.application, root.state, root.behind) == ("report", "idle in transaction", 3)
    migration = next(row for row in rows.values() if row.application == "migration")
    assert (migration.behind, migration.wants) == (2, "AccessExclusiveLock on orders")


def test_a_chain_hangs_under_the_one_that_idles(postgres: Postgres, poll: SessionsPoll) -> None:
    postgres.faults["lock-chain"]()
    rows = seen(poll)
    branches = drawn(rows)
    assert [rows[branch.key].application for branch in branches] == [
        "batch-reconcile",
        "checkout-api",
        "checkout-api",
        "orders-svc",
    ]
    assert [rows[branch.key].behind for branch in branches] == [3, 2, 1, 0]
    assert [len(branch.more) for branch in branches] == [0, 1, 2, 3]
    root = rows[branches[0].key]
    assert root.query.startswith("UPDATE orders")
    assert "cancelling does nothing" in remedy(root)
    later = SystemClock().now() + 2 * MINUTE
    assert judge_session(root, later).level == Level.CRITICAL
    assert judge_session(rows[branches[3].key], later).level == Level.WARNING


def test_rows_are_the_same_at_the_next_look(postgres: Postgres, poll: SessionsPoll) -> None:
    postgres.faults["lock-chain"]()
    seen(poll)
    assert len(poll.table.take()) == 4
    seen(poll)
    assert poll.table.take() == {}


def test_when_the_root_ends_the_next_one_is_root(postgres: Postgres, poll: SessionsPoll) -> None:
    postgres.faults["lock-chain"]()
    root = next(row for row in seen(poll).values() if is_root(row))
    with postgres.admin() as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", (root.pid,))
        deadline_rows = seen(poll)
    (after,) = [row for row in deadline_rows.values() if is_root(row)]
    assert after.pid != root.pid
    assert after.behind == 2


def test_a_prepared_transaction_is_a_root_with_its_name(postgres: Postgres, poll: SessionsPoll) -> None:
    postgres.made.prepared_transaction("pay'ment\u202e-42")
    rows = seen(poll)
    (key,) = [key for key, row in rows.items() if is_root(row)]
    assert key == "prepared/pay'ment\\u{202e}-42"
    assert rows[key].behind == 1
    assert rows[key].user == "wf_app"
    assert "ROLLBACK PREPARED 'pay''ment" in remedy(rows[key])
    assert "owner (wf_app) or a superuser" in remedy(rows[key])


def test_two_prepared_transactions_are_told_apart(postgres: Postgres, poll: SessionsPoll) -> None:
    with postgres.application("payments") as other:
        other.autocommit = True
        other.execute("BEGIN")
        other.execute("UPDATE orders SET state = 'paid' WHERE id = 9")
        other.execute("PREPARE TRANSACTION 'innocent'")
    postgres.made.prepared_transaction("guilty")
    rows = seen(poll)
    assert (rows["prepared/guilty"].behind, rows["prepared/innocent"].behind) == (1, 0)


def test_a_prepared_transaction_is_still_told_after_a_restart(postgres: Postgres, poll: SessionsPoll) -> None:
    postgres.made.prepared_transaction("payment-42")
    postgres.restart()
    waiter = postgres.made.session("checkout-api")
    postgres.made.wait(waiter, "UPDATE orders SET state = 'wanted' WHERE id = 1")
    rows = seen(poll)
    assert rows["prepared/payment-42"].behind == 1


def test_a_deadlock_is_a_circle_until_the_server_ends_it(postgres: Postgres, poll: SessionsPoll) -> None:
    one, two = (postgres.made.session(name, user="postgres") for name in ("left", "right"))
    for session in (one, two):
        session.execute("SET deadlock_timeout = '60s'")
    one.execute("UPDATE orders SET state = 'a' WHERE id = 1")
    two.execute("UPDATE orders SET state = 'b' WHERE id = 2")
    postgres.made.wait(one, "UPDATE orders SET state = 'a' WHERE id = 2")
    postgres.made.wait(two, "UPDATE orders SET state = 'b' WHERE id = 1")
    rows = seen(poll)
    assert all(row.cycle and row.behind == 1 for row in rows.values())
    assert [rows[branch.key].application for branch in drawn(rows)] == ["left", "right"]


def test_hostile_names_and_queries_are_safe(
    postgres: Postgres, poll: SessionsPoll, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = postgres.made.session("app")
    session.execute("SET application_name = 'a[/]b'")
    session.execute("SELECT '[red]\u202e\x1b]52;c;x\x07'")
    monkeypatch.setattr("wfconsole.sources.postgres.sessions._LEAST_S", 0)
    (row,) = [row for row in seen(poll).values() if row.pid == session.info.backend_pid]
    assert row.application == "a[/]b"
    assert "\x1b" not in row.query
    assert "\\u{202e}␛]52" in row.query


def test_a_query_is_cut_at_500_characters(postgres: Postgres, poll: SessionsPoll) -> None:
    postgres.made.session("a").execute("UPDATE orders SET state = 'held' WHERE id = 1")
    postgres.made.wait(postgres.made.session("b"), f"UPDATE orders SET state = '{'x' * 5000}' WHERE id = 1")
    assert max(len(row.query) for row in seen(poll).values()) == 500


@pytest.mark.parametrize("fault", ["idle-in-transaction", "slow-query"])
def test_what_lasts_is_seen_and_judged_by_its_age(
    postgres: Postgres, poll: SessionsPoll, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.faults[fault]()
    assert seen(poll) == {}  # nobody's business yet
    monkeypatch.setattr("wfconsole.sources.postgres.sessions._LEAST_S", 0)
    (row,) = [row for row in seen(poll).values() if row.user == "wf_app"]
    now = SystemClock().now()
    assert judge_session(row, now).level == Level.OK
    assert judge_session(row, now + 2 * MINUTE).level == Level.WATCH
    assert judge_session(row, now + 6 * MINUTE).level == Level.WARNING


def test_more_sessions_than_are_read_is_said(
    postgres: Postgres, poll: SessionsPoll, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wfconsole.sources.postgres.sessions.LIMIT", 2)
    postgres.faults["lock-chain"]()
    assert len(seen(poll)) == 2
    assert "there are more" in in_words(poll.source().lacks())


@pytest.mark.parametrize("ahead_ms", [5 * MINUTE, -5 * MINUTE])
def test_ages_are_by_our_clock_although_the_servers_is_off(
    postgres: Postgres, poll: SessionsPoll, ahead_ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.faults["lock-chain"]()
    right = SystemClock.now
    monkeypatch.setattr(SystemClock, "now", lambda clock: right(clock) - ahead_ms)
    rows = seen(poll).values()
    ages = [SystemClock().now() - at for row in rows for at in (row.xact_at, row.state_at, row.waiting_at) if at]
    assert len(ages) > len(rows)
    assert all(abs(age) < MINUTE for age in ages)
