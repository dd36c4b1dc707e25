"""The application's log of logins is found where the database lets us in, and mapped by the names of its columns."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rig.systems.postgres import DATABASE, PASSWORD, Postgres
from wfconsole.config.offers import choose
from wfconsole.discovery import login_table
from wfconsole.discovery.report import Report


def database(postgres: Postgres, user: str = "postgres") -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": postgres.port, "name": DATABASE, "user": user, "tls": "disable"}


def values(report: Report) -> dict[str, Any]:
    chosen = choose(report.offers).get("auth")
    return chosen.offer.values if chosen is not None and chosen.offer is not None else {}


def words(report: Report) -> str:
    return " ".join(remark.words for remark in report.remarks)


def test_the_usual_table_is_taken_as_it_is(postgres: Postgres) -> None:
    report = login_table.look(database(postgres))
    assert values(report) == {"table": "auth_logs"}
    assert "check failed_values" in words(report)


def test_a_table_of_other_names_is_mapped(postgres: Postgres) -> None:
    with postgres.admin() as admin:
        admin.execute(
            "ALTER TABLE auth_logs RENAME TO other;"
            "CREATE SCHEMA idp;"
            "CREATE TABLE idp.login_attempts(email text, outcome text, remote_addr inet, attempted_at timestamptz);"
            "CREATE TABLE idp.auth_tokens(id int, token text)"
        )
        try:
            report = login_table.look(database(postgres))
        finally:
            admin.execute("DROP SCHEMA idp CASCADE; ALTER TABLE other RENAME TO auth_logs")
    assert values(report) == {
        "table": "idp.login_attempts",
        "user_column": "email",
        "result_column": "outcome",
        "time_column": "attempted_at",
        "address_column": "remote_addr",
    }


def test_a_role_that_may_not_read_it_sees_no_table(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    report = login_table.look(database(postgres, "wf_plain"))
    assert values(report) == {}
    assert "No table of the database looks like one" in words(report)


def test_a_database_that_wants_a_password_asks_nobody(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGPASSWORD", raising=False)
    monkeypatch.setenv("PGPASSFILE", "/dev/null")
    report = login_table.look(database(postgres, "wf_plain"))
    assert values(report) == {}
    assert "no password supplied" in words(report)
    assert "To map a log of your own" in words(report)


def test_without_a_database_it_says_how_to_map_one() -> None:
    report = login_table.look({})
    assert (report.offers, report.looked) == ((), {"auth": "no database to look into yet"})
    assert "To map a log of your own" in words(report)


def test_a_database_that_is_not_there_is_told() -> None:
    report = login_table.look({"host": "127.0.0.1", "port": 1})
    assert "does not let us look" in words(report)
