"""What servers that speak HTTP can do beyond breaking the way: statuses, and answers that are none."""

from __future__ import annotations

import re
import time
import zlib
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from tests.sources.fault_bench import Bench
from tests.sources.fault_proxy import Fault
from tests.sources.polled import BY_HTTP, polls_of

IDS = [f"{system}-{name}" for system, name in BY_HTTP]
FIVE_MINUTES_S = 300
MIB = 1 << 20
# What an answer may cost, whatever it is.
MOST_MEMORY = 100 * MIB


def an_answer(status: str, body: bytes = b"{}", *headers: str) -> Fault:
    head = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers)
    return Fault("says", says="\r\n".join((*head, "", "")).encode() + body)


STATUSES = {
    "401 Unauthorized": "denied",
    "403 Forbidden": "denied",
    "429 Too Many Requests": "rate-limited",
    "500 Internal Server Error": "server-error",
    "503 Service Unavailable": "server-error",
}
NO_ANSWERS = {
    "nothing": b"",
    "a web page": b"<!doctype html><title>Log in</title>",
    "cut off": b'{"status": "success", "data": {"result": [',
    "another shape": b'{"data": {"result": 7}, "Findings": 7, "SecretList": 7}',
    "too deep": b"[" * 100_000,
    "no text": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(("system", "name"), BY_HTTP, ids=IDS)
def test_a_status_is_told_as_what_it_is(bench: Bench, status: str) -> None:
    bench.proxy.become(an_answer(status))
    for task in polls_of(bench.source):
        error = bench.failing(task, at_once=True)
        bench.check(error, {STATUSES[status]})
        assert error.code == int(status[:3])
    bench.is_well_again()
    bench.left_nothing()


@pytest.mark.parametrize(
    ("after", "least", "most"),
    [("7", 7000, 7000), ("a date", 30_000, 60_000), ("999999", 120_000, 120_000), ("soon", None, None)],
)
@pytest.mark.parametrize(("system", "name"), BY_HTTP, ids=IDS)
def test_a_server_says_when_to_come_again(bench: Bench, after: str, least: Any, most: Any) -> None:
    told = formatdate(time.time() + 60, usegmt=True) if after == "a date" else after
    for status in ("429 Too Many Requests", "503 Service Unavailable"):
        bench.proxy.become(an_answer(status, b"{}", f"Retry-After: {told}"))
        for task in polls_of(bench.source):
            wait = bench.failing(task, at_once=True).retry_after_ms
            assert wait == least if least == most else least <= wait <= most


@pytest.mark.parametrize("body", NO_ANSWERS)
@pytest.mark.parametrize(("system", "name"), BY_HTTP, ids=IDS)
def test_what_is_no_answer_is_called_that_and_what_was_seen_stays(bench: Bench, body: str) -> None:
    bench.source.take()
    bench.proxy.become(an_answer("200 OK", NO_ANSWERS[body]))
    for task in polls_of(bench.source):
        bench.check(bench.failing(task, at_once=True), {"bad-answer"})
    assert bench.source.take() == {}
    bench.is_well_again()
    bench.left_nothing()


def bomb() -> bytes:
    """Two hundred megabytes of blanks as gzip, without an end."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    return head + (packer.compress(b" " * MIB) + packer.flush(zlib.Z_FULL_FLUSH)) * 200


def most_memory(since: bool = False) -> int:
    """The most bytes that this process held; `since`: from now on."""
    if since:
        Path("/proc/self/clear_refs").write_text("5")
    return 1024 * int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0])


LARGE = {
    "a gzip bomb": lambda: an_answer("200 OK", bomb(), "Content-Encoding: gzip"),
    "forty megabytes": lambda: an_answer("200 OK", b"[" + b" " * (40 * MIB) + b"]"),
}


@pytest.mark.parametrize("answer", LARGE)
@pytest.mark.parametrize(("system", "name"), BY_HTTP, ids=IDS)
def test_a_large_answer_is_refused_before_it_costs_much(bench: Bench, answer: str) -> None:
    bench.proxy.become(LARGE[answer]())
    before = most_memory(since=True)
    for task in polls_of(bench.source):
        bench.check(bench.failing(task, at_once=True), {"bad-answer"})
    assert most_memory() - before < MOST_MEMORY
    bench.is_well_again()


@pytest.mark.parametrize(("ahead_s", "said"), [(FIVE_MINUTES_S, "ahead"), (-FIVE_MINUTES_S, "behind"), (0, "")])
@pytest.mark.parametrize(
    ("system", "name"), [("prometheus", "signals"), ("prometheus", "gpus"), ("alertmanager", "alerts")]
)
def test_a_clock_that_is_off_by_minutes_is_told(bench: Bench, ahead_s: int, said: str) -> None:
    date = f"Date: {formatdate(time.time() + ahead_s, usegmt=True)}".encode()
    bench.proxy.become(Fault(changed=lambda data: re.sub(rb"(?i)\bdate: [^\r]+", date, data)))
    bench.look()
    told = bench.source.facts().get("clock", "")
    assert bool(told) == bool(said)
    assert bool(re.search(f"{said} by (29.|30.) s", told)) == bool(said)
    bench.proxy.heal()
    bench.look()
    assert "clock" not in bench.source.facts()
