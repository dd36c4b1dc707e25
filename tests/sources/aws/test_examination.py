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


def test_all_is_well_with_the_shipped_policy_and_what_it_lacks_is_named_in_each_region(aws: Aws) -> None:
    found = examined(aws)
    assert found.unwell == {}
    assert found["authenticated"].detail.endswith(f"user/{CONSOLE}")
    assert found.named("permission") == {f"{look.action} in {region}": "ok" for look in LOOKS for region in REGIONS}

    aws.allow(FindingsPoll.action)
    found = examined(aws)
    refused = [f"{SecretsPoll.action} in {region}" for region in REGIONS]
    assert found.unwell == dict.fromkeys((*refused, "secrets"), "problem")
    assert f"Allow {SecretsPoll.action}" in found[refused[0]].remedy
    assert found["secrets"].remedy == ""  # that of the permission is enough


def test_credentials_that_are_not_there_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    found = Examined("aws", {"aws": {"regions": ["eu-west-1"], "endpoint_url": "http://127.0.0.1:9"}})
    assert found["authenticated"].state == "problem"
    assert "credentials" in found["authenticated"].remedy
    assert found["findings"].state == "unknown"
