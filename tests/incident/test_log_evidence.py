"""What a step takes from logs: the worst pod of each workload, the first error with its time, and the end of each."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.builders import NOW
from wfconsole.clock import SECOND
from wfconsole.incident.log_evidence import LINES_KEPT, PODS_READ, evidence_of, pods_to_read
from wfconsole.observations.answers import LogTail, PodAnswer, PodDetail
from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.snapshot import Failure
from wfconsole.observations.world import World
from wfconsole.redaction import REDACTED

CRASHING = builders.a_container("app", state="waiting", reason="CrashLoopBackOff", restarts=4, last_exit_code=1)
WELL = builders.a_container("sidecar", ready=True, state="running")


def a_world(*rows: Any) -> World:
    return builders.a_world(pods={builders.row_key(row): row for row in rows})


def a_log(*lines: str, container: str = "app", previous: bool = False, **fields: Any) -> LogTail:
    at = tuple(NOW + number * SECOND for number in range(len(lines)))
    return LogTail(container, previous, lines, at, **fields)


def answered(*logs: LogTail, boxes: tuple[Any, ...] = (WELL, CRASHING), pod: str = "gateway-1") -> dict[str, Any]:
    detail = PodDetail("production", pod, containers=boxes, logs=logs)
    return {f"production/{pod}": PodAnswer("1", "production", pod, detail=detail)}


def crashing(name: str, restarts: int, owner: str) -> Any:
    return builders.a_bad_pod(name, restarts=restarts, owner=owner, containers=(CRASHING,))


def test_the_worst_pod_of_each_workload_is_read_and_no_more_than_a_few() -> None:
    pods = [crashing(f"{owner}-{n}", n, owner) for owner in ("a", "b", "c", "d") for n in (1, 9, 4)]
    found = pods_to_read("pods namespace=production level>=warning", a_world(builders.a_pod("well-1"), *pods), NOW)
    assert list(found) == [f"production/{owner}-9" for owner in ("a", "b", "c", "d")][:PODS_READ]
    assert set(found.values()) == {Level.CRITICAL}


def test_the_first_error_comes_first_with_its_time_and_the_container_that_fails_before_a_sidecar() -> None:
    logs = (
        a_log("listening", container="sidecar"),
        a_log("starting", "0 errors so far", "still starting"),
        a_log("starting", "FATAL no route to orders-db", "panic: gone", previous=True),
    )
    found = evidence_of(answered(*logs))
    assert found.lines[:4] == (
        "gateway-1 app, the run before: first error 14:32:08Z FATAL no route to orders-db",
        "gateway-1 app: no line tells of an error in the last 3, from 14:32:07Z on",
        "gateway-1 sidecar: no line tells of an error in the last 1, from 14:32:07Z on",
        "gateway-1 app, the run before: last 3 lines",
    )
    assert "  14:32:09Z panic: gone" in found.lines
    assert "  14:32:09Z still starting" in found.lines
    assert not any(line.startswith("  ") and "listening" in line for line in found.lines), "only of what fails"
    assert found.quality == Quality.LIVE


@pytest.mark.parametrize("words", ["level=error msg=x", "Traceback (most recent call last)", "dial: connection refused",
                                   "java.lang.NullPointerException", "ERR_TIMEOUT: timed out"])  # fmt: skip
def test_what_tells_of_an_error(words: str) -> None:
    assert evidence_of(answered(a_log("fine", words))).lines[0].endswith(f"first error 14:32:08Z {words}")


def test_it_is_bounded_and_holds_no_secret() -> None:
    many = [a_log(*[f"password=hunter2 {n} " + "x" * 5000 for n in range(300)], previous=p) for p in (True, False)]
    found = evidence_of({**answered(*many), **answered(*many, pod="gateway-2")})
    assert len(found.lines) <= LINES_KEPT
    assert max(map(len, found.lines)) <= 400
    assert "hunter2" not in "".join(found.lines)
    assert REDACTED in found.lines[-1]


def test_what_cannot_be_read_says_so() -> None:
    refused = PodAnswer("1", "production", "b", failure=Failure("denied", "may not get pods/log", NOW))
    found = evidence_of({**answered(a_log("panic: x")), "production/b": refused, "production/c": None})
    assert found.quality == Quality.PARTIAL
    assert "production/b: its logs could not be read: may not get pods/log" in found.lines
    assert "production/c: its logs could not be read: no answer in time" in found.lines
    assert evidence_of({"production/c": None}).quality == Quality.ERROR
    silent = evidence_of(answered(a_log(), a_log(previous=True, failure="no such container")))
    assert silent.lines == (
        "gateway-1 app, the run before: cannot be read: no such container",
        "gateway-1 app: has said nothing",
    )
