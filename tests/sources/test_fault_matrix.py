"""Every polled source against every way in which the way to its server can break.

In each: the look ends within its deadline, with an error that says what, where, and what to do; nothing is left behind;
and the next look works once the way is well again.
"""

from __future__ import annotations

import gc
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.rig.certificates import Authority
from tests.sources.api_double import until
from tests.sources.fault_proxy import Fault, FaultProxy
from tests.sources.polled import EACH, IDS, SYSTEMS, Polled, Where, built, polls_of
from wfconsole.sources.contract import CutShort, Source, SourceError
from wfconsole.sources.polling import Poll
from wfconsole.text import is_safe

GRACE_S = 0.5
MIB = 1 << 20
# A look reads no more than this of an answer without end, whatever its deadline.
MOST_READ = 80 * MIB
SECRETS = ("monitor-me",)

FAULTS: dict[str, tuple[Fault, set[str]]] = {
    "refuses": (Fault("refuse"), {"refused"}),
    "accepts and never answers": (Fault("silent"), {"timeout"}),
    "drips from the first byte": (Fault("drip"), {"timeout"}),
    "drips from within the answer": (Fault("drip", after=20), {"timeout"}),
    "resets before the answer": (Fault("reset"), {"refused", "bad-answer"}),
    "resets within the answer": (Fault("reset", after=3), {"refused", "bad-answer"}),
    "answers garbage": (Fault("garbage"), {"bad-answer"}),
    "answers without end": (Fault("endless"), {"bad-answer", "timeout"}),
}


class Bench:
    """A source, the proxy that it asks through, and what was there before the fault."""

    def __init__(self, system: str, name: str, server: Any, proxy: FaultProxy) -> None:
        self.polled: Polled = SYSTEMS[system]
        self.proxy = proxy
        self.host = "127.0.0.1"
        self._server, self._system, self._name = server, system, name
        self.source = self.anew()
        self.look()  # imports, and the watchdog
        self.before = held()

    def anew(self, ca_file: Path | None = None) -> Source:
        """The source as after a start: it has no connection yet."""
        return built(self._system, self._name, self._server, Where(self.host, self.proxy.port, ca_file))

    def look(self) -> None:
        for task in polls_of(self.source):
            task.step(lambda: None)

    def forget(self) -> None:
        """Give up the connection that is kept, by starting anew."""
        self.source = None  # type: ignore[assignment]
        gc.collect()
        until(lambda: not self.proxy.open, "the connection is given up")
        self.source = self.anew()
        self.before = held()

    def failing(self, task: Poll) -> SourceError:
        """The error of one look, which must come in time."""
        began = time.monotonic()
        with pytest.raises(SourceError) as told:
            task.step(lambda: None)
        took = time.monotonic() - began
        assert took < self.polled.deadline_ms / 1000 + GRACE_S, f"{took:.2f} s: {told.value.message}"
        return told.value

    def check(self, error: SourceError, kinds: set[str]) -> None:
        assert error.kind in kinds, error.message
        assert self.polled.called.format(port=self.proxy.port) in error.message
        assert len(error.remedy) > 10
        assert is_safe(error.message)
        assert not any(secret in error.message + error.remedy for secret in SECRETS)

    def is_well_again(self) -> None:
        self.proxy.heal()
        self.look()

    def left_nothing(self) -> None:
        gc.collect()
        until(lambda: held() <= self.before, f"{held()} held, {self.before} before", 5)


class Held(tuple[int, int]):
    """Threads and descriptors of this process."""

    def __le__(self, other: object) -> bool:
        assert isinstance(other, Held)
        return all(mine <= theirs for mine, theirs in zip(self, other, strict=True))


def held() -> Held:
    return Held((threading.active_count(), len(os.listdir("/proc/self/fd"))))


@pytest.fixture
def bench(system: str, name: str, request: pytest.FixtureRequest) -> Iterator[Bench]:
    server = request.getfixturevalue(SYSTEMS[system].fixture)
    with FaultProxy(server.port) as proxy:
        yield Bench(system, name, server, proxy)


def fault_of(bench: Bench, fault: str) -> tuple[Fault, set[str]]:
    chosen, kinds = FAULTS[fault]
    return replace(chosen, begins=bench.polled.endless), kinds


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("when", ["from the start", "on a connection that is kept"])
@pytest.mark.parametrize(("system", "name"), EACH, ids=IDS)
def test_a_look_over_a_broken_way(bench: Bench, when: str, fault: str) -> None:
    broken, kinds = fault_of(bench, fault)
    if when == "from the start":
        bench.forget()
    bench.proxy.become(broken)
    for task in polls_of(bench.source):
        bench.check(bench.failing(task), kinds)
    assert bench.proxy.sent < MOST_READ
    bench.is_well_again()
    if when != "from the start":
        bench.left_nothing()


