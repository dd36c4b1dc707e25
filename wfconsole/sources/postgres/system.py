"""The sources of one PostgreSQL server, put together."""

from __future__ import annotations

from collections.abc import Mapping

from wfconsole.clock import Millis
from wfconsole.config.systems import AuthSettings, DatabaseSettings
from wfconsole.sources.choice import Way
from wfconsole.sources.contract import Source
from wfconsole.sources.postgres.auth import auth_source
from wfconsole.sources.postgres.capacity import CapacityPoll
from wfconsole.sources.postgres.connection import Session
from wfconsole.sources.postgres.examination import DatabaseExamination
from wfconsole.sources.postgres.replicas import ReplicasPoll
from wfconsole.sources.postgres.sessions import SessionsPoll
from wfconsole.sources.postgres.statements import StatementsPoll


def sources(
    settings: DatabaseSettings, every_ms: Mapping[str, Millis], auth: AuthSettings, logins: Way | None = None
) -> list[Source]:
    """`every_ms` says how often each is looked at, by its name. All share one session on the server. `logins` stands in
    for the log of logins."""
    return _over(Session(settings), every_ms, auth, logins) if settings.configured else []


def examination(settings: DatabaseSettings, every_ms: Mapping[str, Millis], auth: AuthSettings) -> DatabaseExamination:
    """What the doctor looks at; the settings must name a server."""
    session = Session(settings)
    return DatabaseExamination(session, _over(session, every_ms, auth), auth, every_ms["database"])


def _over(
    session: Session, every_ms: Mapping[str, Millis], auth: AuthSettings, logins: Way | None = None
) -> list[Source]:
    return [
        CapacityPoll(session, every_ms["database"]).source(),
        SessionsPoll(session, every_ms["sessions"]).source(),
        StatementsPoll(session, every_ms["statements"]).source(),
        ReplicasPoll(session, every_ms["replicas"]).source(),
        *auth_source(session, auth, every_ms, logins),
    ]
