"""The connection: credentials that are renewed, connections that are kept, names that do not resolve, proxies, TLS."""

from __future__ import annotations

import email.utils
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sources.api_double import ApiDouble, Conversation, Request, raised_by_a_cut, until, well
from wfconsole.clock import MINUTE, SystemClock
from wfconsole.sources import resolver as resolving
from wfconsole.sources.contract import SourceError
from wfconsole.sources.kubernetes.access import Access
from wfconsole.sources.kubernetes.client import Client, Limits, Server
from wfconsole.sources.kubernetes.kubeconfig import load_access
from wfconsole.sources.resolver import Resolver

PODS = "/api/v1/pods"


@pytest.fixture
def double() -> Iterator[ApiDouble]:
    with ApiDouble() as server:
        yield server


def reaching(double: ApiDouble, **more: Any) -> Access:
    return Access(server=double.url, host="127.0.0.1", port=double.port, tls=False, context="c", **more)


def client_of(access: Access, deadline_ms: int = 1000) -> Client:
    return Server(access, Limits(deadline_ms=deadline_ms)).client()


def refusing_all_but(token: str) -> Any:
    def behave(talk: Conversation, request: Request) -> None:
        if request.headers.get("authorization") == f"Bearer {token}":
            well(talk, request)
        else:
            talk.answer(b"{}", "401 Unauthorized")

    return behave


def test_a_connection_is_kept_between_requests(double: ApiDouble) -> None:
    ports = set()

    def behave(talk: Conversation, request: Request) -> None:
        ports.add(talk.sock.getpeername())
        well(talk, request)

    double.behaviour = behave
    client = client_of(reaching(double))
    for _ in range(3):
        client.get(PODS, what="pods")
    assert len(ports) == 1


def test_a_kept_connection_that_the_server_closed_is_replaced(double: ApiDouble) -> None:
    client = client_of(reaching(double))
    client.get(PODS, what="pods")
    double.hang_up()
    assert client.get(PODS, what="pods")


def naming_the_request(talk: Conversation, request: Request) -> None:
    talk.answer(request.target.encode())


@pytest.mark.parametrize("then", ["page=2", "page=3"])
def test_what_was_asked_ahead_is_read_by_the_next_request_if_that_is_for_it(double: ApiDouble, then: str) -> None:
    double.behaviour = naming_the_request
    client = client_of(reaching(double))
    client.get(PODS, {"page": "1"}, what="pods")
    client.ask_ahead(PODS, {"page": "2"}, what="pods")
    until(lambda: len(double.requests) == 2, "the server to have it before anybody waits for it")
    for page in (then, "page=4"):
        name, _, value = page.partition("=")
        assert client.get(PODS, {name: value}, what="pods") == f"{PODS}?{page}".encode()
    assert len(double.requests) == (3 if then == "page=2" else 4)


def test_asking_ahead_on_a_connection_that_has_gone_costs_nothing(double: ApiDouble) -> None:
    double.behaviour = naming_the_request
    client = client_of(reaching(double))
    client.ask_ahead(PODS, {"page": "0"}, what="pods")  # nothing was ever asked: there is no connection yet
    client.get(PODS, {"page": "1"}, what="pods")
    double.hang_up()
    client.ask_ahead(PODS, {"page": "2"}, what="pods")
    assert client.get(PODS, {"page": "2"}, what="pods") == f"{PODS}?page=2".encode()


def test_a_watch_never_reads_what_was_asked_ahead(double: ApiDouble) -> None:
    client = client_of(reaching(double))
    client.get(PODS, what="pods")
    client.ask_ahead(PODS, {"page": "2"}, what="pods")
    lines = client.watch(PODS, {"watch": "true", "timeoutSeconds": 1}, window_ms=1000, what="pods")
    assert list(lines) == [b""]


def test_an_answer_that_ends_with_the_connection_is_whole(double: ApiDouble) -> None:
    def behave(talk: Conversation, _request: Request) -> None:
        talk.sock.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}")
        talk.sock.close()

    double.behaviour = behave
    client = client_of(reaching(double))
    assert [bytes(client.get(PODS, what="pods")) for _ in range(2)] == [b"{}", b"{}"]


