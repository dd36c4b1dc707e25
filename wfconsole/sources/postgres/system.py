"""The sources of one PostgreSQL server, put together."""

from __future__ import annotations

from collections.abc import Mapping

from wfconsole.clock import Millis
from wfconsole.config.systems import AuthSettings, DatabaseSettings
from wfconsole.sources.contract import Part, Source
from wfconsole.sources.polling import PolledSource
from wfconsole.sources.postgres.auth import auth_source
from wfconsole.sources.postgres.capacity import CapacityPoll
from wfconsole.sources.postgres.connection import Session


def sources(settings: DatabaseSettings, every_ms: Mapping[str, Millis], auth: AuthSettings) -> list[Source]:
    """`every_ms` says how often each is looked at, by its name."""
    if not settings.configured:
        return []
    session = Session(settings)
    capacity = CapacityPoll(session, every_ms["database"])
    return [
        PolledSource(
            "database", capacity.interval_ms, (Part(capacity),), capacity.table.take, partial=capacity.partial
        ),
        *auth_source(session, auth, every_ms),
    ]
