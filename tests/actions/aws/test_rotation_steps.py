"""What stops a rotation in the middle: where it stands then, what is taken back, and what is found after a kill -9."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator

import msgspec
import psycopg
import pytest

from tests.actions.aws.application import NAME, Vault
from tests.actions.aws.gate import Gate, Where
from tests.actions.conftest import planned, ran
from tests.actions.process import Actor
from tests.rig.systems.aws import ACTOR, REGIONS
from tests.rig.systems.postgres import APPLICATION, DATABASE, ORDERS, PASSWORD
from wfconsole.actions.catalogue import action_named
from wfconsole.actions.contract import BadRequestError, Stale, Unknown
from wfconsole.actions.systems import Systems
from wfconsole.clock import SystemClock
from wfconsole.config.actions import ActingSettings
from wfconsole.guard import protocol
from wfconsole.guard.protocol import Begin
from wfconsole.incident.plan import Aim, Outcome, Plan, Request
from wfconsole.redaction import redact
from wfconsole.sources.contract import SourceError

READS = ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue")
PUT, PROMOTE = "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"


@pytest.fixture
def lone(outside: ActingSettings) -> Systems:
    """A secret whose users nobody knows."""
    return Systems(outside, SystemClock(), receipt="act-1", incident="INC-1", operator="ada")


@pytest.fixture
def gate(vault: Vault) -> Iterator[Gate]:
    with Gate(vault.aws.url) as made:
        yield made


@pytest.fixture
def gated(outside: ActingSettings, gate: Gate) -> ActingSettings:
    return msgspec.structs.replace(outside, aws=msgspec.structs.replace(outside.aws, endpoint_url=gate.url))


def alone(**parameters: str) -> Request:
    return Request("rotate-secret", Aim("secret", NAME), {"region": REGIONS[0], **parameters})


def untouched(vault: Vault) -> bool:
    """Whether everything is as it was, and nothing is left behind."""
    stages = vault.stages()
    return vault.lets_in(PASSWORD) and stages["AWSCURRENT"] == [vault.first] and "AWSPENDING" not in stages


def after_steps(systems: Systems, plan: Plan, **does: str) -> Outcome:
    """The run, with the database changed by somebody else when it says that it begins with something."""

    def say(text: str) -> None:
        for beginning, statement in does.items():
            if text.startswith(beginning.replace("_", " ")) or beginning.replace("_", " ") in text:
                with psycopg.connect(
                    host="127.0.0.1",
                    port=systems.settings.database.port,
                    dbname=DATABASE,
                    user="postgres",
                    autocommit=True,
                ) as connection:
                    connection.execute(statement)

    return action_named(plan.request.action).run(plan, systems, say)


def test_all_of_it_without_a_cluster(lone: Systems, vault: Vault) -> None:
    plan = planned(lone, alone())
    told = msgspec.json.decode(msgspec.json.encode(plan))
    assert redact(told) == told
    (refusal,) = plan.refusals
    assert "no workload is known that uses it" in refusal
    assert ran(lone, plan).result == "done"
    held = vault.held()
    assert vault.lets_in(held["password"])
    assert held["port"] == vault.postgres.port


def test_a_right_that_is_missing_is_named(lone: Systems, vault: Vault) -> None:
    plan = planned(lone, alone())
    vault.aws.allow(*READS, user=ACTOR)
    with pytest.raises(SourceError) as refused:
        ran(lone, plan)
    assert "PutSecretValue" in refused.value.remedy
    assert "acting-policy.json" in refused.value.remedy
    assert untouched(vault)


def test_a_store_that_refuses_to_promote_gives_the_database_back(lone: Systems, vault: Vault) -> None:
    plan = planned(lone, alone())
    vault.aws.allow(*READS, PUT, user=ACTOR)
    outcome = ran(lone, plan)
    # The stage that is left needs the very right that is missing.
    assert outcome.result == "partial"
    assert "may still be AWSPENDING" in outcome.text
    assert vault.lets_in(PASSWORD)
    assert vault.current == vault.first


def test_a_login_that_fails_takes_the_database_back(lone: Systems, vault: Vault) -> None:
    outcome = after_steps(
        lone,
        planned(lone, alone()),
        log_in_with_it=f"ALTER ROLE {ORDERS} VALID UNTIL '2000-01-01'",
        take_it_back=f"ALTER ROLE {ORDERS} VALID UNTIL 'infinity'",
    )
    assert outcome.result == "failed"
    assert "nothing is changed" in outcome.text
    assert any("taken back" in line for line in outcome.lines)
    assert untouched(vault)


def test_our_own_session_that_is_ended_in_the_middle_does_not_keep_it_from_being_taken_back(
    lone: Systems, vault: Vault
) -> None:
    vault.aws.allow(*READS, PUT, PROMOTE, user=ACTOR)
    ended = f"SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE usename = '{ORDERS}'"
    plan = planned(lone, alone())

    def say(text: str) -> None:
        if text.startswith("make"):
            with vault.postgres.admin() as connection:
                connection.execute(ended)
            vault.aws.allow(*READS, PUT, user=ACTOR)

    outcome = action_named("rotate-secret").run(plan, lone, say)
    assert outcome.result == "partial"
    assert vault.lets_in(PASSWORD)
    assert vault.current == vault.first


def test_a_login_that_nobody_can_try_any_more_is_no_success(lone: Systems, vault: Vault) -> None:
    outcome = after_steps(lone, planned(lone, alone()), log_in_with_it=f"ALTER ROLE {ORDERS} NOLOGIN")
    with vault.postgres.admin() as connection:
        connection.execute(f"ALTER ROLE {ORDERS} LOGIN")
    assert outcome.result == "failed"
    assert any("could not be tried" in line for line in outcome.lines)
    assert untouched(vault)


def test_what_was_moved_since_the_plan_is_left_alone(lone: Systems, vault: Vault) -> None:
    plan = planned(lone, alone())
    vault.client.put_secret_value(SecretId=vault.arn, SecretString=json.dumps(vault.held()))
    moved = vault.current
    with pytest.raises(Stale, match="AWSCURRENT was moved"):
        ran(lone, plan)
    assert vault.current == moved
    assert vault.lets_in(PASSWORD)


def test_a_password_that_somebody_has_changed_meanwhile_is_not_overwritten(lone: Systems, vault: Vault) -> None:
    plan = planned(lone, alone())
    vault.set_in_database("by-somebody-else")
    outcome = ran(lone, plan)
    assert outcome.result == "failed"
    assert vault.lets_in("by-somebody-else")
    assert "AWSPENDING" not in vault.stages()


def test_who_is_logged_in_stays_in_and_the_next_request_ends_that(lone: Systems, vault: Vault) -> None:
    intruder = psycopg.connect(
        host="127.0.0.1",
        port=vault.postgres.port,
        dbname=DATABASE,
        user=ORDERS,
        password=PASSWORD,
        application_name="psql",
        autocommit=True,
    )
    plan = planned(lone, alone())
    assert any("1 session of wf_orders stay logged in" in check.text for check in plan.checks)
    (after,) = plan.alternatives
    assert ran(lone, plan).result == "done"
    assert intruder.execute("SELECT 1").fetchone() == (1,)
    assert ran(lone, planned(lone, after.request)).result == "done"
    with pytest.raises(psycopg.OperationalError):
        intruder.execute("SELECT 1")


# --- an answer that is lost


def test_a_promotion_whose_answer_is_lost_is_looked_up_and_not_sent_twice(
    gated: ActingSettings, gate: Gate, vault: Vault
) -> None:
    systems = Systems(gated, SystemClock(), receipt="act-1", incident="INC-1")
    plan = planned(systems, alone())
    gate.hold("UpdateSecretVersionStage", "lost")
    assert ran(systems, plan).result == "done"
    assert gate.seen.count("UpdateSecretVersionStage") == 1
    assert vault.lets_in(vault.held()["password"])


def test_a_put_whose_answer_is_lost_is_looked_up_too(gated: ActingSettings, gate: Gate, vault: Vault) -> None:
    systems = Systems(gated, SystemClock(), receipt="act-1", incident="INC-1")
    plan = planned(systems, alone())
    gate.hold("PutSecretValue", "lost")
    assert ran(systems, plan).result == "done"
    assert gate.seen.count("PutSecretValue") == 1
    assert vault.lets_in(vault.held()["password"])


# --- killed


def killed(settings: ActingSettings, gate: Gate, request: Request, name: str, where: Where) -> Plan:
    """The plan of an action that was killed at this request."""
    actor = Actor(Begin(settings, request=request, receipt="act-1", incident="INC-1"))
    plan = actor.plan()
    gate.hold(name, where)
    actor.say(msgspec.json.encode(protocol.Run(plan.digest)))
    gate.await_held()
    actor.process.send_signal(signal.SIGKILL)
    assert actor.process.wait(30) == -signal.SIGKILL
    for pipe in (actor.process.stdin, actor.process.stdout):
        assert pipe is not None
        pipe.close()
    gate.drop()
    return plan


def asked_later(settings: ActingSettings, plan: Plan) -> protocol.Asked:
    with Actor(Begin(settings, mode="observe", plan=plan, receipt="act-1", incident="INC-1")) as actor:
        return actor.until(protocol.Asked)


@pytest.mark.parametrize(
    ("name", "where", "found", "says"),
    [
        ("PutSecretValue", "before", "did not run", "there is no version"),
        ("PutSecretValue", "after", "did not run", "what is pending is read by nobody"),
        ("UpdateSecretVersionStage", "before", "cannot tell", "HALF DONE"),
        ("UpdateSecretVersionStage", "after", "ran", "does not log in, the one of"),
    ],
)
def test_what_is_found_after_a_kill(
    gated: ActingSettings, gate: Gate, name: str, where: Where, found: str, says: str
) -> None:
    told = asked_later(gated, killed(gated, gate, alone(), name, where))
    assert told.found == found, told
    assert says in told.text


@pytest.fixture
def half_done(gated: ActingSettings, gate: Gate) -> Systems:
    """The database has the new one, the store gives out the old one."""
    killed(gated, gate, alone(), "UpdateSecretVersionStage", "before")
    return Systems(gated, SystemClock(), receipt="act-2", incident="INC-1")


def test_half_of_it_can_be_gone_on_with(half_done: Systems, vault: Vault) -> None:
    assert not vault.lets_in(PASSWORD)
    plan = planned(half_done, alone())
    assert any("new logins fail" in text for text in plan.refusals)
    other = plan.alternatives[-1]
    on = planned(half_done, other.request)
    assert [text for text in on.refusals if "no workload" not in text] == []
    assert ran(half_done, on).result == "done"
    assert vault.lets_in(vault.held()["password"])


def test_half_of_it_can_be_taken_back(half_done: Systems, vault: Vault) -> None:
    back = msgspec.structs.replace(alone(version=vault.first), action="rotate-secret-back")
    plan = planned(half_done, back)
    assert plan.refusals == ()
    assert ran(half_done, plan).result == "done"
    assert untouched(vault)


def test_the_password_is_in_nothing_that_is_sent_beside_the_one_put(
    gated: ActingSettings, gate: Gate, vault: Vault
) -> None:
    systems = Systems(gated, SystemClock(), receipt="act-1", incident="INC-1")
    ran(systems, planned(systems, alone()))
    new = vault.held()["password"].encode()
    assert [name for name, body in zip(gate.seen, gate.bodies, strict=True) if new in body] == ["PutSecretValue"]


# --- what the preflight knows


def refusals(systems: Systems, **parameters: str) -> str:
    return "\n".join(text for text in planned(systems, alone(**parameters)).refusals if "no workload" not in text)


def test_a_secret_that_aws_rotates_is_left_to_it(lone: Systems, vault: Vault) -> None:
    vault.client.rotate_secret(
        SecretId=vault.arn, RotateImmediately=False, RotationRules={"AutomaticallyAfterDays": 30}
    )
    assert "AWS rotates it by itself" in refusals(lone)


def test_what_is_pending_is_gone_on_with_or_replaced_and_never_overlooked(lone: Systems, vault: Vault) -> None:
    value = json.dumps({**vault.held(), "password": "never-used"})
    vault.client.put_secret_value(SecretId=vault.arn, SecretString=value, VersionStages=["AWSPENDING"])
    assert "a rotation never ended" in refusals(lone)
    assert refusals(lone, pending="replace") == ""
    plan = planned(lone, alone(pending="continue"))
    assert ran(lone, plan).result == "done"
    assert vault.held()["password"] == "never-used"
    assert vault.lets_in("never-used")


def test_a_store_that_does_not_have_what_the_database_has_is_told(lone: Systems, vault: Vault) -> None:
    vault.set_in_database("by-somebody-else")
    assert "does not log in as wf_orders" in refusals(lone)


def test_a_server_that_asks_nobody_proves_nothing(lone: Systems, vault: Vault) -> None:
    value = json.dumps({**vault.held(), "username": APPLICATION})
    vault.client.put_secret_value(SecretId=vault.arn, SecretString=value)
    assert "proves anything" in refusals(lone)


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"field": "pass"}, "its fields are username, password, host"),
        ({"user_field": "login"}, "say the role"),
        ({"region": "nowhere"}, "the region of the secret"),
        ({"pending": "perhaps"}, "continue or replace"),
        ({"consumers": "pod/web"}, "deployment/production/gateway"),
    ],
)
def test_a_request_that_makes_no_sense_says_what_would(
    lone: Systems, vault: Vault, parameters: dict[str, str], says: str
) -> None:
    with pytest.raises(BadRequestError, match=says):
        planned(lone, alone(**parameters))
    assert untouched(vault)


def test_a_field_that_names_no_role_is_not_shown(lone: Systems, vault: Vault) -> None:
    value = json.dumps({**vault.held(), "hint": "canary-of-a-value"})
    vault.client.put_secret_value(SecretId=vault.arn, SecretString=value)
    plan = planned(lone, alone(user_field="hint"))
    assert "is no role of the database" in plan.refusals[0]
    assert b"canary-of-a-value" not in msgspec.json.encode(plan)


def test_hostile_names_reach_neither_the_screen_nor_the_shell(lone: Systems, vault: Vault) -> None:
    role = "wf'; rm -rf \x1b[31m"
    with vault.postgres.admin() as connection:
        connection.execute(psycopg.sql.SQL("CREATE ROLE {} LOGIN").format(psycopg.sql.Identifier(role)))
    try:
        value = json.dumps({**vault.held(), "user\x1b]52;c;x\x07": role})
        vault.client.put_secret_value(SecretId=vault.arn, SecretString=value)
        plan = planned(lone, alone(user_field="user\x1b]52;c;x\x07"))
        assert b"\\u001b" not in msgspec.json.encode(
            {**msgspec.to_builtins(plan), "request": 0, "inverse": 0, "calls": 0}
        )
    finally:
        with vault.postgres.admin() as connection:
            connection.execute(psycopg.sql.SQL("DROP ROLE {}").format(psycopg.sql.Identifier(role)))


def test_nobody_knows_is_said_where_nobody_knows(gated: ActingSettings, gate: Gate, vault: Vault) -> None:
    """The put may still arrive: neither the database nor what is current was touched."""
    systems = Systems(gated, SystemClock(), receipt="act-1", incident="INC-1")
    plan = planned(systems, alone())
    vault.aws.allow(*READS, PUT, PROMOTE, user=ACTOR)
    gate.hold("PutSecretValue", "never")
    with pytest.raises(Unknown, match="neither the database nor AWSCURRENT was touched"):
        ran(systems, plan)
    assert untouched(vault)
