"""Every polled source against every way in which the way to its server can break.

In each: the look ends within its deadline, with an error that says what, where, and what to do; nothing is left behind;
and the next look works once the way is well again.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.rig.certificates import Authority
from tests.sources.fault_bench import PATIENT_MS, Bench, ended_by
from tests.sources.fault_proxy import Fault, FaultProxy
from tests.sources.polled import EACH, IDS, SYSTEMS, Where, polls_of
from tests.threads import comes_to_an_end, in_the_end
from wfconsole.clock import SystemClock
from wfconsole.sources.contract import CutShort, SourceError
from wfconsole.sources.polling import Poll

MIB = 1 << 20
# A look reads no more than this of an answer without end, whatever its deadline.
MOST_READ = 80 * MIB

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

START, KEPT = "from the start", "on a connection that is kept"
# Clients of HTTP open their connections anew for each look.
EACH_WAY = [
    (system, name, when) for system, name in EACH for when in (START, KEPT) if when == START or not SYSTEMS[system].http
]


def fault_of(bench: Bench, fault: str) -> tuple[Fault, set[str]]:
    chosen, kinds = FAULTS[fault]
    return replace(chosen, begins=bench.polled.endless), kinds


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("system", "name", "when"), EACH_WAY)
def test_a_look_over_a_broken_way(bench: Bench, when: str, fault: str) -> None:
    broken, kinds = fault_of(bench, fault)
    if when == START:
        bench.forget()
    bench.proxy.become(broken)
    for task in polls_of(bench.source):
        bench.check(bench.failing(task, at_once="timeout" not in kinds), kinds)
    assert bench.proxy.sent < MOST_READ
    bench.is_well_again()
    if when == KEPT or bench.polled.http:
        bench.left_nothing()


@pytest.mark.parametrize(("system", "name"), EACH, ids=IDS)
def test_a_certificate_that_nobody_vouches_for(bench: Bench, tmp_path: Path) -> None:
    trusted, other = Authority(tmp_path, "trusted"), Authority(tmp_path, "other")
    pair = other.issue("server")
    bench.proxy.present(pair.certificate, pair.key, bench.polled.preamble)
    for task in polls_of(bench.anew(trusted.certificate)):
        error = bench.failing(task, at_once=True)
        bench.check(error, {"configuration"})
        assert "certificate" in error.message.lower()


@pytest.mark.parametrize(("system", "name"), EACH, ids=IDS)
def test_a_certificate_for_another_name(bench: Bench, tmp_path: Path) -> None:
    trusted = Authority(tmp_path, "trusted")
    pair = trusted.issue("server", host="elsewhere.example")
    bench.proxy.present(pair.certificate, pair.key, bench.polled.preamble)
    for task in polls_of(bench.anew(trusted.certificate)):
        bench.check(bench.failing(task, at_once=True), {"configuration"})


def as_from_python_3_13(monkeypatch: pytest.MonkeyPatch) -> None:
    """Contexts are made as that Python and what is written for it make them, whichever this one is."""

    def pedantic(make: Callable[..., ssl.SSLContext]) -> Callable[..., ssl.SSLContext]:
        def made(*given: Any, **named: Any) -> ssl.SSLContext:
            context = make(*given, **named)
            context.verify_flags |= ssl.VERIFY_X509_STRICT
            return context

        return made

    monkeypatch.setattr(ssl, "create_default_context", pedantic(ssl.create_default_context))
    monkeypatch.setattr("urllib3.util.ssl_.SSLContext", pedantic(ssl.SSLContext))


@pytest.mark.parametrize("python", ["as this Python", "as 3.13"])
@pytest.mark.parametrize(("system", "name"), EACH, ids=IDS)
def test_a_certificate_that_our_authority_vouches_for(
    bench: Bench, python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names no key of its issuer, like those of many an in-house authority."""
    if python == "as 3.13":
        as_from_python_3_13(monkeypatch)
    trusted = Authority(tmp_path, "trusted")
    pair = trusted.issue("server")
    bench.proxy.present(pair.certificate, pair.key, bench.polled.preamble, good=True)
    bench.source = bench.anew(trusted.certificate)
    bench.look()


@pytest.mark.parametrize(("system", "name"), EACH, ids=IDS)
def test_a_handshake_that_nobody_answers(bench: Bench, tmp_path: Path) -> None:
    bench.proxy.become(Fault("silent"))
    for task in polls_of(bench.anew(Authority(tmp_path, "trusted").certificate)):
        bench.check(bench.failing(task), {"timeout"})


@pytest.mark.parametrize(("system", "name"), EACH, ids=IDS)
def test_a_server_that_speaks_no_tls(bench: Bench, tmp_path: Path) -> None:
    for task in polls_of(bench.anew(Authority(tmp_path, "trusted").certificate)):
        # Redis waits for the end of what it takes for a command: that it hangs may be all there is to tell.
        error = bench.failing(task, at_once=True)
        bench.check(error, {"configuration", "timeout"})
        assert "TLS" in error.remedy


@pytest.mark.parametrize(("system", "name", "when"), EACH_WAY)
def test_a_look_that_waits_is_cut_short(bench: Bench, when: str) -> None:
    if when == START:
        bench.forget()
    for task in polls_of(bench.source):
        bench.proxy.become(Fault("silent"))
        raised = ended_by(task.cut, task, lambda: bool(bench.proxy.asked))
        assert [type(error) for error in raised] == [CutShort]
    bench.is_well_again()


