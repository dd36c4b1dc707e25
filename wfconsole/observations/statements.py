"""Statements by what they cost since the server's last reset. A statement that costs much is no trouble by itself, so
nothing is judged: sessions that run long are, and latency."""

from __future__ import annotations

import msgspec

from wfconsole.clock import Millis


class StatementRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One statement of one role in one database. Key: "QUERYID/ROLE/DATABASE" as the server numbers them.

    Counters since the server's last reset. `base_…` is what they were at `base_at`, when the collector first read the
    statistics, or came to know that they began again from nothing.
    """

    query: str
    user: str = ""
    database: str = ""
    calls: int = 0
    total_ms: float = 0
    longest_ms: float = 0
    rows: int = 0
    hits: int = 0
    reads: int = 0
    base_at: Millis = 0
    base_calls: int = 0
    base_ms: float = 0
