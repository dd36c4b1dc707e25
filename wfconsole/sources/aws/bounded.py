"""botocore reads an answer whole, however long it is, and takes one that was cut off for a whole one."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

from wfconsole.sources.resolver import Addresses

# A hundred findings are a few hundred kilobytes; the largest that the service allows, 24 MB.
MOST_BYTES: Final = 32 << 20
_CHUNK: Final = 64 << 10


class BadAnswerError(Exception):
    """An answer that is larger than any that makes sense, ends too early, or lacks what it is about."""


def listed(answer: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    """The list `name` of an answer. One that lacks it says nothing, which must not be taken for an empty list."""
    found = answer.get(name)
    if not isinstance(found, list):
        raise BadAnswerError(f"the answer holds no {name}")
    return [each for each in found if isinstance(each, dict)]


class BoundedHttp:
    """Stands in for a client's HTTP session (`client._endpoint.http_session`, as of botocore 1.44)."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    @classmethod
    def put_into(cls, client: Any, host: str, addresses: Addresses) -> None:
        """From here on `client` finds `host` at these addresses."""
        from wfconsole.sources.known_names import pools_to

        inner = client._endpoint.http_session
        inner._pool_classes_by_scheme = pools_to(host, addresses, inner._pool_classes_by_scheme)
        inner._manager.pool_classes_by_scheme = inner._pool_classes_by_scheme
        client._endpoint.http_session = cls(inner)

    def send(self, request: Any) -> Any:
        """The response to `request`, read whole and within bounds."""
        from botocore.awsrequest import AWSResponse

        request.stream_output = True  # "let me read it"
        response = self._inner.send(request)
        body = bytearray()
        for chunk in response.raw.stream(_CHUNK):
            body += chunk
            if len(body) > MOST_BYTES:
                raise BadAnswerError(f"the answer is larger than {MOST_BYTES >> 20} MiB")
        # What ends too early is no error to the client, and to its parser, if it is short enough, an empty answer.
        promised = response.headers.get("Content-Length", "")
        if promised.isdecimal() and len(body) != int(promised):
            raise BadAnswerError(f"the answer ended after {len(body)} of {promised} bytes")
        return AWSResponse(response.url, response.status_code, response.headers, _Read(bytes(body)))

    def close(self) -> None:
        self._inner.close()


class _Read(io.BytesIO):
    """A body that is here already, in the form that botocore asks for."""

    def stream(self, amount: int = _CHUNK, **_: Any) -> Any:
        while chunk := self.read(amount):
            yield chunk
