"""A proxy that stands between a source and its real server, and can break the way between them on command.

It knows nothing of what passes through it, so that every system can be put behind it. Each fault holds for the
connections that are open and for those to come; `heal` closes what a fault has touched and lets everything pass again.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

from tests.rig import processes
from tests.sources.api_double import until

What = Literal["pass", "refuse", "silent", "drip", "reset", "garbage", "endless", "says", "certificate"]

# Lines end where they should: a client that waits for the end of its line is silence, which is another fault.
GARBAGE: Final = bytes(each for each in range(256) if each not in b"\r\n") * 4 + b"\r\n\r\n"
_CHUNK: Final = 1 << 16
_TURN_S: Final = 0.02
_DRIP_S: Final = 1.0


@dataclass(frozen=True)
class Fault:
    """What is wrong with the way. `after`: so many bytes of the server's answer arrive as they should."""

    what: What = "pass"
    after: int = 0
    begins: bytes = b""  # of an endless answer
    says: bytes = b""  # in place of the server, once on each connection
    changed: Callable[[bytes], bytes] | None = None  # what the server said, on its way through

    @property
    def needs_server(self) -> bool:
        return self.what in ("pass", "drip", "reset")


@dataclass(frozen=True)
class Preamble:
    """What a client asks in plain words before its TLS handshake, and what it must hear: PostgreSQL's SSLRequest."""

    length: int
    answer: bytes


class FaultProxy:
    """Listens on `port` of loopback from `__enter__` on. Use as a context manager."""

    def __init__(self, server_port: int) -> None:
        self.port = processes.free_port()
        self.fault = Fault()
        self.asked: list[bytes] = []  # what clients sent, in pieces, since the last change
        self.sent = 0  # bytes to clients since the last change
        self._server_port = server_port
        self._preamble: Preamble | None = None
        self._tls: ssl.SSLContext | None = None
        self._listener: socket.socket | None = None
        self._ways: set[_Way] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._listen()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop_listening()
        self._drop(lambda _: True)

    def become(self, fault: Fault) -> None:
        """From here on, for open connections too."""
        self.asked, self.sent = [], 0
        with self._lock:
            for way in self._ways:
                way.passed, way.touched = 0, way.touched or fault.what != "pass"
            self.fault = fault
        if fault.what == "refuse":
            self._stop_listening()
        elif self._listener is None:
            self._listen()
        if fault.what in ("refuse", "certificate"):
            self._drop(lambda _: True)

    def heal(self) -> None:
        """Everything passes; who was touched by a fault has to connect anew."""
        self.become(Fault())
        self._drop(lambda way: way.touched)

    def present(self, certificate: Path, key: Path, preamble: Preamble | None, *, good: bool = False) -> None:
        """Speak TLS to clients, with this certificate. `good`: what they then say reaches the server; else nobody is
        expected to come so far."""
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate, key)
        self._preamble = preamble
        self.become(Fault("pass" if good else "certificate"))
        self._drop(lambda _: True)

    @property
    def open(self) -> int:
        """Connections of clients."""
        return len(self._ways)

    # --- threads ----------------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        self._listener = listener
        _start(lambda: self._accept(listener))

    def _stop_listening(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            way = _Way(self, client, touched=self.fault.what != "pass")
            with self._lock:
                self._ways.add(way)
            _start(lambda way=way: self._serve(way))  # type: ignore[misc]

    def _serve(self, way: _Way) -> None:
        with contextlib.suppress(OSError):
            if self._tls is not None:
                self._handshake(way, self._tls)
            if self.fault.what == "certificate":
                way.client.recv(_CHUNK)  # a client that trusts us would ask
            else:
                way.serve(self._server_port)
        way.close()
        with self._lock:
            self._ways.discard(way)

    def _handshake(self, way: _Way, tls: ssl.SSLContext) -> None:
        if self._preamble is not None:
            way.client.recv(self._preamble.length, socket.MSG_WAITALL)
            way.client.sendall(self._preamble.answer)
        way.client = tls.wrap_socket(way.client, server_side=True)

    def _drop(self, which: Callable[[_Way], bool]) -> None:
        """End these connections, and wait until they are ended."""
        with self._lock:
            dropped = {way for way in self._ways if which(way)}
        for way in dropped:
            way.over.set()
        until(lambda: not dropped & self._ways, "connections are dropped", 5)


class _Way:
    """One client's connection, and that to the server where one is needed. One thread serves it, so that this thread
    can close it: a reset needs that nobody waits on it."""

    def __init__(self, proxy: FaultProxy, client: socket.socket, *, touched: bool) -> None:
        client.settimeout(2)
        self.client = client
        self.touched = touched
        self.over = threading.Event()
        self.passed = 0  # bytes of the server's since the fault began
        self._said = False
        self._proxy = proxy
        self._server: socket.socket | None = None

    def serve(self, port: int) -> None:
        if self._proxy.fault.needs_server:
            self._server = socket.create_connection(("127.0.0.1", port), timeout=5)
        while not self.over.is_set():
            ready, _, _ = select.select([each for each in (self.client, self._server) if each], [], [], _TURN_S)
            for each in ready:
                data = each.recv(_CHUNK)
                if each is not self.client and not data:
                    self._server_ended()
                elif not data:
                    return
                elif each is self.client:
                    self._ask(data)
                else:
                    self._answer(data)

    def _server_ended(self) -> None:
        """As servers do after their last answer; the client is told in order, and ends its side when it has read it."""
        assert self._server is not None
        self._server.close()
        self._server = None
        self.client.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """A reset, where that still means something to the client."""
        with contextlib.suppress(OSError):
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.client.close()
        if self._server is not None:
            self._server.close()

    def _ask(self, data: bytes) -> None:
        """What the client sends."""
        fault = self._proxy.fault
        self._proxy.asked.append(data)
        if fault.what == "garbage":
            self.client.sendall(GARBAGE)
        elif fault.what == "endless":
            self._endless(fault)
        elif fault.what == "says":
            if not self._said:
                self.client.sendall(fault.says)
            self._said = True
        elif fault.needs_server and self._server is not None:
            self._server.sendall(data)

    def _endless(self, fault: Fault) -> None:
        self.client.sendall(fault.begins)
        filler = b"x" * _CHUNK
        while not self.over.is_set():
            self.client.sendall(filler)
            self._proxy.sent += len(filler)

    def _answer(self, data: bytes) -> None:
        """What the server says, as far as the fault lets it."""
        fault = self._proxy.fault
        if not fault.needs_server:
            return
        if fault.changed is not None:
            data = fault.changed(data)
        well = len(data) if fault.what == "pass" else max(0, fault.after - self.passed)
        self.client.sendall(data[:well])
        self.passed += len(data)
        if data[well:] and fault.what == "reset":
            raise ConnectionResetError
        for position in range(well, len(data)):
            if self.over.wait(_DRIP_S):
                return
            self.client.sendall(data[position : position + 1])


def _start(run: Callable[[], None]) -> None:
    threading.Thread(target=run, name="fault proxy", daemon=True).start()
