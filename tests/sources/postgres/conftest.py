"""What the tests on the real server share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from tests.rig.systems.postgres import MONITOR, Postgres
from wfconsole.config.systems import DatabaseSettings
from wfconsole.sources.postgres.connection import Session
from wfconsole.sources.postgres.looking import PostgresPoll

Opens = Callable[..., Session]


@pytest.fixture
def opens(postgres: Postgres) -> Iterator[Opens]:
    """Gives the session of a role's console, with changes of its settings; it is closed after the test."""
    opened: list[Session] = []

    def session_of(role: str = MONITOR, **changes: Any) -> Session:
        told = msgspec.convert(postgres.settings(role)["database"], DatabaseSettings)
        opened.append(Session(msgspec.structs.replace(told, **changes)))
        return opened[-1]

    yield session_of
    for each in opened:
        if each._connection is not None:
            each._connection.close()


@pytest.fixture
def session(opens: Opens) -> Session:
    return opens()


def rows_of(poll: PostgresPoll, kind: type[Any]) -> dict[str, Any]:
    """All rows after one more look."""
    poll.step(lambda: None)
    with poll.table._lock:
        return {key: msgspec.json.decode(row, type=kind) for key, row in poll.table._rows.items()}
