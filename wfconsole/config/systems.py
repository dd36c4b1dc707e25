"""The systems beside Kubernetes: where they are, and who we are there. What is not named is off. No secrets."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from wfconsole.config.about import PATH, about

_HOST = "a host name or an address"
_PORT = "a number from 1 to 65535"


class DatabaseSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The PostgreSQL server of the application. The password comes from PGPASSWORD, ~/.pgpass, the service file, or
    the named file."""

    host: Annotated[
        str, about("where PostgreSQL is; empty with no service either: off", _HOST + ", or the folder of a socket")
    ] = ""
    port: Annotated[int, about("its port", _PORT, ge=1, le=65535)] = 5432
    name: Annotated[str, about("the database; empty: as libpq chooses", "the name of a database", max_length=63)] = ""
    user: Annotated[str, about("the monitoring role; empty: as libpq chooses", "the name of a role", max_length=63)] = (
        ""
    )
    service: Annotated[
        str, about("a service of pg_service.conf, in place of host and port", "the name of a service", max_length=200)
    ] = ""
    password_file: Annotated[str, about("a file that holds the password and nothing else", PATH, path=True)] = ""
    tls: Annotated[
        str,
        about(
            "how the server's certificate is checked (libpq's sslmode)",
            "disable, allow, prefer, require, verify-ca or verify-full",
            pattern="^(disable|allow|prefer|require|verify-ca|verify-full)$",
        ),
    ] = "prefer"
    ca_file: Annotated[str, about("the authority that signed its certificate", PATH, path=True)] = ""

    @property
    def configured(self) -> bool:
        return bool(self.host or self.service)


class CacheSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The Redis server that holds sessions and cached values. The password comes from the named file."""

    host: Annotated[str, about("where Redis is; empty: off", _HOST)] = ""
    port: Annotated[int, about("its port", _PORT, ge=1, le=65535)] = 6379
    database: Annotated[
        int, about("the database with the sessions", "a number from 0 to 9999, mostly 0", ge=0, le=9999)
    ] = 0
    user: Annotated[str, about("the monitoring user; empty: the default user", "the name of a user", max_length=64)] = (
        ""
    )
    password_file: Annotated[str, about("a file that holds the password and nothing else", PATH, path=True)] = ""
    acting_user: Annotated[
        str,
        about("the user whose permissions are shown; empty: the monitoring user", "the name of a user", max_length=64),
    ] = ""
    tls: Annotated[bool, about("speak TLS, and check the server's certificate and its name", "true or false")] = False
    ca_file: Annotated[str, about("the authority that signed its certificate", PATH, path=True)] = ""
    session_prefixes: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=64)], ...],
        about("how the keys of sessions begin", "beginnings of keys, such as session:", max_length=16),
    ] = ("session:",)

    @property
    def configured(self) -> bool:
        return bool(self.host)
