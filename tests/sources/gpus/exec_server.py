"""A server that speaks exec over TLS with a library's server side: for what no played kubelet can be made to say."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol

from tests.rig.certificates import Authority
from wfconsole.sources.kubernetes import client
from wfconsole.sources.kubernetes.access import Access

SUCCESS = {"metadata": {}, "status": "Success"}
V4, V5 = "v4.channel.k8s.io", "v5.channel.k8s.io"

Say = Callable[[ServerConnection], object]


def ended(code: int) -> dict[str, Any]:
    """The status of a command that ended with this code, as a kubelet says it."""
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: exit status {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


def prints(*pieces: tuple[int, bytes], status: Any = SUCCESS) -> Say:
    """A command that prints these pieces on their channels, and ends so."""

    def say(talk: ServerConnection) -> None:
        for channel, data in ((1, b""), (2, b""), *pieces):
            talk.send(bytes((channel,)) + data)
        talk.send(b"\x03" + (status if isinstance(status, bytes) else json.dumps(status).encode()))

    return say


class ExecServer:
    """Listens on loopback; `say` may be changed at any time. Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder, "authority")
        keys = self.authority.issue("server")
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(keys.certificate, keys.key)
        self.say: Say = prints()
        self.refuses: tuple[int, dict[str, str], bytes] | None = None
        self.only_token = ""  # who shows another one gets a 401, after `on_refusal`
        self.on_refusal: Callable[[], object] = lambda: None
        self.pods: list[str] = []  # names of pods; "plugin-a" is on node "a"
        self.speaks: Sequence[str] = (V5, V4)
        self.asked: list[Request] = []
        self.spoken: list[str | None] = []
        self.over = threading.Event()
        self._server: Server

    def __enter__(self) -> ExecServer:
        self._server = serve(
            self._talk,
            "127.0.0.1",
            0,
            ssl=self._tls,
            process_request=self._first,
            select_subprotocol=self._select,
            compression=None,
            close_timeout=0.1,
        )
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()

    @property
    def port(self) -> int:
        return int(self._server.socket.getsockname()[1])

    def server(self, **more: Any) -> client.Server:
        """The console's way to it."""
        told: dict[str, Any] = {"ca_file": str(self.authority.certificate), "token": "t0ken", **more}
        access = Access(f"https://127.0.0.1:{self.port}", "127.0.0.1", self.port, **told)
        return client.Server(access)

    def query(self) -> dict[str, list[str]]:
        """That of the last request."""
        return parse_qs(urlsplit(self.asked[-1].path).query)

    def _first(self, talk: ServerConnection, request: Request) -> Response | None:
        self.asked.append(request)
        refusal = self.refuses
        if urlsplit(request.path).path.endswith("/pods"):
            refusal = (200, {"Content-Type": "application/json"}, self._listed())
        elif self.only_token and request.headers["Authorization"] != f"Bearer {self.only_token}":
            self.on_refusal()
            refusal = (401, {}, b"")
        if refusal is None:
            return None
        code, headers, body = refusal
        return Response(code, "No", Headers({"Content-Length": str(len(body)), **headers}), body)

    def _listed(self) -> bytes:
        items = [
            {
                "metadata": {"name": name},
                "spec": {"nodeName": name.removeprefix("plugin-")},
                "status": {"phase": "Running"},
            }
            for name in self.pods
        ]
        return json.dumps({"items": items}).encode()

    def _select(self, talk: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        return next((each for each in offered if each in self.speaks), None)

    def _talk(self, talk: ServerConnection) -> None:
        self.spoken.append(talk.subprotocol)
        with contextlib.suppress(Exception):
            self.say(talk)


def raw_frame(talk: ServerConnection, opcode: Opcode, data: bytes, *, fin: bool) -> None:
    """One frame as it is: a message in pieces, as proxies make them."""
    talk.protocol.send_frame(Frame(opcode, data, fin))
    for piece in talk.protocol.data_to_send():
        talk.socket.sendall(piece)


class ConnectProxy:
    """An HTTP proxy that takes CONNECT and passes everything on. Use as a context manager."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> ConnectProxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client_side, _ = self._listening.accept()
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    head += client_side.recv(1)
                self.heads.append(head.decode())
                port = int(head.split(b" ")[1].rpartition(b":")[2])
                server_side = socket.create_connection(("127.0.0.1", port), timeout=10)
                client_side.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                for here, there in ((client_side, server_side), (server_side, client_side)):
                    threading.Thread(target=_pass_on, args=(here, there), daemon=True).start()


def _pass_on(here: socket.socket, there: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := here.recv(65536):
            there.sendall(data)
    for each in (here, there):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
