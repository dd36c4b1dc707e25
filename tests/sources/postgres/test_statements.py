"""pg_stat_statements on the real server: whichever version of the extension there is, or none, and its resets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.rig.systems.postgres import PLAIN, Postgres
from tests.sources.postgres.conftest import Opens, rows_of
from wfconsole.config.systems import DatabaseSettings
from wfconsole.observations.snapshot import in_words
from wfconsole.observations.statements import StatementRow
from wfconsole.sources.contract import SourceError
from wfconsole.sources.postgres.connection import Session
from wfconsole.sources.postgres.statements import Baselines, StatementsPoll, _Count

# The runbook's step "Check slow queries", word for word.
SEED = "SELECT query, calls, total_time, mean_time FROM pg_stat_statements ORDER BY total_time DESC LIMIT 10;"


@pytest.fixture
def poll(session: Session, postgres: Postgres) -> StatementsPoll:
    """Some eighty statements are chosen: what other tests ran must not crowd out those of this one."""
    with postgres.admin() as admin:
        admin.execute("SELECT pg_stat_statements_reset()")
    return StatementsPoll(session, 5000)


@pytest.fixture
def extension(postgres: Postgres) -> Iterator[Callable[[str], Any]]:
    """Changes the extension; it is as it was after the test."""

    def change(sql: str) -> None:
        with postgres.admin() as admin:
            admin.execute(sql)

    yield change
    change("DROP EXTENSION IF EXISTS pg_stat_statements CASCADE; CREATE EXTENSION pg_stat_statements SCHEMA public")


def one(poll: StatementsPoll, text: str) -> StatementRow:
    rows: dict[str, StatementRow] = rows_of(poll, StatementRow)
    (row,) = [row for row in rows.values() if text in row.query]
    return row


def test_a_statement_that_is_new_began_from_nothing(postgres: Postgres, poll: StatementsPoll) -> None:
    rows_of(poll, StatementRow)
    with postgres.application() as session:
        for _ in range(3):
            session.execute("SELECT sum(total) AS brand_new FROM orders")
    row = one(poll, "brand_new")
    assert (row.calls, row.base_calls, row.base_ms) == (3, 0, 0.0)
    assert row.user == "wf_app"
    assert row.database == "wearforce"
    assert row.total_ms > 0


def test_one_that_was_there_before_is_counted_from_then(postgres: Postgres, poll: StatementsPoll) -> None:
    with postgres.application() as session:
        session.execute("SELECT min(total) AS older FROM orders")
        session.commit()
        rows_of(poll, StatementRow)
        session.execute("SELECT min(total) AS older FROM orders")
    row = one(poll, "older")
    assert row.calls - row.base_calls == 1
    assert row.base_ms > 0


def test_after_a_reset_it_counts_from_nothing(postgres: Postgres, poll: StatementsPoll) -> None:
    with postgres.application() as session, postgres.admin() as admin:
        for _ in range(5):
            session.execute("SELECT max(total) AS again FROM orders")
        session.commit()
        rows_of(poll, StatementRow)
        admin.execute("SELECT pg_stat_statements_reset()")
        session.execute("SELECT max(total) AS again FROM orders")
    row = one(poll, "again")
    assert (row.calls, row.base_calls) == (1, 0)


def test_an_extension_that_nobody_updated_keeps_its_old_columns(
    poll: StatementsPoll, extension: Callable[[str], None], postgres: Postgres
) -> None:
    """The server is PostgreSQL 13 or later and the extension is 1.7: its version decides, not the server's."""
    extension("DROP EXTENSION pg_stat_statements; CREATE EXTENSION pg_stat_statements VERSION '1.7'")
    with postgres.application() as session, postgres.admin() as admin:
        session.execute("SELECT avg(total) AS in_1_7 FROM orders")
        assert admin.execute(SEED).fetchall()
    assert one(poll, "in_1_7").total_ms > 0
    extension("ALTER EXTENSION pg_stat_statements UPDATE")
    assert one(poll, "in_1_7").total_ms > 0
    with postgres.admin() as admin, pytest.raises(Exception, match='column "total_time" does not exist'):
        admin.execute(SEED)


def test_an_extension_in_a_schema_of_its_own_is_found(poll: StatementsPoll, extension: Callable[[str], None]) -> None:
    extension('DROP EXTENSION pg_stat_statements; CREATE SCHEMA IF NOT EXISTS "odd ""%s"" {x}"')
    extension('CREATE EXTENSION pg_stat_statements SCHEMA "odd ""%s"" {x}"')
    extension('GRANT USAGE ON SCHEMA "odd ""%s"" {x}" TO PUBLIC')
    assert rows_of(poll, StatementRow)


def test_no_extension_says_how_to_get_it(poll: StatementsPoll, extension: Callable[[str], None]) -> None:
    extension("DROP EXTENSION pg_stat_statements")
    with pytest.raises(SourceError) as told:
        poll.step(lambda: None)
    assert told.value.kind == "not-served"
    assert "CREATE EXTENSION pg_stat_statements" in told.value.remedy
    assert poll.session._connection is not None  # the others go on with it


def test_an_extension_that_is_not_loaded_says_how_to_load_it() -> None:
    from tests.rig.systems.fixtures import running
    from tests.rig.systems.postgres import MONITOR

    with running(Postgres(options={"shared_preload_libraries": ""})) as other:
        import msgspec

        told = msgspec.convert(other.settings(MONITOR)["database"], DatabaseSettings)
        poll = StatementsPoll(Session(told), 5000)
        with pytest.raises(SourceError) as raised:
            poll.step(lambda: None)
    assert raised.value.kind == "configuration"
    assert "shared_preload_libraries" in raised.value.remedy


def test_a_plain_role_gets_no_texts_and_says_so(opens: Opens, postgres: Postgres) -> None:
    with postgres.application() as session:
        session.execute("SELECT count(*) AS secret FROM orders")
    source = (poll := StatementsPoll(opens(PLAIN), 5000)).source()
    rows = rows_of(poll, StatementRow)
    assert not [row for row in rows.values() if "secret" in row.query or "insufficient" in row.query]
    assert "GRANT pg_monitor" in in_words(source.lacks())


def test_what_costs_now_is_chosen_before_what_cost_all_month() -> None:
    baselines = Baselines()
    month = {(n, 1, 1): _Count(1, 1000, 1e6 + n) for n in range(200)}
    baselines.follow(month, 1000)
    now = month | {(999, 1, 1): _Count(2, 1, 50.0)}
    baselines.follow(now, 2000)
    assert max(now, key=lambda key: baselines.growth(key, now[key])) == (999, 1, 1)
    assert baselines.first[999, 1, 1] == _Count(1000, 0, 0.0)
    assert baselines.first[5, 1, 1] == month[5, 1, 1]
