"""An API server that misbehaves on demand, on plain HTTP. Well-behaved, it serves the captured payloads.

Only what no real server can be made to do is done here; everything else is tested against the rig.
"""

from __future__ import annotations

import contextlib
import email.utils
import gzip
import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from wfconsole.sources.contract import CutShort

PAYLOADS = Path(__file__).parent / "payloads"

_SERVED = {
    "/api/v1/pods": "pods",
    "/api/v1/nodes": "nodes",
    "/api/v1/events": "events-core",
    "/apis/events.k8s.io/v1/events": "events",
    "/apis/apps/v1/deployments": "deployments",
    "/apis/apps/v1/replicasets": "replicasets",
    "/apis/apps/v1/statefulsets": "statefulsets",
    "/apis/apps/v1/daemonsets": "daemonsets",
    "/apis/apps/v1/controllerrevisions": "controllerrevisions",
    "/apis/autoscaling/v2/horizontalpodautoscalers": "horizontalpodautoscalers",
    "/apis/metrics.k8s.io/v1beta1/nodes": "nodemetrics",
    "/api/v1/services": "services",
    "/apis/discovery.k8s.io/v1/endpointslices": "endpointslices",
    "/apis/networking.k8s.io/v1/ingresses": "ingresses",
    "/apis/networking.k8s.io/v1/networkpolicies": "networkpolicies",
}

# Whoever asks may do everything.
_REVIEWS = {
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": b'{"status":{"allowed":true}}',
    "/apis/authentication.k8s.io/v1/selfsubjectreviews": b'{"status":{"userInfo":{"username":"someone"}}}',
}


def payload(name: str) -> Any:
    """A captured answer."""
    return json.loads((PAYLOADS / f"{name}.json").read_text())


class Request:
    """One request as it came."""

    def __init__(self, head: bytes) -> None:
        lines = head.decode("latin-1").split("\r\n")
        self.body = b""
        self.target = lines[0].split(" ")[1]
        parts = urlsplit(self.target)
        self.path = parts.path
        self.query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}

    @property
    def watching(self) -> bool:
        return self.query.get("watch") == "true"


Behaviour = Callable[["Conversation", Request], None]


class Conversation:
    """One connection, as a behaviour sees it."""

    def __init__(self, sock: socket.socket, over: threading.Event) -> None:
        self.sock = sock
        self.over = over

    def answer(
        self, body: bytes, status: str = "200 OK", headers: tuple[str, ...] = (), *, length: int | None = None
    ) -> None:
        head = [f"HTTP/1.1 {status}", "Content-Type: application/json", *headers]
        head.append(f"Content-Length: {len(body) if length is None else length}")
        self.sock.sendall("\r\n".join((*head, "", "")).encode() + body)

    def begin_chunks(self, headers: tuple[str, ...] = ()) -> None:
        head = ["HTTP/1.1 200 OK", "Content-Type: application/json", "Transfer-Encoding: chunked", *headers]
        self.sock.sendall("\r\n".join((*head, "", "")).encode())

    def chunk(self, data: bytes) -> None:
        self.sock.sendall(b"%x\r\n%s\r\n" % (len(data), data))

    def hang(self) -> None:
        """Until the test is over or the client has gone."""
        while not self.over.is_set():
            self.sock.settimeout(0.1)
            with contextlib.suppress(TimeoutError):
                if not self.sock.recv(4096):
                    return

    def drip(self, data: bytes) -> None:
        for byte in data:
            if self.over.wait(0.05):
                return
            self.sock.sendall(bytes((byte,)))


class Dated(Conversation):
    """One whose answers say what time it is there, in milliseconds since 1970."""

    def __init__(self, talk: Conversation, now: int) -> None:
        super().__init__(talk.sock, talk.over)
        self._date = f"Date: {email.utils.formatdate(now / 1000, usegmt=True)}"

    def answer(
        self, body: bytes, status: str = "200 OK", headers: tuple[str, ...] = (), *, length: int | None = None
    ) -> None:
        super().answer(body, status, (*headers, self._date), length=length)


