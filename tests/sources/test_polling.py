"""A look and its deadline: the watchdog, the connections that it cuts, and how a look ends that was cut."""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rig.certificates import Authority
from tests.sources.api_double import until
from tests.threads import comes_to_an_end, in_the_end
from wfconsole.sources.contract import CutShort, SourceError
from wfconsole.sources.polling import Poll, Watchdog, Wires, shut
from wfconsole.sources.resolver import Resolver
from wfconsole.trust import trusting


def soon(seconds: float = 0.05) -> float:
    return time.monotonic() + seconds


# --- the watchdog ---------------------------------------------------------------------------------------------------


def test_the_watchdog_calls_whoever_is_late_and_nobody_who_is_done() -> None:
    dog, called = Watchdog(), list[str]()
    done = dog.watch(soon(), lambda: called.append("done in time"))
    dog.watch(soon(), lambda: called.append("late"))
    dog.done(done)
    until(lambda: called, "somebody was called")
    assert called == ["late"]
    dog.done(done)  # once more is no harm
    dog.done(done + 100)


def test_the_watchdog_calls_in_the_order_of_the_deadlines() -> None:
    dog, called = Watchdog(), list[int]()
    for number, after in ((3, 0.09), (1, 0.03), (2, 0.06)):
        dog.watch(soon(after), lambda number=number: called.append(number))  # type: ignore[misc]
    until(lambda: len(called) == 3, "all were called")
    assert called == [1, 2, 3]


def test_a_deadline_that_is_over_already_is_called_at_once() -> None:
    dog, called = Watchdog(), threading.Event()
    dog.watch(soon(60), called.clear)
    dog.watch(soon(-1), called.set)
    assert called.wait(2)


def test_the_watchdog_is_one_thread_for_all() -> None:
    before = threading.active_count()
    dog = Watchdog()
    assert threading.active_count() == before, "and none before somebody needs it"
    for _ in range(50):
        dog.done(dog.watch(soon(60), lambda: None))
    assert threading.active_count() == before + 1


# --- the wires ------------------------------------------------------------------------------------------------------


@pytest.fixture
def silent() -> Iterator[int]:
    """A port where somebody accepts and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def encrypted(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The same behind TLS: the handshake is answered, and nothing else."""
    authority = Authority(tmp_path, "authority")
    pair = authority.issue("server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            talk, _ = listener.accept()
            with context.wrap_socket(talk, server_side=True):
                over.wait(10)

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1], authority.certificate
    over.set()
    listener.close()
    thread.join(5)


def descriptors() -> int:
    gc.collect()  # what earlier tests have left is not closed between two counts
    return len(os.listdir("/proc/self/fd"))


def ends_by(cut: Callable[[], None], read: Callable[[], object], begun: threading.Event) -> None:
    """`read`, which goes on for ever in a thread of its own, is over once it was cut."""

    def reading() -> None:
        with contextlib.suppress(OSError, CutShort, SourceError):
            read()

    thread = threading.Thread(target=reading)
    thread.start()
    assert begun.wait(5)
    time.sleep(0.05)
    cut()
    comes_to_an_end(thread)


def test_what_waits_on_a_wire_ends_when_it_is_cut(silent: int) -> None:
    wires, begun = Wires(), threading.Event()

    def read() -> None:
        with wires, socket.create_connection(("127.0.0.1", silent)) as sock:
            begun.set()
            sock.recv(1)

    before = descriptors()
    ends_by(wires.cut, read, begun)
    assert descriptors() == before


def test_what_waits_inside_tls_ends_when_it_is_cut(encrypted: tuple[int, Path]) -> None:
    port, authority = encrypted
    wires, begun = Wires(), threading.Event()
    context = trusting(str(authority))

    def read() -> None:
        with (
            wires,
            socket.create_connection(("127.0.0.1", port)) as sock,
            context.wrap_socket(sock, server_hostname="localhost") as talk,
        ):
            begun.set()
            talk.recv(1)

    ends_by(wires.cut, read, begun)


def test_a_handshake_that_nobody_answers_ends_when_it_is_cut(silent: int) -> None:
    wires, begun = Wires(), threading.Event()

    def read() -> None:
        with wires, socket.create_connection(("127.0.0.1", silent)) as sock:
            begun.set()
            ssl.create_default_context().wrap_socket(sock, server_hostname="localhost")

    ends_by(wires.cut, read, begun)


def test_a_connect_that_is_not_answered_ends_when_it_is_cut() -> None:
    """A full backlog: the kernel drops what comes on top, as a firewall would."""
    wires, begun = Wires(), threading.Event()
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        crowd = [socket.socket() for _ in range(8)]
        for each in crowd:
            each.setblocking(False)
            each.connect_ex(full.getsockname())

        def read() -> None:
            with wires, socket.socket() as sock:
                begun.set()
                sock.connect(full.getsockname())

        ends_by(wires.cut, read, begun)
        for each in crowd:
            each.close()


