"""The cache server: its memory, clients, replication and disk; and how many keys it holds, by how they begin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.observations.levels import HEALTHY, Finding, Level
from wfconsole.text import UNKNOWN, memory, percent

# Shares of what there may be.
WARNING_SHARE: Final = 0.8
CRITICAL_SHARE: Final = 0.95
# Round trips of a PING, in ms: an application asks it dozens of times for each request.
SLOW_PING_MS: Final = 50.0
VERY_SLOW_PING_MS: Final = 250.0

NO_EVICTION: Final = "noeviction"
EVERYTHING_ELSE: Final = "everything else"


class KeyspaceRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One database: all its keys, and those of them that expire by themselves."""

    keys: int
    expires: int = 0


class CommandRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A command that actions need, and why it would be refused ("" where it would not be)."""

    name: str
    refused: str = ""


class CacheRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One server. Key: "host:port". Memory in bytes; rates are by second between two looks, None where nobody knows."""

    name: str
    product: str = "Redis"
    version: str = ""
    role: str = ""  # master or replica
    clustered: bool = False  # then this is one shard
    loading: bool = False  # its data, from disk: it answers nobody meanwhile
    started_at: Millis = 0
    clients: int = 0
    max_clients: int = 0
    blocked: int = 0
    memory_used: int = 0
    memory_max: int = 0  # 0: no limit
    memory_of_host: int = 0
    policy: str = ""
    ops_per_s: int = 0
    ping_ms: float | None = None
    hit_ratio: float | None = None  # of the look-ups since the last look
    evicted: int = 0  # since the server started, as the next ones
    evicted_per_s: float | None = None
    rejected: int = 0
    rejected_per_s: float | None = None
    write_errors: Mapping[str, int] = msgspec.field(default_factory=dict)  # by the word that the server says
    write_errors_per_s: float | None = None
    disk_errors: tuple[str, ...] = ()
    replicas: int = 0
    master: str = ""  # of a replica: whom it follows
    link_up: bool | None = None  # of a replica
    syncing: bool = False
    keyspace: Mapping[str, KeyspaceRow] = msgspec.field(default_factory=dict)
    commands: tuple[CommandRow, ...] | None = None  # None: nobody knows
    commands_for: str = ""  # whose permissions these are


class KeysRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Keys with one beginning. Key: "host:port/database/beginning".

    A walk through all keys takes many looks. `keys` is what the last whole walk found (a key that moved may be counted
    twice), `counted_at` when that ended, 0: at this look. `so_far` is what the walk under way has found among the
    `walked` keys that it saw, of `total` in the database.
    """

    prefix: str
    database: int = 0
    sessions: bool = False  # these keys are sessions, as the configuration says
    keys: int | None = None
    counted_at: Millis = 0
    so_far: int = 0
    walked: int = 0
    total: int = 0


def keys_estimate(row: KeysRow) -> int | None:
    """How many keys there may be, from the part that was walked; None where that is too little to say."""
    if not row.total or row.walked * 20 < row.total:
        return None
    return max(row.so_far, round(row.so_far * row.total / row.walked))


def keys_known(row: KeysRow) -> str:
    """`25,300`, or `6,346+` while nobody has counted to the end."""
    return f"{row.keys:,}" if row.keys is not None else f"{row.so_far:,}+"


def memory_share(row: CacheRow) -> float | None:
    """Memory in use of what the server may have; None where it has no limit."""
    return row.memory_used / row.memory_max if row.memory_max else None


def judge_cache(row: CacheRow, _now: Millis) -> Finding:
    """The worst that is wrong with the server, the first of these where several are."""
    return max(findings_of(row), key=lambda finding: finding.level, default=HEALTHY)


def findings_of(row: CacheRow) -> Iterator[Finding]:
    """Everything that is wrong with the server."""
    if row.loading:
        yield Finding(Level.CRITICAL, "loads its data from disk, and answers nobody", "loading")
    if row.write_errors_per_s:
        words = ", ".join(sorted(row.write_errors))
        yield Finding(Level.CRITICAL, f"writes fail: {words}, {rate(row.write_errors_per_s)}", "write-errors")
    if row.rejected_per_s:
        said = f"refuses connections: {rate(row.rejected_per_s)}, {row.clients}/{row.max_clients} clients"
        yield Finding(Level.CRITICAL, said, "rejected")
    if row.link_up is False:
        level = Level.WARNING if row.syncing else Level.CRITICAL
        yield Finding(level, f"lost its master {row.master}{', syncing' if row.syncing else ''}", "replication")
    yield from _memory(row)
    yield from _clients(row)
    if row.evicted_per_s:
        yield Finding(Level.WARNING, f"evicts keys: {rate(row.evicted_per_s)}, {row.policy}", "evictions")
    if row.disk_errors:
        yield Finding(Level.WARNING, f"cannot write to disk: {', '.join(row.disk_errors)}", "disk")
    if row.ping_ms is not None and row.ping_ms >= SLOW_PING_MS:
        level = Level.WARNING if row.ping_ms >= VERY_SLOW_PING_MS else Level.WATCH
        yield Finding(level, f"answers slowly: {row.ping_ms:.0f} ms", "slow")


def _memory(row: CacheRow) -> Iterator[Finding]:
    """Full is trouble where nothing may be evicted; what may be is full at all times."""
    share = memory_share(row)
    if share is None:
        if row.memory_of_host and row.memory_used >= CRITICAL_SHARE * row.memory_of_host:
            yield Finding(Level.WARNING, f"has {percent(row.memory_used, row.memory_of_host)} of its host's memory")
        return
    if row.policy != NO_EVICTION or share < WARNING_SHARE:
        return
    said = f"memory {percent(share)} of {memory(row.memory_max)}, {NO_EVICTION}"
    if share >= CRITICAL_SHARE:
        yield Finding(Level.CRITICAL, f"{said}: writes fail", "memory")
    else:
        yield Finding(Level.WARNING, said, "memory")


def _clients(row: CacheRow) -> Iterator[Finding]:
    said = f"{row.clients} of {row.max_clients} clients"
    if row.max_clients and row.clients >= CRITICAL_SHARE * row.max_clients:
        yield Finding(Level.CRITICAL, said, "clients")
    elif row.max_clients and row.clients >= WARNING_SHARE * row.max_clients:
        yield Finding(Level.WARNING, said, "clients")


def rate(per_s: float | None) -> str:
    """`12/s`, `0.4/s`."""
    if per_s is None:
        return UNKNOWN
    if 0 < per_s < 0.1:
        return "<0.1/s"
    return f"{per_s:.0f}/s" if per_s >= 10 or per_s == 0 else f"{per_s:.1f}/s"
