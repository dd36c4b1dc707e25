"""What the scribe looks for in the database: locks by their root, connections near their limit, replicas behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfconsole.clock import SECOND, Millis
from wfconsole.incident.sights import Seen, Sight, Untold, literal, named, touched
from wfconsole.incident.wording import counted, spell_duration
from wfconsole.observations.database import DatabaseRow
from wfconsole.observations.judged import Judged, JudgedRows
from wfconsole.observations.levels import Finding, Level
from wfconsole.observations.replicas import WARNING_BYTES, WARNING_MS, ReplicaRow
from wfconsole.observations.sessions import IDLE_IN_TRANSACTION, PREPARED, SessionRow, doing, is_root, name_of
from wfconsole.text import clock_time, memory

_LASTING: Final = "Session/transactions"
_BOUND: Final = f"bound {memory(WARNING_BYTES)}B or {WARNING_MS // SECOND} s"


def sights_of_sessions(judged_before: Judged, judged: Judged, lasting: frozenset[str], _now: Millis) -> Seen:
    """By session: who holds up others and waits for nobody, once it is more than a busy database's daily life. All
    together: transactions that idle for long."""
    before, after = judged_before.rows("sessions"), judged.rows("sessions")
    seen: dict[str, tuple[Sight, ...]] = {}
    for key in touched(before, after):
        row: SessionRow | None = after.rows.get(key)
        subject = named("Session", name_of(before.rows[key] if row is None else row))
        if row is None:
            seen.setdefault(subject, ())  # the server may have given its pid to another one already
        else:
            seen[subject] = tuple(_locks(row, after.finding(key), begun=f"lock-chain {subject}" in lasting))
    if seen or not before.at:
        seen[_LASTING] = tuple(_idle(after))
    return seen


def _idle(table: JudgedRows) -> Iterator[Sight]:
    """Transactions that nobody ends: one line for all of them. What they hold up is told by its root."""
    found = [
        (finding, row)
        for key, finding in table.findings.items()
        if finding.kind in (IDLE_IN_TRANSACTION, PREPARED) and finding.level >= Level.WARNING
        if (row := table.rows.get(key)) is not None
    ]
    if found:
        oldest, row = min(found, key=lambda each: (each[0].since, name_of(each[1])))
        count = f"{len(found)} transactions idle" if len(found) > 1 else "a transaction idles"
        text = f"{count}, the oldest since {clock_time(oldest.since)}: {name_of(row)}{_by(row)}"
        yield Sight("idle-transactions", "transactions", oldest.level, literal(text), oldest.since, len(found))


def _by(row: SessionRow) -> str:
    who = ", ".join(part for part in (row.application, f"user {row.user}" if row.user else "") if part)
    return f" ({who})" if who else ""


def _locks(row: SessionRow, finding: Finding, *, begun: bool) -> Iterator[Sight]:
    by = literal(_by(row))
    if row.cycle and not row.under:  # one of the circle stands for all of it
        yield Sight("deadlock", "locks", finding.level, f"{{name}}{by} waits for itself in a circle of locks")
    elif is_root(row) and (begun or finding.level >= Level.WARNING):
        since = f" since {clock_time(row.held_since)}" if row.held_since else ""
        text = f"{{name}}{by} holds up {counted(row.behind, 'session')}{since}: {literal(doing(row))}"
        yield Sight("lock-chain", "locks", finding.level, text, row.held_since, row.behind)


def sights_of_database(judged_before: Judged, judged: Judged, _lasting: frozenset[str], _now: Millis) -> Seen:
    """By server: connections near the limit, or at it."""
    before, after = judged_before.rows("database"), judged.rows("database")
    seen: dict[str, tuple[Sight | Untold, ...] | None] = {}
    for key in touched(before, after):
        row: DatabaseRow | None = after.rows.get(key)
        finding = after.finding(key)
        sights: tuple[Sight | Untold, ...] = ()
        if row is not None and row.clients is None:
            sights = (Untold("connections"),)
        elif finding.kind == "connections":
            sights = (Sight("connections", "connections", finding.level, f"{{name}}: {literal(finding.reason)}"),)
        seen[named("Database", key)] = sights
    return seen


def sights_of_replicas(judged_before: Judged, judged: Judged, _lasting: frozenset[str], _now: Millis) -> Seen:
    """By replica: behind its bound, not fed, or not there at all."""
    before, after = judged_before.rows("replicas"), judged.rows("replicas")
    seen: dict[str, tuple[Sight | Untold, ...] | None] = {}
    for key in touched(before, after):
        row: ReplicaRow | None = after.rows.get(key)
        if row is not None:
            seen[named("Replica", _called(key))] = tuple(_replica(row, after.finding(key)))
        else:
            seen[named("Replica", _called(key))] = () if key == "missing" else None
    return seen


def _called(key: str) -> str:
    return {"missing": "replication", "standby": "this server"}.get(key, key)


def _replica(row: ReplicaRow, finding: Finding) -> Iterator[Sight | Untold]:
    if row.role == "missing":
        yield Sight("replica-missing", "replication", finding.level, f"{{name}}: {finding.reason}")
    if finding.kind == "not fed":
        yield Sight("replica-stopped", "replication", finding.level, f"{{name}} {finding.reason}")
    if row.lag_bytes is None:
        yield Untold("replica-lag")
    elif finding.kind in ("lag", "paused"):
        late = f", {spell_duration(row.lag_ms)}" if row.lag_ms and row.lag_bytes else ""
        paused = "; its replay is paused" if row.paused else ""
        text = f"replica {{name}} is {memory(row.lag_bytes)}B behind{late}{paused} ({_BOUND})"
        yield Sight("replica-lag", "replication", finding.level, text)