def test_after_a_cut_nothing_is_opened_any_more(silent: int) -> None:
    wires = Wires()
    with wires:
        wires.cut()
        with pytest.raises(TimeoutError):
            socket.create_connection(("127.0.0.1", silent))
    with wires, socket.create_connection(("127.0.0.1", silent)):
        pass  # the next look may


def test_connections_of_other_threads_are_not_cut(silent: int) -> None:
    wires, opened = Wires(), list[socket.socket]()
    with wires:
        other = threading.Thread(target=lambda: opened.append(socket.create_connection(("127.0.0.1", silent))))
        other.start()
        other.join()
        wires.cut()
    assert opened[0].send(b"still there") == 11
    opened[0].close()


def test_shutting_what_is_closed_already_is_no_harm() -> None:
    sock = socket.socket()
    shut(sock)
    sock.close()
    shut(sock)


# --- a look ---------------------------------------------------------------------------------------------------------


class Asking(Poll):
    """Does what the test says in place of a read."""

    def __init__(self, read: Callable[[], object], *, deadline_ms: int = 200, resolver: Resolver | None = None) -> None:
        super().__init__("weather", 60_000, deadline_ms, resolver)
        self.begun = threading.Event()
        self.severed = 0
        self._read = read

    def read(self) -> None:
        self.begun.set()
        self._read()

    def explain(self, error: Exception) -> SourceError:
        return SourceError("server-error", f"explained: {error}")

    def sever(self) -> None:
        self.severed += 1
        super().sever()


def asking_at(port: int, deadline_ms: int = 200) -> Asking:
    def read() -> None:
        with socket.create_connection(("127.0.0.1", port)) as sock:
            if not sock.recv(1):
                raise ConnectionError("closed")

    return Asking(read, deadline_ms=deadline_ms)


def failure_of(poll: Poll) -> SourceError:
    with pytest.raises(SourceError) as told:
        poll.step(lambda: None)
    return told.value


def test_a_look_proves_once_and_its_interval_begins_when_it_is_over() -> None:
    proofs: list[int] = []
    wait = Asking(lambda: time.sleep(0.05)).step(lambda: proofs.append(1))  # a server that takes its time
    assert proofs == [1]
    assert wait == 60_000


def test_the_deadline_is_never_longer_than_the_interval() -> None:
    assert Asking(lambda: None, deadline_ms=90_000).deadline_ms == 60_000


def test_a_late_look_is_cut_and_says_how_long_it_had(silent: int) -> None:
    error = in_the_end(lambda: failure_of(asking_at(silent)))
    assert (error.kind, error.message) == ("timeout", "weather: no answer within 0.2 s")
    assert error.remedy


def test_the_server_is_named_where_it_is_known(silent: int) -> None:
    poll = asking_at(silent)
    poll.resolver = Resolver("127.0.0.1", silent)
    assert failure_of(poll).message == f"127.0.0.1:{silent}: no answer within 0.2 s"


def test_nothing_is_proven_by_a_look_that_failed(silent: int) -> None:
    proofs: list[int] = []
    with pytest.raises(SourceError):
        asking_at(silent).step(lambda: proofs.append(1))
    assert proofs == []


def test_an_error_of_the_client_is_explained_and_one_of_ours_is_not() -> None:
    def fails(error: Exception) -> Callable[[], None]:
        def read() -> None:
            raise error

        return read

    assert failure_of(Asking(fails(ValueError("odd")))).message == "explained: odd"
    ours = SourceError("denied", "no", remedy="ask")
    assert failure_of(Asking(fails(ours))) is ours
    assert failure_of(Asking(fails(RecursionError("deep")))).message == "explained: deep"


def test_a_look_that_is_cut_was_cut_short(silent: int) -> None:
    poll, raised = asking_at(silent, deadline_ms=60_000), list[BaseException]()

    def look() -> None:
        try:
            poll.step(lambda: None)
        except CutShort as error:
            raised.append(error)

    ends_by(poll.cut, look, poll.begun)
    assert len(raised) == 1


def test_what_cuts_a_look_once_does_not_cut_it_twice(silent: int) -> None:
    poll = asking_at(silent, deadline_ms=60_000)

    def cut() -> None:
        for _ in range(5):
            poll.cut()

    ends_by(cut, lambda: poll.step(lambda: None), poll.begun)
    assert poll.severed == 1


def test_a_cut_between_two_looks_hits_neither(silent: int) -> None:
    poll = Asking(lambda: socket.create_connection(("127.0.0.1", silent)).close())
    poll.step(lambda: None)
    poll.cut()
    poll.step(lambda: None)
    assert poll.severed == 0


def test_the_deadline_of_a_look_that_is_over_hits_none_after_it(silent: int) -> None:
    poll = Asking(lambda: time.sleep(0.12), deadline_ms=200)
    for _ in range(4):  # the deadlines of the first ones come during the later ones
        poll.step(lambda: None)
    assert poll.severed == 0


