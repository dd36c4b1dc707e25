"""The source of alerts on a real Alertmanager and a real Prometheus."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from tests.rig.systems.alertmanager import FLOOD, Alertmanager, until
from wfconsole.config.metrics import PrometheusSettings
from wfconsole.config.systems import AlertmanagerSettings
from wfconsole.observations.alerts import AlertRow, judge_alert
from wfconsole.observations.levels import Level
from wfconsole.observations.snapshot import in_words
from wfconsole.sources.alertmanager.alerts import AlertsPoll
from wfconsole.sources.alertmanager.system import a_poll, sources
from wfconsole.sources.contract import SourceError

HOSTILE = "x\x1b]52;c;aGk=\x07[/]\u202e" + "y" * 5_000


class Seen:
    """A poll, and the rows that it has told so far."""

    def __init__(self, poll: AlertsPoll) -> None:
        self.poll = poll
        self.rows: dict[str, AlertRow] = {}

    def look(self) -> dict[str, AlertRow]:
        self.poll.step(lambda: None)
        for key, row in self.poll.table.take().items():
            if row is None:
                self.rows.pop(key)
            else:
                self.rows[key] = msgspec.json.decode(row, type=AlertRow)
        return self.rows

    def named(self, name: str) -> AlertRow:
        return next(row for row in self.rows.values() if row.name == name)

    def sees(self, *names: str) -> Callable[[], bool]:
        return lambda: set(names) <= {row.name for row in self.look().values()}


@pytest.fixture
def seen(alertmanager: Alertmanager) -> Seen:
    told = alertmanager.settings()
    manager = msgspec.convert(told["alertmanager"], AlertmanagerSettings)
    return Seen(a_poll(manager, msgspec.convert(told["prometheus"], PrometheusSettings), 5000))


def test_a_rule_that_fires_is_a_row_with_what_its_rule_says(seen: Seen) -> None:
    until(seen.sees("OrdersDbLockWait", "Watchdog"), "the rules' alerts")
    row = seen.named("OrdersDbLockWait")
    assert (row.state, row.severity, row.summary) == ("active", "critical", "lock wait p95 above 5 s")
    assert row.runbook == "https://runbooks.example/locks"
    assert row.labels["service"] == "orders-db"
    assert row.receivers == ("operators",)
    assert row.starts_at
    assert in_words(seen.poll.lacks()) == ""
    assert judge_alert(row, 0).level == Level.CRITICAL
    assert judge_alert(seen.named("Watchdog"), 0).level == Level.OK


def test_who_silenced_an_alert_is_told(alertmanager: Alertmanager, seen: Seen) -> None:
    alertmanager.faults["alert-silenced"]()
    until(lambda: seen.sees("DiskFull")() and bool(seen.named("DiskFull").silences), "the silence")
    (silence,) = seen.named("DiskFull").silences
    assert (silence.by, silence.why) == ("op2", "resize is planned")
    assert silence.until > seen.named("DiskFull").starts_at
    assert judge_alert(seen.named("DiskFull"), 0).level == Level.OK


def test_an_inhibited_alert_does_not_count(alertmanager: Alertmanager, seen: Seen) -> None:
    alertmanager.faults["alert-inhibited"]()
    until(lambda: seen.sees("PodDown")() and bool(seen.named("PodDown").inhibited_by), "the inhibition")
    assert judge_alert(seen.named("PodDown"), 0).kind == "inhibited"
    assert judge_alert(seen.named("NodeDown"), 0).level == Level.CRITICAL


def test_a_flood_is_seen_whole_and_what_ends_is_gone(alertmanager: Alertmanager, seen: Seen) -> None:
    alertmanager.faults["alert-flood"]()
    until(lambda: len(seen.look()) >= FLOOD + 4, "the flood")
    alertmanager.raise_alert("DbLockWait", ended=True, severity="critical", service="orders-db")
    until(lambda: not seen.sees("DbLockWait")(), "its end")


def test_without_alertmanager_prometheus_is_asked_and_the_keys_are_the_same(
    alertmanager: Alertmanager, seen: Seen
) -> None:
    until(seen.sees("OrdersDbLockWait"), "the rules' alerts")
    before = {row.name: (key, row.starts_at) for key, row in seen.rows.items()}
    alertmanager.faults["alertmanager-down"]()
    rows = seen.look()
    assert in_words(seen.poll.lacks()).startswith("from Prometheus: Alertmanager at 127.0.0.1:")
    assert in_words(seen.poll.lacks()).endswith("; silences unknown")
    after = {row.name: (key, row.starts_at) for key, row in rows.items()}
    assert after["OrdersDbLockWait"] == before["OrdersDbLockWait"]
    assert after["Watchdog"] == before["Watchdog"]
    assert seen.named("SlowCheckout").state == "pending"
    alertmanager.start_manager()
    until(lambda: seen.sees("OrdersDbLockWait")() and not seen.poll.lacks(), "Alertmanager's own word again")


def test_with_both_down_both_reasons_are_told(alertmanager: Alertmanager, seen: Seen) -> None:
    alertmanager.stop_manager()
    assert alertmanager.prometheus is not None
    alertmanager.prometheus.stop()
    with pytest.raises(SourceError) as told:
        seen.look()
    assert told.value.kind == "refused"
    assert "Alertmanager at" in told.value.message
    assert "Prometheus at" in told.value.message
    assert "run" in told.value.remedy


def test_hostile_text_is_harmless_and_bounded(alertmanager: Alertmanager, seen: Seen) -> None:
    alertmanager.raise_alert("Evil", severity="warning", summary=HOSTILE, service=HOSTILE)
    until(seen.sees("Evil"), "the alert")
    row = seen.named("Evil")
    encoded = msgspec.json.encode(row).decode()
    assert not any(char in encoded for char in ("\x1b", "\\u001b", "\x07", "\u202e"))
    assert len(encoded) < 5_000


def test_no_alertmanager_named_is_no_source() -> None:
    assert sources(AlertmanagerSettings(), PrometheusSettings(url="http://127.0.0.1:9090"), {"alerts": 5000}) == []
