"""TLS as the wire speaks it: data, ends of every kind, deadlines, cuts. The certificate is one for loopback."""

from __future__ import annotations

import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.certificates import Authority
from tests.sources.api_double import ApiDouble, Conversation, Request, raised_by_a_cut
from wfconsole.sources.contract import SourceError
from wfconsole.sources.kubernetes import wire
from wfconsole.sources.kubernetes.access import Access
from wfconsole.sources.kubernetes.client import Client, Limits, Server
from wfconsole.sources.kubernetes.wire import Wire

PODS = "/api/v1/pods"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"), "authority")


@pytest.fixture
def double(authority: Authority) -> Iterator[ApiDouble]:
    """A double that speaks TLS."""
    pair = authority.issue("double")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)

    def shake_hands(talk: Conversation) -> bool:
        talk.sock = context.wrap_socket(talk.sock, server_side=True)
        return True

    with ApiDouble() as server:
        server.on_accept = shake_hands
        yield server


def client_of(double: ApiDouble, ca: Path, deadline_ms: int = 5000, beat_ms: int = 1000) -> Client:
    access = Access(server="https://127.0.0.1", host="127.0.0.1", port=double.port, ca_file=str(ca))
    return Server(access, Limits(deadline_ms=deadline_ms, beat_ms=beat_ms)).client()


@pytest.mark.parametrize("size", [0, 1, 16 * 1024, 5_000_000])
def test_a_body_of_any_size_arrives_as_it_was_sent(size: int, double: ApiDouble, authority: Authority) -> None:
    body = os.urandom(size)
    double.behaviour = lambda talk, _request: talk.answer(body)
    client = client_of(double, authority.certificate)
    assert [client.get(PODS, what="pods") == body for _ in range(2)] == [True, True]
    assert len(double.requests) == 2


def test_a_certificate_of_another_authority_is_refused(double: ApiDouble, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="certificate") as told:
        client_of(double, Authority(tmp_path, "another").certificate).get(PODS, what="pods")
    assert told.value.kind == "configuration"
    assert not double.requests


def half_an_answer(talk: Conversation) -> None:
    talk.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 50)


def goodbye(talk: Conversation) -> None:
    talk.sock.unwrap()  # type: ignore[attr-defined]  # TLS's own end


def end_of_the_connection(talk: Conversation) -> None:
    talk.sock.close()


def reset(talk: Conversation) -> None:
    talk.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    talk.sock.close()


def garbage(talk: Conversation) -> None:
    socket.socket.sendall(socket.socket(fileno=talk.sock.detach()), b"this is no TLS, whatever it is")


@pytest.mark.parametrize("end", [goodbye, end_of_the_connection, reset, garbage])
def test_an_answer_that_ends_too_early_is_told(end: object, double: ApiDouble, authority: Authority) -> None:
    def behave(talk: Conversation, _request: Request) -> None:
        half_an_answer(talk)
        end(talk)  # type: ignore[operator]

    double.behaviour = behave
    with pytest.raises(SourceError) as told:
        client_of(double, authority.certificate).get(PODS, what="pods")
    assert told.value.kind in ("bad-answer", "refused")


def test_a_server_that_drips_records_is_given_up_at_the_deadline(double: ApiDouble, authority: Authority) -> None:
    def behave(talk: Conversation, _request: Request) -> None:
        half_an_answer(talk)
        talk.drip(b"y" * 50)

    double.behaviour = behave
    with pytest.raises(SourceError) as told:
        client_of(double, authority.certificate, deadline_ms=500).get(PODS, what="pods")
    assert told.value.kind == "timeout"


def test_cutting_ends_a_wait_from_another_thread(double: ApiDouble, authority: Authority) -> None:
    def behave(talk: Conversation, _request: Request) -> None:
        half_an_answer(talk)
        talk.hang()

    double.behaviour = behave
    client = client_of(double, authority.certificate, deadline_ms=60_000)
    assert raised_by_a_cut(double, lambda: client.get(PODS, what="pods"), client.cut)


def test_the_changes_of_a_busy_watch_are_received_together(
    double: ApiDouble, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    def behave(talk: Conversation, _request: Request) -> None:
        talk.begin_chunks()
        for number in range(50):
            talk.chunk(b"%d\n" % number)
            time.sleep(0.02)
        talk.chunk(b"")

    receives: list[int] = []
    after = Wire._after_receiving

    def counted(wire: Wire, count: int, most: int) -> None:
        receives.append(count)
        after(wire, count, most)

    monkeypatch.setattr(Wire, "_after_receiving", counted)
    double.behaviour = behave
    client = client_of(double, authority.certificate)
    seen = list(client.watch(PODS, {"watch": "true"}, window_ms=5000, what="pods"))
    assert seen == [b"", *(b"%d\n" % number for number in range(50))]
    assert len(receives) < 15


def test_a_flood_of_changes_does_not_wait_to_be_received_together(double: ApiDouble, authority: Authority) -> None:
    """What the system holds for us by itself, twice a second, would take minutes."""
    line = b"c" * 9000 + b"\n"

    def behave(talk: Conversation, _request: Request) -> None:
        talk.begin_chunks()
        for _ in range(5000):
            talk.chunk(line)
        talk.chunk(b"")

    double.behaviour = behave
    client = client_of(double, authority.certificate, deadline_ms=4000)
    seen = client.watch(PODS, {"watch": "true"}, window_ms=20_000, what="pods")
    assert sum(map(len, seen)) == 5000 * len(line)


@pytest.mark.parametrize(
    ("arrives", "beat", "taken"),
    [
        (70.0, 1.0, 70.9),
        (70.2, 1.0, 70.9),
        (70.89, 1.0, 70.9),
        (70.91, 1.0, 71.9),
        (70.99, 1.0, 71.9),
        (7.31, 0.1, 7.39),
    ],
)
def test_what_comes_in_a_beat_is_taken_in_time_to_be_told_at_its_end(arrives: float, beat: float, taken: float) -> None:
    assert wire.taken_next(arrives, beat) == pytest.approx(taken)


def test_cutting_ends_a_wait_for_more_changes(
    double: ApiDouble, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    def behave(talk: Conversation, _request: Request) -> None:
        talk.begin_chunks()
        talk.chunk(b"1\n")
        talk.hang()

    double.behaviour = behave
    client = client_of(double, authority.certificate, beat_ms=600_000)
    gathering, gather = threading.Event(), Wire._gather

    def gathers(wire: Wire, seconds: float) -> None:
        gathering.set()
        gather(wire, seconds)

    monkeypatch.setattr(Wire, "_gather", gathers)

    def watch() -> None:
        for _ in client.watch(PODS, {"watch": "true"}, window_ms=90_000, what="pods"):
            pass

    def cut() -> None:
        assert gathering.wait(5)
        client.cut()

    assert raised_by_a_cut(double, watch, cut)
