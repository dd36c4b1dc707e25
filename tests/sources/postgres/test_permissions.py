"""The roles that are shipped can do what they are for and no more; without them nothing is shown as true."""

from __future__ import annotations

import psycopg
import pytest

from tests.rig.systems.postgres import ACTING, DATABASE, MONITOR, PASSWORD, PLAIN, Postgres
from tests.sources.postgres.conftest import Opens, rows_of
from wfconsole.observations.database import DatabaseRow, judge_database
from wfconsole.observations.levels import Level
from wfconsole.observations.sessions import SessionRow
from wfconsole.observations.snapshot import in_words
from wfconsole.sources.postgres.capacity import CapacityPoll
from wfconsole.sources.postgres.sessions import SessionsPoll


def as_role(postgres: Postgres, role: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        host="127.0.0.1", port=postgres.port, dbname=DATABASE, user=role, password=PASSWORD, autocommit=True
    )


def test_without_pg_monitor_nothing_is_counted(postgres: Postgres, opens: Opens) -> None:
    """The server gives one client and no waiter, and no error: there are five, and three wait."""
    postgres.faults["lock-chain"]()
    session = opens(PLAIN)
    capacity, sessions = CapacityPoll(session, 5000), SessionsPoll(session, 5000)
    (row,) = rows_of(capacity, DatabaseRow).values()
    assert (row.clients, row.states) == (None, {})
    assert judge_database(row, 0).level > Level.OK
    assert rows_of(sessions, SessionRow) == {}
    for poll in (capacity, sessions):
        assert in_words(poll.source().lacks()) == (
            "sessions of other roles are hidden; GRANT pg_monitor TO the monitoring role"
        )


def test_a_grant_is_noticed_at_the_next_look(postgres: Postgres, opens: Opens) -> None:
    postgres.faults["lock-chain"]()
    poll = SessionsPoll(opens(PLAIN), 5000)
    poll.step(lambda: None)
    with postgres.admin() as admin:
        admin.execute(f"GRANT pg_monitor TO {PLAIN}")
        try:
            assert len(rows_of(poll, SessionRow)) == 4
            assert in_words(poll.source().lacks()) == ""
        finally:
            admin.execute(f"REVOKE pg_monitor FROM {PLAIN}")


def test_the_monitoring_role_can_end_nobody_and_change_nothing(postgres: Postgres) -> None:
    victim = postgres.made.session("checkout-api")
    with as_role(postgres, MONITOR) as monitor:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            monitor.execute("SELECT pg_terminate_backend(%s)", (victim.info.backend_pid,))
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            monitor.execute("CREATE TABLE x(n int)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            monitor.execute("SELECT * FROM orders")


def test_the_acting_role_can_end_sessions_of_the_application_and_of_no_superuser(postgres: Postgres) -> None:
    victim = postgres.made.session("checkout-api")
    postgres.made.prepared_transaction()
    with as_role(postgres, ACTING) as acting, postgres.admin() as superuser:
        (ended,) = acting.execute("SELECT pg_terminate_backend(%s, 3000)", (victim.info.backend_pid,)).fetchall()
        assert ended == (True,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            acting.execute("SELECT pg_terminate_backend(%s)", (superuser.info.backend_pid,))
        acting.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            acting.execute("ROLLBACK PREPARED 'payment-42'")


def test_the_monitoring_role_may_have_three_sessions(postgres: Postgres) -> None:
    opened = [as_role(postgres, MONITOR) for _ in range(3)]
    try:
        with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
            as_role(postgres, MONITOR)
    finally:
        for each in opened:
            each.close()


SETTINGS = ("default_transaction_read_only", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")


@pytest.mark.parametrize(
    ("role", "groups", "settings", "sessions"),
    [
        (MONITOR, ["pg_monitor"], ("on", "4s", "1s", "10s"), 3),
        (ACTING, ["pg_monitor", "pg_signal_backend"], ("on", "10s", "1s", "10s"), 2),
    ],
)
def test_a_role_is_in_the_groups_that_it_needs_bounded_and_nothing_else(
    postgres: Postgres, role: str, groups: list[str], settings: tuple[str, ...], sessions: int
) -> None:
    with postgres.admin() as admin:
        found = admin.execute(
            "SELECT g.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid"
            " JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = %s ORDER BY 1",
            (role,),
        ).fetchall()
        assert [name for (name,) in found] == groups
        powers = admin.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolconnlimit"
            " FROM pg_roles WHERE rolname = %s",
            (role,),
        ).fetchone()
        assert powers == (False, False, False, False, False, sessions)
    with as_role(postgres, role) as connection:
        assert tuple(connection.execute(f"SHOW {name}").fetchone()[0] for name in SETTINGS) == settings  # type: ignore[index]
