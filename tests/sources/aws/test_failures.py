"""The errors that AWS answers with, each with its kind and its words; the matrix of faults has the rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import msgspec
import pytest

from tests.sources.api_double import ApiDouble, Conversation, Request
from tests.threads import in_the_end
from wfconsole.config.systems import AwsSettings
from wfconsole.sources.aws import bounded
from wfconsole.sources.aws.findings import FindingsPoll
from wfconsole.sources.aws.secrets import SecretsPoll
from wfconsole.sources.contract import SourceError
from wfconsole.text import is_safe

Behave = Callable[[Conversation, Request], None]
NOTHING = b'{"Findings": [], "SecretList": []}'
DEADLINE_MS = 1500


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiDouble]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "very-secret",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with ApiDouble(lambda talk, _: talk.answer(NOTHING)) as server:
        yield server


def poll_of(double: ApiDouble, url: str = "") -> FindingsPoll:
    settings = AwsSettings(regions=("eu-west-1",), endpoint_url=double.url)
    poll = FindingsPoll(settings, "eu-west-1", 60_000)
    poll.step(lambda: None)  # what is imported and loaded once is no part of the deadline
    poll.settings = msgspec.structs.replace(settings, endpoint_url=url or double.url)
    poll.deadline_ms = DEADLINE_MS
    return poll


def failure(poll: FindingsPoll | SecretsPoll) -> SourceError:
    with pytest.raises(SourceError) as told:
        in_the_end(lambda: poll.step(lambda: None))
    assert told.value.remedy
    assert is_safe(told.value.message)
    assert "very-secret" not in told.value.message
    return told.value


def an_error(code: str, status: str, message: str = "no") -> Behave:
    body = json.dumps({"message": message, "Message": message}).encode()
    return lambda talk, _: talk.answer(body, status, (f"x-amzn-ErrorType: {code}",))


@pytest.mark.parametrize(
    ("code", "status", "kind", "remedy"),
    [
        ("ExpiredTokenException", "403 Forbidden", "denied", "Log in again"),
        ("UnrecognizedClientException", "403 Forbidden", "denied", "Check the credentials"),
        ("AccessDeniedException", "403 Forbidden", "denied", "securityhub:GetFindings"),
        ("SomethingNewException", "403 Forbidden", "denied", "securityhub:GetFindings"),
        ("InvalidSignatureException", "403 Forbidden", "denied", "Check the credentials"),
        ("RequestExpired", "400 Bad Request", "denied", "clock"),
        ("InvalidAccessException", "401 Unauthorized", "not-served", "Enable Security Hub in eu-west-1"),
        ("ThrottlingException", "400 Bad Request", "rate-limited", "less often"),
        ("LimitExceededException", "429 Too Many Requests", "rate-limited", "less often"),
        ("Odd", "429 Too Many Requests", "rate-limited", "less often"),
        ("InternalException", "500 Internal Server Error", "server-error", "health"),
        ("Odd", "503 Service Unavailable", "server-error", "health"),
        ("InvalidInputException", "400 Bad Request", "bad-answer", "AWS"),
    ],
)
def test_errors_of_the_service(double: ApiDouble, code: str, status: str, kind: str, remedy: str) -> None:
    poll = poll_of(double)
    poll.deadline_ms = 10_000  # a busy machine may take its time to answer
    double.behaviour = an_error(code, status)
    asked = len(double.requests)
    error = failure(poll)
    assert error.kind == kind
    assert remedy in error.remedy
    assert error.message.startswith("eu-west-1: ")
    assert error.code == int(status[:3])
    assert len(double.requests) == asked + 1  # trying again is the pacer's work


def test_a_clock_that_is_off_is_named(double: ApiDouble) -> None:
    poll = poll_of(double)
    said = "Signature not yet current: 20260301T144207Z is still later than 20260301T143707Z"
    double.behaviour = an_error("InvalidSignatureException", "403 Forbidden", said)
    assert "clock" in failure(poll).remedy


def floods(talk: Conversation, _: Request) -> None:
    talk.begin_chunks()
    while not talk.over.is_set():
        talk.chunk(b" " * 65536)


def test_an_answer_without_an_end_is_given_up(double: ApiDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "MOST_BYTES", 1 << 20)
    poll = poll_of(double)
    poll.deadline_ms = 10_000
    double.behaviour = floods
    error = failure(poll)
    assert error.kind == "bad-answer"
    assert "larger than 1 MiB" in error.message


def test_a_name_that_is_none(double: ApiDouble) -> None:
    error = failure(poll_of(double, "http://securityhub.invalid"))
    assert error.kind in ("refused", "timeout")
    assert "aws.endpoint_url" in error.remedy


def test_a_token_that_leads_round_and_round_has_an_end(double: ApiDouble) -> None:
    poll = SecretsPoll(AwsSettings(regions=("eu-west-1",), endpoint_url=double.url), "eu-west-1", 60_000)
    double.behaviour = lambda talk, _: talk.answer(b'{"SecretList": [{"Name": "a"}], "NextToken": "again"}')
    poll.step(lambda: None)
    assert (len(poll.table), poll.more) == (1, True)
    assert len(double.requests) == 10
