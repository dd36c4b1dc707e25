"""What only an answer of Prometheus can have wrong, told in an operator's words; the matrix of faults has the rest."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sources.api_double import ApiDouble, Conversation, Request
from tests.sources.prometheus.polls import inference_poll, seen, signals_poll
from tests.threads import in_the_end
from wfconsole.config.metrics import SignalRule
from wfconsole.observations.snapshot import in_words
from wfconsole.sources.contract import SourceError
from wfconsole.sources.prometheus.server import MOST_BYTES
from wfconsole.sources.prometheus.signals import SignalsPoll
from wfconsole.text import is_safe

ONE = SignalRule("one", "up")


def vector(*series: Any) -> bytes:
    return json.dumps({"status": "success", "data": {"resultType": "vector", "result": list(series)}}).encode()


def up() -> dict[str, object]:
    """One series, whose sample is of now."""
    return {"metric": {}, "value": [time.time(), "1"]}


@pytest.fixture
def double() -> Iterator[ApiDouble]:
    with ApiDouble() as server:
        yield server


def look(double: ApiDouble, *, interval_ms: int = 1000, **options: Any) -> SignalsPoll:
    return signals_poll(double.url, ONE, defaults=False, interval_ms=interval_ms, **options)


def told_by(poll: Any) -> SourceError:
    with pytest.raises(SourceError) as told:
        in_the_end(lambda: poll.step(lambda: None))
    assert is_safe(told.value.message)
    assert told.value.remedy
    return told.value


def answering(body: bytes, status: str = "200 OK", headers: tuple[str, ...] = ()) -> Any:
    return lambda talk, _: talk.answer(body, status, headers)


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        ("404 Not Found", "not-served", 404),
        ("302 Found", "configuration", 302),
        ("204 No Content", "bad-answer", 204),
    ],
)
def test_a_status_is_told_as_what_it_is(double: ApiDouble, status: str, kind: str, code: int) -> None:
    double.behaviour = answering(b"", status, ("Location: http://127.0.0.1:1/login",))
    error = told_by(look(double))
    assert (error.kind, error.code) == (kind, code)
    assert len(double.requests) == 1  # neither followed nor tried again


@pytest.mark.parametrize(
    "body",
    [
        b'{"status":"success"}',
        b'{"data":{"result":{}}}',
        b'{"data":{"result":[{"metric":{}}]}}',
        b'{"data":{"result":[{"metric":{},"value":[1]}]}}',
        b'{"data":{"result":[{"metric":{},"value":["a","b"]}]}}',
        b'{"data":{"result":[1]}}',
    ],
)
def test_what_is_no_answer_of_prometheus_is_called_that(double: ApiDouble, body: bytes) -> None:
    double.behaviour = answering(body)
    assert told_by(look(double)).kind == "bad-answer"


def test_an_answer_that_is_too_large_ends_early_and_hits_its_rule_alone(double: ApiDouble) -> None:
    sent = 0

    def flood(talk: Conversation, request: Request) -> None:
        nonlocal sent
        if request.query["query"] == "up":
            talk.answer(vector(up()))
            return
        talk.begin_chunks()
        for _ in range(1000):
            talk.chunk(b"x" * 1_000_000)
            sent += 1_000_000

    double.behaviour = flood
    poll = signals_poll(double.url, SignalRule("much", "all"), ONE, defaults=False)
    rows = seen(poll, "signals")
    assert "larger than 4 MiB" in rows["much"].problem
    assert rows["one"].value == 1.0
    assert sent < 8 * MOST_BYTES


def test_too_many_series_are_not_read(double: ApiDouble) -> None:
    double.behaviour = answering(vector(*[up()] * 6000))
    assert "6000 series" in seen(look(double, interval_ms=30_000), "signals")["one"].problem


def test_a_slow_server_is_not_asked_for_all_and_another_rule_goes_without_next_time(double: ApiDouble) -> None:
    rules = [SignalRule(f"r{number}", "up") for number in range(5)]

    def slow(talk: Conversation, _: Request) -> None:
        talk.over.wait(0.3)
        talk.answer(vector(up()))

    double.behaviour = slow
    poll = signals_poll(double.url, *rules, defaults=False, interval_ms=1000)
    first = {name for name, row in seen(poll, "signals").items() if row.state == "unasked"}
    assert first
    assert "not asked for" in in_words(poll.lacks())
    rows = {name for name, row in seen(poll, "signals").items() if row.state == "unasked"}
    assert not first & rows


def test_a_name_that_does_not_resolve_is_told_with_the_setting() -> None:
    error = told_by(signals_poll("http://prometheus.invalid:9090", ONE, interval_ms=1000))
    assert "prometheus.url" in error.remedy


def test_a_sample_older_than_five_minutes_is_no_value(double: ApiDouble) -> None:
    double.behaviour = answering(vector({"metric": {}, "value": [time.time() - 301, "1"]}))
    row = seen(look(double), "signals")["one"]
    assert (row.state, row.value) == ("old", None)
    assert row.sampled_at


def test_a_token_goes_in_its_header_and_nowhere_else(double: ApiDouble, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("hush\n")
    double.behaviour = answering(b'{"status":"error","error":"no"}', "403 Forbidden")
    error = told_by(look(double, token_file=str(token)))
    assert double.requests[0].headers["authorization"] == "Bearer hush"
    assert "hush" not in error.message + error.remedy + double.requests[0].target


def test_models_without_any_series_are_none(double: ApiDouble) -> None:
    double.behaviour = answering(vector())
    assert seen(inference_poll(double.url), "inference") == {}
