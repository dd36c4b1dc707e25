"""The doctor on moto's AWS, which checks permissions for real."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collector.examined import Examined
from tests.rig.systems.aws import CONSOLE, REGIONS, Aws, policy
from wfconsole.sources.aws.findings import FindingsPoll
from wfconsole.sources.aws.secrets import SecretsPoll

LOOKS = (FindingsPoll, SecretsPoll)


def examined(aws: Aws, **changes: Any) -> Examined:
    return Examined("aws", {"aws": {**aws.settings()["aws"], **changes}})


def test_the_policy_allows_exactly_what_is_looked_at() -> None:
    (statement,) = policy()["Statement"]
    assert sorted(statement["Action"]) == sorted(look.action for look in LOOKS)


def test_all_is_well_with_exactly_the_shipped_policy(aws: Aws) -> None:
    found = examined(aws)
    assert found.unwell == {}
    assert found["authenticated"].detail.endswith(f"user/{CONSOLE}")
    assert found.named("permission") == {f"{look.action} in {region}": "ok" for look in LOOKS for region in REGIONS}


@pytest.mark.parametrize("look", LOOKS, ids=[look.action for look in LOOKS])
def test_an_action_that_is_not_allowed_is_named_in_each_region(
    aws: Aws, look: type[FindingsPoll] | type[SecretsPoll]
) -> None:
    aws.allow(*(each.action for each in LOOKS if each is not look))
    found = examined(aws)
    refused = {name for name, state in found.named("permission").items() if state == "problem"}
    assert refused == {f"{look.action} in {region}" for region in REGIONS}
    assert f"Allow {look.action}" in found[f"{look.action} in {REGIONS[0]}"].remedy
    assert found["authenticated"].state == "ok"


def test_credentials_that_are_not_there_are_told(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    found = examined(aws, profile="")
    assert found["authenticated"].state == "problem"
    assert "credentials" in found["authenticated"].remedy
    assert found["findings"].state == "unknown"
