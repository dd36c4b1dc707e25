"""What variables say is taken over; a password in an address never is, wherever it stands in it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from wfconsole.config.offers import choose
from wfconsole.discovery import environment
from wfconsole.discovery.addresses import without_password

SECRET = "hunter2"


def found(table: str, **variables: str) -> dict[str, Any]:
    chosen = choose(environment.look(variables).offers).get(table)
    return chosen.offer.values if chosen is not None and chosen.offer is not None else {}


def remarks(**variables: str) -> str:
    return " ".join(remark.words for remark in environment.look(variables).remarks)


def test_an_empty_environment_says_nothing_and_where_it_was_looked() -> None:
    report = environment.look({"PATH": "/bin", "PGUSER": "somebody", "REDIS_URL": ""})
    assert (report.offers, report.remarks) == ((), ())
    assert report.looked["cache"] == "REDIS_URL"
    assert "PGHOST" in report.looked["database"]


def test_the_variables_of_libpq_are_taken_together() -> None:
    variables = {"PGHOST": "db", "PGPORT": "5433", "PGDATABASE": "orders", "PGUSER": "wf_mon", "PGSSLMODE": "require"}
    report = environment.look(variables)
    values = {"host": "db", "port": 5433, "name": "orders", "user": "wf_mon", "tls": "require"}
    assert report.offers[0].values == values
    assert report.offers[0].why == "PGHOST, PGPORT, PGDATABASE, PGUSER and PGSSLMODE in the environment"
    assert found("database", PGSERVICE="orders", PGHOST="db", PGPORT="5433") == {"service": "orders"}


@pytest.mark.parametrize("port", ["five", "-1", "", "٣"])
def test_a_port_that_is_none_takes_nothing_along(port: str) -> None:
    values = found("database", PGHOST="db", PGPORT=port)
    assert values == ({"host": "db"} if not port else {})
    assert ("PGPORT is no number" in remarks(PGHOST="db", PGPORT=port)) is bool(port)


def test_a_password_of_libpqs_is_said_to_be_there_and_not_what_it_is() -> None:
    report = environment.look({"PGHOST": "db", "PGPASSWORD": SECRET})
    assert SECRET.encode() not in msgspec.json.encode(report)
    assert "PGPASSWORD is set" in report.remarks[0].words


@pytest.mark.parametrize(
    ("url", "values"),
    [
        (
            "postgres://app:hunter2@db.internal:5433/orders?sslmode=verify-full",
            {"host": "db.internal", "port": 5433, "name": "orders", "user": "app", "tls": "verify-full"},
        ),
        ("postgresql+psycopg://app@db/orders", {"host": "db", "name": "orders", "user": "app"}),
        ("postgresql:///orders?host=/run/postgresql", {"host": "/run/postgresql", "name": "orders"}),
        ("postgres://us%40er:hunter2@[2001:db8::1]/a%2Fb", {"host": "2001:db8::1", "name": "a/b", "user": "us@er"}),
        ("postgres://app:hunter2@db/orders?sslmode=hunter2", {"host": "db", "name": "orders", "user": "app"}),
    ],
)
def test_an_address_of_postgres(url: str, values: dict[str, Any]) -> None:
    assert found("database", DATABASE_URL=url) == values
    assert ("is not written here" in remarks(DATABASE_URL=url)) is ("hunter2@" in url)


@pytest.mark.parametrize(
    "url", ["mysql://app:hunter2@db/x", "postgres://a,b/x", "postgres://", "hunter2", "sqlite:///hunter2.db"]
)
def test_an_address_that_is_of_no_use_is_told_without_it(url: str) -> None:
    report = environment.look({"DATABASE_URL": url})
    assert report.offers == ()
    assert SECRET.encode() not in msgspec.json.encode(report)
    assert "DATABASE_URL is set, but" in report.remarks[0].words


@pytest.mark.parametrize(
    ("url", "values"),
    [
        ("redis://cache:6380/2", {"host": "cache", "port": 6380, "database": 2}),
        ("rediss://:hunter2@cache", {"host": "cache", "tls": True}),
        ("redis://wf_mon:hunter2@cache/0", {"host": "cache", "user": "wf_mon"}),
        ("redis://default:hunter2@cache", {"host": "cache"}),
        ("redis://hunter2@cache", {"host": "cache"}),
        ("unix:///run/redis.sock", {}),
    ],
)
def test_an_address_of_redis(url: str, values: dict[str, Any]) -> None:
    assert found("cache", REDIS_URL=url) == values
    assert SECRET not in remarks(REDIS_URL=url)


@pytest.mark.parametrize(
    ("url", "values"),
    [
        ("https://prom.example/base/", {"url": "https://prom.example/base"}),
        ("http://me:hunter2@[::1]:9090", {"url": "http://[::1]:9090", "user": "me"}),
        ("https://hunter2@prom.example?token=hunter2", {"url": "https://prom.example"}),
        ("prom.example:9090", {}),
    ],
)
def test_an_address_of_prometheus(url: str, values: dict[str, Any]) -> None:
    assert found("prometheus", PROMETHEUS_URL=url) == values
    alertmanager = found("alertmanager", ALERTMANAGER_URL=url)
    assert alertmanager == {name: value for name, value in values.items() if name == "url"}


@pytest.mark.parametrize("odd", ["p@ss", "p/ss", "p?ss", "p#ss", "1#2@3", "1/2", "1?2", "a:b@c/d", "@", "1#", "#1?@/"])
@pytest.mark.parametrize("scheme", ["postgres", "redis", "https"])
def test_a_password_with_odd_characters_moves_no_border(odd: str, scheme: str) -> None:
    """Unescaped, its halves would pass for a host, a port or a name."""
    url = f"{scheme}://app:{SECRET}{odd}{SECRET}@host:1234/orders"
    variables = {"DATABASE_URL": url, "REDIS_URL": url, "PROMETHEUS_URL": url, "ALERTMANAGER_URL": url}
    report = environment.look(variables)
    assert SECRET.encode() not in msgspec.json.encode(report)
    assert report.offers == ()


def test_an_address_is_taken_apart_without_its_password() -> None:
    address = without_password("postgres://app:hunter2@db/orders")
    assert address is not None
    assert address.had_password
    assert SECRET.encode() not in msgspec.json.encode(address)
    assert without_password("http://[::1") is None
    assert without_password("http://host:port/") is None
