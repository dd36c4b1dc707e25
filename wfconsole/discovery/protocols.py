"""Whether a server is what its port suggests: asked in its own protocol, because a port number proves nothing.

Each function connects once and gives what it recognised, None where nobody listens or somebody else answers. Raises
nothing of the network. `within_s` bounds each single wait; whoever calls bounds the whole.
"""

from __future__ import annotations

import http.client
import json
import socket
import struct
from typing import Any, Final

from msgspec import Struct

from wfconsole.text import safe

_MOST_BYTES: Final = 64 * 1024
_SSL_REQUEST: Final = struct.pack("!ii", 8, 80877103)
_REDIS_REFUSALS: Final = (b"-NOAUTH", b"-DENIED", b"-NOPERM", b"-LOADING", b"-MASTERDOWN", b"-MISCONF")


class Recognised(Struct, frozen=True):
    """What answered. `version` is "" where it does not say; `guarded`: it wants to know who asks."""

    what: str
    version: str = ""
    guarded: bool = False

    def __str__(self) -> str:
        return f"{self.what} {self.version}" if self.version else self.what


def prometheus(host: str, port: int, within_s: float) -> Recognised | None:
    """By its build information; what speaks only its API (Thanos, Mimir) says so too, or says that it is ready."""
    status, body = _http(host, port, "/api/v1/status/buildinfo", within_s)
    told = _object(body)
    build = told.get("data")
    if status == 200 and told.get("status") == "success" and isinstance(build, dict) and "version" in build:
        return Recognised("Prometheus", safe(str(build["version"]), 30))
    if status == 404:
        status, body = _http(host, port, "/-/ready", within_s)
        if status == 200 and b"Prometheus" in body:
            return Recognised("Prometheus")
    return None


def alertmanager(host: str, port: int, within_s: float) -> Recognised | None:
    """By its status."""
    status, body = _http(host, port, "/api/v2/status", within_s)
    told = _object(body)
    build = told.get("versionInfo")
    if status == 200 and isinstance(build, dict) and "cluster" in told:
        return Recognised("Alertmanager", safe(str(build.get("version", "")), 30))
    return None


def redis(host: str, port: int, within_s: float) -> Recognised | None:
    """By its answer to PING: that it is there, or that it wants a password."""
    answer = _exchange(host, port, b"PING\r\n", within_s)
    if answer.startswith(b"+PONG\r\n"):
        return Recognised("Redis")
    return Recognised("Redis", guarded=True) if answer.startswith(_REDIS_REFUSALS) else None


def postgres(host: str, port: int, within_s: float) -> Recognised | None:
    """By its answer to the question whether it speaks TLS: one byte, and nothing more until we go on."""
    return Recognised("PostgreSQL") if _exchange(host, port, _SSL_REQUEST, within_s) in (b"S", b"N") else None


def _exchange(host: str, port: int, request: bytes, within_s: float) -> bytes:
    """The first bytes of an answer; none where there is none."""
    try:
        with socket.create_connection((host, port), within_s) as connection:
            connection.sendall(request)
            return connection.recv(256)
    except (OSError, UnicodeError):
        return b""


def _http(host: str, port: int, path: str, within_s: float) -> tuple[int, bytes]:
    """Status and the beginning of the body; 0 where there is no answer. No proxy is asked, no redirection followed."""
    connection = http.client.HTTPConnection(host, port, timeout=within_s)
    try:
        connection.request("GET", path, headers={"Accept": "*/*"})
        answer = connection.getresponse()
        return answer.status, answer.read(_MOST_BYTES)
    except (OSError, http.client.HTTPException, UnicodeError):
        return 0, b""
    finally:
        connection.close()


def _object(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
