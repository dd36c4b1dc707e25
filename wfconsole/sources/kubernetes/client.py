"""HTTP to the API server: one connection for one thread, bounded in time and in size."""

from __future__ import annotations

import functools
import http.client
import io
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.sources import clocks
from wfconsole.sources.contract import CutShort, SourceError
from wfconsole.sources.kubernetes import failures
from wfconsole.sources.kubernetes.access import Access
from wfconsole.sources.kubernetes.chunked import unchunked
from wfconsole.sources.kubernetes.credentials import Credentials, Proof
from wfconsole.sources.kubernetes.request import Query, Request
from wfconsole.sources.kubernetes.tunnel import proxy_for, tunnel
from wfconsole.sources.kubernetes.wire import Patience, Wire, connect
from wfconsole.sources.resolver import Resolver

MIB: Final = 1024 * 1024

# A page of 250 pods has 2 to 7 MB; one above this is refused.
MOST_BYTES: Final = 32 * MIB
# All answers that are being read at the same time: a server that sends too much must not do so ninefold.
MOST_BYTES_AT_ONCE: Final = 64 * MIB
# An error is explained in a few lines.
_MOST_ERROR_BYTES: Final = 64 * 1024
# An object has at most 1.5 MB in etcd; a line of a watch is one object.
_MOST_LINE_BYTES: Final = 8 * MIB
# Pieces of a body: small enough for memory that is at hand, large enough to be few.
_READ: Final = 32 * 1024
# However well the data flows, no single answer may take longer.
_LONGEST_MS: Final[Millis] = 2 * MINUTE

# SourceError.code of an answer that we refuse to read: HTTP's own number for too much content.
TOO_LARGE: Final = 413

_CREATED: Final = 201  # what a review is answered with

_BROKEN: Final = (OSError, http.client.HTTPException, ValueError, zlib.error, SourceError)


class Limits(msgspec.Struct, frozen=True):
    """What one exchange may cost. A stall is a wait without a single byte."""

    deadline_ms: Millis = 4 * SECOND
    most_bytes: int = MOST_BYTES
    plugin_deadline_ms: Millis = 15 * SECOND  # for a command that gives credentials
    beat_ms: Millis = SECOND  # what a busy watch brings is told so often, at whole multiples of the monotonic clock


class Room:
    """How many bytes of answers may be in memory at the same time, for all connections together."""

    def __init__(self, most_bytes: int = MOST_BYTES_AT_ONCE) -> None:
        self._left = most_bytes
        self._lock = threading.Lock()

    def take(self, count: int) -> bool:
        """Whether there is room for so many more; then they are taken."""
        with self._lock:
            if count > self._left:
                return False
            self._left -= count
            return True

    def give_back(self, count: int) -> None:
        with self._lock:
            self._left += count


class Server:
    """What all connections to one API server share: how to get there, and who we are. Safe between threads."""

    def __init__(self, access: Access, limits: Limits = Limits()) -> None:  # noqa: B008  frozen
        self.access = access
        self.limits = limits
        self.credentials = Credentials(access, plugin_deadline_ms=limits.plugin_deadline_ms)
        self.room = Room()
        self.proxy = proxy_for(access)
        self.resolver = Resolver(self.proxy.host, self.proxy.port) if self.proxy else Resolver(access.host, access.port)
        self.ahead_ms: Millis | None = None  # how far its clock is ahead of ours, once it was heard

    def heard(self, date: str) -> None:
        """The Date header of an answer that has just come."""
        ahead = clocks.ahead_ms(date)
        if ahead is not None:
            self.ahead_ms = ahead

    def facts(self) -> dict[str, str]:
        """What an operator should know about the way to this server; nothing when all is as usual."""
        return clocks.facts(self.ahead_ms) | self.resolver.facts()

    def client(self) -> Client:
        """A connection for the calling thread; connects when it is first used."""
        return Client(self)

    def dial(self, proof: Proof, patience: Patience, hold: Callable[[Wire], None]) -> Wire:
        """A new connection, through the proxy and with TLS where there are any. `hold` gets it as soon as it can be
        cut. Raises OSError and SourceError."""
        wire = Wire(connect(self.resolver.addresses(patience.left()), patience), patience)
        hold(wire)
        if self.proxy is not None:
            tunnel(wire, self.proxy, self.access)
        if proof.tls is not None:
            wire.secure(proof.tls, self.access.server_name or self.access.host)
        return wire


