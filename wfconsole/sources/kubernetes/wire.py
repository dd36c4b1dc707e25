"""One connection whose every wait ends: at the deadline, or when another thread cuts it.

The socket is ours, so that both hold: each single receive gets only what is left of the whole deadline (a per-read
time-out alone lets a server that drips one byte a second go on for ever), and `cut` ends a wait from another thread
with `shutdown()`, never `close()`: the descriptor could be somebody else's by then. Neither urllib3 nor the Kubernetes
client lets us have that, so only the head of an answer is the standard library's (`http.client.HTTPResponse`).
"""

from __future__ import annotations

import contextlib
import io
import math
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
    from collections.abc import Callable

# From the end of the first patience on, a server must send at least this much a second on average: slower than the
# slowest link that anybody works on, faster than a server that drips to keep us waiting.
SLOWEST_BYTES_PER_SECOND = 8 * 1024

# Below what the C library takes from the system anew each time, see `wfconsole.memory`. Asking for more costs less: a
# question to the system is as dear as the decoding of a pod.
_RECEIVED_AT_ONCE = 128 * 1024
_READ_AT_ONCE = 32 * 1024

# A gathering wire lets what comes within a beat come together: waking up for each change of a busy cluster costs
# several times as much as the changes themselves. It is taken this part of a beat before the end, so that it can be
# told then. The first change after a quiet beat waits for nothing, nor does so much at once: by default the system
# holds no more, and a server that gets rid of nothing ends the watch.
_BEFORE_THE_END = 0.1
_ENOUGH = 3 * 1024 * 1024


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
    """A connected socket under a `Patience`. All methods but `cut` belong to the thread that made it.

    TLS is done in memory, not by an `SSLSocket`: that one asks the system twice for each record of 16 KiB at most.
    """

    def __init__(self, sock: socket.socket, patience: Patience) -> None:
        super().__init__()
        self.patience = patience
        self.beat_ms: Millis = 0  # how long data may wait for more of it: right for a watch, 0 for an answer
        self._received_at = -math.inf  # monotonic, in seconds
        self._drained = False  # whether the last receive took all that was there
        self._sock = sock
        self._tls: _Tls | None = None
        self._open = True
        self._cut = False
        self._lock = threading.Lock()

    def cut(self) -> None:
        """End whatever waits on it, from any thread."""
        with self._lock:
            self._cut = True
            if self._open:
                try:
                    self._sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # not connected any more

    @property
    def was_cut(self) -> bool:
        return self._cut

    def secure(self, context: ssl.SSLContext, server_name: str) -> None:
        """Speak TLS from here on. Raises OSError (ssl.SSLError, TimeoutError) and SourceError."""
        tls = _Tls(context, server_name)
        while not tls.shakes_hands(self._send_all):
            tls.take(self._receive())
        self._tls = tls

    def send(self, data: bytes) -> None:
        """All of `data`. Raises OSError and SourceError."""
        self._send_all(data if self._tls is None else self._tls.sealed(data))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        if self._tls is None:
            self._before_receiving()
            try:
                count = self._sock.recv_into(buffer)
            except TimeoutError:
                raise self.patience.expired() from None
            self._after_receiving(count, len(buffer))
        else:
            while (count := self._tls.readinto(buffer, self._send_all)) < 0:
                self._tls.take(self._receive())
        self.patience.received(count)
        return count

    def _send_all(self, data: bytes) -> None:
        self._sock.settimeout(self.patience.left())
        self._sock.sendall(data)

    def _receive(self) -> bytes:
        """What has arrived, at least one byte; nothing at the end."""
        self._before_receiving()
        try:
            data = self._sock.recv(_RECEIVED_AT_ONCE)
        except TimeoutError:
            raise self.patience.expired() from None
        self._after_receiving(len(data), _RECEIVED_AT_ONCE)
        return data

    def _before_receiving(self) -> None:
        if self.beat_ms and self._drained:
            rest = taken_next(self._received_at, self.beat_ms / 1000) - time.monotonic()
            if rest > 0:
                self._gather(min(rest, self.patience.left()))
        self._sock.settimeout(self.patience.left())

    def _gather(self, seconds: float) -> None:
        """Wait so long, or until there is enough, an end, or a cut."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, _ENOUGH)  # the system makes room for it, too
        arriving = select.poll()
        arriving.register(self._sock, select.POLLIN)
        arriving.poll(seconds * 1000)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)

    def _after_receiving(self, count: int, most: int) -> None:
        self._drained = count < most
        self._received_at = time.monotonic()

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What `http.client.HTTPResponse` reads from."""
        return io.BufferedReader(_Unclosing(self), _READ_AT_ONCE)

    def close(self) -> None:
        with self._lock:
            if self._open:
                self._open = False
                self._sock.close()
        super().close()


def taken_next(after: float, beat: float) -> float:
    """When a gathering wire takes what arrives from `after` on. In seconds, monotonic; beats end at whole multiples."""
    before = beat * _BEFORE_THE_END
    return (after + before) // beat * beat + beat - before


class _Tls:
    """TLS between two buffers in memory; what is `taken` came from the other side."""

    def __init__(self, context: ssl.SSLContext, server_name: str) -> None:
        import ssl

        self._wants_more = ssl.SSLWantReadError
        self._ends = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_hostname=server_name)

    def take(self, data: bytes) -> None:
        if data:
            self._in.write(data)
        else:
            self._in.write_eof()

    def shakes_hands(self, send: Callable[[bytes], None]) -> bool:
        """Whether the handshake is over; else it goes on when more is taken. Raises ssl.SSLError."""
        try:
            self._tls.do_handshake()
        except self._wants_more:
            send(self._out.read())
            return False
        except OSError:
            with contextlib.suppress(OSError, SourceError):
                send(self._out.read())  # why we refuse: the server's administrator may read it there
            raise
        send(self._out.read())
        return True

    def sealed(self, data: bytes) -> bytes:
        self._tls.write(data)
        return self._out.read()

    def readinto(self, buffer: bytearray | memoryview, send: Callable[[bytes], None]) -> int:
        """As many bytes as are there and fit; 0 at the end, -1 when more has to be taken first."""
        view, count = memoryview(buffer), 0
        try:
            while count < len(view):
                got = int(self._tls.read(len(view) - count, view[count:]))
                if not got:
                    break
                count += got
        except self._wants_more:
            count = count or -1
        except self._ends:
            pass
        if self._out.pending:
            send(self._out.read())  # what the protocol itself has to say, such as new keys
        return count


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