def test_a_token_file_is_read_anew_when_it_changes(double: ApiDouble, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old\n")
    double.behaviour = refusing_all_but("new")
    client = client_of(reaching(double, token_file=str(token)))
    with pytest.raises(SourceError, match="401"):
        client.get(PODS, what="pods")
    token.write_text("new\n")
    os.utime(token, (1, 1))  # whatever the clock's resolution: another time than before
    assert client.get(PODS, what="pods")


def test_a_token_that_was_refused_is_read_once_more_before_it_is_a_failure(double: ApiDouble, tmp_path: Path) -> None:
    """The file has the same time, as on a file system with coarse times: only the 401 tells that it changed."""
    token = tmp_path / "token"
    token.write_text("old\n")
    os.utime(token, (1, 1))
    double.behaviour = refusing_all_but("old")
    client = client_of(reaching(double, token_file=str(token)))
    assert client.get(PODS, what="pods")
    double.behaviour = refusing_all_but("new")
    token.write_text("new\n")
    os.utime(token, (1, 1))
    assert client.get(PODS, what="pods")


def test_a_refused_token_is_not_hammered(double: ApiDouble) -> None:
    double.behaviour = refusing_all_but("another")
    client = client_of(reaching(double, token="mine"))
    with pytest.raises(SourceError) as told:
        client.get(PODS, what="pods")
    assert (told.value.kind, told.value.code) == ("denied", 401)
    assert len(double.requests) == 1


def test_impersonation_is_sent(double: ApiDouble) -> None:
    client_of(reaching(double, impersonate=(("Impersonate-User", "boss"),))).get(PODS, what="pods")
    assert double.requests[0].headers["impersonate-user"] == "boss"


def test_a_line_break_in_a_token_is_refused_before_it_is_sent(double: ApiDouble) -> None:
    with pytest.raises(SourceError, match="line break"):
        client_of(reaching(double, token="a\r\nX-Evil: 1")).get(PODS, what="pods")
    assert not double.requests


def test_cutting_ends_a_wait_from_another_thread(double: ApiDouble) -> None:
    double.behaviour = lambda talk, _request: talk.hang()
    client = client_of(reaching(double), deadline_ms=60_000)
    assert raised_by_a_cut(double, lambda: client.get(PODS, what="pods"), client.cut)
    double.behaviour = well
    assert client.get(PODS, what="pods")


def test_a_slow_link_that_moves_on_is_not_a_failure(double: ApiDouble) -> None:
    """Each piece comes in time and fast enough on the whole, although all of it takes longer than the deadline."""

    def behave(talk: Conversation, _request: Request) -> None:
        talk.begin_chunks()
        for _ in range(6):
            talk.over.wait(0.1)
            talk.chunk(b" " * 4096)
        talk.sock.sendall(b"0\r\n\r\n")

    double.behaviour = behave
    assert len(client_of(reaching(double), deadline_ms=300).get(PODS, what="pods")) == 6 * 4096


# --- exec plugins ---------------------------------------------------------------------------------------------------


def with_plugin(double: ApiDouble, folder: Path, script: str) -> Access:
    plugin = folder / "plugin.py"
    plugin.write_text(script)
    command = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": sys.executable,
        "args": [str(plugin)],
        "env": None,
    }
    config = folder / "config"
    config.write_text(
        json.dumps(
            {
                "current-context": "c",
                "clusters": [{"name": "c", "cluster": {"server": double.url}}],
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
                "users": [{"name": "c", "user": {"exec": command}}],
            }
        )
    )
    return load_access(str(config))


GIVES_TOKENS = """
import json, pathlib, sys
count = pathlib.Path(sys.argv[0]).with_suffix(".count")
number = int(count.read_text()) + 1 if count.exists() else 1
count.write_text(str(number))
print(json.dumps({"apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential",
                  "status": {"token": f"token-{number}"}}))
"""


def test_an_exec_plugin_gives_the_token_and_is_asked_again_when_that_is_refused(
    double: ApiDouble, tmp_path: Path
) -> None:
    client = client_of(with_plugin(double, tmp_path, GIVES_TOKENS), deadline_ms=20_000)
    double.behaviour = refusing_all_but("token-1")
    assert client.get(PODS, what="pods")
    assert client.get(PODS, what="pods")
    assert (tmp_path / "plugin.count").read_text() == "1"
    double.behaviour = refusing_all_but("token-2")
    assert client.get(PODS, what="pods")


def test_a_plugin_that_fails_is_told_with_its_command_line(double: ApiDouble, tmp_path: Path) -> None:
    access = with_plugin(double, tmp_path, "import sys; sys.exit('please log in')")
    with pytest.raises(SourceError) as told:
        client_of(access).get(PODS, what="pods")
    assert told.value.kind == "denied"
    assert "please log in" in told.value.message
    assert "plugin.py" in told.value.remedy


def test_a_plugin_that_hangs_is_ended_with_everything_it_started(double: ApiDouble, tmp_path: Path) -> None:
    script = f"""
import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path({str(tmp_path / "pids")!r}).write_text(f"{{os.getpid()}} {{child.pid}}")
time.sleep(600)
"""
    server = Server(with_plugin(double, tmp_path, script), Limits(plugin_deadline_ms=3000))
    with pytest.raises(SourceError, match="did not answer within 3 s") as told:
        server.client().get(PODS, what="pods")
    assert told.value.kind == "timeout"
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 2
    until(lambda: not any(_runs(pid) for pid in pids), "the plugin and its child are gone")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