class Answer:
    """One answer, whose body is read by `Client`."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.response = response
        self.status = response.status
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.getheaders()}
        self.inflate = zlib.decompressobj(31) if self.headers.get("content-encoding", "") == "gzip" else None

    def chunks(self, most_bytes: int, what: str) -> Iterator[bytes]:
        """The body as it comes, inflated. Raises SourceError beyond `most_bytes`, on the wire or inflated."""
        seen = 0
        for chunk in self._received():
            for piece in self._inflated(chunk):
                seen += len(piece)
                if seen > most_bytes:
                    size = (
                        f"more than {most_bytes // MIB} MiB" if most_bytes >= MIB else f"more than {most_bytes} bytes"
                    )
                    raise SourceError("bad-answer", f"{what}: the answer is too large, {size}", code=TOO_LARGE)
                yield piece
        if self.response.length or (self.inflate is not None and not self.inflate.eof):
            raise SourceError("bad-answer", f"{what}: the answer broke off")

    def _received(self) -> Iterator[bytes]:
        """The body as it comes, as it was sent."""
        if self.response.chunked:
            return unchunked(functools.partial(self.response.fp.read1, _READ))
        return iter(functools.partial(self.response.read1, _READ), b"")

    def _inflated(self, chunk: bytes) -> Iterator[bytes]:
        if self.inflate is None:
            yield chunk
            return
        while chunk:
            yield self.inflate.decompress(chunk, _READ)
            chunk = self.inflate.unconsumed_tail


class Client:
    """One connection, kept open between requests. All but `cut` belongs to one thread."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._wire: Wire | None = None
        self._proof: Proof | None = None
        self._lock = threading.Lock()
        self._was_cut = False
        self._spent = False  # nothing can follow on this connection
        self._ahead: Request | None = None  # asked already, and nobody has read the answer
        self._patience: Patience | None = None  # of the exchange that is under way
        self.sent = False  # the last request has left, or some of it

    def cut(self) -> None:
        """End the exchange that is under way, from any thread."""
        with self._lock:
            self._was_cut = True
            if self._wire is not None:
                self._wire.cut()

    def overdue_ms(self) -> Millis:
        """How long the exchange that is under way should have been over; see `contract.Task`."""
        patience = self._patience
        return 0 if patience is None else max(0, int(-1000 * patience.remaining()))

    def close(self) -> None:
        with self._lock:
            wire, self._wire = self._wire, None
        self._ahead = None
        if wire is not None:
            wire.close()

    def ask_ahead(self, path: str, query: Query, *, what: str) -> None:
        """Send the request of the next `get`, which must be for the very same: the server works on it meanwhile."""
        wire, proof = self._wire, self._proof
        if wire is None or proof is None or self._spent or self._was_cut:
            return
        request = Request(path, query)
        wire.patience = Patience(what, self._server.limits.deadline_ms, _LONGEST_MS)
        try:
            wire.send(request.encoded(self._server.access, proof))
        except _BROKEN:
            self.close()  # the next `get` connects anew, and says what is wrong if that does not help
        else:
            self._ahead = request

    def get(
        self,
        path: str,
        query: Query | None = None,
        *,
        what: str,
        most_bytes: int = 0,
        also: int = 0,
        accept: str = "application/json",
        deadline_ms: Millis = 0,
    ) -> bytes:
        """The body of a 200, or of the status `also`. `what` is named in errors; `deadline_ms` is for what is worth
        less waiting than the server's limits allow. Raises SourceError and CutShort."""
        body = io.BytesIO()
        self._read(Request(path, query, accept=accept), body, what, most_bytes, also, deadline_ms=deadline_ms)
        return body.getvalue()

    def read_into(
        self,
        body: io.BytesIO,
        path: str,
        query: Query | None = None,
        *,
        what: str,
        most_bytes: int = 0,
        also: int = 0,
    ) -> int:
        """As `get`, but the body replaces the first bytes of `body`, and this is how many: memory that was used before
        costs less than the same amount from the system."""
        return self._read(Request(path, query), body, what, most_bytes, also)

    def review(self, path: str, question: bytes, *, what: str) -> bytes:
        """The body of the answer to a question that is posted, and that the server keeps nothing of: an access review.

        It may be asked twice, where a kept connection turns out to be dead. Raises SourceError and CutShort.
        """
        body = io.BytesIO()
        self._read(Request(path, body=question, method="POST"), body, what, 0, _CREATED)
        return body.getvalue()

    def change(self, request: Request, *, what: str) -> bytes:
        """The body of the answer to something that changes what the server keeps. It is sent once, on a new connection:
        what is sent twice could be done twice. `sent` tells afterwards whether it has left.

        Raises SourceError and CutShort.
        """
        self.close()
        self.sent = False
        body = io.BytesIO()
        self._read(request, body, what, 0, _CREATED)
        return body.getvalue()

    def _read(
        self, request: Request, body: io.BytesIO, what: str, most_bytes: int, also: int, *, deadline_ms: Millis = 0
    ) -> int:
        body.seek(0)
        try:
            answer = self._ask(request, what, also, deadline_ms=deadline_ms)
            for piece in answer.chunks(most_bytes or self._server.limits.most_bytes, what):
                if not self._server.room.take(len(piece)):
                    raise SourceError("bad-answer", f"{what}: too much is being sent at once", code=TOO_LARGE)
                body.write(piece)
        except _BROKEN as error:
            raise self._broken(error, what) from None
        else:
            return body.tell()
        finally:
            self._server.room.give_back(body.tell())
            self._patience = None

    def watch(self, path: str, query: Query, *, window_ms: Millis, what: str) -> Iterator[bytes]:
        """The lines of a watch that the server ends after `window_ms`; first an empty one, once the server accepted.

        Raises SourceError and CutShort; also when the window is long over and the server still did not end it.
        """
        grace_ms = self._server.limits.deadline_ms // 2
        try:
            answer = self._ask(Request(path, query), what)
            yield b""
            if self._wire is not None:
                self._patience = Patience(what, window_ms + grace_ms, window_ms + _LONGEST_MS)
                self._wire.patience = self._patience
                self._wire.beat_ms = self._server.limits.beat_ms
            yield from _lines(answer, what)
        except GeneratorExit:
            self.close()
            raise
        except _BROKEN as error:
            raise self._broken(error, what) from None
        finally:
            self._patience = None

    def _broken(self, error: Exception, what: str) -> Exception:
        """What an exchange that did not work becomes; its connection is given up."""
        self.close()
        return CutShort() if self._was_cut else failures.from_exception(error, what)

    def _ask(self, request: Request, what: str, also: int = 0, *, deadline_ms: Millis = 0) -> Answer:
        """The answer: 200 or `also`. A refused proof is renewed once, a dead kept connection is replaced."""
        self._was_cut = False
        patience = self._patience = Patience(what, deadline_ms or self._server.limits.deadline_ms, _LONGEST_MS)
        answer = self._exchange(request, patience)
        if answer.status == 401 and self._proof is not None:
            self._drain(answer, what)
            if self._server.credentials.renew(self._proof):
                answer = self._exchange(request, patience)
        if answer.status not in (200, also):
            raise failures.from_answer(answer.status, answer.headers, self._drain(answer, what), what)
        return answer

    def _drain(self, answer: Answer, what: str) -> bytes:
        """The body of an error; the connection is kept only when that was small."""
        body = b""
        try:
            for piece in answer.chunks(_MOST_ERROR_BYTES, what):
                body += piece
        except _BROKEN:
            self._spent = True
        return body

    def _exchange(self, request: Request, patience: Patience) -> Answer:
        if self._ahead is not None and self._ahead != request:
            self.close()  # what comes next on this connection is the answer to something else
        proof = self._server.credentials.proof()
        if self._spent or (self._proof is not None and self._proof.tls is not proof.tls):
            self.close()  # a certificate belongs to its connection
        self._proof = proof
        kept = self._wire is not None
        try:
            return self._send(request, proof, patience)
        except (http.client.RemoteDisconnected, ConnectionError):
            if not kept or self._was_cut:
                raise
            self.close()  # the server closed it between two requests, as it may
            return self._send(request, proof, patience)

    def _send(self, request: Request, proof: Proof, patience: Patience) -> Answer:
        wire = self._wire or self._connect(proof, patience)
        wire.patience, wire.beat_ms = patience, 0
        if self._ahead != request:
            self.sent = True
            wire.send(request.encoded(self._server.access, proof))
        self._ahead = None
        response = http.client.HTTPResponse(wire, method=request.method)  # type: ignore[arg-type]
        response.begin()
        self._spent = response.will_close
        self._server.heard(response.getheader("date", ""))
        return Answer(response)

    def _connect(self, proof: Proof, patience: Patience) -> Wire:
        def hold(wire: Wire) -> None:
            with self._lock:
                self._wire = wire

        wire = self._server.dial(proof, patience, hold)
        self._spent = False
        return wire


def _lines(answer: Answer, what: str) -> Iterator[bytes]:
    """Whole lines of a body without end."""
    rest = bytearray()
    # A window's total has no bound; a line has.
    for chunk in answer.chunks(1 << 62, what):
        end = chunk.find(b"\n")
        if end < 0:
            rest += chunk
            if len(rest) > _MOST_LINE_BYTES:
                raise SourceError("bad-answer", f"{what}: one change has more than {_MOST_LINE_BYTES // MIB} MiB")
        elif end == len(chunk) - 1:  # as an API server sends them: one change, one chunk
            yield bytes(rest + chunk) if rest else chunk
            rest.clear()
        else:
            *lines, last = bytes(rest + chunk).split(b"\n")
            rest = bytearray(last)
            yield from lines
    if rest.strip():
        raise SourceError("bad-answer", f"{what}: the watch broke off")