def well(talk: Conversation, request: Request) -> None:
    """As a server should: the payloads, gzipped where that is accepted, and watches without changes."""
    name = _SERVED.get(request.path)
    if request.path in _REVIEWS:
        talk.answer(_REVIEWS[request.path], "201 Created")
    elif name is None:
        talk.answer(b'{"kind":"Status","code":404,"message":"no such path"}', "404 Not Found")
    elif request.watching:
        quiet_watch(talk, request)
    else:
        body = (PAYLOADS / f"{name}.json").read_bytes()
        if "gzip" in request.headers.get("accept-encoding", ""):
            talk.answer(gzip.compress(body, 1), headers=("Content-Encoding: gzip",))
        else:
            talk.answer(body)


def quiet_watch(talk: Conversation, request: Request) -> None:
    talk.begin_chunks()
    talk.over.wait(float(request.query["timeoutSeconds"]))
    with contextlib.suppress(OSError):
        talk.sock.sendall(b"0\r\n\r\n")


class ApiDouble:
    """Listens on a free port of loopback. `behaviour` may be changed at any time; it holds for the next request."""

    def __init__(self, behaviour: Behaviour = well) -> None:
        self.behaviour = behaviour
        self.on_accept: Callable[[Conversation], bool] | None = None  # False: do not even read the request
        self.requests: list[Request] = []
        self._over = threading.Event()
        self._open: list[socket.socket] = []
        self._listen(0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> ApiDouble:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.refuse()

    def _listen(self, port: int) -> None:
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", port))
        self._listener.listen(64)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def refuse(self) -> None:
        """Nobody listens any more, and nobody talks."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()

    def hang_up(self) -> None:
        """Cut all connections."""
        for sock in self._open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def listen_again(self) -> None:
        self._listen(self.port)

    def mend(self) -> None:
        """Behave from here on, on new connections."""
        self.behaviour = well
        self.on_accept = None
        self.hang_up()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            self._open.append(sock)
            threading.Thread(target=self._talk, args=(sock,), daemon=True).start()

    def _talk(self, sock: socket.socket) -> None:
        talk = Conversation(sock, self._over)
        with contextlib.suppress(OSError), sock:
            if self.on_accept is not None and not self.on_accept(talk):
                return
            rest = b""
            while True:
                while b"\r\n\r\n" not in rest:
                    data = talk.sock.recv(65536)
                    if not data:
                        return
                    rest += data
                head, _, rest = rest.partition(b"\r\n\r\n")
                request = Request(head)
                length = int(request.headers.get("content-length", 0))
                while len(rest) < length and (data := talk.sock.recv(65536)):
                    rest += data
                request.body, rest = rest[:length], rest[length:]
                self.requests.append(request)
                self.behaviour(talk, request)


def reset(talk: Conversation) -> bool:
    """An RST instead of an answer."""
    talk.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    talk.sock.close()
    return False


def silence(talk: Conversation) -> bool:
    """Accepted by the kernel, read by nobody."""
    talk.over.wait()
    return False


def until(holds: Callable[[], Any], what: str, seconds: float = 10.0) -> Any:
    """Wait for a condition; fails with `what` when the time is over. Returns what the condition gave."""
    end = time.monotonic() + seconds
    while True:
        value = holds()
        if value:
            return value
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        threading.Event().wait(0.01)


def raised_by_a_cut(
    double: ApiDouble, read: Callable[[], Any], cut: Callable[[], None], path: str = ""
) -> list[BaseException]:
    """What ends `read`, in a thread of its own, when it is cut once the server has its request for what ends in `path`.

    Between two requests there is nothing to cut.
    """
    raised: list[BaseException] = []

    def reading() -> None:
        try:
            read()
        except CutShort as error:
            raised.append(error)

    reader = threading.Thread(target=reading)
    reader.start()
    until(lambda: any(request.path.endswith(path) for request in double.requests), "the request arrived")
    cut()
    reader.join(5)
    assert not reader.is_alive()
    return raised
