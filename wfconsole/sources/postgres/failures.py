"""What PostgreSQL's and libpq's errors mean to an operator.

Errors at connect carry no SQLSTATE, so they are told apart by their text (as of PostgreSQL 12 to 18, libpq 18).
"""

from __future__ import annotations

from typing import Final

from wfconsole.config.systems import DatabaseSettings
from wfconsole.observations.snapshot import FailureKind
from wfconsole.sources.contract import SourceError
from wfconsole.text import safe

_SHOWN: Final = 240

# In libpq's or the server's message, in this order; the first that is found decides.
_TEXTS: Final[tuple[tuple[str, FailureKind, str], ...]] = (
    (
        "too many clients already",
        "refused",
        "All connection slots are taken. End idle sessions; on PostgreSQL 16 grant pg_use_reserved_connections.",
    ),
    (
        "remaining connection slots are reserved",
        "refused",
        "All ordinary slots are taken. End idle sessions; on PostgreSQL 16 grant pg_use_reserved_connections.",
    ),
    (
        "too many connections for role",
        "refused",
        "The role's CONNECTION LIMIT is used up, by other consoles perhaps: each holds one. End one, or raise it.",
    ),
    ("too many connections for database", "refused", "The database's CONNECTION LIMIT is used up."),
    ("starting up", "refused", "The server is starting; it is tried again by itself."),
    ("shutting down", "refused", "The server is being shut down."),
    ("recovery mode", "refused", "The server recovers from a crash; it is tried again by itself."),
    ("not yet accepting connections", "refused", "The server recovers; it is tried again by itself."),
    (
        "password authentication failed",
        "denied",
        "Check the password: PGPASSWORD, ~/.pgpass or database.password_file.",
    ),
    ("no password supplied", "denied", "Give the password in PGPASSWORD, ~/.pgpass or database.password_file."),
    ("no pg_hba.conf entry", "denied", "Ask for a line in pg_hba.conf for this host, role and database."),
    ("does not exist", "configuration", "Check database.name and database.user."),
    ("server does not support SSL", "configuration", "The server has no TLS: set database.tls to what it offers."),
    ("certificate verify failed", "configuration", "Check database.ca_file, and the name in the certificate."),
    ("does not match host name", "configuration", "The certificate is for another name: check database.host."),
    ("definition of service", "configuration", "Check database.service and ~/.pg_service.conf."),
    ("unsupported startup parameter", "configuration", "This is pgbouncer: connect to PostgreSQL itself."),
    ("could not translate host name", "refused", "Check database.host, and DNS."),
    ("failed to resolve host", "refused", "Check database.host, and DNS."),
    ("expected authentication request", "bad-answer", "Is this PostgreSQL? Check database.host and database.port."),
    ("invalid response to SSL negotiation", "bad-answer", "Is this PostgreSQL? Check database.host and database.port."),
    ("lost synchronization", "bad-answer", "Something on the way garbles the answers, a proxy perhaps."),
    ("connection refused", "refused", "Does PostgreSQL run, and is this its host and port?"),
    ("timeout expired", "timeout", "The server or the way to it hangs; it is tried again by itself."),
)
# By SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html
_STATES: Final[dict[str, tuple[FailureKind, str]]] = {
    "57014": ("timeout", "The server is slow; it is tried again by itself."),
    "55P03": ("timeout", "Something holds a lock on what we read."),
    "57P01": ("refused", "Somebody ended our session, or the server; it is tried again by itself."),
    "57P02": ("refused", "The server crashed; it is tried again by itself."),
    "57P03": ("refused", "The server is not ready; it is tried again by itself."),
    "53300": ("refused", "All connection slots are taken. End idle sessions."),
    "42501": ("denied", "GRANT pg_monitor TO the monitoring role."),
}


def where(settings: DatabaseSettings) -> str:
    """How the server is called on the screen."""
    return safe(settings.service or f"{settings.host}:{settings.port}", 100)


def explain(error: Exception, settings: DatabaseSettings) -> SourceError:
    """`error` in words that name the server."""
    said = safe(" ".join(str(error).split()), _SHOWN) or type(error).__name__
    state = getattr(error, "sqlstate", None)
    message = f"{where(settings)}: {said}"
    if state in _STATES:
        kind, remedy = _STATES[state]
        return SourceError(kind, message, remedy=remedy)
    lower = said.lower()
    for text, kind, remedy in _TEXTS:
        if text.lower() in lower:
            return SourceError(kind, message, remedy=remedy)
    return SourceError("refused", message, remedy="It is tried again by itself.")
