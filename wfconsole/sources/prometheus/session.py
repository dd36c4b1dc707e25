"""A session for Prometheus' client that reads bounded answers only. Imported by the first look that needs it.

The client reads whole answers into memory, follows redirects, retries, and takes proxies and passwords from the
environment; here none of that happens.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.ssl_ import create_urllib3_context

from wfconsole.sources.contract import SourceError
from wfconsole.sources.known_names import pools_to
from wfconsole.sources.prometheus import failures
from wfconsole.sources.resolver import Addresses
from wfconsole.trust import without_pedantry

_READ: Final = 64 * 1024
_MOST_ERROR_BYTES: Final = 64 * 1024
MIB: Final = 1024 * 1024
# So many answers of the largest size a look may read: if all are large, it is no single rule that is to blame.
MOST_LARGE: Final = 4


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **named: Any) -> None:
        context = without_pedantry(create_urllib3_context())
        super().init_poolmanager(*args, **named, ssl_context=context)


class BoundedSession(requests.Session):
    """One look's connection, to these addresses of `name`. `host` is how the server is called; `heard` gets the headers
    of each answer."""

    def __init__(
        self,
        host: str,
        most_bytes: int,
        heard: Callable[[Mapping[str, str]], None],
        name: str,
        addresses: Addresses,
    ) -> None:
        super().__init__()
        self._adapter = _Adapter()
        manager = self._adapter.poolmanager
        manager.pool_classes_by_scheme = pools_to(name, addresses, manager.pool_classes_by_scheme)
        self.trust_env = False
        self.headers["Accept-Encoding"] = "identity"  # what inflates has no bound that we know beforehand
        self._host, self._most_bytes, self._heard = host, most_bytes, heard
        self._left = MOST_LARGE * most_bytes

    def get_adapter(self, url: str | bytes) -> HTTPAdapter:
        """Ours for everything, whatever the client mounts."""
        del url
        return self._adapter

    def request(self, method: str, url: str | bytes, *args: Any, **named: Any) -> requests.Response:
        """The answer, read whole. Raises SourceError for every status but 200, and for one that is too large."""
        response = super().request(method, url, *args, **(named | {"stream": True, "allow_redirects": False}))
        headers = {name.lower(): value for name, value in response.headers.items()}
        self._heard(headers)
        if response.status_code != 200:
            body = response.raw.read(_MOST_ERROR_BYTES, decode_content=False)
            response.close()  # what is left of it would come before the next answer
            raise failures.from_answer(self._host, response.status_code, headers, body)
        if headers.get("content-encoding", "identity") != "identity":
            response.close()
            said = f"{self._host}: an encoding that was not asked for"
            raise SourceError("bad-answer", said, remedy="What stands before Prometheus?")
        response.raw = io.BytesIO(self._body(response))
        return response

    def _body(self, response: requests.Response) -> bytes:
        body = bytearray()
        while piece := response.raw.read(_READ, decode_content=False):
            body += piece
            self._left -= len(piece)
            if self._left < 0:
                response.close()
                said = f"{self._host}: its answers together are larger than {MOST_LARGE * self._most_bytes // MIB} MiB"
                raise SourceError("bad-answer", said, remedy="Narrow the rules; is this a Prometheus?")
            if len(body) > self._most_bytes:
                response.close()
                raise SourceError(
                    "bad-answer",
                    f"{self._host}: the answer is larger than {self._most_bytes // MIB} MiB",
                    remedy="Narrow the rule: fewer labels in its group.",
                    code=413,
                )
        expected = response.headers.get("content-length", "")
        if expected.isdecimal() and int(expected) > len(body):
            remedy = "Something between here and Prometheus cuts connections."
            raise SourceError("bad-answer", f"{self._host}: the answer broke off", remedy=remedy)
        return bytes(body)
