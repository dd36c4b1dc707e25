"""PostgreSQL that fails in every way: the look ends in time, says what and what mends it, and recovers by itself."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.rig.systems.postgres import MONITOR, Postgres, alive
from tests.sources.postgres.conftest import Opens, rows_of
from tests.threads import in_the_end
from wfconsole.config.systems import DatabaseSettings
from wfconsole.observations.database import DatabaseRow
from wfconsole.observations.snapshot import FailureKind
from wfconsole.sources.contract import CutShort, SourceError
from wfconsole.sources.postgres.capacity import CapacityPoll
from wfconsole.sources.postgres.connection import Session
from wfconsole.sources.postgres.sessions import SessionsPoll

SECOND_S = 1.0


@pytest.fixture
def poll(session: Session) -> CapacityPoll:
    """One second for a look, so that the tests are quick."""
    return CapacityPoll(session, 1000)


class Asleep(CapacityPoll):
    """Asks for something that takes longer than anybody waits."""

    def look(self) -> Mapping[str, bytes]:
        self.rows("SELECT pg_sleep(30)")
        return {}


def failure(poll: CapacityPoll) -> SourceError:
    with pytest.raises(SourceError) as told:
        poll.step(lambda: None)
    return told.value


def backends(postgres: Postgres) -> list[int]:
    with postgres.admin() as admin:
        found = admin.execute("SELECT pid FROM pg_stat_activity WHERE usename = %s", (MONITOR,)).fetchall()
    return [pid for (pid,) in found]


def pid_of(poll: CapacityPoll) -> int:
    connection = poll.session._connection
    assert connection is not None
    return connection.info.backend_pid


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def eventually(condition: Callable[[], bool], within_s: float = 10) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_frozen_backend_ends_the_look_in_time_and_the_next_one_works(poll: CapacityPoll) -> None:
    poll.step(lambda: None)
    with stopped(pid_of(poll)):
        told = in_the_end(lambda: failure(poll))
        assert told.kind == "timeout"
        assert "within 1 s" in told.message
        poll.step(lambda: None)  # by another backend, while that one is still frozen


def test_nothing_of_ours_runs_on_after_a_cut(postgres: Postgres, session: Session) -> None:
    poll = Asleep(session, 1000)
    with session.turn(Asleep(session, 30_000)):  # whose time is for connecting
        ours = pid_of(poll)
    assert failure(poll).kind == "timeout"
    eventually(lambda: ours not in backends(postgres))


def test_a_slow_statement_ends_in_the_server_and_the_connection_stays(session: Session) -> None:
    poll = Asleep(session, 5000)
    with session.turn(poll) as connection:
        connection.execute("SET statement_timeout = '100ms'")
        pid = pid_of(poll)
    told = failure(poll)
    assert told.kind == "timeout"
    assert "statement timeout" in told.message
    assert pid_of(poll) == pid


def test_a_backend_that_is_killed_is_said_and_the_next_look_works(postgres: Postgres, poll: CapacityPoll) -> None:
    poll.step(lambda: None)
    with postgres.admin() as other:
        os.kill(pid_of(poll), signal.SIGKILL)
        told = failure(poll)
        assert told.kind == "refused"
        assert "again by itself" in told.remedy
        eventually(lambda: not alive(other))  # the server ends all other sessions, and recovers
    eventually(lambda: postgres.answers(postgres.port))
    assert rows_of(poll, DatabaseRow)


def test_a_session_that_somebody_ended_is_said_and_opened_anew(postgres: Postgres, poll: CapacityPoll) -> None:
    poll.step(lambda: None)
    with postgres.admin() as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 3000)", (pid_of(poll),))
    assert failure(poll).kind == "refused"
    assert rows_of(poll, DatabaseRow)


def test_a_restart_during_a_look(postgres: Postgres, session: Session) -> None:
    asleep, poll = Asleep(session, 5000), CapacityPoll(session, 5000)
    poll.step(lambda: None)
    restart = threading.Timer(0.3, postgres.server.stop)
    restart.start()
    told = in_the_end(lambda: failure(asleep))
    restart.join()
    assert told.kind == "refused"
    eventually(lambda: "Does PostgreSQL run" in failure(poll).remedy)  # first it may be on its way down
    assert failure(poll).kind == "refused"
    postgres.restart()
    assert rows_of(poll, DatabaseRow)


def test_exhaustion_is_seen_by_the_session_that_was_open(postgres: Postgres, poll: CapacityPoll, opens: Opens) -> None:
    poll.step(lambda: None)
    postgres.faults["connections-exhausted"]()
    (row,) = rows_of(poll, DatabaseRow).values()
    assert (row.clients, row.max_connections - row.reserved) == (27, 27)
    late = failure(CapacityPoll(opens(), 5000))
    assert late.kind == "refused"
    assert "slots" in late.remedy
    assert "pg_use_reserved_connections" in late.remedy


def test_too_many_sessions_of_our_role(postgres: Postgres, opens: Opens, poll: CapacityPoll) -> None:
    with postgres.admin() as admin:
        admin.execute(f"ALTER ROLE {MONITOR} CONNECTION LIMIT 1")
        try:
            poll.step(lambda: None)
            told = failure(CapacityPoll(opens(), 5000))
        finally:
            admin.execute(f"ALTER ROLE {MONITOR} CONNECTION LIMIT 3")
    assert told.kind == "refused"
    assert "CONNECTION LIMIT" in told.remedy


def test_all_looks_share_one_session(postgres: Postgres, session: Session, poll: CapacityPoll) -> None:
    before = len(backends(postgres))
    polls = [poll, SessionsPoll(session, 1000)]
    threads = [threading.Thread(target=rows_of, args=(each, dict)) for each in polls for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(backends(postgres)) == before + 1


def test_a_cut_look_says_that_it_was_cut(session: Session) -> None:
    poll = Asleep(session, 60_000)
    threading.Timer(0.2, poll.cut).start()
    with pytest.raises(CutShort):
        in_the_end(lambda: poll.step(lambda: None))


# --- servers that are none ------------------------------------------------------------------------------------------


@contextlib.contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server on loopback that does only this with everybody who connects."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept: list[socket.socket] = []

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    peer, _ = server.accept()
                    kept.append(peer)
                    threading.Thread(target=answer, args=(peer,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            for peer in kept:
                peer.close()


def silent(peer: socket.socket) -> None:
    del peer


def dripping(peer: socket.socket) -> None:
    """N to the question for TLS, then one byte at a time of an error message that promises to be long."""
    with contextlib.suppress(OSError):
        peer.recv(8)
        peer.sendall(b"N")
        peer.recv(1000)
        for byte in b"E\0\0\x75\x30" + bytes(1000):
            peer.sendall(bytes((byte,)))
            time.sleep(0.1)


def garbage(peer: socket.socket) -> None:
    with contextlib.suppress(OSError):
        peer.recv(8)
        peer.sendall(b"N")
        peer.recv(1000)
        peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 100)


def resetting(peer: socket.socket) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    with contextlib.suppress(OSError):
        peer.recv(1)
        peer.close()


@pytest.mark.parametrize(
    ("answer", "kinds"),
    [
        (silent, ("timeout",)),
        (dripping, ("timeout",)),
        (garbage, ("refused", "bad-answer")),
        (resetting, ("refused",)),
    ],
)
def test_who_is_no_postgres_costs_no_more_than_the_deadline(
    answer: Callable[[socket.socket], None], kinds: tuple[FailureKind, ...]
) -> None:
    with listening(answer) as port:
        poll = CapacityPoll(Session(DatabaseSettings(host="127.0.0.1", port=port, user="x", name="x")), 5000)
        told = in_the_end(lambda: failure(poll))
    assert told.kind in kinds
    assert told.remedy


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    told = failure(CapacityPoll(Session(DatabaseSettings(host="127.0.0.1", port=port, user="x")), 5000))
    assert told.kind == "refused"
    assert "Does PostgreSQL run" in told.remedy
