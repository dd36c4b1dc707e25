"""The tables of the database that probes read: see `wfconsole.incident.probe_tables`."""

from __future__ import annotations

from typing import Final

from wfconsole.clock import Millis
from wfconsole.incident.probe_tables import Table, known, moment, since, told
from wfconsole.observations.database import DatabaseRow, judge_database, usable, used_share
from wfconsole.observations.levels import Finding
from wfconsole.observations.replicas import MIB, ReplicaRow, judge_replica
from wfconsole.observations.sessions import (
    PREPARED,
    SessionRow,
    is_idle_in_transaction,
    is_root,
    judge_session,
    name_of,
)
from wfconsole.text import UNKNOWN, memory, percent


def _tell_database(row: DatabaseRow, _finding: Finding, _now: Millis) -> str:
    clients = UNKNOWN if row.clients is None else str(row.clients)
    states = ", ".join(f"{count} {state}" for state, count in sorted(row.states.items()))
    return told(row.name, f"{clients} of {usable(row)} connections ({percent(used_share(row))})", states)


def _waits(row: SessionRow, now: Millis) -> float | None:
    """None for one that waits for nobody."""
    return known(since(row.waiting_at, now)) if row.blockers else None


def _runs(row: SessionRow, now: Millis) -> float | None:
    return since(row.query_at, now) if row.state == "active" else None


def _idles(row: SessionRow, now: Millis) -> float | None:
    return since(row.state_at, now) if is_idle_in_transaction(row) else None


def _tell_session(row: SessionRow, finding: Finding, now: Millis) -> str:
    began = finding.since or row.xact_at
    how_long = f"since {moment(began, now)}" if began else ""
    return told(name_of(row), row.application or row.user, finding.reason or row.state, how_long, row.query[:80])


def _lag(row: ReplicaRow, _now: Millis) -> float | None:
    if row.role == "missing":
        return None
    return known(None if row.lag_bytes is None else row.lag_bytes / MIB)


def _behind(row: ReplicaRow, _now: Millis) -> float | None:
    """The server's estimate, which it has for a busy replica only: one with nothing to replay is not behind."""
    if row.role == "missing":
        return None
    return 0.0 if row.lag_bytes == 0 else known(row.lag_ms)


def _tell_replica(row: ReplicaRow, finding: Finding, _now: Millis) -> str:
    behind = (
        "" if row.role == "missing" else f"{memory(row.lag_bytes)}B behind" if row.lag_bytes is not None else UNKNOWN
    )
    said = finding.reason if finding.kind not in ("lag", "unknown") else ""
    return told(row.name, row.state, behind, said)


DATABASE: Final = Table(
    one="database server",
    words={"name": lambda row: row.name, "database": lambda row: row.database},
    numbers={
        "connections": lambda row, _now: known(row.clients),
        "usable": lambda row, _now: usable(row),
        "used": lambda row, _now: known(used_share(row)),
    },
    flags={"standby": lambda row, _finding: row.in_recovery},
    judge=judge_database,
    tell=_tell_database,
)
SESSIONS: Final = Table(
    one="session that waits, holds or lasts",
    many="sessions that wait, hold or last",
    may_be_none=True,
    words={
        "user": lambda row: row.user,
        "application": lambda row: row.application,
        "database": lambda row: row.database,
        "state": lambda row: row.state,
    },
    numbers={
        "behind": lambda row, _now: row.behind,
        "waits": _waits,
        "transaction": lambda row, now: since(row.xact_at, now),
        "query": _runs,
        "idle": _idles,
    },
    flags={
        "waiting": lambda row, _finding: row.blockers > 0,
        "root": lambda row, _finding: is_root(row),
        "idle-in-transaction": lambda row, _finding: is_idle_in_transaction(row),
        "prepared": lambda row, _finding: row.state == PREPARED,
        "deadlock": lambda row, _finding: row.cycle,
    },
    judge=judge_session,
    tell=_tell_session,
)
REPLICAS: Final = Table(
    one="replica",
    words={"name": lambda row: row.name, "state": lambda row: row.state},
    numbers={"lag-mib": _lag, "behind": _behind},
    flags={
        "missing": lambda row, _finding: row.role == "missing",
        "paused": lambda row, _finding: row.paused,
        "streaming": lambda row, _finding: row.state == "streaming",
    },
    judge=judge_replica,
    tell=_tell_replica,
)
