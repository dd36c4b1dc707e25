"""Findings and secrets on moto's server, as the identity that may do what our policy says, and nothing else."""

from __future__ import annotations

from typing import Any

import botocore.exceptions
import msgspec
import pytest

from tests.rig.systems.aws import REGIONS, VALUE, Aws, a_finding, policy
from wfconsole.clock import DAY, SystemClock
from wfconsole.config.systems import AwsSettings
from wfconsole.observations.findings import FindingRow, weigh_finding
from wfconsole.observations.levels import Level
from wfconsole.observations.secrets import SecretRow, weigh_secret
from wfconsole.observations.snapshot import in_words
from wfconsole.sources.aws import findings as module
from wfconsole.sources.aws.findings import FindingsPoll, instant, open_findings
from wfconsole.sources.aws.secrets import SecretsPoll
from wfconsole.sources.aws.system import sources
from wfconsole.sources.contract import Source, SourceError
from wfconsole.text import is_safe

EVERY = {"findings": 60_000, "secrets": 300_000}


def settings_of(aws: Aws, **changes: Any) -> AwsSettings:
    return msgspec.convert({**aws.settings()["aws"], **changes}, AwsSettings)


def look(source: Source, kind: Any) -> dict[str, Any]:
    for part in source.parts:
        part.task.step(lambda: None)
    return {key: msgspec.json.decode(row, type=kind) for key, row in source.take().items() if row is not None}


def refused(poll: FindingsPoll | SecretsPoll) -> SourceError:
    with pytest.raises(SourceError) as told:
        poll.step(lambda: None)
    assert told.value.remedy
    assert is_safe(told.value.message)
    return told.value


@pytest.fixture
def findings(aws: Aws) -> Source:
    return sources(settings_of(aws), EVERY)[0]


@pytest.fixture
def secrets(aws: Aws) -> Source:
    return sources(settings_of(aws), EVERY)[1]


def test_critical_findings_are_there_and_what_was_dealt_with_is_not(aws: Aws, findings: Source) -> None:
    aws.faults["findings"]()
    rows = look(findings, FindingRow)
    assert sorted(rows) == [f"{region}/finding-{number}" for region in sorted(REGIONS) for number in (1, 2, 3)]
    assert {row.severity for row in rows.values()} == {"CRITICAL", "HIGH"}
    assert {row.workflow for row in rows.values()} == {"NEW", "NOTIFIED"}
    row = rows["eu-west-1/finding-1"]
    now = SystemClock().now()
    assert weigh_finding(row, now)[0].level == Level.CRITICAL
    assert row.title == "Root account has an access key"
    assert (row.account, row.resource_type, row.resources) == ("123456789012", "AwsEc2SecurityGroup", 1)
    assert 0 < now - row.first_at < DAY
    assert findings.facts()["shown"] == "6"


def test_twenty_of_143_says_so_and_shows_the_worst(aws: Aws) -> None:
    severities = ["HIGH"] * 140 + ["CRITICAL"] * 3
    aws.import_findings(REGIONS[0], *(a_finding(n + 1, severity) for n, severity in enumerate(severities)))
    source = sources(settings_of(aws, regions=[REGIONS[0]], findings_shown=20), EVERY)[0]
    rows = look(source, FindingRow)
    assert source.facts()["shown"] == "20 of 143"
    assert len(rows) == 20
    wanted = {*(f"finding-{n}" for n in range(1, 18)), "finding-141", "finding-142", "finding-143"}
    assert {row.id for row in rows.values()} == wanted


def test_pages_that_are_not_read_are_not_taken_for_none(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PAGES", 1)
    aws.import_findings(REGIONS[0], *(a_finding(n, "HIGH") for n in range(1, 144)))
    source = sources(settings_of(aws, regions=[REGIONS[0]]), EVERY)[0]
    look(source, FindingRow)
    assert source.facts()["shown"] == "100 of more than 100"
    assert in_words(source.lacks()) == "eu-west-1 has more than were read"


def test_what_is_asked_for_is_what_is_meant(aws: Aws) -> None:
    """moto ignores filters; the service's own rules of what they may be are checked by the client."""
    assert module.filters() == {
        "SeverityLabel": [
            {"Value": "CRITICAL", "Comparison": "EQUALS"},
            {"Value": "HIGH", "Comparison": "EQUALS"},
        ],
        "WorkflowStatus": [{"Value": "NEW", "Comparison": "EQUALS"}, {"Value": "NOTIFIED", "Comparison": "EQUALS"}],
        "RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}],
    }


def test_a_second_look_at_the_same_changes_nothing(aws: Aws, findings: Source) -> None:
    aws.faults["findings"]()
    look(findings, FindingRow)
    assert look(findings, FindingRow) == {}


def test_a_resolved_finding_goes(aws: Aws, findings: Source) -> None:
    aws.faults["findings"]()
    look(findings, FindingRow)
    aws.import_findings(REGIONS[0], a_finding(1, "CRITICAL", state="ARCHIVED"))
    for part in findings.parts:
        part.task.step(lambda: None)
    assert findings.take() == {"eu-west-1/finding-1": None}


def test_hostile_text_is_harmless(aws: Aws, findings: Source) -> None:
    hostile = "[/]\x1b]52;c;aGk=\x07\u202e" + "x" * 200
    aws.import_findings(REGIONS[0], {**a_finding(1, "HIGH", title=hostile), "Id": hostile})
    for key, row in look(findings, FindingRow).items():
        assert is_safe(key)
        assert is_safe(row.title)
        assert "\x1b" not in row.id


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"Severity": None, "Workflow": None, "Resources": None},
        {"Severity": {"Label": "CRITICAL"}, "Workflow": {"Status": "NEW"}, "RecordState": "ARCHIVED"},
        {"Severity": {"Label": "critical"}, "Workflow": {"Status": "NEW"}},
    ],
)
def test_odd_findings_are_left_out(odd: dict[str, Any]) -> None:
    assert list(open_findings([odd], "eu-west-1")) == []


