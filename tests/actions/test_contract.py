"""The terms of `tests.actions.terms` for every action but those on the cluster; and that there is no other action."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.actions.aws.application import NAME, Vault
from tests.actions.cache.conftest import acting_on, names
from tests.actions.conftest import planned, ran
from tests.actions.kubernetes import test_contract as on_the_cluster
from tests.actions.postgres.conftest import on_postgres
from tests.actions.postgres.test_end_role_sessions import log_in
from tests.actions.terms import Target, hold
from tests.comms.servers import PagerDuty, serving
from tests.rig.systems.aws import REGIONS
from tests.rig.systems.postgres import ORDERS, PASSWORD, Postgres
from tests.rig.systems.redis import Redis
from tests.runbook.documents import HEAD
from wfconsole.actions import catalogue
from wfconsole.actions.catalogue import action_named
from wfconsole.actions.contract import BadRequestError
from wfconsole.actions.systems import Systems
from wfconsole.clock import SystemClock
from wfconsole.config.actions import ActingSettings
from wfconsole.config.messaging import PagedPerson, PagerDutySettings
from wfconsole.incident.offers import KINDS, offer_from
from wfconsole.incident.plan import Aim, Request

Makes = Callable[[pytest.FixtureRequest], Target]


def acts_on(settings: ActingSettings) -> Systems:
    return Systems(settings, SystemClock(), receipt="act-1", incident="INC-1", operator="ada")


# --- Redis


ADA = {f"session:ada:{number}": 1 for number in range(3)}


def restarted(redis: Redis) -> None:
    """Another server by its run id."""
    redis.kill()
    redis.start_again()
    redis.admin().mset(ADA)


def user_sessions(fixtures: pytest.FixtureRequest) -> Target:
    redis: Redis = fixtures.getfixturevalue("redis")
    redis.admin().mset(ADA)
    request = Request("end-user-sessions", Aim("user sessions", "ada"), {"user": "ada"})
    return Target(request, acts_on(acting_on(redis)), lambda: names(redis), lambda: restarted(redis))


def whole_database(fixtures: pytest.FixtureRequest) -> Target:
    redis: Redis = fixtures.getfixturevalue("redis")
    told = acting_on(redis)
    told = msgspec.structs.replace(told, cache=msgspec.structs.replace(told.cache, acting_user="wf_flush"))
    request = Request("flush-database", Aim("cache", "database"))
    return Target(request, acts_on(told), lambda: names(redis), lambda: restarted(redis))


# --- PostgreSQL


def sessions(postgres: Postgres) -> set[tuple[Any, ...]]:
    """Those of the application."""
    with postgres.admin() as admin:
        rows = admin.execute(
            "SELECT pid, backend_start::text, state FROM pg_stat_activity WHERE application_name = 'checkout-api'"
        )
        return set(rows.fetchall())


def one_session(fixtures: pytest.FixtureRequest) -> Target:
    postgres: Postgres = fixtures.getfixturevalue("postgres")

    def made() -> Request:
        session = postgres.made.session("checkout-api")
        session.execute("UPDATE orders SET state = 'held' WHERE id = 1")
        pid = session.info.backend_pid
        (start,) = (each[1] for each in sessions(postgres) if each[0] == pid)
        return Request(
            "end-session",
            Aim("session", str(pid)),
            {"backend_start": str(start).replace(" ", "T"), "how": "terminate"},
        )

    request = made()

    def gone() -> Request:
        with postgres.admin() as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", (int(request.aim.name),))
        return made()

    return Target(request, acts_on(on_postgres(postgres)), lambda: sessions(postgres), gone)


def idle_sessions(fixtures: pytest.FixtureRequest) -> Target:
    postgres: Postgres = fixtures.getfixturevalue("postgres")

    def made() -> None:
        session = postgres.made.session("checkout-api")
        session.autocommit = True
        session.execute("SELECT 1")
        with postgres.admin() as admin:
            admin.execute("SELECT pg_sleep(1.1)")

    made()
    request = Request("end-idle-sessions", Aim("sessions", "idle"), {"count": "1", "idle_seconds": "1"})

    def gone() -> None:
        with postgres.admin() as admin:
            for pid, _start, _state in sessions(postgres):
                admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        made()

    return Target(request, acts_on(on_postgres(postgres)), lambda: sessions(postgres), gone)


def sessions_of_a_role(fixtures: pytest.FixtureRequest) -> Target:
    postgres: Postgres = fixtures.getfixturevalue("postgres")
    with postgres.admin() as admin:
        admin.execute(f"ALTER ROLE {ORDERS} PASSWORD '{PASSWORD}'")
    held = [log_in(postgres)]

    def others() -> None:
        held[-1].close()
        held.append(log_in(postgres))

    request = Request("end-role-sessions", Aim("role", ORDERS))
    return Target(request, acts_on(on_postgres(postgres)), lambda: sessions(postgres), others)


# --- AWS


def vault_of(fixtures: pytest.FixtureRequest) -> tuple[Vault, Systems]:
    vault = Vault(fixtures.getfixturevalue("aws"), fixtures.getfixturevalue("postgres"))
    return vault, acts_on(vault.acting())


def somebody_rotates(vault: Vault) -> None:
    vault.client.put_secret_value(SecretId=vault.arn, SecretString=msgspec.json.encode(vault.held()).decode())


ROTATE = Request("rotate-secret", Aim("secret", NAME), {"region": REGIONS[0]})


def a_secret(fixtures: pytest.FixtureRequest) -> Target:
    vault, systems = vault_of(fixtures)
    return Target(ROTATE, systems, vault.stages, lambda: somebody_rotates(vault))


def a_rotated_secret(fixtures: pytest.FixtureRequest) -> Target:
    vault, systems = vault_of(fixtures)
    plan = planned(systems, ROTATE)
    outcome = ran(systems, plan)
    back = outcome.inverse or plan.inverse
    assert back is not None
    return Target(back, systems, vault.stages)


# --- people


@pytest.fixture
def pagerduty() -> Iterator[PagerDuty]:
    with serving(PagerDuty()) as server:
        yield server


def calling(action: str, who: str) -> Makes:
    def made(fixtures: pytest.FixtureRequest) -> Target:
        server: PagerDuty = fixtures.getfixturevalue("pagerduty")
        folder: Path = fixtures.getfixturevalue("tmp_path")
        (folder / "k").write_text("canary-0123456789abcdef0123456789\n")
        settings = PagerDutySettings(
            str(folder / "k"), base_url=server.url, people=(PagedPerson("CTO", str(folder / "k")),)
        )
        told = {"who": who, "why": "no logins", "severity": "SEV1", "title": "down", "ladder": "On call > CTO"}
        request = Request(action, Aim("incident", "INC-1"), {name: value for name, value in told.items() if value})
        # PagerDuty takes events and tells nothing: what became of one cannot be asked.
        return Target(
            request,
            acts_on(ActingSettings(pagerduty=settings)),
            lambda: len(server.kept),
            before_run="cannot tell",
            after_run="cannot tell",
        )

    return made


def a_step(fixtures: pytest.FixtureRequest) -> Target:
    folder: Path = fixtures.getfixturevalue("tmp_path")
    queue, book = folder / "queue", folder / "runbook.md"
    queue.write_text("one\n")
    steps = f"""\
