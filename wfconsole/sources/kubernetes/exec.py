"""One command in one container, over the API server's exec: a WebSocket on which each message belongs to a channel.

The protocol is a library's that does no input or output of its own. The connection is ours: proxy, TLS, credentials and
deadline are those of every other request, and any thread can cut it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote, urlencode

import msgspec

import wfconsole
from wfconsole.clock import Millis
from wfconsole.decoding import decoder_of
from wfconsole.sources.contract import CutShort, SourceError
from wfconsole.sources.kubernetes import failures
from wfconsole.sources.kubernetes.client import Server
from wfconsole.sources.kubernetes.credentials import Proof
from wfconsole.sources.kubernetes.wire import Patience, Wire
from wfconsole.text import safe

if TYPE_CHECKING:
    from websockets.client import ClientProtocol
    from websockets.frames import Frame

MOST_BYTES: Final = 256 * 1024

# The second is that of servers before 1.30; without standard input the two are the same.
_PROTOCOLS: Final = ("v5.channel.k8s.io", "v4.channel.k8s.io")
_OUTPUT, _ERRORS, _STATUS = 1, 2, 3
_READ: Final = 16 * 1024


class Place(NamedTuple):
    """The container that a command runs in."""

    namespace: str
    pod: str
    container: str


class Ran(msgspec.Struct, frozen=True):
    """What a command printed, and how it ended: with an exit code, or with a problem in words where there is none."""

    output: bytes
    errors: bytes
    exit_code: int | None
    problem: str = ""


class StuckCommandError(SourceError):
    """The command was started and did not come back: it, and not the way to it, is what hangs."""


class _Cause(msgspec.Struct):
    reason: str = ""
    message: str = ""


class _Details(msgspec.Struct):
    causes: list[_Cause] | None = None


class _Ended(msgspec.Struct):
    """What the channel of the status says: a `metav1.Status`."""

    status: str = ""
    reason: str = ""
    message: str = ""
    details: _Details | None = None


_ENDED: Final = decoder_of(_Ended)


class Execution:
    """One command on its way. `cut` may be called from any thread, the rest belongs to one."""

    def __init__(self, server: Server, place: Place, command: Sequence[str], what: str) -> None:
        """`what` names it in errors."""
        self._server = server
        self._place = place
        self._target = _target(server.access.base_path, place, command)
        self._what = what
        self._wire: Wire | None = None
        self._was_cut = False
        self._lock = threading.Lock()

    def cut(self) -> None:
        """End it, soon."""
        with self._lock:
            self._was_cut = True
            if self._wire is not None:
                self._wire.cut()

    def run(self, within_ms: Millis, most_bytes: int = MOST_BYTES) -> Ran:
        """Start it and wait for its end. Raises SourceError, StuckCommandError and CutShort."""
        patience = Patience(self._what, within_ms, within_ms)
        try:
            return self._heard(self._opened(patience), most_bytes)
        except Exception as error:  # noqa: BLE001  the library has a dozen kinds of them
            if self._was_cut:
                raise CutShort from None
            raise self._explained(error) from None
        finally:
            self._close()

    def _opened(self, patience: Patience) -> _Talk:
        """The conversation once the server has agreed to it. A refused proof is renewed once."""
        proof = self._server.credentials.proof()
        talk = self._asked(proof, patience)
        if talk.refused == 401 and self._server.credentials.renew(proof):
            self._close()
            talk = self._asked(self._server.credentials.proof(), patience)
        talk.check()
        return talk

    def _asked(self, proof: Proof, patience: Patience) -> _Talk:
        access = self._server.access
        wire = self._server.dial(proof, patience, self._hold)
        headers = (("User-Agent", f"wfconsole/{wfconsole.__version__}"), *proof.headers)
        talk = _Talk(wire, access.host, access.port, self._target, secure=access.tls)
        talk.open(headers)
        return talk

    def _heard(self, talk: _Talk, most_bytes: int) -> Ran:
        printed = {_OUTPUT: bytearray(), _ERRORS: bytearray()}
        try:
            for message in talk.messages(most_bytes, self._what):
                channel, said = message[0], message[1:]
                if channel == _STATUS:
                    talk.part()
                    return Ran(bytes(printed[_OUTPUT]), bytes(printed[_ERRORS]), *_end_of(said))
                printed.get(channel, bytearray()).extend(said)
        except SourceError as error:
            if error.kind != "timeout":
                raise
            raise StuckCommandError(
                "timeout", f"{self._what}: started, and did not end in time", remedy=f"Look at {self._place.pod}."
            ) from None
        raise SourceError("bad-answer", f"{self._what}: the connection ended before the command did")

    def _hold(self, wire: Wire) -> None:
        with self._lock:
            self._wire = wire
            if self._was_cut:
                wire.cut()

    def _close(self) -> None:
        with self._lock:
            wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()

    def _explained(self, error: Exception) -> SourceError:
        from websockets.exceptions import InvalidStatus, WebSocketException

        if isinstance(error, InvalidStatus):
            answer = error.response
            headers = {name.lower(): value for name, value in answer.headers.raw_items()}
            told = failures.from_answer(answer.status_code, headers, bytes(answer.body), self._what)
            if told.code == 403:
                told.remedy = f"Grant create and get on pods/exec in {self._place.namespace}: gpu-exec-role.yaml."
            return told
        if isinstance(error, WebSocketException):
            said = f"{self._what}: no WebSocket ({safe(str(error), 120)})"
            return SourceError("bad-answer", said, remedy="Does a proxy on the way let WebSockets pass?")
        return failures.from_exception(error, self._what)


class _Talk:
    """A WebSocket on a wire."""

    def __init__(self, wire: Wire, host: str, port: int, target: str, *, secure: bool) -> None:
        from websockets.client import ClientProtocol
        from websockets.typing import Subprotocol
        from websockets.uri import WebSocketURI

        path, _, query = target.partition("?")
        self._wire = wire
        self._protocol: ClientProtocol = ClientProtocol(
            WebSocketURI(secure, host, port, path, query), subprotocols=[Subprotocol(each) for each in _PROTOCOLS]
        )
        self._events: Iterator[Any] = self._received()

    @property
    def refused(self) -> int:
        """The HTTP status with which the server said no; 0 where it did not."""
        answer = getattr(self._protocol.handshake_exc, "response", None)
        return 0 if answer is None else int(answer.status_code)

    def open(self, headers: Sequence[tuple[str, str]]) -> None:
        """Ask, and wait for the answer, whatever it is; see `check`. Raises OSError and SourceError."""
        request = self._protocol.connect()
        for name, value in headers:
            request.headers[name] = value
        self._protocol.send_request(request)
        next(self._events, None)

    def check(self) -> None:
        """Raise the library's exception where the server did not agree."""
        if self._protocol.handshake_exc is not None:
            raise self._protocol.handshake_exc

    def messages(self, most_bytes: int, what: str) -> Iterator[bytes]:
        """Whole messages, none of them empty, until the server closes. Raises SourceError beyond `most_bytes`."""
        from websockets.frames import Opcode

        message = bytearray()
        seen = 0
        for frame in self._events:
            if frame.opcode is Opcode.CLOSE:
                return
            if frame.opcode not in (Opcode.BINARY, Opcode.TEXT, Opcode.CONT):
                continue
            seen += len(frame.data)
            if seen > most_bytes:
                raise SourceError("bad-answer", f"{what}: it printed more than {most_bytes // 1024} KiB")
            message += frame.data
            if frame.fin:
                if message:
                    yield bytes(message)
                message.clear()

    def part(self) -> None:
        """Say goodbye; nobody waits for the answer."""
        with contextlib.suppress(Exception):
            self._protocol.send_close()
            self._send()

    def _received(self) -> Iterator[Frame | Any]:
        """What the library makes of the bytes that come: the answer to the handshake, then frames."""
        protocol, buffer = self._protocol, bytearray(_READ)
        while True:
            self._send()
            yield from protocol.events_received()
            if protocol.parser_exc is not None:
                raise protocol.parser_exc
            if protocol.handshake_exc is not None:
                return
            count = self._wire.readinto(buffer)
            if not count:
                protocol.receive_eof()
                return
            protocol.receive_data(buffer[:count])

    def _send(self) -> None:
        for data in self._protocol.data_to_send():
            if data:  # an empty one would end our side, which closing does
                self._wire.send(data)


def _target(base_path: str, place: Place, command: Sequence[str]) -> str:
    namespace, pod = quote(place.namespace, safe=""), quote(place.pod, safe="")
    asked = [("container", place.container)] if place.container else []
    asked += [("stdout", "true"), ("stderr", "true"), *(("command", part) for part in command)]
    return f"{base_path}/api/v1/namespaces/{namespace}/pods/{pod}/exec?{urlencode(asked)}"


def _end_of(said: bytes) -> tuple[int | None, str]:
    """The exit code and the problem that a status tells."""
    try:
        ended = _ENDED.decode(said)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None, "the server does not say how the command ended"
    if ended.status == "Success":
        return 0, ""
    causes = ended.details.causes or [] if ended.details is not None else []
    code = next((each.message for each in causes if each.reason == "ExitCode"), "")
    if ended.reason == "NonZeroExitCode" and code.isdecimal():
        return int(code[:9]), ""
    return None, safe(" ".join(ended.message.split()), 240) or "the command failed, and the server does not say why"