def test_a_finding_without_anything_but_its_state_is_a_row() -> None:
    bare = {"Severity": {"Label": "CRITICAL"}, "Workflow": {"Status": "NEW"}, "Resources": ["odd"], "UpdatedAt": 7}
    (row,) = open_findings([bare], "eu-west-1")
    assert (row.first_at, row.resources, row.title) == (0, 0, "")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1970-01-01T00:00:01Z", 1000),
        ("1970-01-01T00:00:01.250Z", 1250),
        ("1970-01-01T00:00:01", 1000),
        ("1970-01-01T01:00:01+01:00", 1000),
        ("soon", 0),
        (None, 0),
        ("1969-01-01T00:00:00Z", 0),
    ],
)
def test_instants(text: object, at: int) -> None:
    assert instant(text) == at


# --- secrets --------------------------------------------------------------------------------------------------------


def test_stale_secrets_are_seen_and_values_never(aws: Aws, secrets: Source) -> None:
    aws.faults["stale-secrets"]()
    for part in secrets.parts:
        part.task.step(lambda: None)
    taken = secrets.take()
    assert VALUE.encode() not in b"".join(filter(None, taken.values()))
    rows = {key: msgspec.json.decode(row, type=SecretRow) for key, row in taken.items() if row is not None}
    now = SystemClock().now()
    assert {row.name: weigh_secret(row, now)[0].level for row in rows.values()} == {
        "prod/orders/database": Level.WARNING,
        "prod/gateway/token": Level.WATCH,
        "prod/llm/key": Level.OK,
    }


def test_rotation_that_did_not_happen_is_worse_than_none(aws: Aws, secrets: Source) -> None:
    aws.make_secret("prod/a", 100, rotation=True)
    (row,) = look(secrets, SecretRow).values()
    finding, _ = weigh_secret(row, SystemClock().now())
    assert (finding.level, row.rotation) == (Level.WARNING, True)


# --- permissions ----------------------------------------------------------------------------------------------------


def test_the_policy_holds_exactly_what_is_called() -> None:
    (statement,) = policy()["Statement"]
    assert statement["Action"] == sorted([FindingsPoll.action, SecretsPoll.action])


def test_the_identity_can_do_nothing_else(aws: Aws) -> None:
    aws.make_secret("prod/a", 1)
    poll = SecretsPoll(settings_of(aws), REGIONS[0], 60_000)
    with poll.client() as client, pytest.raises(botocore.exceptions.ClientError) as told:
        client.get_secret_value(SecretId="prod/a")
    assert "AccessDenied" in str(told.value)


@pytest.mark.parametrize("make", [FindingsPoll, SecretsPoll])
def test_a_missing_permission_is_denied_by_name(aws: Aws, make: type[FindingsPoll] | type[SecretsPoll]) -> None:
    aws.allow("s3:ListBucket")
    error = refused(make(settings_of(aws), REGIONS[0], 60_000))
    assert error.kind == "denied"
    assert make.action in error.remedy
    assert "reading-policy.json" in error.remedy


def test_keys_that_nobody_knows_are_denied_and_new_ones_are_taken_up(aws: Aws) -> None:
    poll = FindingsPoll(settings_of(aws), REGIONS[0], 60_000)
    good = (aws.directory / "credentials").read_text()
    aws.write_keys({"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "wrong-and-secret"})
    error = refused(poll)
    assert error.kind == "denied"
    assert "wrong-and-secret" not in error.message + error.remedy
    (aws.directory / "credentials").write_text(good)
    poll.step(lambda: None)


def test_no_credentials_and_an_unknown_profile_say_what_is_missing(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    error = refused(FindingsPoll(settings_of(aws, profile=""), REGIONS[0], 60_000))
    assert error.kind == "denied"
    assert "environment" in error.remedy
    error = refused(FindingsPoll(settings_of(aws, profile="nobody"), REGIONS[0], 60_000))
    assert error.kind == "configuration"
    assert "aws.profile" in error.remedy


def test_one_region_that_refuses_leaves_the_others(aws: Aws, findings: Source) -> None:
    aws.faults["findings"]()
    first, second = (part.task for part in findings.parts)
    first.step(lambda: None)
    aws.allow("s3:ListBucket")
    with pytest.raises(SourceError):
        second.step(lambda: None)
    assert {key.partition("/")[0] for key in findings.take()} == {REGIONS[0]}
    assert [part.role for part in findings.parts] == ["whole", "whole"]  # a failing one of several makes it partial
    assert [part.gives for part in findings.parts] == [f"findings of {region}" for region in REGIONS]