# Playbook: Queue

Messages pile up.

1. **Drain the queue**
   - Action: R2
   - Do: empties it
   - Undo: none
   - By hand:
     ```bash
     cp <what> {queue}
     ```
"""
    book.write_text(HEAD + steps)
    request = Request("command", Aim("step", "queue/drain-the-queue"), {"what": "/dev/null", "deadline": "20 s"})
    # What is run is what was confirmed, whatever the runbook says by then; nobody sees from outside whether it ran.
    return Target(
        request,
        acts_on(ActingSettings(runbook=str(book))),
        queue.read_bytes,
        before_run="cannot tell",
        after_run="cannot tell",
    )


ACTIONS: dict[str, Makes] = {
    "acknowledge": calling("acknowledge", ""),
    "command": a_step,
    "end-idle-sessions": idle_sessions,
    "end-role-sessions": sessions_of_a_role,
    "end-session": one_session,
    "end-user-sessions": user_sessions,
    "escalate": calling("escalate", "CTO"),
    "flush-database": whole_database,
    "page": calling("page", "On call"),
    "rotate-secret": a_secret,
    "rotate-secret-back": a_rotated_secret,
}


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_keeps_its_terms(action: str, request: pytest.FixtureRequest) -> None:
    hold(ACTIONS[action](request))


def test_each_action_is_in_the_catalogue_in_the_words_of_requests_and_here() -> None:
    assert set(catalogue._PLACES) == set(KINDS)
    assert set(catalogue._PLACES) == {*ACTIONS, *on_the_cluster.ACTIONS}
    for action, kinds in KINDS.items():
        assert action_named(action)
        for kind in kinds:
            assert offer_from(f"{action} {kind}").aim.kind == kind


def test_what_is_no_action_and_what_it_is_not_done_to_is_said_in_words() -> None:
    for odd in ("", "scal", "../scale", "scale\n", "Scale"):
        with pytest.raises(BadRequestError, match="there is no action"):
            action_named(odd)
    with pytest.raises(ValueError, match="there is no action 'scal'"):
        offer_from("scal deployment web")
    with pytest.raises(ValueError, match="'scale' is done to a deployment or a statefulset"):
        offer_from("scale pod web")
    with pytest.raises(ValueError, match="no NAME=VALUE"):
        offer_from("scale deployment web five")
