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
    """One server. Key: its name, "host:port". `states` counts client sessions by their state; `clients` is None where
    the sessions of others are hidden: what is left over would be no count."""

    name: str
    database: str
    version: str
    clients: int | None
    max_connections: int
    reserved: int
    walsenders: int = 0
    in_recovery: bool = False
    states: Mapping[str, int] = msgspec.field(default_factory=dict)


def usable(row: DatabaseRow) -> int:
    """Slots that an ordinary role may have."""
    return max(0, row.max_connections - row.reserved)


def used_share(row: DatabaseRow) -> float | None:
    """Client connections, of the slots that they may use; None where nobody can count them."""
    return None if row.clients is None else row.clients / max(1, usable(row))


def judge_database(row: DatabaseRow, _now: Millis) -> Finding:
    """How near the server is to refusing the application."""
    if row.clients is None:
        return Finding(Level.WATCH, "nobody can count the connections: those of other roles are hidden", "hidden")
    free = max(0, usable(row) - row.clients)
    said = f"{row.clients} of {usable(row)} connections, {free} free"
    if row.clients >= CRITICAL_SHARE * usable(row):
        return Finding(Level.CRITICAL, said, "connections")
    if row.clients >= WARNING_SHARE * usable(row):
        return Finding(Level.WARNING, said, "connections")
    return HEALTHY
