"""Every way in which the servers can fail: the look ends in time, says what it was, and the other server is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from tests.sources.api_double import ApiDouble, Behaviour, Conversation, Request, reset
from wfconsole.config.metrics import PrometheusSettings
from wfconsole.config.systems import AlertmanagerSettings
from wfconsole.observations.alerts import AlertRow
from wfconsole.sources.alertmanager import endpoint
from wfconsole.sources.alertmanager.alerts import AlertsPoll
from wfconsole.sources.alertmanager.payloads import ALERTS_KEPT
from wfconsole.sources.alertmanager.system import a_poll
from wfconsole.sources.contract import CutShort, SourceError

DEADLINE_MS = 1000
RULES = (
    b'{"status":"success","data":{"alerts":[{"labels":{"alertname":"Down"},"state":"firing",'
    b'"activeAt":"2026-03-01T14:00:00Z"}]}}'
)


@pytest.fixture
def double() -> Iterator[ApiDouble]:
    with ApiDouble() as server:
        yield server


@pytest.fixture
def rules() -> Iterator[ApiDouble]:
    with ApiDouble(lambda talk, _request: talk.answer(RULES)) as server:
        yield server


def the_poll(double: ApiDouble, rules: ApiDouble | None = None, **changes: str) -> AlertsPoll:
    prometheus = PrometheusSettings(url=rules.url if rules is not None else "")
    return a_poll(AlertmanagerSettings(url=double.url, **changes), prometheus, DEADLINE_MS)


def status(code: str, *headers: str) -> Behaviour:
    return lambda talk, _request: talk.answer(b"{}", code, headers)


def dripping_head(talk: Conversation, _request: Request) -> None:
    talk.drip(b"HTTP/1.1 200 OK\r\n" + b"X-Slow: yes\r\n" * 1000)


def dripping_body(talk: Conversation, _request: Request) -> None:
    talk.answer(b"", length=100_000)
    talk.drip(b" " * 1000)


def reset_in_mid_answer(talk: Conversation, _request: Request) -> None:
    talk.answer(b"[{", length=5_000)
    reset(talk)


def garbage(talk: Conversation, _request: Request) -> None:
    talk.sock.sendall(bytes(range(256)) * 10 + b"\r\n\r\n")


BAD: list[tuple[Behaviour, str, str]] = [
    (lambda talk, _: talk.hang(), "timeout", ""),
    (dripping_head, "timeout", ""),
    (dripping_body, "timeout", ""),
    (reset_in_mid_answer, "", ""),
    (garbage, "bad-answer", "alertmanager.url"),
    (status("401 Unauthorized"), "denied", "alertmanager.token_file"),
    (status("403 Forbidden"), "denied", "alertmanager.token_file"),
    (status("404 Not Found"), "not-served", "alertmanager.url"),
    (status("429 Too Many Requests", "Retry-After: 7"), "rate-limited", ""),
    (status("503 Service Unavailable"), "server-error", ""),
    (status("302 Found", "Location: http://127.0.0.1:1/"), "bad-answer", "do not follow"),
    (lambda talk, _: talk.answer(b"<html>login</html>"), "bad-answer", "alertmanager.url"),
    (lambda talk, _: talk.answer(b'[{"labels": 5}]'), "bad-answer", "alertmanager.url"),
    (lambda talk, _: talk.answer(b"[" * 100_000), "bad-answer", ""),
]
NAMES = (
    "silent", "drips its head", "drips its body", "resets", "garbage", "401", "403", "404", "429", "503", "redirects",
    "a web page", "another form", "too deep",
)  # fmt: skip


@pytest.mark.parametrize(("behaviour", "kind", "remedy"), BAD, ids=NAMES)
def test_the_look_ends_in_time_and_says_what_it_was(
    double: ApiDouble, behaviour: Behaviour, kind: str, remedy: str
) -> None:
    double.behaviour = behaviour
    poll = the_poll(double)
    began = time.monotonic()
    with pytest.raises(SourceError) as told:
        poll.step(lambda: None)
    assert time.monotonic() - began < 2 * DEADLINE_MS / 1000
    assert told.value.kind == (kind or told.value.kind)
    assert remedy in told.value.remedy
    assert told.value.message
    double.behaviour = lambda talk, _request: talk.answer(b"[]")
    poll.step(lambda: None)


@pytest.mark.parametrize(("behaviour", "kind", "remedy"), BAD, ids=NAMES)
def test_whatever_alertmanager_does_prometheus_is_asked_in_the_same_look(
    double: ApiDouble, rules: ApiDouble, behaviour: Behaviour, kind: str, remedy: str
) -> None:
    del kind, remedy
    double.behaviour = behaviour
    poll = the_poll(double, rules)
    began = time.monotonic()
    poll.step(lambda: None)
    assert time.monotonic() - began < 2 * DEADLINE_MS / 1000
    (row,) = poll.table.take().values()
    assert row is not None
    assert msgspec.json.decode(row, type=AlertRow).name == "Down"
    assert poll.partial().startswith("from Prometheus: Alertmanager")
    assert poll.partial().endswith("silences unknown")


def test_nobody_listens(double: ApiDouble) -> None:
    double.refuse()
    with pytest.raises(SourceError) as told:
        the_poll(double).step(lambda: None)
    assert told.value.kind == "refused"
    assert "Does Alertmanager run" in told.value.remedy


def test_how_long_to_wait_is_told(double: ApiDouble) -> None:
    double.behaviour = status("429 Too Many Requests", "Retry-After: 7")
    with pytest.raises(SourceError) as told:
        the_poll(double).step(lambda: None)
    assert (told.value.retry_after_ms, told.value.code) == (7000, 429)


def test_a_huge_answer_is_not_read_to_its_end(double: ApiDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "MOST_BYTES", 1 << 20)
    double.behaviour = lambda talk, _request: talk.answer(b" " * (3 << 20))
    with pytest.raises(SourceError, match="larger than"):
        the_poll(double).step(lambda: None)


def test_of_too_many_alerts_the_worst_are_kept_and_that_is_said(double: ApiDouble) -> None:
    alerts = [{"labels": {"alertname": "A", "severity": "info", "n": str(n)}} for n in range(ALERTS_KEPT + 5)]
    alerts.append({"labels": {"alertname": "Worst", "severity": "critical"}})
    double.behaviour = lambda talk, _request: talk.answer(msgspec.json.encode(alerts))
    poll = the_poll(double)
    poll.step(lambda: None)
    rows = poll.table.take()
    assert len(rows) == ALERTS_KEPT
    assert any(b'"Worst"' in row for row in rows.values() if row is not None)
    assert poll.partial() == f"the worst {ALERTS_KEPT} of {ALERTS_KEPT + 6} alerts"


def test_silences_that_cannot_be_read_leave_the_alerts(double: ApiDouble) -> None:
    alert = {"labels": {"alertname": "A"}, "status": {"state": "suppressed", "silencedBy": ["s1"]}}

    def behave(talk: Conversation, request: Request) -> None:
        if request.path.endswith("/silences"):
            talk.answer(b"{}", "403 Forbidden")
        else:
            talk.answer(msgspec.json.encode([alert]))

    double.behaviour = behave
    poll = the_poll(double)
    poll.step(lambda: None)
    assert len(poll.table.take()) == 1
    assert poll.partial().startswith("who silenced what is unknown: Alertmanager: 403")


def test_the_token_is_sent_and_never_told(double: ApiDouble, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("let-me-in\n")
    double.behaviour = status("403 Forbidden")
    with pytest.raises(SourceError) as told:
        the_poll(double, token_file=str(token)).step(lambda: None)
    assert double.requests[0].headers["authorization"] == "Bearer let-me-in"
    assert "let-me-in" not in f"{told.value.message}{told.value.remedy}"


def test_a_look_can_be_cut(double: ApiDouble, rules: ApiDouble) -> None:
    poll = the_poll(double, rules)

    def cut(talk: Conversation, _request: Request) -> None:
        poll.cut()
        talk.hang()

    double.behaviour = cut
    with pytest.raises(CutShort):
        poll.step(lambda: None)
    assert rules.requests == []


@pytest.mark.parametrize("making", [lambda url: url, lambda url: f"{url}/alertmanager/"])
def test_a_path_in_the_url_is_kept(double: ApiDouble, making: Callable[[str], str]) -> None:
    double.behaviour = lambda talk, _request: talk.answer(b"[]")
    url = making(double.url)
    a_poll(AlertmanagerSettings(url=url), PrometheusSettings(), DEADLINE_MS).step(lambda: None)
    assert double.requests[0].path == f"{url.rstrip('/').removeprefix(double.url)}/api/v2/alerts"
