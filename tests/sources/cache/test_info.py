"""INFO as a row: what it takes from odd, old and hostile servers."""

from __future__ import annotations

import msgspec
import pytest

from wfconsole.observations.cache import CacheRow
from wfconsole.sources.cache.info import Counters, cache_row, counters_of, parsed, started_at

REPLICA = b"""# Server\r
redis_version:6.2.14\r
run_id:abc\r
# Replication\r
role:slave\r
master_host:10.0.0.1\r
master_port:6379\r
master_link_status:down\r
master_sync_in_progress:1\r
# Persistence\r
loading:0\r
aof_last_write_status:err\r
rdb_last_bgsave_status:err\r
# Keyspace\r
db0:keys=5,expires=2,avg_ttl=0\r
db11:keys=1,expires=0,avg_ttl=0\r
"""


def row_of(answer: bytes, before: Counters | None = None, at_s: float = 10.0) -> CacheRow:
    info = parsed(answer)
    return cache_row("cache:6379", info, counters_of(info, at_s), before, 0)


def test_a_replica_in_trouble() -> None:
    row = row_of(REPLICA)
    assert (row.role, row.master, row.link_up, row.syncing) == ("replica", "10.0.0.1:6379", False, True)
    assert row.disk_errors == ("the log of writes", "the last save")
    assert {name: space.keys for name, space in row.keyspace.items()} == {"db0": 5, "db11": 1}
    assert (row.hit_ratio, row.ping_ms, row.memory_max) == (None, None, 0)


def test_valkey_is_called_by_its_name() -> None:
    row = row_of(b"redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1\r\n")
    assert (row.product, row.version) == ("Valkey", "8.0.1")


@pytest.mark.parametrize("answer", [b"", b"hello", b"# Server\r\n", b"\xff\xfe"])
def test_what_is_no_info_is_no_row(answer: bytes) -> None:
    with pytest.raises(ValueError, match="version"):
        parsed(answer)


@pytest.mark.parametrize("value", ["-1", "1e9", "9" * 5000, "\N{SUPERSCRIPT TWO}", "nan", ""])
def test_what_is_no_number_is_taken_for_none(value: str) -> None:
    row = row_of(f"redis_version:7\r\nused_memory:{value}\r\ndb0:keys={value},expires={value}\r\n".encode())
    assert row.memory_used == 0
    assert row.keyspace["db0"].keys == 0


def test_rates_are_of_one_run_of_the_server() -> None:
    answer = (
        b"redis_version:7\r\nrun_id:a\r\nevicted_keys:30\r\nrejected_connections:5\r\nkeyspace_hits:90\r\n"
        b"keyspace_misses:10\r\nerrorstat_OOM:count=8\r\n"
    )
    before = Counters("a", 5.0, evicted=10, rejected=5, write_errors=3, hits=0, misses=0)
    row = row_of(answer, before)
    assert (row.evicted_per_s, row.rejected_per_s, row.write_errors_per_s, row.hit_ratio) == (4.0, 0.0, 1.0, 0.9)
    other = row_of(answer, msgspec.structs.replace(before, run="b"))
    assert (other.evicted_per_s, other.hit_ratio) == (None, None)
    reset = row_of(answer, msgspec.structs.replace(before, evicted=500, hits=500))
    assert (reset.evicted_per_s, reset.hit_ratio) == (None, None)


def test_the_start_does_not_move_with_the_seconds_that_the_server_rounds() -> None:
    def at(now_s: int, up_s: int, known: int = 0) -> int:
        return started_at({"server_time_usec": f"{now_s}000000", "uptime_in_seconds": str(up_s)}, known)

    first = at(1000, 100)
    assert first == 900_000
    assert at(1006, 105, first) == first
    assert at(1010, 2, first) == 1_008_000
    assert started_at({}, first) == 0
