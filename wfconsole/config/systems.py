"""The systems beside Kubernetes: where they are, and who we are there. What is not named is off. No secrets."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

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

    replicas: Annotated[
        int, about("how many replicas there should be; fewer are an alarm", "a number from 0 to 100", ge=0, le=100)
    ] = 0

    @property
    def configured(self) -> bool:
        return bool(self.host or self.service)
