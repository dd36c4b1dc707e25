"""One connection to PostgreSQL, opened at the start and kept: when the slots run out nobody gets a new one.

Threads take turns with it; others cut its socket, and never close it: libpq in two threads crashed the process.
`client_connection_check_interval` ends a statement whose reader is gone (PostgreSQL 14 and later); keepalives find a
dead way while we wait for an answer, `tcp_user_timeout` while we send.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from wfconsole.clock import SECOND, Millis
from wfconsole.config.systems import DatabaseSettings
from wfconsole.secret import Secret
from wfconsole.sources import clocks
from wfconsole.sources.passwords import read_secret
from wfconsole.sources.polling import Poll, shut
from wfconsole.sources.postgres import failures
from wfconsole.sources.postgres.opening import Opening
from wfconsole.sources.resolver import Resolver
from wfconsole.sources.turns import Turns

if TYPE_CHECKING:
    import psycopg

Row = dict[str, Any]

# Below the deadline of a look: a statement that is only slow ends in the server, and the connection stays.
_STATEMENT_MS: Final[Millis] = 4 * SECOND
_CHECKED_SINCE: Final = 140_000  # client_connection_check_interval

_OPTIONS: Final = (
    f"-c statement_timeout={_STATEMENT_MS} -c lock_timeout=500 -c idle_in_transaction_session_timeout=10000"
    " -c default_transaction_read_only=on"
)


def statement(name: str, package: str = __package__) -> str:
    """The SQL of `sql/NAME.sql` in a package, without its comments: the server keeps the text in its statistics."""
    text = resources.files(package).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))


class Session:
    """The one session on the server that all looks share, one after the other: slots are scarce in an incident.

    Only the look whose turn it is uses it; any thread may `sever` what that one waits for.
    """

    def __init__(
        self,
        settings: DatabaseSettings,
        application: str = "wfconsole/poll",
        named_by: str = "database.password_file",
    ) -> None:
        """`application` is what the server lists it as, `named_by` the key that names its password's file."""
        self.settings = settings
        self._application, self._named_by = application, named_by
        named = settings.host and not settings.host.startswith("/")
        self.resolver = Resolver(settings.host, settings.port, "database.host") if named else None
        self._turns = Turns(failures.where(settings))
        self._connection: psycopg.Connection[Row] | None = None
        self._opening: Opening | None = None

    @contextlib.contextmanager
    def turn(self, poll: Poll) -> Iterator[psycopg.Connection[Row]]:
        """The connection, for this look alone; it is opened anew where it was lost. Raises SourceError, CutShort and
        psycopg's errors."""
        with self._turns.of(poll):
            try:
                connection = self._connected(poll)
                yield connection
                if connection.broken:
                    raise ConnectionError("the connection was lost")
            finally:
                if self._connection is not None and self._connection.broken:
                    self._connection.close()
                    self._connection = None

    def facts(self, ahead: Millis) -> dict[str, str]:
        """What an operator should know of a server whose clock is ahead of ours by so much; nothing while all is as it
        should be."""
        return clocks.facts(ahead) | (self.resolver.facts() if self.resolver is not None else {})

    def close(self) -> None:
        """Give the slot back. For the thread whose looks they are, between two of them."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def sever(self, poll: Poll) -> None:
        """End what this look waits for, if it has the turn."""
        if not self._turns.ends(poll):
            return
        opening, connection = self._opening, self._connection
        if opening is not None:
            opening.sever()
        if connection is None:
            return
        try:
            duplicate = socket.socket(fileno=os.dup(connection.fileno()))
        except Exception:  # noqa: BLE001  it is closed already
            return
        shut(duplicate)
        duplicate.close()

    def _connected(self, poll: Poll) -> psycopg.Connection[Row]:
        if self._connection is not None and not self._connection.closed:
            return self._connection
        import psycopg
        from psycopg.rows import dict_row

        password = read_secret(self.settings.password_file, self._named_by)
        addresses = self.resolver.addresses(poll.left_s()) if self.resolver is not None else []
        self._opening = opening = Opening()
        try:
            poll.check()  # an end that came before there was anything to sever
            reached = [address[0] for _, address in addresses]
            opened = opening.open(parameters(self.settings, password, self._application), reached, poll.left_s())
            self._connection = connection = psycopg.Connection(opened, row_factory=dict_row)
        finally:
            self._opening = None
        connection.prepare_threshold = None
        connection.autocommit = True  # inside a transaction the statistics stand still, and an idle one is an incident
        if connection.info.server_version >= _CHECKED_SINCE:
            connection.execute("SET client_connection_check_interval = '1s'")
        return connection


def parameters(
    settings: DatabaseSettings, password: Secret | None, application: str, options: str = _OPTIONS
) -> dict[str, Any]:
    """What libpq is told. What is not set is left to it: environment, service file, ~/.pgpass."""
    named = {
        "host": settings.host,
        "port": str(settings.port) if settings.host else "",
        "dbname": settings.name,
        "user": settings.user,
        "service": settings.service,
        "sslmode": settings.tls,
        "sslrootcert": settings.ca_file,
        "password": password.reveal() if password is not None else "",
    }
    return {
        **{key: value for key, value in named.items() if value},
        "application_name": application,
        "keepalives_idle": 2,
        "keepalives_interval": 1,
        "keepalives_count": 3,
        "tcp_user_timeout": 4000,
        "gssencmode": "disable",
        "options": options,
    }
