"""Connections by state against the usable slots."""

from __future__ import annotations

from wfconsole.clock import Millis
from wfconsole.config.systems import DatabaseSettings
from wfconsole.observations.database import DatabaseRow
from wfconsole.sources.contract import RowTable
from wfconsole.sources.postgres.connection import PostgresPoll, Row, Session, statement
from wfconsole.sources.sealing import seal


class CapacityPoll(PostgresPoll):
    """Fills `table` with one row. Without pg_read_all_stats other sessions are hidden, so that no count is true."""

    def __init__(self, session: Session, interval_ms: Millis) -> None:
        super().__init__("database", session, interval_ms)
        self.table = RowTable()
        self.sees_all = True

    def read(self) -> None:
        (found,) = self.rows(statement("capacity"))
        self.sees_all = found["sees_all"]
        row = database_row(found, self.session.settings)
        self.table.replace({row.name: seal(row)})

    def partial(self) -> str:
        if self.sees_all:
            return ""
        return "sessions of other roles are hidden; GRANT pg_monitor TO the monitoring role"


def database_row(found: Row, settings: DatabaseSettings) -> DatabaseRow:
    """The row of what `capacity.sql` gave."""
    where = settings.service or f"{settings.host}:{settings.port}"
    return DatabaseRow(
        name=where,
        database=found["database"],
        version=found["version"],
        clients=found["clients"],
        max_connections=found["max_connections"],
        reserved=found["reserved"],
        walsenders=found["walsenders"],
        in_recovery=found["in_recovery"],
        states=found["states"],
    )
