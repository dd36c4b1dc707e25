"""Who acts on the rig's PostgreSQL: exactly the role that the project ships for that."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import psycopg
import pytest

from tests.rig.systems.postgres import ACTING, DATABASE, Postgres
from wfconsole.actions.systems import Systems
from wfconsole.clock import SystemClock
from wfconsole.config.actions import ActingSettings, ActionsSettings
from wfconsole.config.systems import DatabaseSettings
from wfconsole.incident.plan import Aim, Request

Opens = Callable[..., Systems]
Starts = Callable[[int], str]


def on_postgres(postgres: Postgres) -> ActingSettings:
    told = msgspec.convert(postgres.settings()["database"], DatabaseSettings)
    return ActingSettings(
        database=msgspec.structs.replace(told, acting_user=ACTING, acting_password_file=told.password_file)
    )


@pytest.fixture
def acting(postgres: Postgres) -> ActingSettings:
    return msgspec.structs.replace(on_postgres(postgres), actions=ActionsSettings(never_end=("pg_dump*",)))


@pytest.fixture
def opens(acting: ActingSettings) -> Iterator[Opens]:
    """Gives the systems of one who acts, with changes to what is told of the database; closed after the test."""
    opened: list[Systems] = []

    def systems_of(**changes: Any) -> Systems:
        told = msgspec.structs.replace(acting, database=msgspec.structs.replace(acting.database, **changes))
        opened.append(Systems(told, SystemClock(), receipt="act-1", incident="INC-1", operator="ada"))
        return opened[-1]

    yield systems_of
    for each in opened:
        if "database" in vars(each):
            each.database.close()


@pytest.fixture
def systems(opens: Opens) -> Systems:
    return opens()


@pytest.fixture
def begun(postgres: Postgres) -> Starts:
    """When the session with this pid began, as the server writes it."""

    def start_of(pid: int) -> str:
        with postgres.admin() as admin:
            (row,) = admin.execute("SELECT backend_start::text FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchall()
        return str(row[0]).replace(" ", "T")

    return start_of


def end(pid: int, start: str, how: str = "") -> Request:
    return Request("end-session", Aim("session", str(pid)), {"backend_start": start, **({"how": how} if how else {})})


def pid_of(session: psycopg.Connection[Any]) -> int:
    return session.info.backend_pid


def alive(postgres: Postgres, *pids: int) -> list[bool]:
    """Which of these sessions the server still has."""
    with postgres.admin() as admin:
        rows = admin.execute("SELECT pid FROM pg_stat_activity WHERE pid = ANY(%s)", (list(pids),)).fetchall()
    return [pid in {row[0] for row in rows} for pid in pids]


def by_hand(postgres: Postgres, sql: str) -> None:
    """What somebody types into psql in the database's own pod, as the runbook has it: as a superuser."""
    command = ["psql", "-X", "-h", "127.0.0.1", "-p", str(postgres.port), "-U", "postgres", "-d", DATABASE, "-c", sql]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
