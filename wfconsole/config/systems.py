"""The systems beside Kubernetes: where they are, and who we are there. What is not named is off. No secrets."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from wfconsole.config.about import PATH, about

_HOST = "a host name or an address"
_PORT = "a number from 1 to 65535"
_URL = "an address such as http://prometheus.monitoring:9090, without a name or a password in it"
_URL_FORM = r"^(https?://[^@/?#\s]+(/[^@?#\s]*)?)?$"


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


class PrometheusSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The Prometheus that the signals and, while Alertmanager is down, the alerts come from."""

    url: Annotated[str, about("where Prometheus is; empty: off", _URL, pattern=_URL_FORM, max_length=500)] = ""
    token_file: Annotated[str, about("a file that holds a bearer token and nothing else", PATH, path=True)] = ""
    ca_file: Annotated[str, about("the authority that signed its certificate", PATH, path=True)] = ""

    @property
    def configured(self) -> bool:
        return bool(self.url)


class AlertmanagerSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The Alertmanager that knows what is firing, and what somebody silenced."""

    url: Annotated[str, about("where Alertmanager is; empty: off", _URL, pattern=_URL_FORM, max_length=500)] = ""
    token_file: Annotated[str, about("a file that holds a bearer token and nothing else", PATH, path=True)] = ""
    ca_file: Annotated[str, about("the authority that signed its certificate", PATH, path=True)] = ""
    heartbeat: Annotated[
        str,
        about(
            "an alert that must always fire, such as Watchdog; the pane says when it is missing; empty: none",
            "the name of an alert",
            max_length=200,
        ),
    ] = ""

    @property
    def configured(self) -> bool:
        return bool(self.url)
