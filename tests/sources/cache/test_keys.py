"""Keys by how they begin: a walk in small pieces, which stops nobody and says how far it is."""

from __future__ import annotations

import pytest

from tests.builders import NOW
from tests.rig.systems.redis import SESSIONS, Redis
from tests.sources.cache.looking import a_session, count
from wfconsole.observations.cache import EVERYTHING_ELSE, KeysRow, keys_known
from wfconsole.sources.cache.keys import KeysPoll, Walk
from wfconsole.sources.contract import SourceError
from wfconsole.text import is_safe


def fill(redis: Redis, prefix: str, keys: int, database: int = 0) -> None:
    with redis.admin(database) as admin, admin.pipeline(transaction=False) as batch:
        for number in range(keys):
            batch.set(f"{prefix}{number}", 1)
        batch.execute()


def counted(seen: dict[str, KeysRow]) -> bool:
    return seen["session:"].keys is not None


def test_few_keys_are_counted_in_one_look(redis: Redis) -> None:
    seen = count(KeysPoll(a_session(redis), 1000), {})
    assert {prefix: row.keys for prefix, row in seen.items()} == {
        "session:": SESSIONS,
        "cache:": 50,
        "ratelimit:": 1,
        EVERYTHING_ELSE: 1,
    }
    assert [prefix for prefix, row in seen.items() if row.sessions] == ["session:"]


def test_a_prefix_without_keys_is_a_zero_that_somebody_counted(redis: Redis) -> None:
    redis.admin().flushall()
    seen = count(KeysPoll(a_session(redis, session_prefixes=("session:", "token:")), 1000), {})
    assert {prefix: row.keys for prefix, row in seen.items()} == {"session:": 0, "token:": 0}


def test_a_long_walk_goes_on_at_the_next_look_and_says_how_far_it_is(redis: Redis) -> None:
    fill(redis, "session:more:", 3000)
    poll = KeysPoll(a_session(redis), 1000, budget_s=0.0)  # one answer of SCAN for each look
    seen = count(poll, {})
    assert keys_known(seen["session:"]).endswith("+")
    so_far = [seen["session:"].so_far]
    while not counted(seen):
        count(poll, seen)
        so_far.append(seen["session:"].so_far)
    assert so_far[:-1] == sorted(so_far[:-1])
    assert len(so_far) > 4
    assert seen["session:"].keys == SESSIONS + 3000
    assert seen["session:"].counted_at == 0, "at this look"
    count(poll, seen)
    assert seen["session:"].keys == SESSIONS + 3000
    assert seen["session:"].counted_at > NOW, "and now it is of a moment ago"


def test_a_walk_goes_on_over_a_new_connection(redis: Redis) -> None:
    fill(redis, "session:more:", 3000)
    poll = KeysPoll(a_session(redis), 1000, budget_s=0.0)
    seen = count(poll, {})
    redis.admin().client_kill_filter(_type="normal", skipme=True)
    with pytest.raises(SourceError):
        count(poll, seen)
    while not counted(seen):
        count(poll, seen)
    assert seen["session:"].keys == SESSIONS + 3000


def test_a_look_keeps_its_budget_while_there_are_many_keys(redis: Redis) -> None:
    fill(redis, "cache:many:", 60_000)
    poll = KeysPoll(a_session(redis), 1000)
    count(poll, {})
    seen = count(poll, {})
    assert seen["cache:"].keys is None, "the rest is for the next looks"
    stats = redis.admin().info("commandstats")
    assert "cmdstat_keys" not in stats


def test_another_database_is_counted_alone(redis: Redis) -> None:
    fill(redis, "session:", 7, database=3)
    seen = count(KeysPoll(a_session(redis, database=3), 1000), {})
    assert {prefix: row.keys for prefix, row in seen.items()} == {"session:": 7}


def test_names_by_strangers_are_safe_and_bounded(redis: Redis) -> None:
    admin = redis.admin()
    for number in range(300):
        admin.set(f"flood-{number}:x", 1)
    admin.set(b"\x1b]52;c;aGk=\x07[red]\xff\xe2\x80\xae:x", 1)
    admin.set("x" * 5000 + ":", 1)
    poll = KeysPoll(a_session(redis), 1000)
    poll.step(lambda: None)
    rows = poll.table.take()
    assert len(rows) < 50
    assert all(is_safe(key) for key in rows)
    assert all(row is not None and b"\x1b" not in row and b"\\u001b" not in row for row in rows.values())


def test_an_answer_without_bound_is_refused(redis: Redis) -> None:
    redis.admin().set(b"x" * (9 << 20), 1)
    poll = KeysPoll(a_session(redis), 1000)
    with pytest.raises(SourceError) as told:
        poll.step(lambda: None)
    assert told.value.kind == "bad-answer"
    assert "more than 8 MiB" in told.value.message


def test_scan_that_is_not_permitted_is_denied(redis: Redis) -> None:
    with pytest.raises(SourceError) as told:
        count(KeysPoll(a_session(redis, **redis.user("blind", "+ping", "+dbsize")), 1000), {})
    assert (told.value.kind, "scan" in told.value.message) == ("denied", True)


def test_the_longest_beginning_that_is_named_wins() -> None:
    walk = Walk(("session:", "session:admin:"))
    walk.take(b"7", [b"session:1", b"session:admin:1", b"sess", b":"])
    assert walk.counts == {"session:": 1, "session:admin:": 1, EVERYTHING_ELSE: 1, ":": 1}
    assert not walk.done
    walk.take(b"0", [])
    assert (walk.done, walk.walked) == (True, 4)


def test_a_row_says_nothing_of_what_nobody_counted() -> None:
    assert KeysRow(prefix="a").keys is None
