"""Connections by state against the usable slots."""

from __future__ import annotations

from collections.abc import Mapping

from wfconsole.clock import Millis
from wfconsole.config.systems import DatabaseSettings
from wfconsole.observations.database import DatabaseRow
from wfconsole.sources.postgres.connection import Row, Session, statement
from wfconsole.sources.postgres.looking import PostgresPoll
from wfconsole.sources.sealing import seal


class CapacityPoll(PostgresPoll):
    """One row. Without pg_read_all_stats other sessions are hidden, and then nothing is counted at all."""

    def __init__(self, session: Session, interval_ms: Millis) -> None:
        super().__init__("database", session, interval_ms)

    def look(self) -> Mapping[str, bytes]:
        (found,) = self.rows(statement("capacity"))
        row = database_row(found, self.session.settings)
        return {row.name: seal(row)}


def database_row(found: Row, settings: DatabaseSettings) -> DatabaseRow:
    """The row of what `capacity.sql` gave."""
    sees_all = found["sees_all"]
    return DatabaseRow(
        name=settings.service or f"{settings.host}:{settings.port}",
        database=found["database"],
        version=found["version"],
        clients=found["clients"] if sees_all else None,
        max_connections=found["max_connections"],
        reserved=found["reserved"],
        walsenders=found["walsenders"] if sees_all else 0,
        in_recovery=found["in_recovery"],
        states=found["states"] if sees_all else {},
    )
