"""What more pods mean to the database: each brings connections, and there are only so many slots; a replica of it is
copied from a server that may be behind already."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final

from wfconsole.actions.contract import in_words
from wfconsole.actions.systems import Systems
from wfconsole.clock import SECOND, Millis
from wfconsole.config.systems import DatabaseSettings
from wfconsole.incident.plan import Aim, Check, Observed
from wfconsole.incident.wording import counted
from wfconsole.observations.database import DatabaseRow, usable
from wfconsole.observations.levels import Level
from wfconsole.observations.replicas import judge_replica
from wfconsole.sources.contract import SourceError
from wfconsole.sources.postgres.capacity import database_row
from wfconsole.sources.postgres.connection import Row, Session, statement
from wfconsole.sources.postgres.looking import HIDDEN, SessionPoll
from wfconsole.sources.postgres.replicas import replica_rows

_DEADLINE_MS: Final[Millis] = 5 * SECOND
_NARROW: Final = 0.2  # of the usable slots: what is left to everybody else


class _Look(SessionPoll):
    """One look over a connection that does not outlive it: an action goes on for minutes, and slots are scarce."""

    def __init__(self, settings: DatabaseSettings, *statements: str) -> None:
        super().__init__("database", Session(settings), _DEADLINE_MS)
        self._statements = statements
        self.found: list[list[Row]] = []

    def read(self) -> None:
        with self.session.turn(self) as connection:
            self.found = [connection.execute(statement(name).encode()).fetchall() for name in self._statements]
            connection.close()


def _looked(systems: Systems, *statements: str) -> list[list[Row]]:
    look = _Look(systems.settings.database, *statements)
    look.step(lambda: None)
    return look.found


def slots(systems: Systems) -> DatabaseRow:
    """The database's slots now, as the monitoring role sees them. Raises SourceError."""
    ((found,),) = _looked(systems, "capacity")
    return database_row(found, systems.settings.database)


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
        told = f"{opens}; not known: how many are free: {in_words(error)}"
        seen = (Observed("database", error.message),)
        return Check("refuse" if known else "explain", told, seen, overridable=known)
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


def replica_checks(systems: Systems) -> Iterator[Check]:
    """How far the replicas that there are lag behind: another one is copied from the same server."""
    settings = systems.settings.database
    if not settings.configured:
        yield Check("explain", "not known: how far its replicas are behind, [database] names none")
        return
    try:
        standby, senders = _looked(systems, "standby", "replicas")
    except SourceError as error:
        yield Check("explain", f"not known: how far its replicas are behind: {in_words(error)}")
        return
    rows = replica_rows(senders, standby, 0 if standby else settings.replicas)
    found = {key: judge_replica(row, systems.now()) for key, row in rows.items()}
    seen = tuple(Observed(f"replica {key}", each.reason or "keeps up") for key, each in found.items())
    late = [f"{key}: {each.reason}" for key, each in found.items() if each.level >= Level.WATCH]
    if any(each.level >= Level.CRITICAL for each in found.values()):
        told = f"{'; '.join(late)}: another copy makes the server that feeds them slower still"
        yield Check("refuse", told, seen, overridable=True)
    elif late:
        yield Check("explain", "; ".join(late), seen)
    elif not found:
        yield Check(
            "explain", "not known: how far its replicas are behind, the server that [database] names feeds none"
        )
    else:
        yield Check("ok", f"the database feeds {counted(len(found), 'replica')}, and each keeps up", seen)
