"""All looks together: none waits for another, none spoils another, and what hangs is left behind and told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.systems.postgres import DATABASE, Postgres
from tests.rig.systems.redis import Redis
from wfconsole.config.offers import choose
from wfconsole.discovery import environment, looks
from wfconsole.discovery.at_once import at_once
from wfconsole.discovery.looks import look_around


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Accepted by the kernel, answered by nobody."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def ports(**known: int) -> dict[str, int]:
    return {"database": 1, "cache": 1, "prometheus": 1, "alertmanager": 1, **known}


def test_what_is_found_in_several_places_is_put_together(home: Path, postgres: Postgres, redis: Redis) -> None:
    variables = {"PGHOST": "127.0.0.1", "PGPORT": str(postgres.port), "PGDATABASE": DATABASE, "PGUSER": "postgres"}
    reports = look_around(variables, home, ports(database=postgres.port, cache=redis.port))
    chosen = choose(offer for report in reports for offer in report.offers)
    assert {table for table, one in chosen.items() if one.offer is not None and one.offer.ready} == {
        *("database", "auth", "cache"),
    }
    database = chosen["database"]
    assert database.offer is not None
    assert database.offer.values["name"] == DATABASE
    assert database.remarks == (f"Also found: PostgreSQL answers at 127.0.0.1:{postgres.port}.",)
    auth = chosen["auth"].offer
    assert auth is not None
    assert auth.values == {"table": "auth_logs"}


def test_a_server_that_hangs_holds_up_no_other_look(home: Path, redis: Redis, silent_port: int) -> None:
    hanging = ports(database=silent_port, prometheus=silent_port, cache=redis.port)
    reports = look_around({}, home, hanging, within_s=0.5)
    late = [report for report in reports if report.trouble]
    assert [(list(report.looked), report.trouble) for report in late] == [
        (["database"], "no answer within 0.5 s"),
        (["prometheus"], "no answer within 0.5 s"),
    ]
    assert [offer.table for report in reports for offer in report.offers] == ["cache"]


def test_a_file_that_cannot_be_read_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".aws").mkdir()
    (home / ".aws" / "config").symlink_to("config")
    reports = look_around({}, home, ports())
    assert [report.trouble for report in reports if "aws" in report.looked] == [
        f"{home}/.aws/config: Too many levels of symbolic links"
    ]


def test_a_bug_in_one_look_is_told_without_what_it_knew(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_variables: object) -> None:
        raise ValueError("hunter2")

    monkeypatch.setattr(environment, "look", broken)
    reports = looks.look_around({}, home, ports())
    assert [report.trouble for report in reports if report.trouble] == ["it ended with ValueError"]


def test_calls_run_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=10)
    assert set(at_once({name: together.wait for name in ("a", "b", "c")}, 10).values()) == {0, 1, 2}


def test_a_call_that_is_late_is_left_behind() -> None:
    never = threading.Event()
    told = at_once({"late": never.wait, "fine": lambda: True}, 0.2)
    never.set()
    assert told["fine"] is True
    assert isinstance(told["late"], TimeoutError)
