"""What went wrong, in words an operator can act on: exceptions and HTTP answers become `SourceError`s."""

from __future__ import annotations

import http.client
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from wfconsole.decoding import decoder_of
from wfconsole.observations.snapshot import FailureKind
from wfconsole.sources.contract import SourceError
from wfconsole.sources.http_headers import retry_after_ms
from wfconsole.text import safe

if TYPE_CHECKING:
    import ssl

# How Kubernetes says which right lacks.
_LACKING = re.compile(
    r'cannot (?P<verb>[a-z]+) resource "(?P<kind>[\w/.-]+)" in API group "(?P<group>[\w.-]*)"'
    r'(?: in the namespace "(?P<namespace>[\w.-]+)")?'
)
_SHOWN = 240  # characters of an answer that fit into a pane's head
_CUT = "Is the API server restarting, or does a proxy on the way cut connections? It is tried again by itself."


class _Status(msgspec.Struct):
    """A `metav1.Status`, as far as it says why."""

    kind: str = ""
    message: str = ""
    reason: str = ""
    code: int = 0


_STATUS = decoder_of(_Status)


def said_in(body: bytes) -> _Status:
    """The server's own explanation, empty where the body is something else."""
    try:
        status = _STATUS.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return _Status()
    return status if status.kind == "Status" else _Status()


def from_answer(code: int, headers: Mapping[str, str], body: bytes, what: str) -> SourceError:
    """An HTTP answer that is not the data. `what` names what was asked for: "pods"."""
    status = said_in(body)
    said = safe(status.message, _SHOWN) or _unexplained(body)
    after = retry_after_ms(headers)
    kind, message, remedy = _explained(code, headers, status, said)
    right, object_ = _refused(status.message if code == 403 else "", what)
    return SourceError(
        kind,
        f"{what}: {message}",
        remedy=remedy.replace("{what}", object_),
        retry_after_ms=after,
        code=code,
        right=right,
    )


def _refused(said: str, what: str) -> tuple[str, str]:
    """The right that a server refuses by its own words ("list deployments.apps in shop"), and what it is a right on;
    no right and `what` where they do not say."""
    found = _LACKING.search(said)
    if found is None:
        return "", what
    kind, _, part = found["kind"].partition("/")
    whole = f"{kind}.{found['group']}" if found["group"] else kind
    object_ = safe(f"{whole}/{part}" if part else whole, 200)
    within = f" in {safe(found['namespace'], 100)}" if found["namespace"] else ""
    return f"{found['verb']} {object_}{within}", f"{object_}{within}"


def _explained(code: int, headers: Mapping[str, str], status: _Status, said: str) -> tuple[FailureKind, str, str]:
    """Kind, message and remedy of an HTTP status."""
    if code == 401:
        return "denied", "401, the server does not accept who we are", "Log in again; it is tried again by itself."
    if code == 403:
        return "denied", f"403, {said}", "Grant get, list and watch on {what}."
    if code == 404 and status.reason == "NotFound" and "requested resource" not in status.message:
        return "not-served", said, "It is gone, or its name is another."
    if code in (404, 405, 406):
        return "not-served", f"not served here ({code})", "The server is too old for it, or lacks the add-on."
    if code == 410:
        return "bad-answer", "410, what we read from has expired", "It is read anew by itself."
    if code == 429:
        return "rate-limited", f"429, {said}", "The server is busy; it is asked again when it said so."
    if code >= 500:
        return "server-error", f"{code}, {said}", "Look at the API server and etcd; it is tried again by itself."
    if 300 <= code < 400:
        where = safe(headers.get("location", "nowhere"), 120)
        return "bad-answer", f"{code}, redirected to {where}", "Is this an API server?"
    return "bad-answer", f"{code}, {said}", "Is this an API server?"


def from_watch_error(body: bytes, what: str) -> SourceError:
    """An ERROR object in a watch, which comes with HTTP 200."""
    status = said_in(body)
    if status.code:
        return from_answer(status.code, {}, body, what)
    return SourceError("bad-answer", f"{what}: the watch ended with an error without a reason")


def from_exception(error: Exception, what: str) -> SourceError:
    """A connection that did not work."""
    if isinstance(error, SourceError):
        return error
    if isinstance(error, TimeoutError):
        return SourceError("timeout", f"{what}: no answer in time", remedy="It is tried again by itself.")
    if isinstance(error, OSError) and hasattr(error, "reason"):  # ssl.SSLError, without loading ssl for it
        return _from_tls(error, what)  # type: ignore[arg-type]
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return SourceError("refused", f"{what}: the connection was cut by the other side", remedy=_CUT)
    if isinstance(error, OSError):
        remedy = "Is the API server running, and is the way to it open?"
        return SourceError("refused", f"{what}: {safe(error.strerror or str(error), _SHOWN)}", remedy=remedy)
    if isinstance(error, http.client.IncompleteRead | http.client.RemoteDisconnected):
        return SourceError("bad-answer", f"{what}: the answer broke off", remedy=_CUT)
    if isinstance(error, http.client.HTTPException | ValueError):
        kind = type(error).__name__
        said = safe(str(error), 80)
        return SourceError(
            "bad-answer", f"{what}: that is not HTTP ({kind}: {said})", remedy="Is this an API server's port?"
        )
    return SourceError("bad-answer", f"{what}: {type(error).__name__}: {safe(str(error), _SHOWN)}")


def undecodable(error: Exception, body: bytes, what: str) -> SourceError:
    """An answer with status 200 that is not what the API promises."""
    if body[:64].lstrip().lower().startswith((b"<!doctype", b"<html")):
        remedy = "Something in between answers: a proxy, a load balancer, a login page."
        return SourceError("bad-answer", f"{what}: a web page instead of data", remedy=remedy)
    return SourceError("bad-answer", f"{what}: cannot be decoded: {safe(str(error), _SHOWN)}")


def _unexplained(body: bytes) -> str:
    head = body[:64].lstrip().lower()
    if head.startswith((b"<!doctype", b"<html")):
        return "with a web page"
    return safe(body[:160].strip(), 120) or "without a word"


def _from_tls(error: ssl.SSLError, what: str) -> SourceError:
    verify = getattr(error, "verify_message", "")
    if verify:
        remedy = "Check certificate-authority and server in the kubeconfig, and this machine's clock."
        return SourceError("configuration", f"{what}: the server's certificate: {safe(verify)}", remedy=remedy)
    reason = safe(error.reason or str(error), 80)
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
        return SourceError("bad-answer", f"{what}: no TLS on this port ({reason})", remedy="Is it an https port?")
    if reason.startswith(("TLSV13_ALERT_CERTIFICATE_REQUIRED", "TLSV1_ALERT", "SSLV3_ALERT")):
        return SourceError("denied", f"{what}: the server refuses our certificate ({reason})", remedy="Log in again.")
    return SourceError(
        "bad-answer", f"{what}: TLS failed: {reason}", remedy="Something in between cut in, or is broken."
    )
