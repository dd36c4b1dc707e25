"""Slots given back by idle sessions on the real server: exactly those that were shown, and only while they idle."""

from __future__ import annotations

from typing import Any

import msgspec
import psycopg
import pytest

from tests.actions.conftest import planned, ran
from tests.actions.postgres.conftest import Opens, alive, pid_of
from tests.rig.systems.postgres import MONITOR, Postgres
from wfconsole.actions.catalogue import action_named
from wfconsole.actions.contract import BadRequestError, Stale
from wfconsole.actions.systems import Systems
from wfconsole.incident.plan import Aim, Request
from wfconsole.incident.verdict import verdict_of
from wfconsole.redaction import redact

Session = psycopg.Connection[Any]


def these(count: int, idle_s: int = 1) -> Request:
    return Request("end-idle-sessions", Aim("sessions", "idle"), {"count": str(count), "idle_seconds": str(idle_s)})


@pytest.fixture
def idle(postgres: Postgres) -> list[Session]:
    """Three that idle, the first one longest, and one in a transaction. One second is the least that counts."""
    sessions = [postgres.made.session("checkout-api") for _ in range(3)]
    for each in sessions:
        each.autocommit = True
        each.execute("SELECT 1")
    postgres.made.session("batch-reconcile").execute("SELECT 1")
    with postgres.admin() as admin:
        admin.execute("SELECT pg_sleep(1.1)")
    return sessions


def test_those_that_idled_for_longest_and_no_other(postgres: Postgres, systems: Systems, idle: list[Session]) -> None:
    plan = planned(systems, these(2))
    first, second, third = map(pid_of, idle)
    assert [each["pid"] for each in plan.calls["sessions"]] == [first, second]
    assert (plan.danger, plan.word, plan.overridable) == ("R2", "2", True)
    assert "slots are not what lacks" in plan.refusals[0]
    assert redact(msgspec.json.decode(msgspec.json.encode(plan))) == msgspec.json.decode(msgspec.json.encode(plan))
    action = action_named("end-idle-sessions")
    assert action.observe(plan, systems)[0] == "did not run"
    assert ran(systems, plan).result == "done"
    assert alive(postgres, first, second, third) == [False, False, True]
    assert action.observe(plan, systems)[0] == "ran"
    assert plan.signal is not None
    verdict = verdict_of(plan.signal, plan.before, [action.measure(plan, systems)], 0, 0)
    assert verdict is not None
    assert verdict.word == "WORKED"


def test_one_that_works_again_is_left_alone(postgres: Postgres, systems: Systems, idle: list[Session]) -> None:
    plan = planned(systems, these(3))
    idle[0].execute("SELECT 1")
    outcome = ran(systems, plan)
    assert (outcome.result, outcome.text) == ("partial", "2 of 3 sessions ended")
    assert any("has done something meanwhile: left alone" in line for line in outcome.lines)
    assert alive(postgres, *map(pid_of, idle)) == [True, False, False]
    with pytest.raises(Stale, match="none of the 3"):
        ran(systems, plan)


def test_a_pool_that_takes_them_again_has_no_effect(postgres: Postgres, systems: Systems, idle: list[Session]) -> None:
    plan = planned(systems, these(2))
    ran(systems, plan)
    for _ in range(2):
        postgres.made.session("checkout-api")
    assert plan.signal is not None
    reading = action_named("end-idle-sessions").measure(plan, systems)
    verdict = verdict_of(plan.signal, plan.before, [reading], 0, plan.signal.window_ms)
    assert verdict is not None
    assert verdict.word == "NO EFFECT"


def test_when_the_server_is_full(postgres: Postgres, systems: Systems) -> None:
    systems.database.standing()
    postgres.faults["connections-exhausted"]()
    assert systems.database.free_slots() == (0, 27)
    with postgres.admin() as admin:
        admin.execute("SELECT pg_sleep(1.1)")
    plan = planned(systems, these(12))
    assert (plan.colour, plan.danger) == ("EXPLAIN", "R3")
    assert [each.request.parameters["count"] for each in plan.alternatives] == ["10"]
    with pytest.raises(psycopg.OperationalError):
        postgres.application()
    assert ran(systems, plan).text == "12 sessions ended"
    postgres.application().close()


def test_nobody_idle_is_refused(postgres: Postgres, systems: Systems) -> None:
    plan = planned(systems, these(5, 3600))
    assert (plan.colour, plan.overridable) == ("REFUSE", False)
    with pytest.raises(Stale):
        ran(systems, plan)


def test_a_right_that_is_missing_is_named(postgres: Postgres, opens: Opens, idle: list[Session]) -> None:
    looking = opens(acting_user=MONITOR)
    plan = planned(looking, these(1))
    assert [each.grant for each in plan.permissions if each.allowed is False] == [
        f"GRANT pg_signal_backend TO {MONITOR};"
    ]
    assert ran(looking, plan).result == "failed"
    assert alive(postgres, pid_of(idle[0])) == [True]


@pytest.mark.parametrize("count", [0, 51])
def test_how_many_is_bounded(systems: Systems, count: int) -> None:
    with pytest.raises(BadRequestError, match="a number from 1 to 50"):
        planned(systems, these(count))
