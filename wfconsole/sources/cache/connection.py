"""One connection to Redis, opened at the start and kept: when `maxclients` is reached nobody gets a new one.

Looks take turns with it. Another thread ends what waits on it by shutting down its socket, never by closing it. The
client's own retries are off, and so is what it would say of itself: the handshake is AUTH and SELECT alone, which the
fewest permissions do for.
"""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import threading
from collections.abc import Callable
from typing import Any, Final

from wfconsole.clock import SECOND, Millis, SystemClock
from wfconsole.config.systems import CacheSettings
from wfconsole.sources import clocks
from wfconsole.sources.cache import failures
from wfconsole.sources.cache.failures import NoHandshakeError, TooMuchError
from wfconsole.sources.contract import SourceError
from wfconsole.sources.passwords import read_secret
from wfconsole.sources.polling import DEADLINE_MS, Poll, shut
from wfconsole.sources.resolver import Addresses, Resolver
from wfconsole.sources.turns import Turns
from wfconsole.trust import PEDANTRY

Dial = Callable[[float], "_Wire"]
Reply = Any
Connection = Any  # redis.connection.Connection: its library is imported by the first look, and tells few types

# One answer. A thousand keys of a kilobyte are far below; the client itself would read for ever.
MOST_BYTES: Final = 8 << 20
# A server that waits for plain commands says nothing to a handshake; this leaves time to say so.
_HANDSHAKE_S: Final = 0.8


class Session:
    """The one connection that all looks share, one after the other.

    Only the look whose turn it is uses it; any thread may `sever` what that one waits for.
    """

    def __init__(self, settings: CacheSettings, named_by: str = "cache.password_file") -> None:
        """`named_by` is the key that names its password's file."""
        self.settings = settings
        self._named_by = named_by
        self.resolver = Resolver(settings.host, settings.port, "cache.host")
        self.ahead_ms: Millis | None = None  # how far the server's clock is ahead of ours, once it was heard
        self._turns = Turns(failures.where(settings))
        self._connection: Connection | None = None
        self._wire: _Wire | None = None

    def turn(self, poll: Poll) -> contextlib.AbstractContextManager[None]:
        """It is this look's alone in here."""
        return self._turns.of(poll)

    def ask(self, *words: str | int | bytes, within_s: float) -> Reply:
        """The answer to one command. Raises SourceError, and the errors of the client and of the server."""
        connection = self._connected(within_s)
        assert self._wire is not None
        self._wire.left = MOST_BYTES
        connection.send_command(*words)
        return connection.read_response()

    def connect(self, within_s: float) -> None:
        """Be connected. Raises as `ask`."""
        self._connected(within_s)

    def heard(self, told: Millis) -> None:
        """What the server's clock says now; 0 where it does not say."""
        self.ahead_ms = told - SystemClock().now() if told else None

    def facts(self) -> dict[str, str]:
        """What an operator should know of this server; nothing while all is as it should be."""
        return clocks.facts(self.ahead_ms) | self.resolver.facts()

    def close(self) -> None:
        """Give the slot back. For the thread whose looks they are, between two of them."""
        if self._connection is not None:
            self._connection.disconnect()
            self._connection = None

    def sever(self, poll: Poll) -> None:
        """End what this look waits for, if it has the turn."""
        if self._turns.ends(poll) and self._wire is not None:
            self._wire.sever()

    def _connected(self, within_s: float) -> Connection:
        """The connection; it is opened anew where it was lost."""
        if self._connection is not None and self._connection.is_connected:
            return self._connection
        self._connection = connection = _connection(self.settings, self._named_by, self._dial, within_s)
        connection.connect()
        return connection

    def _dial(self, within_s: float) -> _Wire:
        """A new wire in place of the one before, to the first address that answers."""
        if self._wire is not None:
            self._wire.release()
        self._wire = wire = _Wire(_dialled(self.resolver.addresses(within_s)))
        return wire


class CachePoll(Poll):
    """A look at Redis over the shared connection."""

    def __init__(self, name: str, session: Session, interval_ms: int) -> None:
        super().__init__(name, interval_ms, resolver=session.resolver)
        self.session = session

    def turn(self) -> contextlib.AbstractContextManager[None]:
        """The connection is ours in here."""
        return self.session.turn(self)

    def ask(self, *words: str | int | bytes) -> Reply:
        return self.session.ask(*words, within_s=self.left_s())

    def explain(self, error: Exception) -> SourceError:
        return failures.explain(error, self.session.settings)

    def sever(self) -> None:
        super().sever()
        self.session.sever(self)


class _Wire:
    """A socket as the client sees it, which counts what is read; and a duplicate by which other threads end it.

    The duplicate is that connection for as long as we hold it: the client's own descriptor may be closed, and somebody
    else's, between asking for its number and using it.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.left = MOST_BYTES
        self._lock = threading.Lock()
        self._duplicate: socket.socket | None = socket.socket(fileno=os.dup(sock.fileno()))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sock, name)

    def recv(self, size: int) -> bytes:
        data = self.sock.recv(size)
        self.left -= len(data)
        if self.left < 0:
            raise TooMuchError(f"an answer of more than {MOST_BYTES >> 20} MiB")
        return data

    def close(self) -> None:
        self.sock.close()
        self.release()

    def sever(self) -> None:
        with self._lock:
            if self._duplicate is not None:
                shut(self._duplicate)

    def release(self) -> None:
        """Nobody waits on it any more."""
        with self._lock:
            if self._duplicate is not None:
                self._duplicate.close()
                self._duplicate = None


def _dialled(addresses: Addresses) -> socket.socket:
    """Connected to the first of these addresses that answers."""
    problem: OSError = OSError("no address")
    for family, address in addresses:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(DEADLINE_MS / SECOND)
            sock.connect(address)
        except OSError as error:
            sock.close()
            problem = error
        else:
            return sock
    raise problem


def _connection(settings: CacheSettings, named_by: str, dial: Dial, within_s: float) -> Connection:
    """The client's connection, not open yet."""
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    password = read_secret(settings.password_file, named_by)
    given: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "db": settings.database,
        "username": settings.user or None,
        "password": password.reveal() if password is not None else None,
        "socket_timeout": DEADLINE_MS / SECOND,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
        "driver_info": None,
    }
    plain, encrypted = _kinds()
    trust = {"ssl_ca_certs": settings.ca_file or None, "ssl_exclude_verify_flags": [PEDANTRY]}
    connection = encrypted(**given, **trust) if settings.tls else plain(**given)
    connection.dial = lambda: dial(within_s)
    return connection


@functools.cache
def _kinds() -> tuple[Callable[..., Connection], Callable[..., Connection]]:
    """The client's connection, plain and with TLS, over a wire of ours: its own look-up of names has no deadline."""
    from redis.connection import Connection, SSLConnection

    class Plain(Connection):
        dial: Callable[[], _Wire]

        def _connect(self) -> _Wire:
            return self.dial()

    class Encrypted(SSLConnection):
        dial: Callable[[], _Wire]

        def _connect(self) -> _Wire:
            wire = self.dial()
            try:
                wire.sock.settimeout(_HANDSHAKE_S)
                wire.sock = self._wrap_socket_with_ssl(wire.sock)  # type: ignore[no-untyped-call]
                wire.sock.settimeout(DEADLINE_MS / SECOND)
            except BaseException as error:
                wire.close()
                if isinstance(error, TimeoutError):
                    raise NoHandshakeError("no answer to the TLS handshake") from None
                raise
            return wire

    return Plain, Encrypted
