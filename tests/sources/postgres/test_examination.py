"""The doctor on a real PostgreSQL: well with the shipped rights, and each that is missing by its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.collector.examined import Examined
from tests.rig.systems.postgres import MONITOR, PASSWORD, PLAIN, Postgres
from tests.sources.api_double import until
from wfconsole.clock import MINUTE, SystemClock
from wfconsole.observations.checks import Check
from wfconsole.sources.postgres.examination import granted
from wfconsole.sources.postgres.freshness import freshness

COLUMNS = ("username", "status", "created_at", "ip_address")


def examined(postgres: Postgres, **changes: Any) -> Examined:
    tables = postgres.settings()
    return Examined("database", {**tables, "database": {**tables["database"], **changes}})


@contextmanager
def undone(postgres: Postgres, taken: str, given: str) -> Iterator[None]:
    """Without a right, in here."""
    with postgres.admin() as admin:
        admin.execute(taken)
        try:
            yield
        finally:
            admin.execute(given)


def test_all_is_well_with_exactly_the_shipped_rights(postgres: Postgres) -> None:
    found = examined(postgres)
    assert found.unwell == {}
    assert found["authenticated"].detail == MONITOR
    assert found["clock"].detail == "+0 s"
    assert found.named("permission") == {
        "pg_monitor": "ok",
        **{f"SELECT auth_logs.{column}": "ok" for column in COLUMNS},
    }
    assert found.named("action") == {"pg_signal_backend": "off"}
    assert PASSWORD not in repr(found.checks)


def test_what_the_files_grant_is_what_is_checked() -> None:
    assert granted("monitoring-role") == ("pg_monitor",)
    assert granted("acting-role") == ("pg_monitor", "pg_signal_backend")


@pytest.mark.parametrize(
    ("taken", "given", "name", "grant"),
    [
        (
            f"REVOKE pg_monitor FROM {MONITOR}",
            f"GRANT pg_monitor TO {MONITOR}",
            "pg_monitor",
            f"GRANT pg_monitor TO {MONITOR};",
        ),
        (
            f"REVOKE SELECT (ip_address) ON auth_logs FROM {MONITOR}",
            f"GRANT SELECT (ip_address) ON auth_logs TO {MONITOR}",
            "SELECT auth_logs.ip_address",
            f"GRANT SELECT (ip_address) ON auth_logs TO {MONITOR};",
        ),
        (
            f"REVOKE SELECT (status) ON auth_logs FROM {MONITOR}",
            f"GRANT SELECT (status) ON auth_logs TO {MONITOR}",
            "SELECT auth_logs.status",
            f"GRANT SELECT (status) ON auth_logs TO {MONITOR};",
        ),
    ],
    ids=["role", "column that is good to have", "column that is needed"],
)
def test_a_right_that_is_taken_away_is_named_and_its_grant_mends_it(
    postgres: Postgres, taken: str, given: str, name: str, grant: str
) -> None:
    with undone(postgres, taken, given):
        found = examined(postgres)
        assert {check.name for check in found.checks if check.aspect == "permission" and not check.well} == {name}
        assert found[name].state == "problem"
        assert found[name].run == (grant,)
        with postgres.admin() as admin:
            admin.execute(grant.encode())
        assert examined(postgres).unwell == {}


def test_an_extension_that_is_not_there_is_the_statements_problem_alone(postgres: Postgres) -> None:
    with undone(postgres, "DROP EXTENSION pg_stat_statements", "CREATE EXTENSION pg_stat_statements"):
        found = examined(postgres)
        assert found.unwell == {"statements": "problem"}
        assert "CREATE EXTENSION pg_stat_statements" in found["statements"].remedy


def test_a_role_that_may_only_log_in_is_told_each_of_its_lacks(postgres: Postgres) -> None:
    found = examined(postgres, user=PLAIN)
    assert found["authenticated"].detail == PLAIN
    assert found.named("permission") == dict.fromkeys(
        ("pg_monitor", *(f"SELECT auth_logs.{column}" for column in COLUMNS)), "problem"
    )
    assert found["SELECT auth_logs.status"].run == (
        f"GRANT SELECT (username, status, created_at, ip_address) ON auth_logs TO {PLAIN};",
    )
    assert found["sessions"].state == "unknown"
    assert found["sessions"].detail.startswith("partial: ")


def test_a_superuser_is_told_that_it_is_one(postgres: Postgres) -> None:
    found = examined(postgres, user="postgres")
    assert found["authenticated"].detail == "postgres (superuser)"
    assert found.unwell == {}


def test_a_wrong_password_is_no_lack_of_rights(postgres: Postgres) -> None:
    wrong = postgres.directory / "wrong.password"
    wrong.write_text("not-the-password")
    found = examined(postgres, password_file=str(wrong))
    assert found["reachable"].state == "ok"
    assert found["authenticated"].state == "problem"
    assert "database.password_file" in found["authenticated"].remedy
    assert {check.state for check in found.checks if check.aspect in ("permission", "rows", "clock")} == {"unknown"}
    assert "not-the-password" not in repr(found.checks)


def test_a_full_server_is_told_with_its_words(postgres: Postgres) -> None:
    postgres.faults["connections-exhausted"]()
    found = examined(postgres)
    assert found["reachable"].state == "problem"
    assert "slots" in found["reachable"].detail
    assert "by itself" not in found["reachable"].remedy
    assert found["authenticated"].state == "unknown"


def test_what_is_not_configured_is_off(postgres: Postgres) -> None:
    tables = {name: table for name, table in postgres.settings().items() if name != "auth"}
    found = Examined("database", tables)
    assert found.unwell == {}
    assert (found["auth"].state, found["auth"].detail) == ("off", "no auth.table")
    assert {check.state for check in Examined("database", {}).checks} == {"off"}


# --- how new is what it tells ---------------------------------------------------------------------------------------


def test_a_primary_tells_what_is_so_now(postgres: Postgres) -> None:
    found = examined(postgres)
    assert found.named("fresh").keys() == {"data", "statistics", "log of logins"}
    assert found["data"].detail == "of the primary itself"


def test_a_standby_that_is_behind_says_by_how_much_and_since_when(postgres: Postgres) -> None:
    standby = postgres.made.standby()
    found = examined(postgres, port=standby.port)
    assert (found["data"].state, found["data"].detail) == ("ok", "of a standby that has replayed what it has")
    standby.pause()
    found = examined(postgres, port=standby.port)
    assert found["data"].state == "problem"
    assert found["data"].detail.startswith("of a standby that replays nothing: somebody paused it")
    assert "primary" in found["data"].remedy
    standby.resume()
    assert examined(postgres, port=standby.port)["data"].state == "ok"


def test_a_standby_that_lost_its_primary_is_as_old_as_that(postgres: Postgres) -> None:
    standby = postgres.made.standby()
    postgres.server.stop()
    try:
        until(lambda: examined(postgres, port=standby.port)["data"].state == "problem", "it notices")
        assert "receives nothing from its primary" in examined(postgres, port=standby.port)["data"].detail
    finally:
        postgres.restart()


def test_how_far_a_standby_is_behind_counts_only_while_there_is_something_to_replay() -> None:
    now = SystemClock().now()
    told = {"held": ["pg_monitor"], "superuser": False, "tracks": True}

    def data(**changes: Any) -> Check:
        row = {"lag_bytes": 0, "replayed_at": now - 10 * MINUTE, "receiver": "streaming", "paused": False, **changes}
        return next(iter(freshness(told, [row], 0)))

    assert data().state == "ok", "nobody wrote for ten minutes"
    assert data(lag_bytes=5 << 20).detail.startswith("of a standby that is 5.00Mi behind, the last of 10m0")
    assert data(lag_bytes=5 << 20, replayed_at=now).state == "ok"
    assert data(receiver=None).state == "problem"


def test_a_server_that_does_not_follow_its_sessions_is_told_with_what_mends_it(postgres: Postgres) -> None:
    with undone(postgres, "ALTER SYSTEM SET track_activities = off", "ALTER SYSTEM RESET track_activities"):
        with postgres.admin() as admin:
            admin.execute("SELECT pg_reload_conf()")
        until(lambda: examined(postgres)["statistics"].state == "problem", "the setting")
        assert examined(postgres)["statistics"].run[0] == "ALTER SYSTEM SET track_activities = on;"
    with postgres.admin() as admin:
        admin.execute("SELECT pg_reload_conf()")
    until(lambda: examined(postgres)["statistics"].state == "ok", "the setting again")


def test_a_log_that_nobody_writes_is_told_and_is_no_problem(postgres: Postgres) -> None:
    with postgres.admin() as admin:
        admin.execute("DELETE FROM auth_logs")
        assert "nobody tried" in examined(postgres)["log of logins"].detail
        assert examined(postgres)["log of logins"].state == "off"
        admin.execute("INSERT INTO auth_logs (username, status) VALUES ('ada', 'success')")
    assert examined(postgres)["log of logins"].state == "ok"