# A client may take the end of its socket for the end of the answer, and return as if all were well.
def test_a_look_whose_client_swallows_its_end_is_late_and_keeps_nothing(silent: int) -> None:
    proofs: list[int] = []

    def read() -> None:
        with socket.create_connection(("127.0.0.1", silent)) as sock, contextlib.suppress(OSError):
            assert sock.recv(1) == b""
        poll.keep({"half": b"{}"})

    poll = Asking(read, deadline_ms=100)
    with pytest.raises(SourceError) as told:
        poll.step(lambda: proofs.append(1))
    assert (told.value.kind, proofs, poll.severed) == ("timeout", [], 1)
    assert poll.table.take() == {}


def test_a_look_that_returns_after_its_deadline_is_late_whatever_it_brings() -> None:
    proofs: list[int] = []
    ended = threading.Event()
    poll = Asking(lambda: ended.wait(5), deadline_ms=100)
    poll.sever = ended.set  # type: ignore[method-assign]
    with pytest.raises(SourceError) as told:
        poll.step(lambda: proofs.append(1))
    assert (told.value.kind, proofs) == ("timeout", [])


def test_a_look_is_late_even_where_the_watchdog_did_not_come_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Watchdog, "watch", lambda *_: 0)
    poll = Asking(lambda: until(lambda: poll.overdue_ms() > 0, "it is late"), deadline_ms=50)
    assert failure_of(poll).kind == "timeout"


def test_a_look_that_was_cut_and_returns_is_no_look() -> None:
    proofs: list[int] = []
    poll = Asking(lambda: None)
    poll.read = poll.cut  # type: ignore[method-assign]
    with pytest.raises(CutShort):
        poll.step(lambda: proofs.append(1))
    assert proofs == []


def test_a_part_of_a_look_that_is_late_says_so_whatever_its_client_raises(silent: int) -> None:
    raised: list[type[Exception]] = []

    def read() -> None:
        for swallows in (True, False):
            try:
                with poll.within(0.05), socket.create_connection(("127.0.0.1", silent)) as sock:
                    if not sock.recv(1) and not swallows:
                        raise ConnectionResetError
            except OSError as error:
                raised.append(type(error))

    poll = Asking(read, deadline_ms=5000)
    poll.step(lambda: None)
    assert raised == [TimeoutError, TimeoutError]


def test_what_a_look_keeps_is_all_there_is() -> None:
    poll = Asking(lambda: poll.keep({"b": b"2"}))
    poll.table.put("a", b"1")
    poll.step(lambda: None)
    assert poll.table.take() == {"a": None, "b": b"2"}


def test_a_look_where_no_deadline_reaches_says_how_far_it_is_beyond() -> None:
    over = threading.Event()
    poll = Asking(lambda: over.wait(5), deadline_ms=100)
    assert poll.overdue_ms() == 0
    thread = threading.Thread(target=failure_of, args=(poll,))
    thread.start()
    assert poll.begun.wait(5)
    assert poll.overdue_ms() == 0, "not yet"
    until(lambda: poll.overdue_ms() > 50, "it is beyond its deadline")
    over.set()
    thread.join(5)
    assert poll.overdue_ms() == 0


def test_what_is_left_is_never_nothing() -> None:
    seen: list[float] = []
    poll = Asking(lambda: seen.append(poll.left_s()), deadline_ms=1000)
    assert poll.left_s() == 0.1
    poll.step(lambda: None)
    assert 0.5 < seen[0] <= 1.0


# --- looking up a name ----------------------------------------------------------------------------------------------


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Looking up hangs until this is set."""
    over = threading.Event()

    def hanging(*_: object, **__: object) -> list[object]:
        over.wait(90)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    yield over
    over.set()


def test_a_name_that_nobody_looks_up_is_said_to_be_that(dns: threading.Event) -> None:
    poll = Asking(lambda: None, resolver=Resolver("db.example", 5432, "database.host"))
    error = failure_of(poll)
    assert error.kind == "timeout"
    assert error.message.startswith("looking up db.example: no answer")
    assert "database.host" in error.remedy
    assert not poll.begun.is_set()


def test_a_look_that_is_cut_while_it_looks_up_a_name_ends_at_once_and_goes_no_further(dns: threading.Event) -> None:
    poll = Asking(lambda: None, deadline_ms=60_000, resolver=Resolver("db.example", 5432))
    raised: list[BaseException] = []

    def look() -> None:
        try:
            poll.step(lambda: None)
        except CutShort as error:
            raised.append(error)

    thread = threading.Thread(target=look)
    thread.start()
    until(lambda: poll._due is not None, "the look is under way")
    time.sleep(0.05)
    poll.cut()
    comes_to_an_end(thread)
    assert [type(error) for error in raised] == [CutShort]
    assert not poll.begun.is_set()


def test_the_addresses_of_before_serve_while_names_are_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Resolver("localhost", 5432)
    known = resolver.addresses(5)

    def failing(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", failing)
    assert resolver.addresses(5) == known
    assert resolver.facts()