@pytest.mark.parametrize(("system", "name"), EACH, ids=IDS)
def test_a_certificate_that_nobody_vouches_for(bench: Bench, tmp_path: Path) -> None:
    trusted, other = Authority(tmp_path, "trusted"), Authority(tmp_path, "other")
    pair = other.issue("server")
    bench.proxy.present(pair.certificate, pair.key, bench.polled.preamble)
    for task in polls_of(bench.anew(trusted.certificate)):
        error = bench.failing(task)
        bench.check(error, {"configuration"})
        assert "certificate" in error.message.lower()


@pytest.mark.parametrize("when", ["from the start", "on a connection that is kept"])
@pytest.mark.parametrize(("system", "name"), EACH, ids=IDS)
def test_a_look_that_waits_is_cut_short(bench: Bench, when: str) -> None:
    if when == "from the start":
        bench.forget()
    for task in polls_of(bench.source):
        bench.proxy.become(Fault("silent"))
        raised = cut_short(bench, task)
        assert [type(error) for error in raised] == [CutShort]
    bench.is_well_again()


def cut_short(bench: Bench, task: Poll) -> list[BaseException]:
    """What ends a look in another thread, once it waits and is cut."""
    raised: list[BaseException] = []

    def looking() -> None:
        try:
            task.step(lambda: None)
        except (CutShort, SourceError) as error:
            raised.append(error)

    thread = threading.Thread(target=looking)
    thread.start()
    until(lambda: bench.proxy.asked, "it has asked")
    began = time.monotonic()
    task.cut()
    thread.join(5)
    assert time.monotonic() - began < GRACE_S
    return raised


@pytest.mark.parametrize(("system", "name"), EACH, ids=IDS)
def test_looking_up_a_name_that_hangs_ends_in_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    real = socket.getaddrinfo

    def hanging(host: str, *arguments: Any, **more: Any) -> Any:
        if host != "hangs.example":
            return real(host, *arguments, **more)
        over.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    bench.host = "hangs.example"
    source = bench.anew()
    for task in polls_of(source):
        error = bench.failing(task)
        assert error.kind == "timeout"
        assert "hangs.example" in error.message
        assert "DNS" in error.remedy
        assert bench.failing(task).kind == "timeout", "and the one after it, for which no other thread is started"
    assert threading.active_count() <= bench.before[0] + len(polls_of(source))
    over.set()
    bench.left_nothing()


@pytest.mark.parametrize(("system", "name"), EACH, ids=IDS)
def test_a_server_that_starts_anew_within_a_look(bench: Bench) -> None:
    """The connection that is kept is gone without a word; the look after it has another one."""
    bench.proxy.become(Fault("refuse"))
    bench.proxy.heal()
    failed = 0
    for task in polls_of(bench.source):
        for _ in range(2):
            try:
                task.step(lambda: None)
            except SourceError as error:
                bench.check(error, {"refused"})
                failed += 1
            else:
                break
    assert failed <= len(polls_of(bench.source))
    bench.look()
    bench.left_nothing()


@pytest.mark.parametrize("system", SYSTEMS)
def test_all_looks_at_a_system_that_hangs_end_in_time_although_they_share_a_connection(
    system: str, request: pytest.FixtureRequest
) -> None:
    polled = SYSTEMS[system]
    server = request.getfixturevalue(polled.fixture)
    with FaultProxy(server.port) as proxy:
        sources = polled.build(server, Where("127.0.0.1", proxy.port))
        tasks = [task for source in sources for task in polls_of(source)]
        for task in tasks:
            task.deadline_ms = polled.deadline_ms
            task.step(lambda: None)
        proxy.become(Fault("silent"))
        errors: list[SourceError] = []

        def looking(task: Poll) -> None:
            try:
                task.step(lambda: None)
            except SourceError as error:
                errors.append(error)

        threads = [threading.Thread(target=looking, args=(task,)) for task in tasks]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert time.monotonic() - began < polled.deadline_ms / 1000 + GRACE_S
        assert [error.kind for error in errors] == ["timeout"] * len(tasks)
        assert all(polled.called.format(port=proxy.port) in error.message for error in errors)
        proxy.heal()
        for task in tasks:
            task.step(lambda: None)
