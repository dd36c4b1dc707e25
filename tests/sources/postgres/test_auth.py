"""Logins on a real server, seen by a role that may read four columns of one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import psycopg
import pytest

from tests.rig.systems.auth_faults import BRUTE, OFFICE, SPRAYED, SPRAYER, TYPIST, VICTIM
from tests.rig.systems.postgres import Postgres
from wfconsole.clock import MINUTE, SystemClock
from wfconsole.config.systems import AuthSettings, DatabaseSettings
from wfconsole.observations.auth import AuthRow, judge_auth
from wfconsole.observations.levels import Level
from wfconsole.observations.snapshot import in_words
from wfconsole.sources.contract import SourceError
from wfconsole.sources.postgres import auth as module
from wfconsole.sources.postgres.auth import AuthPoll, UsualPoll, usual_per_minute
from wfconsole.sources.postgres.connection import Session
from wfconsole.text import is_safe

# As somebody would type it in a hurry.
LITERAL = """SELECT username, count(*) AS failed_attempts FROM auth_logs
WHERE status = 'failed' AND created_at > now() - interval '1 hour' GROUP BY username ORDER BY 2 DESC, 1"""


class Console:
    """The source as the collector runs it."""

    def __init__(self, postgres: Postgres, **settings: Any) -> None:
        session = Session(msgspec.convert(postgres.settings()["database"], DatabaseSettings))
        self.settings = AuthSettings(**{"table": "auth_logs", **settings})
        self.usual = UsualPoll(session, self.settings, 5000)
        self.poll = AuthPoll(session, self.settings, 5000, self.usual)

    def look(self) -> dict[str, AuthRow]:
        self.usual.step(lambda: None)
        self.poll.step(lambda: None)
        rows = {}
        for key, row in self.poll.table.take().items():
            assert row is not None
            rows[key] = msgspec.json.decode(row, type=AuthRow)
        return rows

    def refused(self) -> SourceError:
        with pytest.raises(SourceError) as told:
            self.poll.step(lambda: None)
        return told.value


@pytest.fixture
def console(postgres: Postgres) -> Console:
    return Console(postgres)


def attempts(postgres: Postgres, *rows: tuple[str | None, str, str | None]) -> None:
    with postgres.application() as connection, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO auth_logs(username, status, ip_address) VALUES (%s, %s, %s)", rows)


def test_spraying_ranks_first_where_the_plain_query_sinks_it(postgres: Postgres, console: Console) -> None:
    for fault in ("usual-logins", "mistyped", "password-spraying"):
        postgres.faults[fault]()
    with postgres.admin() as connection:
        literal = connection.execute(LITERAL).fetchall()
    assert literal[0] == (TYPIST, 6)
    assert len(literal) > SPRAYED  # and nothing in its hundreds of lines says that they are one attack
    rows = console.look()
    findings = {key: judge_auth(row, 0) for key, row in rows.items()}
    worst = max(findings, key=lambda key: findings[key].level)
    assert worst == f"source/{SPRAYER}"
    assert findings[worst].kind == "spraying"
    assert findings[worst].level == Level.WARNING
    assert (rows[worst].failed, rows[worst].others, rows[worst].succeeded) == (SPRAYED, SPRAYED, 0)
    assert findings[f"user/{TYPIST}"].level == Level.WATCH
    assert findings["all"].kind == "rising"


def test_brute_force_that_got_in_is_critical_by_user_and_by_source(postgres: Postgres, console: Console) -> None:
    postgres.faults["usual-logins"]()
    postgres.faults["brute-force"]()
    rows = console.look()
    for key in (f"user/{VICTIM}", f"source/{BRUTE}"):
        finding = judge_auth(rows[key], 0)
        assert (finding.level, finding.kind) == (Level.CRITICAL, "guessed")
        assert rows[key].failed_before_success == 80
        assert rows[key].succeeded_at > rows[key].last_failed_at


def test_usual_logins_of_a_shared_address_are_no_attack(postgres: Postgres, console: Console) -> None:
    postgres.faults["usual-logins"]()
    rows = console.look()
    assert max(judge_auth(row, 0).level for row in rows.values()) == Level.OK
    total = rows["all"]
    assert total.usual_per_minute == pytest.approx(0.4, abs=0.05)
    assert total.per_minute == pytest.approx(0.4, abs=0.25)
    assert (rows[f"source/{OFFICE}"].succeeded or 0) > rows[f"source/{OFFICE}"].failed
    now = SystemClock().now()
    assert now - 61 * MINUTE < total.first_failed_at < total.last_failed_at <= now


def test_a_log_that_does_not_reach_back_has_no_usual_rate(postgres: Postgres, console: Console) -> None:
    postgres.faults["password-spraying"]()
    total = console.look()["all"]
    assert total.usual_per_minute is None
    assert total.per_minute is not None
    assert total.per_minute > 50
    assert judge_auth(total, 0).level == Level.OK  # nobody knows whether that is a rise


def test_an_empty_log_is_no_failure_and_says_zero(console: Console) -> None:
    rows = console.look()
    assert set(rows) == {"all"}
    assert (rows["all"].failed, rows["all"].per_minute, rows["all"].first_failed_at) == (0, 0, 0)


def test_answers_are_bounded_and_say_of_how_many(postgres: Postgres) -> None:
    attempts(postgres, *((f"user-{n}", "failed", f"192.0.2.{n % 200}") for n in range(400) for _ in range(2)))
    rows = Console(postgres, minimum_failures=2).look()
    assert len(rows) == 2 * module.LISTED + 1
    assert (rows["all"].users_listed, rows["all"].sources_listed) == (400, 200)


def test_only_the_newest_attempts_are_counted_and_it_says_so(
    postgres: Postgres, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_ATTEMPTS", 100)
    postgres.faults["password-spraying"]()
    assert console.look()["all"].failed == 100
    assert in_words(console.poll.lacks()) == "only the newest 100 attempts were counted"


def test_one_user_from_many_sources_is_stuffing(postgres: Postgres, console: Console) -> None:
    attempts(postgres, *(("dave", "failed", f"203.0.113.{n}") for n in range(12)))
    rows = console.look()
    assert judge_auth(rows["user/dave"], 0).kind == "stuffing"
    assert rows["user/dave"].others == 12


def test_hostile_and_missing_names_are_shown_harmless(postgres: Postgres, console: Console) -> None:
    hostile = "[/]\x1b]52;c;aGk=\x07" + "x" * 500
    attempts(postgres, *((hostile, "failed", None) for _ in range(6)), *((None, "failed", "2001:db8::7"),) * 6)
    rows = console.look()
    assert all(is_safe(key) and is_safe(row.name) and len(row.name) <= 200 for key, row in rows.items())
    assert set(rows) > {"user/", "source/2001:db8::7"}
    assert sum(row.failed for row in rows.values() if row.by == "source") == 6


# --- what the table may be ------------------------------------------------------------------------------------------


def changed(postgres: Postgres, *statements: str) -> None:
    with postgres.admin() as connection:
        for each in statements:
            connection.execute(each.encode())


@pytest.fixture
def made(postgres: Postgres) -> Callable[..., None]:
    """Makes the table `other.logins`, gone at the end."""

    def make(columns: str, *more: str) -> None:
        changed(
            postgres,
            "DROP SCHEMA IF EXISTS other CASCADE",
            "CREATE SCHEMA other",
            f"CREATE TABLE other.logins({columns})",
            "GRANT USAGE ON SCHEMA other TO wf_mon",
            *more,
        )

    return make


def test_a_log_without_addresses_hides_the_sources_and_says_so(postgres: Postgres, made: Callable[..., None]) -> None:
    made(
        "who text, outcome boolean, happened timestamp",
        "GRANT SELECT ON other.logins TO wf_mon",
        "INSERT INTO other.logins SELECT 'eve', false, now() AT TIME ZONE 'UTC' FROM generate_series(1, 30)",
    )
    console = Console(
        postgres,
        table="other.logins",
        user_column="who",
        result_column="outcome",
        failed_values=("false",),
        success_values=("true",),
        time_column="happened",
    )
    rows = console.look()
    assert set(rows) == {"all", "user/eve"}
    assert rows["user/eve"].others is None
    assert rows["all"].sources is None
    assert abs(rows["all"].last_failed_at - SystemClock().now()) < MINUTE
    assert in_words(console.poll.lacks()) == "sources are hidden: other.logins has no column ip_address"


def test_names_are_quoted_and_cannot_be_sql(postgres: Postgres, made: Callable[..., None]) -> None:
    made('"Select" text, status text, created_at timestamptz', "GRANT SELECT ON other.logins TO wf_mon")
    assert set(Console(postgres, table="other.logins", user_column="Select", address_column="").look()) == {"all"}
    for name in ("a b", "a;DROP TABLE x", 'a"b', "%s", "a.b.c"):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"table": name}, AuthSettings)
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"user_column": name}, AuthSettings)


def test_a_table_that_is_not_there_says_what_to_do(postgres: Postgres) -> None:
    error = Console(postgres, table="logins").refused()
    assert (error.kind, error.message) == ("not-served", "there is no table logins")
    assert "auth.table" in error.remedy


def test_a_column_that_is_not_there_names_those_that_are(postgres: Postgres) -> None:
    error = Console(postgres, user_column="login").refused()
    assert error.kind == "configuration"
    assert "auth.user_column" in error.remedy
    assert "username" in error.remedy


def test_a_time_that_is_none_is_refused(postgres: Postgres) -> None:
    error = Console(postgres, time_column="status").refused()
    assert (error.kind, error.message) == ("configuration", "auth_logs.status is text, no timestamp")


def test_a_missing_grant_is_denied_with_the_grant_and_noticed_when_it_comes(
    postgres: Postgres, made: Callable[..., None]
) -> None:
    made("username text, status text, ip_address inet, created_at timestamptz")
    console = Console(postgres, table="other.logins")
    error = console.refused()
    assert error.kind == "denied"
    assert error.remedy == "GRANT SELECT ON other.logins TO the monitoring role."
    changed(postgres, "GRANT SELECT (username, status, created_at) ON other.logins TO wf_mon")
    console.look()
    assert in_words(console.poll.lacks()).endswith("GRANT SELECT (ip_address) ON other.logins TO the monitoring role")
    changed(postgres, "GRANT SELECT ON other.logins TO wf_mon")
    console.poll.step(lambda: None)
    assert in_words(console.poll.lacks()) == ""
    changed(postgres, "REVOKE USAGE ON SCHEMA other FROM wf_mon")
    assert console.refused().kind == "denied"


def test_a_slow_count_ends_in_the_server_and_names_the_index(postgres: Postgres, console: Console) -> None:
    console.look()
    with console.poll.session.turn(console.poll) as connection:
        connection.execute("SET statement_timeout = 1")
    attempts(postgres, *((f"user-{n}", "failed", None) for n in range(5_000)))
    error = console.refused()
    assert error.kind == "timeout"
    assert "index on created_at" in error.remedy


def test_a_lock_on_the_log_does_not_hold_us_up(postgres: Postgres, console: Console) -> None:
    console.look()
    with postgres.admin() as holder, holder.transaction():
        holder.execute("LOCK TABLE auth_logs")
        error = console.refused()
    assert error.kind == "timeout"
    console.poll.step(lambda: None)  # it goes on, with the same session


def test_a_session_that_somebody_ended_is_opened_again(postgres: Postgres, console: Console) -> None:
    console.look()
    with postgres.admin() as connection:
        connection.execute("SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE usename = 'wf_mon'")
    assert console.refused().kind == "refused"
    console.poll.step(lambda: None)


def test_the_role_reads_the_log_and_cannot_write_it(postgres: Postgres, console: Console) -> None:
    console.look()
    with console.poll.session.turn(console.poll) as connection, pytest.raises(psycopg.Error):
        connection.execute("DELETE FROM auth_logs")


@pytest.mark.parametrize(
    ("counts", "usual"), [((), 0.0), ((5,) * 36, 1.0), ((500,), 0.0), ((10,) * 20, 2.0), ((10,) * 17, 0.0)]
)
def test_what_is_usual_is_the_median_stretch(counts: tuple[int, ...], usual: float) -> None:
    assert usual_per_minute(counts, 60) == usual


@pytest.mark.parametrize("ahead_ms", [5 * MINUTE, -5 * MINUTE])
def test_times_are_of_our_clock_although_the_servers_is_off(
    postgres: Postgres, console: Console, ahead_ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts(postgres, *[("admin", "failed", "203.0.113.9")] * 10, ("admin", "success", "203.0.113.9"))
    right = SystemClock.now
    monkeypatch.setattr(SystemClock, "now", lambda clock: right(clock) - ahead_ms)
    row = console.look()["source/203.0.113.9"]
    for at in (row.first_failed_at, row.last_failed_at, row.succeeded_at):
        assert abs(SystemClock().now() - at) < MINUTE
