"""Real HTTP servers on loopback that take messages, count them, and misbehave as a test tells them to."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qs, urlsplit

WRITES = ("POST", "PATCH")


class Seen(NamedTuple):
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


class Receiver:
    """What has arrived, and what to do with the next writes: "ok", "429", "429 7", "503", "hang", "reset" (after it was
    kept), "lost" (before it was kept), "cut" (in the middle of the answer), "drip", "html"."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.script: list[str] = []
        self.always = "ok"
        self.kept: list[Any] = []  # the messages that are really there
        self.url = ""
        self.on_write: Callable[[], None] = lambda: None
        self.let_go = threading.Event()
        self._lock = threading.Lock()

    def step(self) -> str:
        with self._lock:
            return self.script.pop(0) if self.script else self.always

    def writes(self, part: str = "") -> list[Seen]:
        return [each for each in self.seen if each.method in WRITES and part in each.path]

    def answer(self, seen: Seen) -> Any:
        """What the API says; keeps the message that a write brings."""
        raise NotImplementedError

    def counts(self, seen: Seen) -> bool:
        """Whether the script is for this request."""
        return seen.method in WRITES


class Slack(Receiver):
    def __init__(self) -> None:
        super().__init__()
        self.channels = [{"id": "C0INCIDENT", "name": "inc-20260301-1420"}]
        self.error = ""
        self.history_error = ""

    def counts(self, seen: Seen) -> bool:
        return "chat.postMessage" in seen.path

    def answer(self, seen: Seen) -> Any:
        if "chat.postMessage" in seen.path:
            if self.error:
                return {"ok": False, "error": self.error}
            self.kept.append(seen.body)
            return {"ok": True, "channel": "C0INCIDENT", "ts": f"1700000000.{len(self.kept):06}"}
        if "conversations.history" in seen.path:
            if self.history_error:
                return {"ok": False, "error": self.history_error}
            messages = [
                {"ts": f"1700000000.{number:06}", "metadata": body.get("metadata")}
                for number, body in enumerate(self.kept, 1)
            ]
            return {"ok": True, "messages": messages[::-1]}
        if "conversations.list" in seen.path:
            return {"ok": True, "channels": self.channels}
        return {"ok": True, "channel": {"id": "C0INCIDENT"}}


class PagerDuty(Receiver):
    def answer(self, seen: Seen) -> Any:
        self.kept.append(seen.body)
        return {"status": "success", "message": "Event processed", "dedup_key": seen.body["dedup_key"]}

    @property
    def alerts(self) -> set[str]:
        """What PagerDuty makes one of."""
        return {body["dedup_key"] for body in self.kept if body["event_action"] == "trigger"}


class StatusPage(Receiver):
    def __init__(self) -> None:
        super().__init__()
        self.incidents: dict[str, dict[str, Any]] = {}

    def answer(self, seen: Seen) -> Any:
        if seen.method == "GET":
            return list(self.incidents.values())
        told = seen.body["incident"]
        self.kept.append(told)
        name = seen.path.rpartition("/")[2] if seen.method == "PATCH" else f"sp{len(self.incidents) + 1}"
        found = self.incidents.setdefault(name, {"id": name, "incident_updates": []})
        found.update(metadata=told["metadata"], status=told["status"])
        found["incident_updates"].insert(0, {"body": told["body"], "status": told["status"]})
        return {"id": name}


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(length).decode()
        kind = self.headers.get("content-type", "")
        body: Any = json.loads(raw) if "json" in kind else {key: value[0] for key, value in parse_qs(raw).items()}
        path = urlsplit(self.path).path
        seen = Seen(self.command, path, {name.lower(): value for name, value in self.headers.items()}, body)
        self.receiver.seen.append(seen)
        step = "ok"
        if self.receiver.counts(seen):
            step = self.receiver.step()
            self.receiver.on_write()
        self._do(step, seen)

    do_GET = do_PATCH = do_POST  # noqa: N815  what the library calls

    def log_message(self, *arguments: object) -> None:
        """Nobody reads it."""

    def _do(self, step: str, seen: Seen) -> None:
        word, _, more = step.partition(" ")
        if word.isdigit():
            self._say(int(word), {}, {"Retry-After": more} if more else {})
        elif word == "lost":
            self._reset()
        elif word == "hang":
            self.receiver.let_go.wait(30)
            self.close_connection = True
        else:
            self._answer(word, self.receiver.answer(seen))

    def _answer(self, word: str, answer: Any) -> None:
        """The message is there by now."""
        if word == "ok":
            self._say(200, answer)
        elif word == "reset":
            self._reset()
        elif word == "kept-hang":
            self.receiver.let_go.wait(30)
            self.close_connection = True
        elif word == "cut":
            self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{")
            self._reset()
        elif word == "html":
            self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>")
        elif word == "drip":
            self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n")
            while not self.receiver.let_go.wait(0.1):
                self.wfile.write(b" ")
                self.wfile.flush()
            self.close_connection = True

    def _say(self, status: int, answer: Any, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(content))}.items():
            self.send_header(name, value)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _reset(self) -> None:
        """A reset, and no orderly end."""
        self.close_connection = True
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.shutdown(socket.SHUT_RD)
        self.connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are what is tested."""


Kind = type[Receiver]
Served = TypeVar("Served", bound=Receiver)


@contextmanager
def serving(receiver: Served, port: int = 0) -> Iterator[Served]:
    """The receiver behind a real server."""
    handler = type("Handler", (_Handler,), {"receiver": receiver})
    server = _Server(("127.0.0.1", port), handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.let_go.set()
        server.shutdown()
        server.server_close()


def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
