"""The systems beside Kubernetes: where they are, and who we are there. What is not named is off. No secrets."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

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
    acting_user: Annotated[
        str, about("the role that ends sessions; empty: the monitoring role", "the name of a role", max_length=63)
    ] = ""
    acting_password_file: Annotated[
        str, about("a file that holds the password of acting_user and nothing else", PATH, path=True)
    ] = ""
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


_NAME = r"^[A-Za-z_][A-Za-z0-9_$]{0,62}$"
_A_COLUMN = "the name of a column (letters, digits, underscores)"
_A_RESULT = Annotated[str, Meta(min_length=1, max_length=60)]


_REQUESTS = "nginx_ingress_controller_requests"
_LOGIN = 'path=~"(?i).*(login|signin|auth|token).*"'
_REFUSED = 'status=~"401|403"'


def _refused(matchers: str) -> str:
    """Refused requests a second, and the zero that it is where none was ever refused."""
    refused = f"{_REQUESTS}{{{','.join(filter(None, (_REFUSED, matchers)))}}}"
    return f"sum by ($by) (rate({refused}[$window])) or 0 * sum by ($by) (rate({_REQUESTS}{{{matchers}}}[$window]))"


class AuthSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The application's log of logins: a table of the server that [database] names, one row for each attempt. Where it
    cannot be read, the gateway's metrics in [prometheus] still tell how many logins are refused, but not of whom."""

    table: Annotated[
        str,
        about(
            "the table of login attempts, in the server of [database]; empty: off",
            "the name of a table, with its schema where it needs one",
            pattern=r"^([A-Za-z_][A-Za-z0-9_$]{0,62}(\.[A-Za-z_][A-Za-z0-9_$]{0,62})?)?$",
        ),
    ] = ""
    user_column: Annotated[str, about("who tried to log in", _A_COLUMN, pattern=_NAME)] = "username"
    result_column: Annotated[str, about("how it ended", _A_COLUMN, pattern=_NAME)] = "status"
    failed_values: Annotated[
        tuple[_A_RESULT, ...],
        about("what result_column holds where it failed", "one to twenty texts", min_length=1, max_length=20),
    ] = ("failed",)
    success_values: Annotated[
        tuple[_A_RESULT, ...], about("what it holds where it succeeded", "up to twenty texts", max_length=20)
    ] = ("success",)
    time_column: Annotated[
        str, about("when it was; a time without a zone is read as UTC", _A_COLUMN, pattern=_NAME)
    ] = "created_at"
    address_column: Annotated[
        str, about("where it came from; empty: the log does not say", _A_COLUMN, pattern=f"{_NAME}|^$")
    ] = "ip_address"
    window_minutes: Annotated[
        int, about("how far back attempts are counted", "a number of minutes from 5 to 240", ge=5, le=240)
    ] = 60
    minimum_failures: Annotated[
        int, about("from how many failures on a user or a source is listed", "a number from 1 to 1000", ge=1, le=1000)
    ] = 5

    gateway: Annotated[
        Literal["fallback", "on", "off"],
        about(
            "when refused logins are counted at the gateway: while the table cannot be read, or also where no table is "
            "named",
            "fallback, on or off",
        ),
    ] = "fallback"
    gateway_failures: Annotated[
        str,
        about(
            "refused logins a second in the gateway's metrics; by default its 401 and 403 answers, on routes of logins "
            "if there are any",
            "PromQL; $window stands for signals.window, $by for the labels of gateway_source",
            min_length=1,
            max_length=4000,
        ),
    ] = f"{_refused(_LOGIN)} or {_refused('')}"
    gateway_source: Annotated[
        tuple[Annotated[str, Meta(pattern="^[a-zA-Z_][a-zA-Z0-9_]*$")], ...],
        about(
            "the labels that hold a client's address; none: the gateway does not say",
            'names of labels such as ["remote_addr"]',
            max_length=3,
        ),
    ] = ()

    @property
    def configured(self) -> bool:
        return bool(self.table)


class AwsSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Security Hub and Secrets Manager. Credentials come from the environment, the shared files, or the role of the
    machine, as for every AWS client."""

    regions: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$")], ...],
        about("the regions to look into; empty: off", "names of regions such as eu-west-1", max_length=20),
    ] = ()
    profile: Annotated[
        str, about("a profile of the shared files; empty: as AWS_PROFILE says", "the name of a profile", max_length=200)
    ] = ""
    acting_profile: Annotated[
        str,
        about("the profile that rotates secrets; empty: the one that looks", "the name of a profile", max_length=200),
    ] = ""
    endpoint_url: Annotated[
        str,
        about("one address in place of those of AWS: a VPC endpoint, a test", "http:// or https:// and a host",
              pattern=r"^(https?://[^/\s@]+/?)?$"),
    ] = ""  # fmt: skip
    ca_file: Annotated[
        str,
        about(
            "the authority that signed the certificate at that address; empty: as AWS_CA_BUNDLE says", PATH, path=True
        ),
    ] = ""
    findings_shown: Annotated[
        int, about("how many findings of a region are listed, the worst first", "a number from 1 to 500", ge=1, le=500)
    ] = 100
    secrets_stale_days: Annotated[
        int, about("after how many days without a change a secret is stale", "a number from 1 to 3650", ge=1, le=3650)
    ] = 90

    @property
    def configured(self) -> bool:
        return bool(self.regions)


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
        about(
            "the user that ends sessions, whose permissions are shown; empty: the monitoring user",
            "the name of a user",
            max_length=64,
        ),
    ] = ""
    acting_password_file: Annotated[
        str, about("a file that holds the password of acting_user and nothing else", PATH, path=True)
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
