"""One request to the API server, as the bytes that go out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, urlencode

import wfconsole
from wfconsole.sources.kubernetes.access import Access
from wfconsole.sources.kubernetes.credentials import Proof

Query = Mapping[str, str | int]


class Request(NamedTuple):
    """One request. `path` is below the server's own; `content` is what the body is, `accept` what may answer it."""

    path: str
    query: Query | None = None
    body: bytes = b""
    method: str = "GET"
    content: str = "application/json"
    accept: str = "application/json"

    def encoded(self, access: Access, proof: Proof) -> bytes:
        """The whole request. `proof` says who we are."""
        target = access.base_path + quote(self.path)
        if self.query:
            target += f"?{urlencode(self.query)}"
        host = f"[{access.host}]" if ":" in access.host else access.host
        content = (f"Content-Type: {self.content}", f"Content-Length: {len(self.body)}") if self.body else ()
        head = [
            f"{self.method} {target} HTTP/1.1",
            f"Host: {host}:{access.port}",
            f"User-Agent: wfconsole/{wfconsole.__version__}",
            f"Accept: {self.accept}",
            "Accept-Encoding: gzip",
            *content,
            *(f"{name}: {value}" for name, value in proof.headers),
            "",
            "",
        ]
        return "\r\n".join(head).encode("latin-1", errors="replace") + self.body
