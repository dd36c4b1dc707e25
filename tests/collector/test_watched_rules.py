"""Symptoms reach the collector while it runs, and one that takes its place has them from the beginning."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collector.process import CollectorProcess
from tests.collector.test_process import settings_for
from tests.rig.systems.prometheus import Prometheus
from tests.sources.api_double import ApiDouble
from wfconsole.config.settings import Settings
from wfconsole.observations.answers import AskRules, WatchedRule
from wfconsole.runbook import load_runbook
from wfconsole.wiring.collecting import collector_settings, rules_of

RULE = {"name": "book-1", "promql": "vector(7)", "bound": 5.0}


@pytest.fixture
def double() -> Iterator[ApiDouble]:
    with ApiDouble() as running:
        yield running


def values(collector: CollectorProcess) -> dict[str, float | None]:
    snapshot = collector.snapshots.get("signals")
    return {} if snapshot is None else {key: row.value for key, row in snapshot.rows.items()}


def test_what_is_asked_for_later_is_looked_at_with_the_signals(
    double: ApiDouble, tmp_path: Path, prometheus: Prometheus
) -> None:
    metrics = {"prometheus": {"url": prometheus.url}, "signals": {"defaults": False}, "intervals": {"signals": 500}}
    with CollectorProcess(settings_for(double, tmp_path, sources=["hpas"], **metrics)) as collector:
        collector.send({"type": "rules", "id": "symptoms", "rules": [RULE]})
        collector.until(lambda: values(collector) == {"book-1": 7.0}, "the rule has a value")
        collector.send({"type": "rules", "id": "symptoms", "rules": []})
        collector.until(lambda: values(collector) == {}, "nobody asks for it any more")


def test_a_collector_may_have_them_from_its_beginning(
    double: ApiDouble, tmp_path: Path, prometheus: Prometheus
) -> None:
    metrics = {"prometheus": {"url": prometheus.url}, "signals": {"defaults": False}, "rules": [RULE]}
    with CollectorProcess(settings_for(double, tmp_path, sources=["hpas"], **metrics)) as collector:
        collector.until(lambda: values(collector) == {"book-1": 7.0}, "the rule has a value")


def test_without_a_prometheus_nobody_asks_and_nothing_breaks(double: ApiDouble, tmp_path: Path) -> None:
    with CollectorProcess(settings_for(double, tmp_path, sources=["hpas"])) as collector:
        collector.send({"type": "rules", "id": "symptoms", "rules": [RULE]})
        collector.until_well(("hpas",))
        assert collector.said == []


def test_what_the_console_tells_is_what_the_runbook_asks() -> None:
    rules = rules_of(load_runbook(None))
    assert [rule.name.rpartition("-")[0] for rule in rules] == [
        *("database-connectivity", "security-incident", "security-incident"),
    ]
    assert all(isinstance(rule, WatchedRule) for rule in AskRules("symptoms", rules).rules)
    assert b"database-connectivity-" in collector_settings(Settings(), rules=rules)
    assert b"rules" not in collector_settings(Settings())
