"""Alerts for tests, every field defaulted, and a log that is told look by look."""

from __future__ import annotations

from typing import Any

from tests.builders import NOW, a_snapshot
from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.observations.alert_log import AlertLog
from wfconsole.observations.alerts import AlertRow
from wfconsole.observations.world import World


def an_alert(name: str = "LockWait", service: str = "orders-db", at: Millis = NOW - MINUTE, **changes: Any) -> AlertRow:
    """A critical alert that has been firing for a minute."""
    severity = changes.pop("severity", "critical")
    labels = {"alertname": name, "service": service, "namespace": "production", **changes.pop("labels", {})}
    return AlertRow(name, severity=severity, labels=labels, starts_at=at, **changes)


def a_flood(count: int = 20, at: Millis = NOW - 3 * MINUTE) -> dict[str, AlertRow]:
    """A lock in the database, and what follows from it in the checkout."""
    rows = {"lock": an_alert(at=at - MINUTE)}
    for number in range(count):
        pod = {"pod": f"checkout-{number}"}
        row = an_alert("PodErrors", "checkout", at + number * SECOND, severity="warning", labels=pod)
        rows[f"pod-{number:02}"] = row
    return rows


class Told:
    """The log of one console; `see` is one look, some seconds after the one before."""

    def __init__(self) -> None:
        self.log, self.world, self.now = AlertLog(), World(), NOW

    def see(self, rows: dict[str, AlertRow], after_ms: Millis = 5 * SECOND, **changes: Any) -> AlertLog:
        self.now += after_ms
        self.world = self.world.with_snapshot(a_snapshot("alerts", rows, self.now, **changes))
        self.log = self.log.after(self.world, "alerts", self.now)
        return self.log
