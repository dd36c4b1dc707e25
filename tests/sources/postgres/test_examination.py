"""The doctor on a real PostgreSQL: well with the shipped rights, and each that is missing by its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.collector.examined import Examined
from tests.rig.systems.postgres import MONITOR, PASSWORD, PLAIN, Postgres
from wfconsole.sources.postgres.examination import granted

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
