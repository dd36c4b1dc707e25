"""Names to addresses, without ever waiting longer than the caller has.

`getaddrinfo` cannot be given a deadline and may take twenty seconds, so it runs in a thread that may be left behind:
one for each resolver, whoever asks meanwhile waits for the same answer. When names do not resolve, the last addresses
that did are used for a while: in an incident DNS is often the first to go.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable
from typing import Final

from wfconsole.clock import MINUTE, Millis
from wfconsole.observations.snapshot import FailureKind
from wfconsole.sources.contract import CutShort, SourceError
from wfconsole.text import safe

Addresses = list[tuple[int, tuple[str, int]]]

KEEP_MS: Millis = 10 * MINUTE
# For a look-up of what was found before.
_PATIENCE_S: Final = 1.0
_STALE: Final = "names do not resolve; the last known address is used"


class Resolver:
    """Looks up one host. Every method may be called from any thread."""

    def __init__(self, host: str, port: int, named_by: str = "the kubeconfig") -> None:
        """`named_by` is where an operator mends the name: "prometheus.url"."""
        self._host, self._port, self._named_by = host, port, named_by
        self.server = f"{safe(host, 100)}:{port}"
        self._lock = threading.Condition()
        self._looking = False
        self._round = 0
        self._found: Addresses = []
        self._found_at = 0.0
        self._problem = ""
        literal = _literal(host)
        self._literal: Addresses = [(literal, (host, port))] if literal else []

    def facts(self) -> dict[str, str]:
        """What an operator should know of the addresses in use; nothing unless they are from before DNS failed."""
        return {"dns": _STALE} if self._problem and self._found else {}

    def addresses(self, within: float, given_up: Callable[[], bool] = lambda: False) -> Addresses:
        """Where the host is, within so many seconds. Raises SourceError, and CutShort once `given_up` says that the
        caller does not want to know any more: it is asked at each `wake`.
        """
        if self._literal:
            return self._literal
        with self._lock:
            wanted = self._round + 1
            hangs = self._looking and bool(self._problem)
            if not self._looking:
                self._looking = True
                threading.Thread(target=self._look_up, name="resolver", daemon=True).start()
            known = bool(self._found) and (time.monotonic() - self._found_at) * 1000 < KEEP_MS
            if known:  # what is asked for needs the rest of the time
                within = 0.0 if hangs else min(within / 2, _PATIENCE_S)
            self._lock.wait_for(lambda: self._round >= wanted or given_up(), timeout=within)
            answered = self._round >= wanted
            if given_up():
                raise CutShort
            if answered and not self._problem:
                return self._found
            if known:
                self._problem = self._problem or "no answer"
                return self._found
            kind: FailureKind = "refused" if answered else "timeout"
            said = self._problem if answered else f"no answer within {within:.1f} s"
        raise SourceError(
            kind,
            f"looking up {safe(self._host)}: {said}",
            remedy=f"Check the server's name in {self._named_by}, and DNS.",
        )

    def wake(self) -> None:
        """Let those who wait see whether they still want to."""
        with self._lock:
            self._lock.notify_all()

    def _look_up(self) -> None:
        found: Addresses = []
        problem = ""
        try:
            for family, _, _, _, address in socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM):
                if family in (socket.AF_INET, socket.AF_INET6):
                    found.append((family, (str(address[0]), int(address[1]))))
        except (OSError, UnicodeError) as error:
            problem = getattr(error, "strerror", "") or str(error)
        with self._lock:
            self._looking = False
            self._round += 1
            self._problem = safe(problem) if not found else ""
            if found:
                self._found, self._found_at = found, time.monotonic()
            self._lock.notify_all()


def _literal(host: str) -> int:
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        return 0
    return socket.AF_INET if version == 4 else socket.AF_INET6