# --- names ----------------------------------------------------------------------------------------------------------


def test_an_address_is_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: pytest.fail("looked up"))
    assert Resolver("127.0.0.1", 80).addresses(1) == [(socket.AF_INET, ("127.0.0.1", 80))]
    assert Resolver("::1", 80).addresses(1) == [(socket.AF_INET6, ("::1", 80))]


def test_a_name_that_does_not_resolve_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_args: Any, **_more: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    with pytest.raises(SourceError, match="Name or service not known") as told:
        Resolver("api.example", 80).addresses(5)
    assert told.value.kind == "refused"


def test_a_name_server_that_is_silent_holds_nobody_longer_than_they_have(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    answer = threading.Event()

    def silent(*_args: Any, **_more: Any) -> Any:
        looked.append(threading.current_thread())
        answer.wait(30)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 80))]

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    resolver = Resolver("api.example", 80)
    for _ in range(3):
        with pytest.raises(SourceError) as told:
            resolver.addresses(0.05)
        assert told.value.kind == "timeout"
    assert len(looked) == 1  # whoever asks meanwhile waits for the same answer
    answer.set()
    assert until(lambda: _found(resolver), "the late answer is taken") == [(socket.AF_INET, ("10.0.0.1", 80))]


def _found(resolver: Resolver) -> Any:
    try:
        return resolver.addresses(0.05)
    except SourceError:
        return None


def test_the_last_good_addresses_are_used_while_names_do_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Resolver("localhost", 80)
    good = resolver.addresses(5)

    def nowhere(*_args: Any, **_more: Any) -> Any:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    assert resolver.addresses(5) == good
    assert resolver.facts()
    later = time.monotonic() + resolving.KEEP_MS / 1000 + MINUTE / 1000
    monkeypatch.setattr(time, "monotonic", lambda: later)
    with pytest.raises(SourceError, match="Temporary failure"):
        resolver.addresses(5)


# --- proxies --------------------------------------------------------------------------------------------------------


def test_a_connection_goes_through_a_proxy(double: ApiDouble) -> None:
    """The double plays proxy and server: after CONNECT it speaks HTTP on the same connection."""

    def behave(talk: Conversation, request: Request) -> None:
        if request.target == "far.example:1234":
            talk.sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            well(talk, request)

    double.behaviour = behave
    access = Access(server="http://far.example:1234", host="far.example", port=1234, tls=False, proxy=double.url)
    assert client_of(access).get(PODS, what="pods")
    assert [request.target for request in double.requests] == ["far.example:1234", PODS]


def test_a_proxy_that_says_no_is_told(double: ApiDouble) -> None:
    double.behaviour = lambda talk, _request: talk.answer(b"", "407 Proxy Authentication Required")
    access = Access(server="http://far.example", host="far.example", port=80, tls=False, proxy=double.url)
    with pytest.raises(SourceError, match="407"):
        client_of(access).get(PODS, what="pods")


# --- TLS ------------------------------------------------------------------------------------------------------------


def test_a_server_without_tls_on_a_tls_port_is_told(double: ApiDouble) -> None:
    access = Access(server="https://127.0.0.1", host="127.0.0.1", port=double.port, insecure=True)
    with pytest.raises(SourceError) as told:
        client_of(access).get(PODS, what="pods")
    assert told.value.kind in ("bad-answer", "timeout")


def test_a_handshake_that_hangs_is_a_timeout(double: ApiDouble) -> None:
    double.on_accept = lambda talk: bool(talk.over.wait()) and False
    access = Access(server="https://127.0.0.1", host="127.0.0.1", port=double.port, insecure=True)
    with pytest.raises(SourceError) as told:
        client_of(access, deadline_ms=200).get(PODS, what="pods")
    assert told.value.kind == "timeout"


# --- what else an answer tells --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ahead_s", "told"),
    [(0, {}), (3, {}), (43, {"clock": "the server's clock is ahead by 43 s"}), (-90, {"clock": "behind by 90 s"})],
)
def test_a_clock_that_differs_is_told(
    ahead_s: int, told: dict[str, str], double: ApiDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_772_375_527
    monkeypatch.setattr(SystemClock, "now", lambda _clock: now * 1000)
    date = email.utils.formatdate(now + ahead_s, usegmt=True)
    double.behaviour = lambda talk, _request: talk.answer(b"{}", headers=(f"Date: {date}",))
    server = Server(reaching(double))
    server.client().get(PODS, what="pods")
    facts = server.facts()
    assert facts.keys() == told.keys()
    assert told.get("clock", "") in facts.get("clock", "")


def test_a_date_that_is_none_is_ignored(double: ApiDouble) -> None:
    double.behaviour = lambda talk, _request: talk.answer(b"{}", headers=("Date: yesterday",))
    server = Server(reaching(double))
    server.client().get(PODS, what="pods")
    assert server.facts() == {}
