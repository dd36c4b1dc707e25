"""The users that are shipped for Redis: each right of one that looks is missed where it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from redis import Redis as Client
from redis.exceptions import NoPermissionError

from tests.rig.systems.redis import MONITOR, PASSWORD, Redis, users_file
from tests.sources.cache.looking import a_session, look, settings_of
from wfconsole.observations.snapshot import in_words
from wfconsole.sources.cache.server import ServerPoll
from wfconsole.sources.cache.system import sources
from wfconsole.sources.contract import SourceError

RIGHTS = [word for word in users_file("monitoring-user").split() if word.startswith("+")]


def complaints(redis: Redis, rights: Sequence[str], **changes: Any) -> list[str]:
    """What both sources say, as a user with these rights alone."""
    said = []
    for source in sources(settings_of(redis, **redis.user("some", *rights), **changes), {"cache": 1000, "keys": 1000}):
        try:
            source.parts[0].task.step(lambda: None)
        except SourceError as error:
            said.append(f"{error.kind}: {error.message}; {error.remedy}")
        else:
            said.append(in_words(source.lacks()))
    return [each for each in said if each]


# Another database than 0 has to be selected; without a user for actions our own permissions are told.
SETTINGS: list[dict[str, Any]] = [{}, {"database": 1}, {"acting_user": ""}]


@pytest.mark.parametrize("changes", SETTINGS, ids=str)
def test_with_all_of_them_nothing_is_missing(redis: Redis, changes: dict[str, Any]) -> None:
    assert complaints(redis, RIGHTS, **changes) == []


@pytest.mark.parametrize("right", RIGHTS)
def test_each_right_is_missed_by_somebody(redis: Redis, right: str) -> None:
    rest = [each for each in RIGHTS if each != right]
    said = [each for changes in SETTINGS for each in complaints(redis, rest, **changes)]
    assert said, f"{right} is granted and not needed"


@pytest.mark.parametrize(
    "command",
    [
        ("GET", "session:1"),
        ("SET", "session:1", "x"),
        ("UNLINK", "session:1"),
        ("FLUSHDB",),
        ("KEYS", "*"),
        ("CONFIG", "GET", "*"),
        ("CLIENT", "KILL", "TYPE", "normal"),
        ("ACL", "LIST"),
        ("MONITOR",),
        ("EVAL", "return 1", "0"),
    ],
    ids=" ".join,
)
def test_it_can_neither_read_values_nor_change_anything(redis: Redis, command: tuple[str, ...]) -> None:
    monitor = Client(port=redis.port, username=MONITOR, password=PASSWORD, protocol=2, driver_info=None)
    with monitor, pytest.raises(NoPermissionError):
        monitor.execute_command(*command)  # type: ignore[no-untyped-call]


def test_the_pane_works_with_the_shipped_user(redis: Redis) -> None:
    assert look(ServerPoll(a_session(redis), 1000)).clients > 0
