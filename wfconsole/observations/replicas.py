"""Replicas of the database: how far each is behind, in bytes first; and those that should be there and are not."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.observations.levels import HEALTHY, Finding, Level
from wfconsole.text import memory

MIB: Final = 1 << 20
WARNING_BYTES: Final = 64 * MIB
CRITICAL_BYTES: Final = 1024 * MIB
WARNING_MS: Final[Millis] = 30 * SECOND
CRITICAL_MS: Final[Millis] = 5 * MINUTE
# What pg_stat_replication lists that is no replica.
NO_REPLICA: Final = ("backup",)


class ReplicaRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One replica as its sender sees it; "standby": the server we look at is one itself; "missing": those of the
    `expected` ones that nobody feeds.

    Key: its name and address. The bytes are what is sent or received and not replayed yet, None where nobody knows.
    `lag_ms` is the server's own estimate, None for an idle server too.
    """

    name: str
    role: Literal["replica", "standby", "missing"] = "replica"
    client: str = ""
    state: str = ""
    sync: str = ""
    started_at: Millis = 0
    lag_bytes: int | None = None
    lag_ms: Millis | None = None
    replayed_at: Millis = 0
    paused: bool = False
    receives: bool = True
    found: int = 0
    expected: int = 0


def judge_replica(row: ReplicaRow, _now: Millis) -> Finding:
    """What nobody knows is never called well; seconds count only while there is something to replay."""
    if row.role == "missing":
        level = Level.WARNING if row.found else Level.CRITICAL
        return Finding(level, f"{row.found} of {row.expected} replicas are fed", "missing")
    if row.role == "standby" and not row.receives:
        return Finding(Level.CRITICAL, "receives nothing from its primary", "not fed")
    if row.lag_bytes is None:
        return Finding(Level.WATCH, "nobody knows how far it is behind", "unknown")
    behind = f"{memory(row.lag_bytes)}B behind"
    lag_ms = row.lag_ms or 0 if row.lag_bytes else 0
    if row.lag_bytes >= CRITICAL_BYTES or lag_ms >= CRITICAL_MS:
        return Finding(Level.CRITICAL, behind, "lag")
    if row.paused:
        return Finding(Level.WARNING, f"replay is paused, {behind}", "paused")
    if row.lag_bytes >= WARNING_BYTES or lag_ms >= WARNING_MS:
        return Finding(Level.WARNING, behind, "lag")
    if row.role == "replica" and row.state not in ("", "streaming"):
        return Finding(Level.WATCH, f"{row.state}, {behind}", "catching up")
    return HEALTHY
