"""Who acts on the rig's Redis: exactly the users that the project ships for that."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from tests.rig.systems.redis import Redis
from wfconsole.actions.systems import Systems
from wfconsole.clock import SystemClock
from wfconsole.config.actions import ActingSettings
from wfconsole.config.systems import CacheSettings
from wfconsole.incident.plan import Aim, Request

Opens = Callable[..., Systems]


def acting_on(redis: Redis) -> ActingSettings:
    told = msgspec.convert(redis.settings()["cache"], CacheSettings)
    return ActingSettings(cache=msgspec.structs.replace(told, acting_password_file=told.password_file))


@pytest.fixture
def acting(redis: Redis) -> ActingSettings:
    return acting_on(redis)


@pytest.fixture
def opens(acting: ActingSettings) -> Iterator[Opens]:
    """Gives the systems of one who acts, with changes to what is told of the cache; closed after the test."""
    opened: list[Systems] = []

    def systems_of(told: ActingSettings = acting, **changes: Any) -> Systems:
        settings = msgspec.structs.replace(told, cache=msgspec.structs.replace(told.cache, **changes))
        opened.append(Systems(settings, SystemClock(), receipt="act-1", incident="INC-1", operator="ada"))
        return opened[-1]

    yield systems_of
    for each in opened:
        if "cache" in vars(each):
            each.cache.close()


@pytest.fixture
def systems(opens: Opens) -> Systems:
    return opens()


def end(name: str, **parameters: str) -> Request:
    return Request("end-user-sessions", Aim("user sessions", name), parameters)


def flush(name: str = "database") -> Request:
    return Request("flush-database", Aim("cache", name))


def names(redis: Redis, database: int = 0) -> set[str]:
    """All keys that there are."""
    with redis.admin(database) as admin:
        return {key.decode(errors="replace") for key in admin.scan_iter(count=1000)}


def by_hand(redis: Redis, *words: str) -> str:
    """redis-cli itself, as somebody who may do everything; what it prints."""
    command = ["redis-cli", "-h", "127.0.0.1", "-p", str(redis.port), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout
