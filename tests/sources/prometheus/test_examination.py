"""The doctor on a real Prometheus: both ways to ask, the newest sample, and what each rule gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.collector.examined import Examined
from tests.rig.systems.fixtures import running
from tests.rig.systems.prometheus import PASSWORD, USER, Prometheus
from tests.sources.api_double import ApiDouble, Conversation, Request, until
from wfconsole.sources.prometheus.rules import DEFAULT_RULES


@pytest.fixture
def scraped(prometheus: Prometheus) -> Prometheus:
    """Rates exist from the second scrape on."""
    until(lambda: prometheus.query("rate(nginx_ingress_controller_requests[5s]) > 0"), "the exporter was scraped", 20)
    return prometheus


def examined(prometheus: Prometheus, /, **tables: dict[str, Any]) -> Examined:
    told = prometheus.settings()
    merged = {name: {**told.get(name, {}), **tables.get(name, {})} for name in {"prometheus", "signals", *tables}}
    return Examined("prometheus", merged)


def test_all_is_well_and_a_rule_without_a_series_is_said_to_have_none(scraped: Prometheus) -> None:
    found = examined(scraped)
    assert found.unwell == {}
    assert found.named("permission") == {"query": "ok", "query_range": "ok"}
    assert found["newest sample"].detail.endswith("old, of 1 target")
    rules = {f"rule {rule.name}" for rule in DEFAULT_RULES}
    assert rules <= {check.name for check in found.checks}
    assert found["rule errors"].state == "ok"
    assert found["rule node-cpu"].state == "off"
    assert "no series" in found["rule node-cpu"].detail


def test_a_rule_that_is_refused_is_named_and_the_others_are_well(scraped: Prometheus) -> None:
    own = {"rules": [{"name": "mine", "promql": "sum((", "unit": "count"}]}
    found = examined(scraped, signals=own)
    assert found.unwell == {"rule mine": "problem"}
    assert "parse error" in found["rule mine"].detail
    assert "[[signals.rules]]" in found["rule mine"].remedy


@pytest.fixture(scope="module")
def guarded() -> Iterator[Prometheus]:
    with running(Prometheus(guarded=True)) as system:
        yield system


def test_a_password_is_used_and_a_wrong_one_is_told(guarded: Prometheus) -> None:
    assert examined(guarded)["authenticated"].state == "ok"
    assert examined(guarded)["authenticated"].detail == USER
    wrong = guarded.directory / "wrong.password"
    wrong.write_text("not-the-password")
    found = examined(guarded, prometheus={"password_file": str(wrong)})
    assert found["reachable"].state == "ok"
    assert found["authenticated"].state == "problem"
    assert "prometheus.password_file" in found["authenticated"].remedy
    assert {check.state for check in found.checks if check.aspect in ("permission", "rows")} == {"unknown"}
    assert not any(secret in repr(found.checks) for secret in ("not-the-password", PASSWORD))


def test_a_proxy_that_lets_us_in_but_not_ask_is_no_wrong_password() -> None:
    def forbid(talk: Conversation, _: Request) -> None:
        talk.answer(b"{}", "403 Forbidden")

    with ApiDouble(forbid) as double:
        found = Examined("prometheus", {"prometheus": {"url": double.url}})
    assert found["authenticated"].state == "ok"
    assert found.named("permission") == {"query": "problem", "query_range": "problem"}
    assert found["signals"].state == "problem"
    assert found["signals"].remedy == ""  # that of the permission is enough


def test_a_server_that_scrapes_no_more_is_told_how_old_its_newest_sample_is() -> None:
    def stopped(talk: Conversation, request: Request) -> None:
        value = "200" if "max(timestamp(up))" in request.query.get("query", "") else "3"
        talk.answer(
            b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"%s"]}]}}'
            % value.encode()
        )

    with ApiDouble(stopped) as double:
        newest = Examined("prometheus", {"prometheus": {"url": double.url}})["newest sample"]
    assert (newest.state, newest.detail) == ("problem", "3m20s old, of 3 targets")


def test_a_server_that_scrapes_nothing_has_nothing_new() -> None:
    def empty(talk: Conversation, _: Request) -> None:
        talk.answer(b'{"status":"success","data":{"resultType":"vector","result":[]}}')

    with ApiDouble(empty) as double:
        found = Examined("prometheus", {"prometheus": {"url": double.url}})
    assert found["newest sample"].state == "problem"
    assert "no series of up" in found["newest sample"].detail
    assert found["clock"].state == "unknown"  # the answers have no date


def test_logins_that_only_the_gateway_counts_are_looked_at(scraped: Prometheus) -> None:
    assert "auth" not in {check.source for check in examined(scraped).checks}, "without it the log is asked"
    found = examined(scraped, auth={"gateway": "on"})
    assert found.unwell == {}
    assert found["auth"].state == "ok"
    lost = examined(scraped, auth={"gateway": "on", "gateway_failures": "no_such_metric"})
    assert lost.unwell == {"auth": "problem"}
    assert "auth.gateway_failures" in lost["auth"].remedy
