"""A connection as any role, with a password that is at hand and in no file: the application's own, for one login.

Who acts has one of its own, `server.Database`. This one has a deadline on everything that waits, too.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec

from wfconsole.actions.postgres.server import APPLICATION
from wfconsole.config.systems import DatabaseSettings
from wfconsole.secret import Secret
from wfconsole.sources.polling import shut
from wfconsole.sources.postgres import failures
from wfconsole.sources.postgres.connection import Row, parameters
from wfconsole.sources.postgres.opening import Opening
from wfconsole.sources.resolver import Resolver

if TYPE_CHECKING:
    import psycopg

_CONNECTED_S: Final = 4.0
_ANSWERED_S: Final = 8.0  # above statement_timeout: what is only slow ends in the server
_OPTIONS: Final = "-c statement_timeout=5000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=10000"
_READS: Final = " -c default_transaction_read_only=on"
_WRITES: Final = " -c default_transaction_read_only=off"


class Connection:
    """As a context manager. psycopg's errors come out as SourceError, except where `raw` asks for them."""

    def __init__(self, settings: DatabaseSettings, user: str, password: Secret | None, *, reads: bool = True) -> None:
        self._settings = msgspec.structs.replace(settings, user=user)
        self._password = password
        self._options = _OPTIONS + (_READS if reads else _WRITES)
        self._connection: psycopg.Connection[Row]

    def __enter__(self) -> Self:
        """Connect. Raises SourceError."""
        import psycopg
        from psycopg.rows import dict_row

        settings = self._settings
        named = settings.host and not settings.host.startswith("/")
        found = Resolver(settings.host, settings.port, "database.host").addresses(_CONNECTED_S) if named else []
        try:
            told = parameters(settings, self._password, APPLICATION, self._options)
            opened = Opening().open(told, [address[0] for _, address in found], _CONNECTED_S)
        except psycopg.Error as error:
            raise failures.explain(error, settings) from None
        self._connection = psycopg.Connection(opened, row_factory=dict_row)
        self._connection.autocommit = True
        self._connection.prepare_threshold = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    @property
    def checked(self) -> bool:
        """Whether the server has asked for the password: without that, being let in proves nothing of it."""
        return bool(self._connection.pgconn.used_password)

    def rows(self, query: str, values: Any = None) -> list[Row]:
        """What a statement gives. Raises SourceError."""
        import psycopg

        try:
            with self.raw() as connection:
                return connection.execute(query, values).fetchall()
        except psycopg.Error as error:
            raise failures.explain(error, self._settings) from None

    @contextlib.contextmanager
    def raw(self) -> Iterator[psycopg.Connection[Row]]:
        """The connection itself, cut when its time is over: libpq would wait for ever."""
        timer = threading.Timer(_ANSWERED_S, self._sever)
        timer.daemon = True
        timer.start()
        try:
            yield self._connection
        finally:
            timer.cancel()

    def _sever(self) -> None:
        with contextlib.suppress(Exception):  # it is closed already
            duplicate = socket.socket(fileno=os.dup(self._connection.fileno()))
            shut(duplicate)
            duplicate.close()
