"""Opening a connection to PostgreSQL so that another thread can end it: libpq left to itself waits as it likes.

We wait in its place, on the socket that it has at the moment. An address that does not answer has its time, then the
next one has its own.
"""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from wfconsole.sources.polling import shut

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn

_OF_EACH_S: Final = 2.0


class Opening:
    """One connection on its way. `open` belongs to one thread, any other may `sever`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._severed = False
        self._wire: socket.socket | None = None  # a duplicate: libpq may close its own at any time

    def open(self, parameters: Mapping[str, Any], addresses: Sequence[str], within_s: float) -> PGconn:
        """Connected and in libpq's non-blocking mode. `addresses` stand for the host, none: libpq looks it up.

        Raises psycopg's errors, that of the last address.
        """
        import psycopg
        from psycopg.conninfo import make_conninfo

        until = time.monotonic() + within_s
        problem: psycopg.Error = psycopg.OperationalError("no address")
        for address in addresses or [""]:
            where = {"hostaddr": address} if address else {}
            left = min(_OF_EACH_S, until - time.monotonic())
            if left <= 0 or self._severed:
                break
            try:
                return self._one(make_conninfo("", **parameters, **where), time.monotonic() + left)
            except psycopg.OperationalError as error:
                problem = error
        raise problem

    def sever(self) -> None:
        """End what waits, and what would begin."""
        with self._lock:
            self._severed = True
            if self._wire is not None:
                shut(self._wire)

    def _one(self, conninfo: str, until: float) -> PGconn:
        from psycopg import OperationalError, errors, pq

        connection = pq.PGconn.connect_start(conninfo.encode())
        try:
            while True:
                match connection.connect_poll():
                    case pq.PollingStatus.OK:
                        connection.nonblocking = 1
                        return connection
                    case pq.PollingStatus.READING:
                        ready = self._wait(connection.socket, until, reading=True)
                    case pq.PollingStatus.WRITING:
                        ready = self._wait(connection.socket, until, reading=False)
                    case _:
                        raise OperationalError(connection.get_error_message())
                if not ready:
                    raise errors.ConnectionTimeout("timeout expired")
        except BaseException:
            connection.finish()
            raise
        finally:
            self._hold(None)

    def _wait(self, descriptor: int, until: float, *, reading: bool) -> bool:
        """Whether libpq may go on in time; of a socket that was shut down it says so itself."""
        self._hold(descriptor)
        poll = select.poll()  # `select` cannot take descriptors above 1023
        poll.register(descriptor, select.POLLIN if reading else select.POLLOUT)
        return bool(poll.poll(max(0.0, until - time.monotonic()) * 1000))

    def _hold(self, descriptor: int | None) -> None:
        with self._lock:
            if self._wire is not None:
                self._wire.close()
                self._wire = None
            if descriptor is not None:
                self._wire = socket.socket(fileno=os.dup(descriptor))
                if self._severed:
                    shut(self._wire)
