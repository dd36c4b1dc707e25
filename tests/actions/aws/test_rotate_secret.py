"""Rotating a secret on moto's AWS, a real PostgreSQL and a real control plane: the runbook's way, and ours."""

from __future__ import annotations

import json

import psycopg
import pytest

from tests.actions.aws.application import Application, Vault
from tests.actions.aws.conftest import rotate
from tests.actions.bed import Bed
from tests.actions.conftest import Kubectl, planned, ran
from tests.rig.systems.postgres import ORDERS, PASSWORD
from wfconsole.actions.systems import Systems
from wfconsole.incident.plan import Request
from wfconsole.redaction import redact

pytestmark = [pytest.mark.rig, pytest.mark.usefixtures("world")]

Two = tuple[Application, Application]


def test_the_literal_way_loses_fields_and_locks_everybody_out(
    bed: Bed, vault: Vault, applications: Two, kubectl: Kubectl
) -> None:
    gateway, llm = applications
    value = json.dumps({"username": ORDERS, "password": "NEW_SECURE_PASSWORD"})
    vault.client.put_secret_value(SecretId=vault.arn, SecretString=value)
    kubectl("rollout", "restart", "deployment/gateway", namespace=bed.namespace)
    assert gateway.follow()
    with pytest.raises(KeyError, match="host"):
        gateway.log_in()
    gateway.held = {**llm.held, **gateway.held}
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        gateway.log_in()


def test_ours_changes_one_field_everywhere_and_restarts_everybody(
    bed: Bed, vault: Vault, systems: Systems, applications: Two
) -> None:
    before = vault.held()
    plan = planned(systems, rotate(bed))
    assert redact(json.loads(json.dumps(plan.calls))) == plan.calls
    assert [text for text in plan.refusals] == [
        f"Secret {bed.namespace}/orders-database: nothing shows who makes it, so it cannot be waited for: a restart may"
        " read the old one"
    ]
    assert (plan.overridable, plan.danger, plan.word) == (True, "R3", "prod/orders/database")
    assert vault.held() == before
    outcome = ran(systems, plan)
    assert outcome.result == "done", outcome
    after = vault.held()
    assert {**after, "password": ""} == {**before, "password": ""}
    assert after["password"] != PASSWORD
    assert not vault.lets_in(PASSWORD)
    for each in applications:
        assert each.follow()
        each.log_in()
    assert vault.stages()["AWSPREVIOUS"] == [vault.first]


def test_who_is_not_restarted_keeps_the_old_one(
    bed: Bed, vault: Vault, systems: Systems, applications: Two, kubectl: Kubectl
) -> None:
    """The runbook restarts the gateway only."""
    gateway, llm = applications
    kubectl("rollout", "restart", "deployment/gateway", namespace=bed.namespace)
    vault.set_in_database("another-one")
    vault.client.put_secret_value(
        SecretId=vault.arn, SecretString=json.dumps({**vault.held(), "password": "another-one"})
    )
    assert (gateway.follow(), gateway.lets_in()) == (True, True)
    assert (llm.follow(), llm.lets_in()) == (False, False)
    assert ran(systems, planned(systems, rotate(bed))).result == "done"
    assert all(each.follow() and each.lets_in() for each in applications)


def test_the_inverse_brings_the_old_one_back_everywhere(
    bed: Bed, vault: Vault, systems: Systems, applications: Two
) -> None:
    plan = planned(systems, rotate(bed))
    assert ran(systems, plan).result == "done"
    assert isinstance(plan.inverse, Request)
    back = planned(systems, plan.inverse)
    assert any("makes the old one valid again" in check.text for check in back.checks)
    assert ran(systems, back).result == "done"
    assert vault.current == vault.first
    assert vault.lets_in(PASSWORD)
    assert "AWSPENDING" not in vault.stages()
    assert all(each.follow() and each.lets_in() for each in applications)
