"""The cache in the pane of the database: the server, and sessions by prefix."""

from __future__ import annotations

from tests import builders
from tests.builders import NOW
from tests.tui.harness import SIZES, Desk, war_room
from wfconsole.clock import MINUTE
from wfconsole.observations.cache import EVERYTHING_ELSE, CommandRow, KeyspaceRow


def a_cache_desk() -> Desk:
    desk = Desk()
    row = builders.a_cache(
        memory_used=1020 << 20,
        write_errors={"OOM": 12},
        write_errors_per_s=2.4,
        rejected=3,
        rejected_per_s=0.0,
        evicted_per_s=0.0,
        hit_ratio=0.93,
        keyspace={"db0": KeyspaceRow(400, 300)},
        commands=(CommandRow("UNLINK"), CommandRow("FLUSHDB", "this server does not have it: disabled or renamed")),
        commands_for="wf_logout",
    )
    desk.tell("cache", [row])
    desk.tell(
        "keys",
        [
            builders.a_keys_row(EVERYTHING_ELSE, sessions=False, keys=None, so_far=900, walked=10_000, total=40_000),
            builders.a_keys_row(keys=None, so_far=6346, walked=10_000, total=40_000),
            builders.a_keys_row("cache:", sessions=False, keys=None, so_far=2754, walked=10_000, total=40_000),
        ],
    )
    return desk


async def test_the_server_says_what_is_wrong_and_what_it_would_refuse() -> None:
    async with war_room(a_cache_desk(), SIZES[1]) as room:
        await room.press("6", *"vvvvv")
        shown = room.text
    assert "cache.example:6379" in shown
    assert "writes fail: OOM, 2.4/s" in shown
    assert "1.00Gi of 1.00Gi, 100%   noeviction" in shown
    assert "db0 400 (300 expire)" in shown
    assert "wf_logout: UNLINK   not FLUSHDB: this server does not have it" in shown
    assert "93%" in shown


async def test_sessions_come_first_and_a_count_under_way_is_no_count() -> None:
    async with war_room(a_cache_desk(), SIZES[1]) as room:
        await room.press("6", *"vvvvvv")
        rows = [line for line in room.lines if "+ " in line and "counting" in line and "%" in line and "of" not in line]
        shown = room.text
    assert ["session:" in rows[0], "cache:" in rows[1], EVERYTHING_ELSE in rows[2]] == [True, True, True]
    assert "6,346+ sessions   of 40,000 keys, counting" in shown
    assert "6,346 so far, 25% of all keys seen   by that share about 25,384" in shown


async def test_an_older_count_says_how_old_it_is() -> None:
    desk = Desk()
    desk.tell("keys", [builders.a_keys_row(keys=25_300, counted_at=NOW - 2 * MINUTE, so_far=10, walked=20)])
    async with war_room(desk, SIZES[0]) as room:
        await room.press("6", *"vvvvvv")
        shown = room.text
    assert "25,300" in shown
    assert "2m00s ago" in shown


async def test_the_pane_fits_the_smallest_screen() -> None:
    async with war_room(a_cache_desk(), SIZES[0]) as room:
        await room.press("6", *"vvvvv")
        assert "cache.example" in room.text
        assert "100%" in room.text
