"""What the tests on the real server share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from tests.rig.systems.postgres import MONITOR, Postgres
from wfconsole.config.systems import DatabaseSettings
from wfconsole.sources.postgres.connection import Session
from wfconsole.sources.postgres.looking import PostgresPoll


@pytest.fixture
def settings(postgres: Postgres) -> Callable[..., DatabaseSettings]:
    """The settings of a role's console, with changes."""

    def made(role: str = MONITOR, **changes: Any) -> DatabaseSettings:
        told = msgspec.convert(postgres.settings(role)["database"], DatabaseSettings)
        return msgspec.structs.replace(told, **changes)

    return made


@pytest.fixture
def session(postgres: Postgres, settings: Callable[..., DatabaseSettings]) -> Session:
    return Session(settings())


def rows_of(poll: PostgresPoll, kind: type[Any]) -> dict[str, Any]:
    """All rows after one more look."""
    poll.step(lambda: None)
    with poll.table._lock:
        return {key: msgspec.json.decode(row, type=kind) for key, row in poll.table._rows.items()}
