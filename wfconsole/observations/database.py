"""The database server: its clients against the slots that they may use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.observations.levels import HEALTHY, Finding, Level

# Shares of the usable slots.
WARNING_SHARE: Final = 0.8
CRITICAL_SHARE: Final = 0.95


class DatabaseRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One server. Key: "host:port/database". `states` counts client sessions by their state."""

    name: str
    database: str
    version: str
    clients: int
    max_connections: int
    reserved: int
    walsenders: int = 0
    in_recovery: bool = False
    states: Mapping[str, int] = msgspec.field(default_factory=dict)


def usable(row: DatabaseRow) -> int:
    """Slots that an ordinary role may have."""
    return max(0, row.max_connections - row.reserved)


def judge_database(row: DatabaseRow, _now: Millis) -> Finding:
    """How near the server is to refusing the application."""
    free = max(0, usable(row) - row.clients)
    said = f"{row.clients} of {usable(row)} connections, {free} free"
    if row.clients >= CRITICAL_SHARE * usable(row):
        return Finding(Level.CRITICAL, said, "connections")
    if row.clients >= WARNING_SHARE * usable(row):
        return Finding(Level.WARNING, said, "connections")
    return HEALTHY
