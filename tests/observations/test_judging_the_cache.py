"""The cache: when its memory, clients, copies and writes are worth a look, a warning, or all hands."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import NOW, a_cache, a_keys_row, a_snapshot, a_world
from wfconsole.observations.board import board
from wfconsole.observations.cache import CacheRow, judge_cache, keys_estimate, keys_known, rate
from wfconsole.observations.headlines.cache import cache
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.series import SeriesBook, measure
from wfconsole.observations.world import World

OK, WATCH, WARNING, CRITICAL = Level.OK, Level.WATCH, Level.WARNING, Level.CRITICAL
MIB = 1 << 20


def filled(share: float, policy: str = "noeviction", **changes: Any) -> CacheRow:
    return a_cache(memory_max=100 * MIB, memory_used=round(share * 100 * MIB), policy=policy, **changes)


CASES = [
    ("well", a_cache(), OK, ""),
    ("no limit, and its host has room", a_cache(memory_max=0, memory_used=MIB), OK, ""),
    (
        "no limit, and its host is full",
        a_cache(memory_max=0, memory_used=97 * MIB, memory_of_host=100 * MIB),
        WARNING,
        "has 97% of its host's memory",
    ),
    ("nearly full, nothing may be evicted", filled(0.85), WARNING, "memory 85% of 100Mi, noeviction"),
    ("full, nothing may be evicted", filled(0.95), CRITICAL, "memory 95% of 100Mi, noeviction: writes fail"),
    ("full, as a cache always is", filled(1.0, "allkeys-lru", evicted=7, evicted_per_s=0.0), OK, ""),
    (
        "full, and keys go",
        filled(1.0, "volatile-ttl", evicted_per_s=120.0),
        WARNING,
        "evicts keys: 120/s, volatile-ttl",
    ),
    ("evicted long ago", a_cache(evicted=5000, evicted_per_s=0.0), OK, ""),
    ("evicted, but nobody knows when", a_cache(evicted=5000), OK, ""),
    (
        "refuses connections",
        a_cache(clients=40, max_clients=40, rejected_per_s=2.5),
        CRITICAL,
        "refuses connections: 2.5/s, 40/40 clients",
    ),
    ("refused some long ago", a_cache(rejected=9, rejected_per_s=0.0), OK, ""),
    ("nearly out of clients", a_cache(clients=32, max_clients=40), WARNING, "32 of 40 clients"),
    ("out of clients", a_cache(clients=38, max_clients=40), CRITICAL, "38 of 40 clients"),
    ("lost its master", a_cache(role="replica", master="m:1", link_up=False), CRITICAL, "lost its master m:1"),
    (
        "gets all data anew from its master",
        a_cache(role="replica", master="m:1", link_up=False, syncing=True),
        WARNING,
        "lost its master m:1, syncing",
    ),
    ("follows its master", a_cache(role="replica", master="m:1", link_up=True), OK, ""),
    (
        "writes fail",
        a_cache(write_errors={"OOM": 9}, write_errors_per_s=4.0),
        CRITICAL,
        "writes fail: OOM, 4.0/s",
    ),
    ("writes failed long ago", a_cache(write_errors={"OOM": 9}, write_errors_per_s=0.0), OK, ""),
    ("cannot save", a_cache(disk_errors=("the last save",)), WARNING, "cannot write to disk: the last save"),
    ("loads", a_cache(loading=True), CRITICAL, "loads its data from disk, and answers nobody"),
    ("slow", a_cache(ping_ms=60.0), WATCH, "answers slowly: 60 ms"),
    ("very slow", a_cache(ping_ms=400.0), WARNING, "answers slowly: 400 ms"),
    (
        "the worst of several is said",
        filled(0.99, clients=33, max_clients=40, ping_ms=60.0),
        CRITICAL,
        "memory 99% of 100Mi, noeviction: writes fail",
    ),
]


@pytest.mark.parametrize(("row", "level", "reason"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_cache_is_judged_by_what_it_refuses_and_loses(row: CacheRow, level: Level, reason: str) -> None:
    finding = judge_cache(row, NOW)
    assert (finding.level, finding.reason) == (level, reason)


@pytest.mark.parametrize(
    ("per_s", "said"), [(None, "--"), (0.0, "0/s"), (0.04, "<0.1/s"), (2.5, "2.5/s"), (120.4, "120/s")]
)
def test_a_rate_is_never_rounded_to_nothing(per_s: float | None, said: str) -> None:
    assert rate(per_s) == said


def test_a_count_that_is_under_way_says_so() -> None:
    row = a_keys_row(keys=None, so_far=6346, walked=8000, total=32_000)
    assert keys_known(row) == "6,346+"
    assert keys_estimate(row) == 25_384
    assert keys_estimate(a_keys_row(keys=None, so_far=10, walked=10, total=32_000)) is None
    assert keys_known(a_keys_row(keys=25_300)) == "25,300"


def test_sessions_are_measured_only_where_they_were_counted_to_the_end() -> None:
    rows = {"a": a_keys_row(keys=12), "b": a_keys_row("cache:", sessions=False, keys=500)}
    assert measure("keys", rows, NOW) == {"cache.sessions": 12}
    assert measure("keys", {"a": a_keys_row(keys=None, so_far=12)}, NOW) == {"cache.sessions": None}
    assert measure("keys", {}, NOW) == {"cache.sessions": None}


def test_the_share_of_memory_is_measured_only_where_there_is_a_limit() -> None:
    assert measure("cache", {"a": filled(0.5)}, NOW)["cache.memory"] == 0.5
    assert measure("cache", {"a": a_cache(memory_max=0)}, NOW)["cache.memory"] is None


# --- on the board ---------------------------------------------------------------------------------------------------


def told(world: World) -> Judged:
    judged = Judged()
    for source in world.snapshots:
        judged = judged.after(world, source, NOW)
    return judged


@pytest.mark.parametrize(
    ("row", "facts"),
    [
        (filled(0.5), ("cache 50%",)),
        (a_cache(memory_max=0, memory_used=3 * MIB), ("cache 3.00Mi",)),
        (filled(1.0, "volatile-ttl", evicted_per_s=1.0), ("cache evicts", "cache 100%")),
        (filled(0.97), ("cache 97%",)),
    ],
)
def test_the_headline_says_memory_and_what_is_worst(row: CacheRow, facts: tuple[str, ...]) -> None:
    world = a_world(cache=a_snapshot("cache", {row.name: row}))
    assert cache(world, told(world), NOW).facts == facts


def test_the_pane_of_the_database_shows_a_cache_in_trouble_within_its_width() -> None:
    row = filled(0.99, write_errors={"OOM": 5}, write_errors_per_s=2.0)
    world = a_world(cache=a_snapshot("cache", {row.name: row}))
    line = board(world, told(world), SeriesBook(), NOW)[5]
    assert (line.level, line.quality) == (CRITICAL, Quality.LIVE)
    assert line.headline == "cache refuses writes  cache 99%"
    assert line.reason == "writes fail: OOM, 2.0/s"
