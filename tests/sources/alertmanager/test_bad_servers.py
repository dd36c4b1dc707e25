"""Whatever Alertmanager does, Prometheus is asked in the same look; and what only its answers can have wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from tests.sources.api_double import ApiDouble, Behaviour, Conversation, Request, reset
from tests.threads import in_the_end
from wfconsole.config.metrics import GpuSettings, PrometheusSettings
from wfconsole.config.systems import AlertmanagerSettings
from wfconsole.observations.alerts import AlertRow
from wfconsole.observations.snapshot import in_words
from wfconsole.sources.alertmanager import endpoint
from wfconsole.sources.alertmanager.alerts import AlertsPoll
from wfconsole.sources.alertmanager.payloads import ALERTS_KEPT
from wfconsole.sources.alertmanager.system import a_poll
from wfconsole.sources.contract import CutShort, SourceError
from wfconsole.sources.prometheus.gpus import GpusPoll
from wfconsole.sources.prometheus.server import Server

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


BAD: dict[str, Behaviour] = {
    "silent": lambda talk, _: talk.hang(),
    "drips its head": dripping_head,
    "drips its body": dripping_body,
    "resets": reset_in_mid_answer,
    "garbage": garbage,
    "401": status("401 Unauthorized"),
    "429": status("429 Too Many Requests", "Retry-After: 7"),
    "503": status("503 Service Unavailable"),
    "a web page": lambda talk, _: talk.answer(b"<html>login</html>"),
    "too deep": lambda talk, _: talk.answer(b"[" * 100_000),
}


@pytest.mark.parametrize(
    ("behaviour", "kind", "remedy"),
    [
        (status("401 Unauthorized"), "denied", "alertmanager.token_file"),
        (status("404 Not Found"), "not-served", "alertmanager.url"),
        (status("302 Found", "Location: http://127.0.0.1:1/"), "bad-answer", "do not follow"),
        (lambda talk, _: talk.answer(b'[{"labels": 5}]'), "bad-answer", "alertmanager.url"),
    ],
)
def test_the_remedy_names_the_setting(double: ApiDouble, behaviour: Behaviour, kind: str, remedy: str) -> None:
    double.behaviour = behaviour
    with pytest.raises(SourceError) as told:
        the_poll(double).step(lambda: None)
    assert told.value.kind == kind
    assert remedy in told.value.remedy


@pytest.mark.parametrize("bad", BAD)
def test_whatever_alertmanager_does_prometheus_is_asked_in_the_same_look(
    double: ApiDouble, rules: ApiDouble, bad: str
) -> None:
    double.behaviour = BAD[bad]
    poll = the_poll(double, rules)
    in_the_end(lambda: poll.step(lambda: None))
    (row,) = poll.table.take().values()
    assert row is not None
    assert msgspec.json.decode(row, type=AlertRow).name == "Down"
    assert in_words(poll.lacks()).startswith("from Prometheus: Alertmanager")
    assert "; silences unknown" in in_words(poll.lacks())


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
    assert in_words(poll.lacks()) == f"the worst {ALERTS_KEPT} of {ALERTS_KEPT + 6} alerts"


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
    assert in_words(poll.lacks()).startswith("who silenced what is unknown: Alertmanager at ")


def test_the_token_is_sent_and_never_told(double: ApiDouble, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("let-me-in\n")
    double.behaviour = status("403 Forbidden")
    with pytest.raises(SourceError) as told:
        the_poll(double, token_file=str(token)).step(lambda: None)
    assert double.requests[0].headers["authorization"] == "Bearer let-me-in"
    assert "let-me-in" not in f"{told.value.message}{told.value.remedy}"


def test_who_stands_in_is_told_who_we_are(double: ApiDouble, rules: ApiDouble, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("let-me-in\n")
    double.behaviour = status("503 Service Unavailable")
    prometheus = PrometheusSettings(url=rules.url, user="console", password_file=str(password))
    a_poll(AlertmanagerSettings(url=double.url), prometheus, DEADLINE_MS).step(lambda: None)
    assert rules.requests[0].headers["authorization"] == "Basic Y29uc29sZTpsZXQtbWUtaW4="
    assert "authorization" not in double.requests[0].headers


def test_a_user_without_a_password_is_told_to_both_alike(double: ApiDouble, rules: ApiDouble) -> None:
    double.behaviour = status("503 Service Unavailable")
    prometheus = PrometheusSettings(url=rules.url, user="console")
    a_poll(AlertmanagerSettings(url=double.url), prometheus, DEADLINE_MS).step(lambda: None)
    asked = rules.requests[0].headers["authorization"]
    rules.behaviour = lambda talk, _request: talk.answer(
        b'{"status":"success","data":{"resultType":"vector","result":[]}}'
    )
    GpusPoll(Server(prometheus), GpuSettings(), DEADLINE_MS).step(lambda: None)
    assert rules.requests[-1].headers["authorization"] == asked


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
