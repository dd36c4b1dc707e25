"""One PostgreSQL server for one who acts: the sources' connection as another role, and one statement after the other.

Every statement has a deadline; at its end its socket is cut. The connection is kept from the plan on: when the slots
run out meanwhile, the action has its own already.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from wfconsole.actions.acting import of_the_actor
from wfconsole.actions.contract import Unknown
from wfconsole.clock import SECOND, Millis
from wfconsole.config.actions import ActingSettings
from wfconsole.decoding import convert
from wfconsole.incident.plan import Permission
from wfconsole.sources.contract import SourceError
from wfconsole.sources.polling import DEADLINE_MS
from wfconsole.sources.postgres import connection, failures
from wfconsole.sources.postgres.connection import Row, Session
from wfconsole.sources.postgres.looking import SessionPoll
from wfconsole.text import safe

APPLICATION: Final = "wfconsole/act"
GONE_WITHIN_MS: Final[Millis] = 3 * SECOND  # below the statement's own time-out
ROLES: Final = ("pg_signal_backend", "pg_read_all_stats", "pg_use_reserved_connections")
_FULL: Final = ("too many clients already", "remaining connection slots")
# Classes of SQLSTATE by which the server says that it has not even begun: what it was asked, a right, a lock, a value.
_NOT_BEGUN: Final = ("42", "55", "22", "25")
_ENDS_AND_WAITS_SINCE: Final = 140_000


class Standing(msgspec.Struct, frozen=True):
    """Who we are there, and what the server is. `version` as 150018; `held`: those of `ROLES` that we have."""

    role: str
    superuser: bool
    version: int
    clock_ms: Millis
    reserved: int
    known: tuple[str, ...]
    held: tuple[str, ...]

    @property
    def sees_all(self) -> bool:
        return self.superuser or "pg_read_all_stats" in self.held


class Database:
    """Reads and changes of one role on one server. Reads raise SourceError."""

    def __init__(self, settings: ActingSettings) -> None:
        told = settings.database
        if not told.configured:
            raise SourceError("configuration", "no database is configured", remedy="Set database.host.")
        self.settings = acting_settings(settings)
        self._own = bool(told.acting_user)
        setting = "database.acting_password_file" if self._own else "database.password_file"
        self._session = Session(self.settings, APPLICATION, setting)
        self._question = _Question(self._session)

    def close(self) -> None:
        self._session.close()

    @property
    def where(self) -> str:
        """The server in words, for WHERE."""
        name = f", database {safe(self.settings.name, 63)}" if self.settings.name else ""
        user = f", as {safe(self.settings.user, 63)}" if self.settings.user else ""
        return f"PostgreSQL {failures.where(self.settings)}{name}{user}"

    def psql(self, sql: str) -> str:
        """A statement as a command that anybody can run; it asks for the password, or finds it where psql looks."""
        from psycopg.conninfo import make_conninfo

        told = {
            "service": self.settings.service,
            "host": self.settings.host,
            "port": self.settings.port if self.settings.host else "",
            "dbname": self.settings.name,
            "user": self.settings.user,
            "sslmode": self.settings.tls,
        }
        where = make_conninfo("", **{key: value for key, value in told.items() if value})
        return f"psql -X {shlex.quote(where)} -c {shlex.quote(' '.join(sql.split()))}"

    def rows(self, sql: str, values: Mapping[str, Any] | None = None) -> Sequence[Row]:
        """What a statement gives. A connection that was lost meanwhile is opened anew, once."""
        try:
            try:
                return self._question.ask(sql, values)
            except SourceError as error:
                if error.kind != "refused" or not self._question.sent:
                    raise
                return self._question.ask(sql, values)
        except SourceError as error:
            raise self._explained(error) from None

    def change(self, sql: str, values: Mapping[str, Any], what: str) -> Sequence[Row]:
        """Run a statement that changes something, once. Raises SourceError where the server has refused it or it never
        left, Unknown where nobody knows."""
        try:
            return self._question.ask(sql, values)
        except SourceError as error:
            if self._question.sent and self._question.state[:2] not in _NOT_BEGUN:
                raise Unknown(f"{what}: {error.message}") from None
            raise self._explained(error) from None

    def standing(self) -> Standing:
        (told,) = self.rows(connection.statement("rights"), {"roles": list(ROLES)})
        return convert(told, Standing)

    def free_slots(self) -> tuple[int, int]:
        """How many slots the application may still take, and of how many."""
        (told,) = self.rows(connection.statement("capacity"))
        usable = told["max_connections"] - told["reserved"]
        return max(0, usable - told["clients"]), usable

    def _explained(self, error: SourceError) -> SourceError:
        told = of_the_actor(error, "database", own=self._own, shipped="acting-role.sql")
        if any(words in error.message for words in _FULL):
            user = safe(self.settings.user, 63) or "the acting role"
            return SourceError(
                told.kind,
                told.message,
                remedy=f"No slot is left for us. PostgreSQL 16: reserved_connections above 0 and GRANT"
                f" pg_use_reserved_connections TO {user}. Before 16 only a superuser gets in: psql -U postgres on the"
                " server, and end idle sessions there.",
            )
        return told


class _Question(SessionPoll):
    """One statement within its deadline. `sent`: it may have reached the server; `state`: the SQLSTATE of its error."""

    def __init__(self, session: Session) -> None:
        super().__init__("act", session, DEADLINE_MS)
        self.sent = False
        self.state = ""
        self._sql = ""
        self._values: Mapping[str, Any] | None = None
        self._answer: Sequence[Row] = ()

    def ask(self, sql: str, values: Mapping[str, Any] | None) -> Sequence[Row]:
        self._sql, self._values, self._answer, self.sent, self.state = sql, values, (), False, ""
        self.step(lambda: None)
        return self._answer

    def read(self) -> None:
        with self.session.turn(self) as connection:
            self.sent = True
            self._answer = connection.execute(self._sql.encode(), self._values).fetchall()

    def explain(self, error: Exception) -> SourceError:
        self.state = getattr(error, "sqlstate", None) or ""
        return super().explain(error)


def acting_settings(settings: ActingSettings) -> Any:
    """The database as the one who acts reaches it: without a role for that, as the one who looks."""
    told = settings.database
    if not told.acting_user:
        return told
    return msgspec.structs.replace(told, user=told.acting_user, password_file=told.acting_password_file)


def statement(name: str) -> str:
    """The SQL of `sql/NAME.sql` beside this file, with the guards that every statement which ends something repeats."""
    text = connection.statement(name, __package__)
    return text.replace("{guards}", connection.statement("guards", __package__)) if "{guards}" in text else text


def ending(version: int) -> str:
    """How this server ends a session: from 14 on it waits, and says whether it is gone."""
    return f"pg_terminate_backend(a.pid, {GONE_WITHIN_MS})" if version >= _ENDS_AND_WAITS_SINCE else (
        "pg_terminate_backend(a.pid)"
    )  # fmt: skip


def right_to_see(standing: Standing) -> Permission:
    """Without it the server hides who waits for whom."""
    return Permission(
        "see the sessions of all roles (pg_read_all_stats)",
        standing.sees_all,
        "" if standing.sees_all else f"GRANT pg_monitor TO {identifier(standing.role)};",
    )


def identifier(name: str) -> str:
    """A name as SQL takes it."""
    plain = name.replace("_", "a").isalnum() and name.isascii() and name.islower() and not name[0].isdigit()
    return name if plain else '"' + safe(name, 63).replace('"', '""') + '"'
