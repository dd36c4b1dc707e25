"""Whether the API server itself is well.

Lists and watches are served from its memory. When etcd is gone that memory stays readable and open watches stay silent:
everything would look calm and current. The server's own readiness check is what tells the difference.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from wfconsole.clock import SECOND, Millis
from wfconsole.sources.contract import SourceError
from wfconsole.sources.kubernetes.client import Server
from wfconsole.text import safe

# Its two checks of etcd take two seconds each when that hangs, one after the other: longer than we wait.
_ONE_LOOK_AT_ETCD: Final = {"exclude": "etcd-readiness"}
_FAILED: Final = re.compile(rb"^\[-\](\S+) failed", re.MULTILINE)


class ServerHealth:
    """The task that asks for /readyz, which every known user may read."""

    name = "API server"

    def __init__(self, server: Server, *, every_ms: Millis = 5 * SECOND) -> None:
        self._client = server.client()
        self._every_ms = every_ms

    def overdue_ms(self) -> Millis:
        return self._client.overdue_ms()

    def cut(self) -> None:
        self._client.cut()

    def step(self, proven: Callable[[], None]) -> Millis:
        """One look. Raises SourceError that names the checks that failed; a server that does not have the check, or
        does not let us see it, counts as well."""
        try:
            body = self._client.get("/readyz", _ONE_LOOK_AT_ETCD, what=self.name, also=500)
        except SourceError as error:
            if error.code not in (401, 403, 404):
                raise
            body = b"ok"
        if body.strip() != b"ok":
            failed = ", ".join(safe(name, 60) for name in _FAILED.findall(body)) or "one of its checks"
            said = f"{self.name} is not ready: {failed} failed; the rows may be old"
            raise SourceError("server-error", said, remedy="Look at the API server and etcd.", code=500)
        proven()
        return self._every_ms