class Names:
    """Looking up one name hangs until it is `over`."""

    def __init__(self) -> None:
        self.asked, self.over = threading.Event(), threading.Event()
        self.known: dict[str, str] = {}  # names that are found


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Names]:
    names = Names()
    real = socket.getaddrinfo

    def look_up(host: str, *arguments: Any, **more: Any) -> Any:
        if host != "hangs.example":
            return real(host, *arguments, **more)
        if host in names.known:
            return real(names.known[host], *arguments, **more)
        names.asked.set()
        names.over.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield names
    names.over.set()


@pytest.mark.parametrize(("system", "name"), EACH, ids=IDS)
def test_looking_up_a_name_that_hangs_ends_in_time(bench: Bench, names: Names) -> None:
    bench.host = "hangs.example"
    source = bench.anew()
    for task in polls_of(source):
        error = bench.failing(task)
        assert error.kind == "timeout"
        assert "hangs.example" in error.message
        assert "DNS" in error.remedy
        assert bench.failing(task).kind == "timeout", "and the one after it, for which no other thread is started"
    assert threading.active_count() <= bench.before[0] + len(polls_of(source))
    names.over.set()
    bench.left_nothing()


@pytest.mark.parametrize(("system", "name"), EACH, ids=IDS)
def test_a_name_that_is_not_found_any_more_stands_for_the_address_that_it_had(bench: Bench, names: Names) -> None:
    """In an incident DNS is often the first to go; the server is still there."""
    names.known["hangs.example"] = "127.0.0.1"
    bench.host = "hangs.example"
    bench.source = bench.anew()
    bench.look()
    names.known.clear()
    for task in polls_of(bench.source):
        task.deadline_ms = 3000
        in_the_end(lambda task=task: task.step(lambda: None))  # type: ignore[misc]
    assert "the last known address is used" in bench.source.facts()["dns"]
    names.over.set()
    bench.left_nothing()


@pytest.mark.parametrize(("system", "name"), EACH, ids=IDS)
def test_a_look_that_is_cut_does_not_wait_for_a_name(bench: Bench, names: Names) -> None:
    bench.host = "hangs.example"
    for task in polls_of(bench.anew()):
        raised = ended_by(task.cut, task, lambda task=task: task._due is not None and names.asked.is_set())  # type: ignore[misc]
        assert [type(error) for error in raised] == [CutShort]
    names.over.set()
    bench.left_nothing()


@pytest.mark.parametrize(("system", "name"), EACH, ids=IDS)
def test_a_server_that_starts_anew_between_two_looks(bench: Bench) -> None:
    """The connection that is kept is gone without a word; the look after it has another one."""
    bench.proxy.become(Fault("refuse"))
    bench.proxy.heal()
    for task in polls_of(bench.source):
        try:
            task.step(lambda: None)
        except SourceError as error:
            assert not bench.polled.http
            bench.check(error, {"refused"})
    bench.look()
    bench.left_nothing()


@pytest.mark.parametrize(("system", "name"), EACH, ids=IDS)
def test_a_server_that_starts_anew_within_a_look(bench: Bench) -> None:
    for task in polls_of(bench.source):
        bench.proxy.become(Fault("silent"))
        (error,) = ended_by(lambda: bench.proxy.become(Fault("refuse")), task, lambda: bool(bench.proxy.asked))
        assert isinstance(error, SourceError)
        bench.check(error, {"refused", "bad-answer"})
        bench.is_well_again()
    bench.left_nothing()


FIVE_MINUTES_MS = 300_000
# Each counts what it walks over, and says nothing that a clock has a part in; its server's clock is told beside it.
TIMELESS = ("keys",)


@pytest.mark.parametrize(("ahead_ms", "said"), [(FIVE_MINUTES_MS, "ahead by"), (-FIVE_MINUTES_MS, "behind by")])
@pytest.mark.parametrize(("system", "name"), [each for each in EACH if each[1] not in TIMELESS])
def test_a_clock_that_is_off_by_minutes_is_told_until_it_is_set_right(
    bench: Bench, ahead_ms: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours it is, which makes no difference: nobody can tell which of two clocks is wrong."""
    right = SystemClock.now
    with monkeypatch.context() as moved:
        moved.setattr(SystemClock, "now", lambda clock: right(clock) - ahead_ms)
        bench.look()
        assert re.search(rf"the server's clock is {said} (299|300|301) s", bench.source.facts().get("clock", ""))
    bench.look()
    assert "clock" not in bench.source.facts()


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
            task.step(lambda: None)
            task.deadline_ms = polled.deadline_ms
        proxy.become(Fault("silent"))
        errors: list[SourceError] = []

        def looking(task: Poll) -> None:
            try:
                task.step(lambda: None)
            except SourceError as error:
                errors.append(error)

        threads = [threading.Thread(target=looking, args=(task,)) for task in tasks]
        for thread in threads:
            thread.start()
        for thread in threads:
            comes_to_an_end(thread)
        assert [error.kind for error in errors] == ["timeout"] * len(tasks)
        assert all(polled.called.format(port=proxy.port) in error.message for error in errors)
        proxy.heal()
        for task in tasks:
            task.deadline_ms = PATIENT_MS
            task.step(lambda: None)
