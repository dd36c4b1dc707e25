"""Findings of Security Hub that are open: HIGH and CRITICAL, active, and not dealt with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from wfconsole.clock import DAY, Millis
from wfconsole.observations.ladder import Weighed
from wfconsole.observations.levels import Finding, Level


class FindingRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One finding. Key: "region/id". Times are those of the product that found it; 0 where it does not tell."""

    id: str
    region: str
    severity: str
    title: str
    workflow: str = ""
    account: str = ""
    product: str = ""
    resource_type: str = ""
    resource: str = ""
    resources: int = 1
    first_at: Millis = 0
    last_at: Millis = 0
    updated_at: Millis = 0
    remedy: str = ""


def is_critical(row: FindingRow) -> bool:
    return row.severity == "CRITICAL"


def is_new(row: FindingRow) -> bool:
    """Whether nobody was told: what is told carries the status NOTIFIED."""
    return row.workflow == "NEW"


def weigh_finding(row: FindingRow, now: Millis) -> Weighed:
    """CRITICAL ones press for a day; after that they are known, and no news of this incident."""
    reason = f"{row.severity} {'nobody was told' if is_new(row) else 'somebody was told'}"
    if not is_critical(row):
        return Finding(Level.WATCH, reason, "finding", row.first_at), 0
    fresh_until = row.first_at + DAY
    if is_new(row) and (not row.first_at or now < fresh_until):
        return Finding(Level.CRITICAL, reason, "finding", row.first_at), fresh_until if row.first_at else 0
    return Finding(Level.WARNING, reason, "finding", row.first_at), 0


def rank(row: FindingRow) -> tuple[Any, ...]:
    """CRITICAL ones first, then what changed last."""
    return (not is_critical(row), -row.updated_at, row.region, row.id)


def measure_findings(rows: Mapping[str, FindingRow], _now: Millis) -> dict[str, float | None]:
    """The signals of all findings that are listed."""
    return {
        "findings.critical": sum(map(is_critical, rows.values())),
        "findings.new": sum(map(is_new, rows.values())),
    }
