"""What Prometheus' and its client's errors mean to an operator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from wfconsole.decoding import decoder_of
from wfconsole.observations.snapshot import FailureKind
from wfconsole.sources.contract import SourceError
from wfconsole.sources.http_headers import retry_after_ms
from wfconsole.text import safe

_SHOWN: Final = 240
# A query that Prometheus understands it cannot answer: the question is wrong, not the server.
REFUSED_QUERY: Final = (400, 422)

# What the words of a connection's error say, in this order.
_TEXTS: Final[tuple[tuple[str, FailureKind, str], ...]] = (
    ("certificate verify failed", "configuration", "Check prometheus.ca_file, and the name in the certificate."),
    ("hostname mismatch", "configuration", "The certificate is for another name: check prometheus.url."),
    ("wrong_version_number", "configuration", "There is no TLS on this port: prometheus.url may begin with http://"),
    ("wrong version number", "configuration", "There is no TLS on this port: prometheus.url may begin with http://"),
    ("could not find a suitable tls ca", "configuration", "Check the file that prometheus.ca_file names."),
    ("name or service not known", "refused", "Check the name in prometheus.url, and DNS."),
    ("failed to resolve", "refused", "Check the name in prometheus.url, and DNS."),
    ("connection refused", "refused", "Does Prometheus run, and is this its address?"),
    ("timed out", "timeout", "The server or the way to it hangs; it is tried again by itself."),
    ("reset by peer", "bad-answer", "Something between here and Prometheus cuts connections."),
    ("without response", "bad-answer", "Something between here and Prometheus cuts connections."),
    ("incompleteread", "bad-answer", "Something between here and Prometheus cuts connections."),
    ("badstatusline", "bad-answer", "What listens on this port speaks no HTTP: check prometheus.url."),
)


class _Refusal(msgspec.Struct):
    """The body of an error."""

    error: str = ""


_REFUSAL: Final = decoder_of(_Refusal)


def from_answer(host: str, status: int, headers: Mapping[str, str], body: bytes) -> SourceError:
    """An answer that is not 200."""
    said = _said(body)
    words = f"{host}: HTTP {status}{': ' + said if said else ''}"
    if status in REFUSED_QUERY:
        return SourceError("configuration", said or words, remedy="Mend the rule's PromQL.", code=status)
    kind, remedy = _of_status(status)
    return SourceError(kind, words, remedy=remedy, retry_after_ms=retry_after_ms(headers), code=status)


def _of_status(status: int) -> tuple[FailureKind, str]:
    match status:
        case 401:
            return "denied", "Check prometheus.token_file, or prometheus.user and prometheus.password_file."
        case 403:
            return "denied", "Ask for the right to query this Prometheus."
        case 404:
            return "not-served", "Check prometheus.url: the API lies at /api/v1 below it."
        case 429:
            return "rate-limited", "Too many queries for this server; it is tried again when it says."
        case _ if 300 <= status < 400:
            return "configuration", "It redirects, to a login page perhaps: set prometheus.url to the API itself."
        case _ if status >= 500:
            return "server-error", "Prometheus or a proxy before it is in trouble; it is tried again by itself."
    return "bad-answer", "Is this a Prometheus?"


def explain(error: Exception, host: str) -> SourceError:
    """What an exception of the client, or of the way to the server, means."""
    cause = _cause(error)
    said = safe(" ".join(str(cause).split()), _SHOWN) or type(cause).__name__
    lower = f"{type(cause).__name__} {cause}".lower()
    for text, kind, remedy in _TEXTS:
        if text in lower:
            return SourceError(kind, f"{host}: {_short(said, text)}", remedy=remedy)
    if isinstance(cause, ValueError | KeyError | TypeError | RecursionError | IndexError | AttributeError):
        remedy = "Is this a Prometheus? Something in between may answer: a proxy, a login page."
        return SourceError("bad-answer", f"{host}: not an answer of Prometheus ({type(cause).__name__})", remedy=remedy)
    return SourceError("refused", f"{host}: {said}", remedy="It is tried again by itself.")


def _cause(error: BaseException) -> BaseException:
    """The innermost of the exceptions that the client wraps into each other: the outer ones tell the whole query."""
    while True:
        within = [each for each in (getattr(error, "reason", None), *error.args) if isinstance(each, BaseException)]
        if not within:
            return error
        error = within[-1]


def _short(said: str, text: str) -> str:
    """The words themselves, where the client wraps them in the names of five classes."""
    at = said.lower().find(text)
    return said[at:].split("'", maxsplit=1)[0].rstrip(' )"') if at >= 0 else said


def _said(body: bytes) -> str:
    try:
        return safe(" ".join(_REFUSAL.decode(body).error.split()), _SHOWN)
    except (msgspec.DecodeError, RecursionError):
        return ""
