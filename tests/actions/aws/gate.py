"""A door before moto's server at which one kind of request can be held up, or its answer lost."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, Literal, Self

import httpx

# "lost": it is done, and nobody hears of it. "never": it does not arrive, and nobody hears of that.
Where = Literal["before", "after", "lost", "never"]

_WAIT_S: Final = 30


class Gate:
    """`url` stands for the server's. As a context manager; whoever is held up is let go at its end."""

    def __init__(self, url: str) -> None:
        self.reached = threading.Event()
        self.seen: list[str] = []
        self.bodies: list[bytes] = []
        self._let_go = threading.Event()
        self._held: tuple[str, Where] | None = None
        gate = self

        class Door(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                name = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
                gate.seen.append(name)
                gate.bodies.append(body)
                gate.pause(name, "before")
                if gate.loses(name, "never"):
                    self.close_connection = True
                    return
                answer = httpx.post(f"{url}{self.path}", content=body, headers=dict(self.headers), trust_env=False)
                gate.pause(name, "after")
                if gate.loses(name, "lost"):
                    self.close_connection = True
                    return
                self.send_response(answer.status_code)
                for header in ("Content-Type", "Date"):
                    if header in answer.headers:
                        self.send_header(header, answer.headers[header])
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._let_go.set()
        self._server.shutdown()
        self._server.server_close()

    def hold(self, name: str, where: Where) -> None:
        """The next request of this kind waits, before the server hears of it or after it has done it."""
        self._held = (name, where)

    def await_held(self) -> None:
        assert self.reached.wait(_WAIT_S), f"nobody asked for it: {self.seen}"

    def drop(self) -> None:
        """Who was held up is gone: nothing of it goes on."""
        self._held = None

    def pause(self, name: str, where: Where) -> None:
        if self._held == (name, where):
            self.reached.set()
            self._let_go.wait()
            raise ConnectionAbortedError

    def loses(self, name: str, where: Where) -> bool:
        lost = self._held == (name, where)
        if lost:
            self.drop()
        return lost
