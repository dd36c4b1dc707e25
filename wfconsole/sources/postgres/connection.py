"""One connection to PostgreSQL, opened at the start and kept: when the slots run out nobody gets a new one.

Threads take turns with it; others cut its socket, and never close it: libpq in two threads crashed the process.
`client_connection_check_interval` ends a statement whose reader is gone (PostgreSQL 14 and later); keepalives find a
dead way while we wait for an answer, `tcp_user_timeout` while we send.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from wfconsole.clock import SECOND, Millis
from wfconsole.config.systems import DatabaseSettings
from wfconsole.secret import Secret
from wfconsole.sources.contract import SourceError
from wfconsole.sources.passwords import read_secret
from wfconsole.sources.polling import shut
from wfconsole.sources.resolver import Resolver

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


def statement(name: str) -> str:
    """The SQL of `sql/NAME.sql`, without its comments: the server keeps the text in its statistics."""
    text = resources.files(__package__).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))


class Session:
    """The one session on the server that all looks share, one after the other: slots are scarce in an incident.

    Only the thread whose turn it is uses it; any thread may `sever` what another one waits for.
    """

    def __init__(self, settings: DatabaseSettings) -> None:
        self.settings = settings
        named = settings.host and not settings.host.startswith("/")
        self.resolver = Resolver(settings.host, settings.port, "database.host") if named else None
        self._turn = threading.Lock()
        self._connection: psycopg.Connection[Row] | None = None

    @contextlib.contextmanager
    def turn(self, within_s: float) -> Iterator[psycopg.Connection[Row]]:
        """The connection, for this thread alone; it is opened anew where it was lost. Raises SourceError and psycopg's
        errors."""
        if not self._turn.acquire(timeout=within_s):
            said = f"no answer to another question within {within_s:.0f} s"
            raise SourceError("timeout", said, remedy="The server is slow; it is tried again by itself.")
        try:
            connection = self._connected()
            yield connection
            if connection.broken:
                raise ConnectionError("the connection was lost")
        finally:
            if self._connection is not None and self._connection.broken:
                self._connection.close()
                self._connection = None
            self._turn.release()

    def sever(self) -> None:
        """End what waits on the connection. Called for whoever has the turn."""
        connection = self._connection
        if connection is None:
            return
        try:
            duplicate = socket.socket(fileno=os.dup(connection.fileno()))
        except Exception:  # noqa: BLE001  it is closed already
            return
        shut(duplicate)
        duplicate.close()

    def _connected(self) -> psycopg.Connection[Row]:
        if self._connection is not None and not self._connection.closed:
            return self._connection
        import psycopg
        from psycopg.rows import dict_row

        password = read_secret(self.settings.password_file, "database.password_file")
        connection = psycopg.connect(
            autocommit=True,  # inside a transaction the statistics stand still, and an idle one is an incident itself
            row_factory=dict_row,
            prepare_threshold=None,
            **_parameters(self.settings, password),
        )
        self._connection = connection
        if connection.info.server_version >= _CHECKED_SINCE:
            connection.execute("SET client_connection_check_interval = '1s'")
        return connection


def _parameters(settings: DatabaseSettings, password: Secret | None) -> dict[str, Any]:
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
        "application_name": "wfconsole/poll",
        "connect_timeout": 2,
        "keepalives_idle": 2,
        "keepalives_interval": 1,
        "keepalives_count": 3,
        "tcp_user_timeout": 4000,
        "gssencmode": "disable",
        "options": _OPTIONS,
    }
