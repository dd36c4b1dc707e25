"""The tables of logins, findings and secrets that probes read: see `wfconsole.incident.probe_tables`."""

from __future__ import annotations

from typing import Final

from wfconsole.clock import Millis
from wfconsole.incident.probe_tables import Flag, Table, known, moment, of_kind, since, told
from wfconsole.observations.auth import AuthRow, judge_auth, per_minute
from wfconsole.observations.findings import FindingRow, is_critical, is_new, weigh_finding
from wfconsole.observations.levels import Finding
from wfconsole.observations.secrets import SecretRow, renewed_at, weigh_secret


def _others(row: AuthRow, _now: Millis) -> float | None:
    return None if row.by == "all" else known(row.others)


def _spread(kind: str) -> Flag:
    """Attacks that show in how many users or sources there are, of which not every log tells."""

    def so(row: AuthRow, finding: Finding) -> bool | None:
        return None if row.by != "all" and row.others is None else finding.kind == kind

    return so


def _rising(row: AuthRow, finding: Finding) -> bool | None:
    if row.by != "all":
        return False
    return None if None in (row.per_minute, row.usual_per_minute) else finding.kind == "rising"


def _tell_auth(row: AuthRow, finding: Finding, _now: Millis) -> str:
    if row.by == "all":
        rate = f"{per_minute(row.per_minute)} failures/min, usually {per_minute(row.usual_per_minute)}"
        return told("all logins", f"{row.failed} failed, {row.succeeded} succeeded", rate)
    return told(f"{row.by} {row.name}", f"{row.failed} failed", finding.reason)


def _tell_finding(row: FindingRow, _finding: Finding, now: Millis) -> str:
    found = f"found {moment(row.first_at, now)}" if row.first_at else ""
    return told(row.severity, row.title, row.region, row.resource_type, found)


def _tell_secret(row: SecretRow, finding: Finding, now: Millis) -> str:
    renewed = renewed_at(row)
    return told(row.name, row.region, f"changed {moment(renewed, now)}" if renewed else "", finding.reason)


AUTH: Final = Table(
    one="user or source of logins",
    many="users and sources of logins",
    may_be_none=True,
    words={"by": lambda row: row.by, "name": lambda row: row.name},
    numbers={
        "failed": lambda row, _now: row.failed,
        "others": _others,
        "per-minute": lambda row, _now: known(row.per_minute) if row.by == "all" else None,
    },
    flags={
        "spraying": _spread("spraying"),
        "stuffing": _spread("stuffing"),
        "brute-force": of_kind("brute-force"),
        "guessed": of_kind("guessed"),
        "rising": _rising,
    },
    judge=judge_auth,
    tell=_tell_auth,
)
FINDINGS: Final = Table(
    one="finding",
    may_be_none=True,
    words={
        "region": lambda row: row.region,
        "account": lambda row: row.account,
        "severity": lambda row: row.severity,
        "title": lambda row: row.title,
    },
    numbers={"age": lambda row, now: known(since(row.first_at, now))},
    flags={"new": lambda row, _finding: is_new(row), "critical": lambda row, _finding: is_critical(row)},
    judge=lambda row, now: weigh_finding(row, now)[0],
    tell=_tell_finding,
)
SECRETS: Final = Table(
    one="secret",
    words={"region": lambda row: row.region, "name": lambda row: row.name},
    numbers={"changed": lambda row, now: known(since(renewed_at(row), now))},
    flags={"stale": of_kind("stale"), "rotates": lambda row, _finding: row.rotation},
    judge=lambda row, now: weigh_secret(row, now)[0],
    tell=_tell_secret,
)
