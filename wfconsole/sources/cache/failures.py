"""What the errors of Redis and of its client mean to an operator."""

from __future__ import annotations

import re
from typing import Final

from wfconsole.config.systems import CacheSettings
from wfconsole.observations.snapshot import FailureKind
from wfconsole.sources.contract import SourceError
from wfconsole.text import safe

_SHOWN: Final = 240
# How Redis (6 and later) says which command is refused: 'acl|dryrun', 'info'.
_LACKING: Final = re.compile(r"no permissions to run the '(?P<command>[\w|-]+)'")
_AGAIN: Final = "It is tried again by itself."

# In the server's or the client's message (Redis 6 to 8, redis-py 8), in this order; the first that is found decides.
_TEXTS: Final[tuple[tuple[str, FailureKind, str], ...]] = (
    ("max number of clients", "refused", "All client slots are taken. End idle clients, or raise maxclients."),
    ("invalid username-password", "denied", "Check cache.user and the file that cache.password_file names."),
    ("invalid password", "denied", "Check the file that cache.password_file names."),
    ("called without any password", "denied", "This server knows no password: leave cache.password_file empty."),
    ("authentication required", "denied", "Name the user and its password: cache.user, cache.password_file."),
    ("protected mode", "denied", "The server takes strangers from its own host alone: give it users or a password."),
    ("no permissions to run", "denied", "Give the monitoring user what monitoring-user.acl lists."),
    ("has no permissions", "denied", "Give the monitoring user what monitoring-user.acl lists."),
    ("loading the dataset", "refused", "The server loads its data from disk; it is tried again by itself."),
    ("db index is out of range", "configuration", "Check cache.database: the server has fewer databases."),
    ("select is not allowed in cluster", "configuration", "A cluster has database 0 alone: check cache.database."),
    ("unknown command", "not-served", "The server does not have the command, or somebody renamed or disabled it."),
    ("busy redis is busy running a script", "server-error", "A script holds up the server: SCRIPT KILL ends it."),
    ("hostname mismatch", "configuration", "The certificate is for another name: check cache.host."),
    ("ip address mismatch", "configuration", "The certificate is for another name: check cache.host."),
    ("certificate verify failed", "configuration", "Check cache.ca_file, and who signed the certificate."),
    ("certificate_verify_failed", "configuration", "Check cache.ca_file, and who signed the certificate."),
    ("wrong version number", "configuration", "The server has no TLS on this port: check cache.tls and cache.port."),
    ("wrong_version_number", "configuration", "The server has no TLS on this port: check cache.tls and cache.port."),
    ("record layer failure", "configuration", "The server has no TLS on this port: check cache.tls and cache.port."),
    ("tls handshake", "timeout", "It hangs, or has no TLS on this port: check cache.tls. It is tried again by itself."),
    ("connection refused", "refused", "Does Redis run, and is this its host and port?"),
    ("timeout", "timeout", "The server or the way to it hangs; it is tried again by itself."),
    ("protocol error", "bad-answer", "Is this Redis? Check cache.host and cache.port, and cache.tls."),
    ("closed by server", "refused", "It went away, or it speaks TLS: then set cache.tls. It is tried again by itself."),
)


class NoHandshakeError(Exception):
    """Nobody speaks TLS to us."""


class TooMuchError(Exception):
    """The server sends more than anybody asked for."""


def where(settings: CacheSettings) -> str:
    """How the server is called on the screen."""
    return safe(f"{settings.host}:{settings.port}", 100)


def explain(error: Exception, settings: CacheSettings) -> SourceError:
    """`error` in words that name the server."""
    said = safe(" ".join(str(error).split()), _SHOWN) or type(error).__name__
    message = f"{where(settings)}: {said}"
    lower = said.lower()
    if (lacking := _LACKING.search(said)) is not None:
        right = f"+{lacking['command']}"
        remedy = f"ACL SETUSER {safe(settings.user or 'default', 64)} {right} (all that it needs: monitoring-user.acl)"
        return SourceError("denied", message, remedy=remedy, right=right)
    for text, kind, remedy in _TEXTS:
        if text in lower:
            return SourceError(kind, message, remedy=remedy)
    if isinstance(error, OSError) or type(error).__name__ == "ConnectionError":
        return SourceError("refused", message, remedy=_AGAIN)
    if type(error).__name__ == "ResponseError":
        return SourceError("server-error", message, remedy=_AGAIN)
    return SourceError("bad-answer", message, remedy="Is this Redis? Check cache.host and cache.port.")
