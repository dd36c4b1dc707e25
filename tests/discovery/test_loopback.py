"""A server on loopback is recognised by its own protocol: real ones are, and nothing else at their ports is."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.rig.systems.alertmanager import Alertmanager
from tests.rig.systems.postgres import Postgres
from tests.rig.systems.prometheus import Prometheus
from tests.rig.systems.redis import Redis
from wfconsole.config.offers import choose
from wfconsole.discovery import loopback
from wfconsole.discovery.kinds_of_server import KINDS, Kind
from wfconsole.discovery.report import Report

BY_TABLE = {kind.table: kind for kind in KINDS}


def values(report: Report, table: str) -> dict[str, Any]:
    chosen = choose(report.offers).get(table)
    return chosen.offer.values if chosen is not None and chosen.offer is not None else {}


def tells_apart(table: str, port: int) -> Report:
    """What its own kind says of a server. No other kind takes it for its own."""
    for kind in KINDS:
        if kind.table != table:
            assert loopback.look(kind, port, 0.2).offers == ()  # it may wait for more of what it does not understand
    return loopback.look(BY_TABLE[table], port)


def test_postgres_is_recognised_and_nothing_else(postgres: Postgres) -> None:
    report = tells_apart("database", postgres.port)
    assert values(report, "database") == {"host": "127.0.0.1", "port": postgres.port}
    assert report.offers[0].why == f"PostgreSQL answers at 127.0.0.1:{postgres.port}"


def test_redis_is_recognised_and_nothing_else(redis: Redis) -> None:
    report = tells_apart("cache", redis.port)
    assert values(report, "cache") == {"host": "127.0.0.1", "port": redis.port}
    assert report.remarks == ()


def test_a_redis_that_wants_a_password_is_recognised_too(redis: Redis) -> None:
    with redis.admin() as admin:
        admin.execute_command("ACL", "SETUSER", "default", "resetpass", ">hunter2")
        try:
            report = loopback.look(BY_TABLE["cache"], redis.port)
        finally:
            admin.execute_command("ACL", "SETUSER", "default", "nopass")
    assert values(report, "cache") == {"host": "127.0.0.1", "port": redis.port}
    assert "password_file" in report.remarks[0].words


def test_prometheus_is_recognised_and_nothing_else(prometheus: Prometheus) -> None:
    report = tells_apart("prometheus", prometheus.port)
    assert values(report, "prometheus") == {"url": prometheus.url}
    assert report.offers[0].why.startswith("Prometheus 2")


def test_alertmanager_is_recognised_and_nothing_else(alertmanager: Alertmanager) -> None:
    report = tells_apart("alertmanager", alertmanager.port)
    assert values(report, "alertmanager") == {"url": f"http://127.0.0.1:{alertmanager.port}"}
    assert report.offers[0].why.startswith("Alertmanager 0")


@contextmanager
def speaking(answer: bytes) -> Iterator[int]:
    """A port where every connection is given this answer to whatever it says, and is closed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(5)
                    try:
                        connection.recv(4096)
                        connection.sendall(answer)
                        connection.shutdown(socket.SHUT_WR)
                        connection.recv(4096)
                    except OSError:
                        pass

        server = threading.Thread(target=serve, daemon=True)
        server.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            server.join(5)


def page(body: str, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.what)
@pytest.mark.parametrize(
    "answer",
    [
        *(
            b"",
            b"Sorry\r\n",
            b"220 mail ESMTP\r\n",
            b"SSH-2.0-OpenSSH_9.2\r\n",
            b"-ERR unknown command\r\n",
            b"+OK\r\n",
        ),
        *(page("<html>Prometheus</html>"), page("{}"), page("[" * 100_000), page('{"status":"success","data":[]}')),
        *(page('{"status":"success","data":"x"}'), page("moved", "302 Found\r\nLocation: http://127.0.0.1:1/")),
        *(page("x" * 1_000_000), b"\xff" * 70_000, page("no", "401 Unauthorized"), page("no", "404 Not Found")),
    ],
    ids=range(16),
)
def test_whatever_else_listens_there_is_not_taken_for_it(kind: Kind, answer: bytes) -> None:
    with speaking(answer) as port:
        assert loopback.look(kind, port) == Report({kind.table: f"127.0.0.1:{port}"})


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    for kind in KINDS:
        assert loopback.look(kind, port).offers == ()


def test_what_speaks_only_prometheus_api_is_recognised_by_being_ready() -> None:
    """Those before 2.14, and relatives of it, do not tell how they were built."""
    answers = {b"/api/v1/status/buildinfo": page("", "404 Not Found"), b"/-/ready": page("Prometheus is Ready.\n")}
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for _ in answers:
                connection, _ = listener.accept()
                with connection:
                    connection.sendall(answers[connection.recv(4096).split(b" ")[1]])

        server = threading.Thread(target=serve, daemon=True)
        server.start()
        report = loopback.look(BY_TABLE["prometheus"], listener.getsockname()[1])
        server.join(5)
    assert report.offers[0].why.startswith("Prometheus answers at")
