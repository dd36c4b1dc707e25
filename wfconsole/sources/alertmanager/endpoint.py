"""One HTTP server that is asked for JSON: where it is, who we are there, and what its failures mean.

Name look-ups, answers and their sizes are bounded here; the deadline of a look cuts what is left. The client connects
to the address that we looked up, under the server's own name: a second look-up could hang.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from wfconsole.clock import Millis
from wfconsole.observations.snapshot import FailureKind
from wfconsole.sources import clocks
from wfconsole.sources.contract import SourceError
from wfconsole.sources.http_headers import retry_after_ms
from wfconsole.sources.passwords import read_secret
from wfconsole.sources.resolver import Addresses, Resolver
from wfconsole.text import safe
from wfconsole.trust import trusting

if TYPE_CHECKING:
    import httpx

LookUp = Callable[[Resolver, float], Addresses]

MOST_BYTES: Final = 16 << 20
_SHOWN: Final = 200
_AGAIN: Final = "It is tried again by itself."


class Endpoint:
    """`table` is that of the configuration: "alertmanager". `called` is how people call the server.

    Without a token, `login` are the user and the file of the password of basic authentication.
    """

    def __init__(
        self,
        table: str,
        called: str,
        url: str,
        *,
        token_file: str = "",
        ca_file: str = "",
        login: tuple[str, str] = ("", ""),
    ) -> None:
        self.table, self.called = table, called
        self._token_file, self._ca_file, self._login = token_file, ca_file, login
        parts = urlsplit(url)
        self._scheme, self._path = parts.scheme, parts.path.rstrip("/")
        self._host = parts.hostname or ""
        self._port = _port(url) or (443 if self._scheme == "https" else 80)
        self._name = parts.netloc
        self.shown = safe(parts.netloc, 100)
        self._resolver = Resolver(self._host, self._port, f"{table}.url")
        self.ahead_ms: Millis | None = None  # how far its clock is ahead of ours, once it was heard
        self._trust: tuple[float, ssl.SSLContext] | None = None
        self.where = f"{called} at {self.shown}"

    def facts(self) -> dict[str, str]:
        """What an operator should know of this server; nothing while all is as it should be."""
        return clocks.facts(self.ahead_ms) | self._resolver.facts()

    def get(self, path: str, within_s: float, look_up: LookUp) -> bytes:
        """The body of one answer. Raises SourceError, and what the client raises when its connection is cut.

        `look_up` finds the server's addresses within so many seconds: see `Poll.addresses`.
        """
        import httpx

        addresses = look_up(self._resolver, within_s)
        headers = {
            "Host": self._name,
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # what inflates has no bound that we know beforehand
            "User-Agent": "wfconsole",
        }
        token = read_secret(self._token_file, f"{self.table}.token_file")
        if token is not None:
            headers["Authorization"] = f"Bearer {token.reveal()}"
        login = self._basic() if token is None else None
        verify = self._verify() if self._scheme == "https" else False
        with httpx.Client(
            auth=login, trust_env=False, verify=verify, timeout=within_s, follow_redirects=False
        ) as client:
            for place, (_family, (address, port)) in enumerate(addresses):
                host = f"[{address}]" if ":" in address else address
                request = client.build_request(
                    "GET",
                    f"{self._scheme}://{host}:{port}{self._path}{path}",
                    headers=headers,
                    extensions={"sni_hostname": self._host},
                )
                try:
                    return self._body(client, request)
                except httpx.ConnectError as error:
                    if place == len(addresses) - 1 or isinstance(error.__cause__, ssl.SSLError):
                        raise
        raise AssertionError("a name always has an address")

    def explain(self, error: Exception) -> SourceError:
        """What an exception of the client means, with the server's name in front."""
        import httpx

        if isinstance(error, SourceError):
            return error
        said = safe(" ".join(str(error).split()), _SHOWN) or type(error).__name__
        if "CERTIFICATE_VERIFY_FAILED" in said or "certificate verify failed" in said:
            remedy = f"Check {self.table}.ca_file, and the name in the certificate."
            return self._failed("configuration", said, remedy)
        if "wrong version number" in said.lower().replace("_", " "):
            remedy = f"There is no TLS on this port: {self.table}.url may begin with http://"
            return self._failed("configuration", said, remedy)
        if isinstance(error, httpx.ConnectError):
            remedy = f"Does {self.called} run, and is this its host and port?"
            return self._failed("refused", said, remedy)
        if isinstance(error, httpx.TimeoutException):
            return self._failed("timeout", "no answer in time", f"The server or the way to it hangs. {_AGAIN}")
        if isinstance(error, httpx.DecodingError | httpx.RemoteProtocolError | httpx.InvalidURL):
            return self._failed("bad-answer", said, f"Is {self.table}.url that of {self.called}?")
        return self._failed("refused", said, _AGAIN)

    def _basic(self) -> httpx.BasicAuth | None:
        """User and password, where a user is named. Raises SourceError where the file cannot be read."""
        import httpx

        user, password_file = self._login
        password = read_secret(password_file, f"{self.table}.password_file")
        return httpx.BasicAuth(user, password.reveal() if password is not None else "") if user else None

    def wrong(self, error: Exception) -> SourceError:
        """An answer that is not what the protocol promises."""
        said = f"no answer of {self.called}'s API: {safe(str(error), _SHOWN)}"
        return self._failed("bad-answer", said, f"Is {self.table}.url that of {self.called}?")

    def late(self, seconds: float) -> SourceError:
        return self._failed("timeout", f"no answer within {seconds:.1f} s", f"The server or the way hangs. {_AGAIN}")

    def _body(self, client: httpx.Client, request: httpx.Request) -> bytes:
        response = client.send(request, stream=True)
        self.ahead_ms = clocks.ahead_ms(response.headers.get("date", ""))
        try:
            self._check(response)
            if response.headers.get("content-encoding", "identity") != "identity":
                said, remedy = "an encoding that was not asked for", f"What stands before {self.called}?"
                raise self._failed("bad-answer", said, remedy)
            body = bytearray()
            for chunk in response.iter_raw(1 << 16):
                body += chunk
                if len(body) > MOST_BYTES:
                    said = f"the answer is larger than {MOST_BYTES >> 20} MB"
                    raise self._failed("bad-answer", said, "Ask who sends so much.")
            return bytes(body)
        finally:
            response.close()

    def _check(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == 200:
            return
        kind: FailureKind = "server-error" if status >= 500 else "bad-answer"
        remedy = _AGAIN
        if status in (401, 403):
            kind, remedy = "denied", f"Give a token that may read: {self.table}.token_file."
        elif status == 404:
            kind, remedy = "not-served", f"Is {self.table}.url that of {self.called}, with its path?"
        elif status == 429:
            kind = "rate-limited"
        elif 300 <= status < 400:
            remedy = f"It points elsewhere, and we do not follow: set {self.table}.url to where it is."
        said = f"{status} {safe(response.reason_phrase, 60)}".strip()
        after = retry_after_ms(response.headers)
        raise SourceError(kind, f"{self.where}: {said}", remedy=remedy, retry_after_ms=after, code=status)

    def _failed(self, kind: FailureKind, said: str, remedy: str) -> SourceError:
        return SourceError(kind, f"{self.where}: {said}", remedy=remedy)

    def _verify(self) -> ssl.SSLContext:
        """Whom we trust; read again when the file is another."""
        try:
            changed = Path(self._ca_file).stat().st_mtime if self._ca_file else 0.0
            if self._trust is None or self._trust[0] != changed:
                self._trust = changed, trusting(self._ca_file)
        except (OSError, ssl.SSLError) as error:
            said = f"{safe(self._ca_file, 200)}: {error.strerror or 'no certificate'}"
            raise SourceError("configuration", said, remedy=f"Mend the file that {self.table}.ca_file names.") from None
        return self._trust[1]


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        return None
