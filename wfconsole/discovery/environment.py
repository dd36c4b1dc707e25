"""What the environment says about the systems, as their own tools read it. Passwords are left where they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from wfconsole.config.offers import Offer, Remark
from wfconsole.discovery.addresses import Address, without_password
from wfconsole.discovery.report import Report
from wfconsole.text import safe

_VARIABLES: Final = {
    "database": ("PGHOST", "PGSERVICE", "DATABASE_URL", "POSTGRES_URL"),
    "cache": ("REDIS_URL",),
    "prometheus": ("PROMETHEUS_URL",),
    "alertmanager": ("ALERTMANAGER_URL",),
}
_TLS_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_FROM_LIBPQ: Final = {
    "PGSERVICE": "service",
    "PGHOST": "host",
    "PGPORT": "port",
    "PGDATABASE": "name",
    "PGUSER": "user",
    "PGSSLMODE": "tls",
    "PGSSLROOTCERT": "ca_file",
}
_TO_A_FILE: Final = "Put it into a file that only you may read (chmod 600), and name that file in password_file."
_WHERE_TO: Final = {"alertmanager": "Alertmanager is asked with a bearer token only: name its file in token_file."}

Found = Offer | Remark


def look(environment: Mapping[str, str]) -> Report:
    """What variables name. Looks at nothing else."""
    found = (
        *_libpq(environment),
        *_url(environment, "database", "DATABASE_URL", _database),
        *_url(environment, "database", "POSTGRES_URL", _database),
        *_url(environment, "cache", "REDIS_URL", _cache),
        *_url(environment, "prometheus", "PROMETHEUS_URL", _prometheus),
        *_url(environment, "alertmanager", "ALERTMANAGER_URL", _alertmanager),
    )
    return Report.of({table: ", ".join(names) for table, names in _VARIABLES.items()}, found)


def _libpq(environment: Mapping[str, str]) -> Iterator[Found]:
    given = {name: environment[name] for name in _FROM_LIBPQ if environment.get(name)}
    if environment.get("PGPASSWORD"):
        yield Remark("database", "PGPASSWORD is set: the console takes the password from it, wherever it is set.")
    if "PGSERVICE" in given:
        given.pop("PGHOST", None)
        given.pop("PGPORT", None)
    elif "PGHOST" not in given:
        return
    port = given.get("PGPORT", "1")
    if not port.isascii() or not port.isdigit():
        yield Remark("database", f"PGPORT is no number ({safe(port, 40)}): nothing was taken from the environment.")
        return
    values: dict[str, Any] = {_FROM_LIBPQ[name]: value for name, value in given.items()}
    if "port" in values:
        values["port"] = int(port)
    yield Offer("database", values, f"{_listed(list(given))} in the environment")


Taken = tuple[dict[str, Any], str]


def _url(
    environment: Mapping[str, str], table: str, variable: str, take: Callable[[Address], Taken]
) -> Iterator[Found]:
    """What a variable with an address says. `take` gives the settings, or why there are none."""
    text = environment.get(variable, "")
    if not text:
        return
    address = without_password(text)
    if address is None:
        yield Remark(
            table,
            f"{variable} is set, but is no address that can be taken apart safely; escape what is special in its"
            " password (@ is %40, / is %2F, # is %23, ? is %3F).",
        )
        return
    values, problem = take(address)
    if problem:
        yield Remark(table, f"{variable} is set, but {problem}.")
        return
    yield Offer(table, values, f"{variable} in the environment")
    if address.had_password:
        yield Remark(table, f"The password in {variable} is not written here. {_WHERE_TO.get(table, _TO_A_FILE)}")
        if table == "database":
            yield Remark(table, "A role that may only look needs less than the application's own: see the README.")


def _database(address: Address) -> Taken:
    if not address.scheme.startswith("postgres"):
        return {}, f"it is for {safe(address.scheme, 20)}, and only PostgreSQL is read"
    host = address.host or address.query.get("host", "")
    if not host or "," in host:
        return {}, "it names no single server"
    values: dict[str, Any] = {"host": host}
    mode = address.query.get("sslmode", "")
    given = {"name": address.path.removeprefix("/"), "user": address.user, "tls": mode if mode in _TLS_MODES else ""}
    values |= {"port": address.port} if address.port else {}
    return values | {key: value for key, value in given.items() if value}, ""


def _cache(address: Address) -> Taken:
    if address.scheme not in ("redis", "rediss", "valkey", "valkeys") or not address.host:
        return {}, "it names no server that is reached over TCP"
    values: dict[str, Any] = {"host": address.host}
    values |= {"port": address.port} if address.port else {}
    database = address.path.removeprefix("/")
    values |= {"database": int(database)} if database.isascii() and database.isdigit() and int(database) else {}
    values |= {"user": address.user} if _is_name(address) else {}
    return values | ({"tls": True} if address.scheme in ("rediss", "valkeys") else {}), ""


def _prometheus(address: Address) -> Taken:
    values, problem = _alertmanager(address)
    return values | ({"user": address.user} if values and _is_name(address) else {}), problem


def _alertmanager(address: Address) -> Taken:
    if address.scheme not in ("http", "https") or not address.host:
        return {}, "it is no address that begins with http:// or https://"
    host = f"[{address.host}]" if ":" in address.host else address.host
    port = f":{address.port}" if address.port else ""
    return {"url": f"{address.scheme}://{host}{port}{address.path.rstrip('/')}"}, ""


def _is_name(address: Address) -> bool:
    """A user without a password is often a token in truth, and is not written down."""
    return bool(address.user and address.had_password and address.user != "default")


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
