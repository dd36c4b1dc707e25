"""The tables of the cache that probes read: see `wfconsole.incident.probe_tables`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from wfconsole.clock import Millis
from wfconsole.incident.probe_tables import Flag, Table, known, told
from wfconsole.observations.cache import CacheRow, KeysRow, judge_cache, keys_known, memory_share
from wfconsole.observations.levels import HEALTHY, Finding
from wfconsole.text import memory, percent


def _rated(rate: Callable[[CacheRow], float | None]) -> Flag:
    """Whether something happened since the look before; the first look cannot tell."""

    def happened(row: CacheRow, _finding: Finding) -> bool | None:
        value = rate(row)
        return None if value is None else value > 0

    return happened


def _tell_cache(row: CacheRow, finding: Finding, _now: Millis) -> str:
    share = memory_share(row)
    used = f"memory {percent(share)}" if share is not None else f"memory {memory(row.memory_used)}, no limit"
    return told(row.name, used, f"{row.clients} of {row.max_clients} clients", finding.reason)


def _tell_keys(row: KeysRow, _finding: Finding, _now: Millis) -> str:
    return told(row.prefix, f"{keys_known(row)} keys", "sessions" if row.sessions else "")


CACHE: Final = Table(
    one="cache server",
    words={"name": lambda row: row.name, "role": lambda row: row.role},
    numbers={
        "memory": lambda row, _now: memory_share(row),
        "clients": lambda row, _now: known(row.clients / row.max_clients if row.max_clients else None),
        "evicted": lambda row, _now: known(row.evicted_per_s),
        "rejected": lambda row, _now: known(row.rejected_per_s),
        "write-errors": lambda row, _now: known(row.write_errors_per_s),
        "hits": lambda row, _now: known(row.hit_ratio),
        "ping": lambda row, _now: known(row.ping_ms),
    },
    flags={
        "evicting": _rated(lambda row: row.evicted_per_s),
        "refuses-writes": _rated(lambda row: row.write_errors_per_s),
        "refuses-clients": _rated(lambda row: row.rejected_per_s),
        "loading": lambda row, _finding: row.loading,
        "master-lost": lambda row, _finding: row.link_up is False,
    },
    judge=judge_cache,
    tell=_tell_cache,
)
KEYS: Final = Table(
    one="beginning of keys",
    many="beginnings of keys",
    words={"prefix": lambda row: row.prefix},
    numbers={"keys": lambda row, _now: known(row.keys)},
    flags={"sessions": lambda row, _finding: row.sessions},
    judge=lambda _row, _now: HEALTHY,
    tell=_tell_keys,
)
