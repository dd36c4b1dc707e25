"""What the tests of the cache share: looks at the real server, and what they showed."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.rig.systems.redis import Redis
from wfconsole.config.systems import CacheSettings
from wfconsole.observations.cache import CacheRow, KeysRow
from wfconsole.sources.cache.connection import Session
from wfconsole.sources.cache.keys import KeysPoll
from wfconsole.sources.cache.server import ServerPoll


def settings_of(redis: Redis, **changes: Any) -> CacheSettings:
    return msgspec.structs.replace(msgspec.convert(redis.settings()["cache"], CacheSettings), **changes)


def a_session(redis: Redis, **changes: Any) -> Session:
    return Session(settings_of(redis, **changes))


def look(poll: ServerPoll) -> CacheRow:
    """The row after one more look."""
    poll.step(lambda: None)
    (row,) = poll.table.take().values()
    assert row is not None
    return msgspec.json.decode(row, type=CacheRow)


def count(poll: KeysPoll, seen: dict[str, KeysRow]) -> dict[str, KeysRow]:
    """`seen` with what one more look changed, by prefix."""
    poll.step(lambda: None)
    for key, row in poll.table.take().items():
        prefix = key.split("/", 2)[2]
        if row is None:
            seen.pop(prefix)
        else:
            seen[prefix] = msgspec.json.decode(row, type=KeysRow)
    return seen
