"""One connection whose every wait ends: at the deadline, or when another thread cuts it.

The socket is ours, so that both hold: each single receive gets only what is left of the whole deadline (a per-read
time-out alone lets a server that drips one byte a second go on for ever), and `cut` ends a wait from another thread
with `shutdown()`, never `close()`: the descriptor could be somebody else's by then. Neither urllib3 nor the Kubernetes
client lets us have that, so only HTTP's framing is the standard library's (`http.client.HTTPResponse`).
"""

from __future__ import annotations

import io
import os
import select
import socket
import threading
import time
from typing import TYPE_CHECKING

from wfconsole.clock import Millis
from wfconsole.sources.contract import SourceError

if TYPE_CHECKING:
    import ssl

# From the end of the first patience on, a server must send at least this much a second on average: slower than the
# slowest link that anybody works on, faster than a server that drips to keep us waiting.
SLOWEST_BYTES_PER_SECOND = 8 * 1024

_READ_AT_ONCE = 256 * 1024

# From so many receives a second on, a gathering wire lets data come together for a moment: waking up for each change of
# a busy cluster costs five times as much as the changes themselves.
_BUSY_RECEIVES = 20
_GATHER_S = 0.1


class Patience:
    """How long one exchange may take: `first_ms`, longer while data flows well, never longer than `most_ms`."""

    def __init__(self, what: str, first_ms: Millis, most_ms: Millis) -> None:
        self.what = what
        self._began = time.monotonic()
        self._first = first_ms / 1000
        self._most = most_ms / 1000
        self._received = 0

    def received(self, count: int) -> None:
        self._received += count

    def remaining(self) -> float:
        """Seconds that are left; negative when they are over."""
        allowed = min(self._first + self._received / SLOWEST_BYTES_PER_SECOND, self._most)
        return self._began + allowed - time.monotonic()

    def left(self) -> float:
        """Seconds that are left; raises SourceError("timeout") when there are none."""
        left = self.remaining()
        if left <= 0:
            raise self.expired()
        return left

    def expired(self) -> SourceError:
        waited = f"{time.monotonic() - self._began:.1f} s"
        if self._received:
            said = f"{self.what}: too slow, {self._received} bytes in {waited}"
        else:
            said = f"{self.what}: no answer within {waited}"
        return SourceError("timeout", said, remedy="The server or the way to it hangs; it is tried again by itself.")


class Wire(io.RawIOBase):
    """A connected socket under a `Patience`. All methods but `cut` belong to the thread that made it."""

    def __init__(self, sock: socket.socket, patience: Patience) -> None:
        super().__init__()
        self.patience = patience
        self.gathers = False  # whether data may wait for more of it: right for a watch, wrong for an answer
        self._second = 0.0  # when the second began in which `_receives` are counted
        self._receives = 0
        self._busy = False
        self._sock = sock
        self._open = True
        self._cut = False
        self._lock = threading.Lock()

    def cut(self) -> None:
        """End whatever waits on it, from any thread."""
        with self._lock:
            self._cut = True
            if self._open:
                try:
                    # The base class's method: SSLSocket's own would take the TLS state away under a reading thread.
                    socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
                except OSError:
                    pass  # not connected any more

    @property
    def was_cut(self) -> bool:
        return self._cut

    def secure(self, context: ssl.SSLContext, server_name: str) -> None:
        """Speak TLS from here on. Raises OSError (ssl.SSLError, TimeoutError) and SourceError."""
        self._sock.settimeout(self.patience.left())
        plain = self._sock
        wrapped = context.wrap_socket(plain, server_hostname=server_name, do_handshake_on_connect=False)
        with self._lock:
            self._sock = wrapped
        wrapped.do_handshake()

    def send(self, data: bytes) -> None:
        """All of `data`. Raises OSError and SourceError."""
        self._sock.settimeout(self.patience.left())
        self._sock.sendall(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        if self.gathers:
            self._gather()
        self._sock.settimeout(self.patience.left())
        try:
            count = self._sock.recv_into(buffer)
        except TimeoutError:
            raise self.patience.expired() from None
        self.patience.received(count)
        return count

    def _gather(self) -> None:
        """Wait a little when much is going on and nothing is there right now."""
        now = time.monotonic()
        if now - self._second >= 1:
            self._busy = self._receives >= _BUSY_RECEIVES
            self._second, self._receives = now, 0
        self._receives += 1
        if self._busy and not self._has_data():
            time.sleep(_GATHER_S)

    def _has_data(self) -> bool:
        pending = getattr(self._sock, "pending", None)  # decrypted already
        return bool(pending and pending()) or bool(select.select([self._sock], [], [], 0)[0])

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What `http.client.HTTPResponse` reads from."""
        return io.BufferedReader(_Unclosing(self), _READ_AT_ONCE)

    def close(self) -> None:
        with self._lock:
            if self._open:
                self._open = False
                self._sock.close()
        super().close()


class _Unclosing(io.RawIOBase):
    """The wire for one response: closing the response leaves the connection for the next one."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        return self._wire.readinto(buffer)


def connect(addresses: list[tuple[int, tuple[str, int]]], patience: Patience) -> socket.socket:
    """A TCP connection to the first address that answers; each gets an equal share of what is left."""
    problem: OSError | None = None
    for index, (family, address) in enumerate(addresses):
        share = patience.left() / (len(addresses) - index)
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(share)
            sock.connect(address)
            _keep_alive(sock)
        except OSError as error:
            sock.close()
            problem = error
        else:
            return sock
    raise problem or OSError(os.strerror(0))


def _keep_alive(sock: socket.socket) -> None:
    """Notice within some 20 s that the other side vanished without a word (a firewall that forgot the connection)."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, seconds in (("TCP_KEEPIDLE", 8), ("TCP_KEEPINTVL", 4), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), seconds)
