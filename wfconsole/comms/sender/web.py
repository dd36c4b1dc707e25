"""One request over HTTP, and what its failures mean: certainly not sent, perhaps, refused for good."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any, Final

import httpx

from wfconsole.clock import SECOND, Millis, SystemClock
from wfconsole.comms.sender.trouble import Trouble, retry_after
from wfconsole.text import safe
from wfconsole.trust import trusting

MOST_BYTES: Final = 1 << 20
_PASSES: Final = frozenset((408, 425, 429))


class Web:
    """Speaks JSON to one server. `called` is how people call it."""

    def __init__(self, called: str, base_url: str, deadline_ms: Millis, *, ca_file: str = "") -> None:
        self._called, self._base = called, base_url.rstrip("/")
        verify: ssl.SSLContext | bool = True
        if ca_file:
            try:
                verify = trusting(ca_file)
            except OSError as error:
                raise Trouble(f"{safe(ca_file, 200)}: {error.strerror or 'no certificates in it'}") from None
        # A proxy counts where one is configured; redirects could hand the key to somebody else.
        self._client = httpx.Client(verify=verify, timeout=deadline_ms / SECOND, follow_redirects=False, trust_env=True)

    def call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        once: bool = False,
    ) -> Any:
        """The answer as JSON. `once`: what is done twice is done once there, so no doubt is left. Raises Trouble."""
        posts = method != "GET" and not once
        try:
            with self._client.stream(method, f"{self._base}{path}", headers=dict(headers or {}), json=body) as answer:
                content = bytearray()
                for chunk in answer.iter_bytes(1 << 16):
                    content += chunk
                    if len(content) > MOST_BYTES:
                        raise Trouble(f"the answer of {self._called} is too large", unknown=posts)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            raise self._no_connection(error) from None
        except httpx.TimeoutException:
            raise Trouble(f"no answer of {self._called} in time", again=True, unknown=posts) from None
        except httpx.HTTPError as error:
            raise Trouble(f"the connection broke: {_said(error)}", again=True, unknown=posts) from None
        return self._read(answer, bytes(content), posts=posts)

    def _no_connection(self, error: Exception) -> Trouble:
        said = _said(error)
        if "certificate" in said.lower():
            return Trouble(f"the certificate of {self._called} is not trusted: {said}")
        return Trouble(f"no connection to {self._called}: {said}", again=True)

    def _read(self, answer: httpx.Response, content: bytes, *, posts: bool) -> Any:
        import msgspec

        status = answer.status_code
        if status in _PASSES or status >= 500:
            wait = retry_after(answer.headers, SystemClock().now() / SECOND)
            perhaps = posts and status >= 500
            raise Trouble(f"{self._called} answered {status}", again=True, after_ms=wait, unknown=perhaps)
        if not 200 <= status < 300:
            raise Trouble(f"{self._called} refused it with {status}: {_told(content)}")
        try:
            return msgspec.json.decode(content) if content.strip() else {}
        except (msgspec.DecodeError, RecursionError):
            raise Trouble(f"the answer of {self._called} is no JSON", again=True, unknown=posts) from None


def _told(content: bytes) -> str:
    return safe(" ".join(content[:400].decode(errors="replace").split()), 160) or "without a word"


def _said(error: object) -> str:
    return safe(" ".join(str(error).split()), 160) or type(error).__name__
