"""What Redis says of itself (INFO), as a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from wfconsole.clock import SECOND, Millis
from wfconsole.observations.cache import CacheRow, KeyspaceRow

Info = Mapping[str, str]

_MOST_LINES: Final = 5000
_MOST_DATABASES: Final = 64
# Answers to writes that say that the server itself is in trouble, not the one who asked.
_WRITE_ERRORS: Final = ("OOM", "MISCONF", "NOREPLICAS")
_DISK: Final = (
    ("aof_last_write_status", "the log of writes"),
    ("aof_last_bgrewrite_status", "rewriting that log"),
    ("rdb_last_bgsave_status", "the last save"),
)
# The server counts its time up in whole seconds: its start seems to move by one.
_START_JITTER_MS: Final[Millis] = 2 * SECOND


class Counters(msgspec.Struct, frozen=True):
    """What the server has counted since it started, and when (monotonic) we read it."""

    run: str
    at_s: float
    evicted: int
    rejected: int
    write_errors: int
    hits: int
    misses: int


def parsed(answer: bytes) -> Info:
    """The fields of INFO by name. Raises ValueError for what is no such answer."""
    text = answer.decode("utf-8", errors="replace") if isinstance(answer, bytes) else ""
    pairs = (line.rstrip("\r").partition(":") for line in text.split("\n", _MOST_LINES)[:_MOST_LINES])
    info = {name: value for name, colon, value in pairs if colon and not name.startswith("#")}
    if "redis_version" not in info:
        raise ValueError("INFO does not say which version this is")
    return info


def counters_of(info: Info, at_s: float) -> Counters:
    return Counters(
        run=info.get("run_id", ""),
        at_s=at_s,
        evicted=_number(info, "evicted_keys"),
        rejected=_number(info, "rejected_connections"),
        write_errors=sum(_write_errors(info).values()),
        hits=_number(info, "keyspace_hits"),
        misses=_number(info, "keyspace_misses"),
    )


def cache_row(name: str, info: Info, counters: Counters, before: Counters | None, started_at: Millis) -> CacheRow:
    """The row at this look; `before` are the counters of the look before."""
    replica = info.get("role") == "slave"
    valkey = info.get("valkey_version", "")
    return CacheRow(
        name=name,
        product="Valkey" if valkey else "Redis",
        version=valkey or info["redis_version"],
        role="replica" if replica else info.get("role", ""),
        clustered=info.get("cluster_enabled") == "1",
        loading=info.get("loading") == "1",
        started_at=started_at,
        clients=_number(info, "connected_clients"),
        max_clients=_number(info, "maxclients"),
        blocked=_number(info, "blocked_clients"),
        memory_used=_number(info, "used_memory"),
        memory_max=_number(info, "maxmemory"),
        memory_of_host=_number(info, "total_system_memory"),
        policy=info.get("maxmemory_policy", ""),
        ops_per_s=_number(info, "instantaneous_ops_per_sec"),
        disk_errors=tuple(said for field, said in _DISK if info.get(field, "ok") != "ok"),
        replicas=_number(info, "connected_slaves"),
        master=f"{info.get('master_host', '?')}:{info.get('master_port', '?')}" if replica else "",
        link_up=info.get("master_link_status") == "up" if replica else None,
        syncing=replica and info.get("master_sync_in_progress") == "1",
        keyspace=dict(_keyspace(info)),
        **_counted(info, counters, before),
    )


def server_time(info: Info) -> Millis:
    """What its clock says; 0 where it does not tell."""
    return _number(info, "server_time_usec") // 1000


def started_at(info: Info, known: Millis) -> Millis:
    """When the server started, by its own clock; `known` is what we thought so far."""
    now_s = server_time(info) // SECOND
    if not now_s:
        return 0
    at = (now_s - _number(info, "uptime_in_seconds")) * SECOND
    return known if abs(at - known) <= _START_JITTER_MS else at


def _counted(info: Info, now: Counters, before: Counters | None) -> dict[str, Any]:
    counted: dict[str, Any] = {
        "evicted": now.evicted,
        "rejected": now.rejected,
        "write_errors": _write_errors(info),
    }
    if before is None or before.run != now.run or now.at_s <= before.at_s:
        return counted
    passed = now.at_s - before.at_s
    for name, field in (("evicted", "evicted_per_s"), ("rejected", "rejected_per_s")):
        counted[field] = _rate(getattr(now, name) - getattr(before, name), passed)
    counted["write_errors_per_s"] = _rate(now.write_errors - before.write_errors, passed)
    hits, misses = now.hits - before.hits, now.misses - before.misses
    if hits >= 0 and misses >= 0 and hits + misses:
        counted["hit_ratio"] = round(hits / (hits + misses), 3)
    return counted


def _rate(more: int, passed_s: float) -> float | None:
    """None where somebody reset the counter."""
    return round(more / passed_s, 2) if more >= 0 else None


def _write_errors(info: Info) -> dict[str, int]:
    found = {word: _pairs(info.get(f"errorstat_{word}", "")).get("count", 0) for word in _WRITE_ERRORS}
    return {word: count for word, count in found.items() if count}


def _keyspace(info: Info) -> list[tuple[str, KeyspaceRow]]:
    found: list[tuple[str, KeyspaceRow]] = []
    for name, value in info.items():
        if name.startswith("db") and name[2:].isdecimal() and len(found) < _MOST_DATABASES:
            pairs = _pairs(value)
            found.append((name, KeyspaceRow(pairs.get("keys", 0), pairs.get("expires", 0))))
    return found


def _pairs(value: str) -> dict[str, int]:
    """`keys=3,expires=1` as numbers."""
    pairs = (part.partition("=") for part in value.split(","))
    return {name: int(number) for name, _, number in pairs if number.isdecimal() and len(number) < 20}


def _number(info: Info, name: str) -> int:
    text = info.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 20 else 0
