"""What more pods mean to the database: each brings connections, and there are only so many slots."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final

from wfconsole.actions.systems import Systems
from wfconsole.clock import SECOND, Millis
from wfconsole.incident.plan import Aim, Check, Observed
from wfconsole.incident.wording import counted
from wfconsole.observations.database import DatabaseRow, usable
from wfconsole.sources.contract import SourceError
from wfconsole.sources.postgres.capacity import database_row
from wfconsole.sources.postgres.connection import Session, statement
from wfconsole.sources.postgres.looking import HIDDEN, SessionPoll

_DEADLINE_MS: Final[Millis] = 5 * SECOND
_NARROW: Final = 0.2  # of the usable slots: what is left to everybody else


class _Look(SessionPoll):
    """One look at the slots over a connection that does not outlive it: an action goes on for minutes, and slots are
    scarce."""

    def __init__(self, session: Session) -> None:
        super().__init__("database", session, _DEADLINE_MS)
        self.row: DatabaseRow | None = None

    def read(self) -> None:
        with self.session.turn(self) as connection:
            found = connection.execute(statement("capacity").encode()).fetchall()
            connection.close()
        self.row = database_row(found[0], self.session.settings)


def slots(systems: Systems) -> DatabaseRow:
    """The database's slots now, as the monitoring role sees them. Raises SourceError."""
    look = _Look(Session(systems.settings.database))
    look.step(lambda: None)
    assert look.row is not None
    return look.row


def slot_checks(systems: Systems, aim: Aim, more: int) -> Iterator[Check]:
    """Whether so many more pods of a workload find the connections that they open."""
    acting, per_pod = systems.settings.actions, systems.settings.actions.connections_per_pod
    known = bool(acting.database_clients)
    if known and not any(fnmatchcase(f"{aim.namespace}/{aim.name}", each) for each in acting.database_clients):
        yield Check("ok", "it holds no database connections (actions.database_clients)")
        return
    pods = counted(more, "more pod")
    if not per_pod:
        yield Check(
            "explain",
            f"not known: how many database connections {pods} will open; actions.connections_per_pod says it",
        )
        return
    asked = more * per_pod
    opens = f"{pods} will open up to {asked} connections" if known else f"if each opens {per_pod} connections: {asked}"
    if not systems.settings.database.configured:
        yield Check("explain", f"{opens}; not known: whether the database has so many left, [database] names none")
        return
    yield _against(systems, opens, asked, known=known)


def _against(systems: Systems, opens: str, asked: int, *, known: bool) -> Check:
    try:
        row = slots(systems)
    except SourceError as error:
        # A server that lets nobody in is what a full one looks like.
        told = f"{opens}; not known: how many are free: {error.message}"
        return Check("refuse" if known else "explain", told, overridable=known)
    name = f"database {row.name}"
    if row.clients is None:
        return Check("explain", f"{opens}; not known: how many are free: {HIDDEN}", (Observed(name, "hidden"),))
    free = max(0, usable(row) - row.clients)
    seen = (Observed(name, f"{row.clients} of {usable(row)} usable slots taken, {free} free", row.version),)
    told = f"{opens}, and {free} of {usable(row)} are free"
    if asked > free:
        return Check(
            "refuse", f"{told}: more pods would make it worse, end what holds them first", seen, overridable=True
        )
    if free - asked < _NARROW * usable(row):
        return Check("explain", f"{told}: {free - asked} would be left for everybody", seen)
    return Check("ok", told, seen)
