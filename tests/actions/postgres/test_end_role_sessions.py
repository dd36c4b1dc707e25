"""A password that is changed lets nobody out who is in: ending the sessions of a role from before."""

from __future__ import annotations

import msgspec
import psycopg
import pytest

from tests.actions.conftest import planned, ran
from tests.actions.process import Actor
from tests.rig.systems.postgres import DATABASE, ORDERS, PASSWORD, Postgres, alive
from wfconsole.actions.catalogue import action_named
from wfconsole.actions.contract import BadRequestError, Stale
from wfconsole.actions.systems import Systems
from wfconsole.config.actions import ActingSettings
from wfconsole.guard.protocol import Begin
from wfconsole.incident.plan import Aim, Request
from wfconsole.redaction import redact

CLOCK = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint + 1"
REQUEST = Request("end-role-sessions", Aim("role", ORDERS))


def log_in(postgres: Postgres, name: str = "checkout-api", password: str = PASSWORD) -> psycopg.Connection[object]:
    return psycopg.connect(
        host="127.0.0.1",
        port=postgres.port,
        dbname=DATABASE,
        user=ORDERS,
        password=password,
        application_name=name,
        autocommit=True,
    )


def test_another_password_ends_nobody_and_this_ends_all_from_before(postgres: Postgres, systems: Systems) -> None:
    with postgres.admin() as connection:
        connection.execute(f"ALTER ROLE {ORDERS} PASSWORD '{PASSWORD}'")
    intruder = log_in(postgres, "psql")
    try:
        with postgres.admin() as connection:
            connection.execute(f"ALTER ROLE {ORDERS} PASSWORD 'another-one'")
            (at,) = connection.execute(
                "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint + 1"
            ).fetchone() or (0,)
            connection.execute("SELECT pg_sleep(0.01)")
        assert alive(intruder)
        ours = log_in(postgres, password="another-one")
        plan = planned(systems, msgspec.structs.replace(REQUEST, parameters={"before": str(at)}))
        told = msgspec.json.decode(msgspec.json.encode(plan))
        assert redact(told) == told
        assert (plan.colour, plan.danger, plan.word) == ("EXPLAIN", "R3", ORDERS)
        assert [permission.allowed for permission in plan.permissions] == [True, True]
        assert ran(systems, plan).result == "done"
        assert not alive(intruder)
        assert alive(ours)
        assert action_named("end-role-sessions").observe(plan, systems)[0] == "ran"
        ours.close()
    finally:
        with postgres.admin() as connection:
            connection.execute(f"ALTER ROLE {ORDERS} PASSWORD '{PASSWORD}'")


def test_what_is_never_ended_stays(postgres: Postgres, systems: Systems) -> None:
    dump, session = log_in(postgres, "pg_dump nightly"), log_in(postgres)
    plan = planned(systems, REQUEST)
    assert any("pg_dump" in check.text and "stay" in check.text for check in plan.checks)
    assert ran(systems, plan).result == "done"
    assert (alive(dump), alive(session)) == (True, False)
    dump.close()


def test_who_has_gone_meanwhile_is_not_hit_in_another(postgres: Postgres, systems: Systems) -> None:
    session = log_in(postgres)
    plan = planned(systems, REQUEST)
    pid = session.info.backend_pid
    session.close()
    other = log_in(postgres)
    calls = {**plan.calls, "sessions": [{**plan.calls["sessions"][0], "pid": other.info.backend_pid}]}
    with pytest.raises(Stale, match="none of them"):
        ran(systems, msgspec.structs.replace(plan, calls=calls))
    assert alive(other)
    assert pid
    other.close()


def test_through_the_process_it_worked(postgres: Postgres, acting: ActingSettings) -> None:
    session = log_in(postgres)
    with Actor(Begin(acting, request=REQUEST, receipt="act-1")) as actor:
        assert actor.run(actor.plan()).result == "done"
        assert actor.verdict().word == "WORKED"
    assert not alive(session)


def test_who_comes_back_in_no_time_is_another_session(postgres: Postgres, systems: Systems) -> None:
    """The signal counts those of the plan, and says nothing of new ones."""
    session = log_in(postgres)
    plan = planned(systems, REQUEST)
    before = action_named("end-role-sessions").measure(plan, systems)
    assert before.value == 1
    assert ran(systems, plan).result == "done"
    assert not alive(session)
    with log_in(postgres):
        assert action_named("end-role-sessions").measure(plan, systems).value == 0


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (msgspec.structs.replace(REQUEST, parameters={"before": "yesterday"}), "milliseconds since 1970"),
        (msgspec.structs.replace(REQUEST, aim=Aim("pod", "x")), "a role of the database"),
    ],
)
def test_a_request_that_makes_no_sense_says_so(systems: Systems, request_: Request, says: str) -> None:
    with pytest.raises(BadRequestError, match=says):
        planned(systems, request_)


def test_nobody_to_end_is_a_refusal(systems: Systems) -> None:
    assert planned(systems, REQUEST).refusals == (f"there is no such session of {ORDERS}",)
