"""What Enter on a pod shows: what it may use, what it uses, and logs that are never more than the stream can carry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.rig.fixtures import World
from tests.sources.api_double import ApiDouble, Conversation, Request, well
from tests.sources.bad_pods import CRASHED, KINDS, LATER, RUNNING, Kind, box, container, status
from wfconsole.clock import SECOND, SystemClock
from wfconsole.observations.answers import AskPod, ContainerUse, PodDetail
from wfconsole.observations.pods import ContainerRow
from wfconsole.recording.lines import KIB, MIB, Limits
from wfconsole.sources.kubernetes.access import Access
from wfconsole.sources.kubernetes.client import Server
from wfconsole.sources.kubernetes.detail import MOST_LINES, PodReader
from wfconsole.sources.kubernetes.kubeconfig import load_access
from wfconsole.sources.kubernetes.values import instant
from wfconsole.text import is_safe

POD = "/api/v1/namespaces/production/pods/gateway-1"
METRICS = "/apis/metrics.k8s.io/v1beta1/namespaces/production/pods/gateway-1"
NEWER_METRICS = "/apis/metrics.k8s.io/v1/namespaces/production/pods/gateway-1"
USED: dict[str, Any] = {
    "metadata": {"name": "gateway-1", "namespace": "production"},
    "timestamp": LATER,
    "containers": [
        {"name": "app", "usage": {"cpu": "310m", "memory": "201Mi"}},
        {"name": "proxy", "usage": {"cpu": "1500000n", "memory": "4096Ki"}},
    ],
}
RESTARTED = Kind(status("Running", box(ready=True, restarts=1, last=CRASHED, running=RUNNING)), "", "")


class Kubelet:
    """A cluster with one pod. `served` is what it answers besides, by path; a log is given as a kubelet gives it: of
    the last lines that were asked for, the first bytes."""

    def __init__(self, pod: Kind, served: dict[str, Any] | None = None, log: bytes = b"") -> None:
        self._served = {POD: pod.pod("gateway-1"), **(served or {})}
        self._log = log.splitlines(keepends=True)

    def __call__(self, talk: Conversation, request: Request) -> None:
        if request.path == f"{POD}/log":
            last = b"".join(self._log[-int(request.query["tailLines"]) :])
            talk.answer(last[: int(request.query.get("limitBytes", len(last)))])
        elif request.path in self._served:
            talk.answer(msgspec.json.encode(self._served[request.path]))
        else:
            well(talk, request)


@pytest.fixture
def double() -> Iterator[ApiDouble]:
    with ApiDouble() as server:
        yield server


def read(double: ApiDouble, kubelet: Kubelet, log_lines: int = 100) -> PodDetail:
    double.behaviour = kubelet
    access = Access(server=double.url, host="127.0.0.1", port=double.port, tls=False)
    return detail_of(PodReader(Server(access), SystemClock(), 20 * SECOND), "production", "gateway-1", log_lines)


def detail_of(reader: PodReader, namespace: str, name: str, log_lines: int = 100) -> PodDetail:
    answer = reader.read(AskPod("7", namespace, name, log_lines))
    assert answer.failure is None
    assert answer.detail is not None
    assert len(msgspec.json.encode(answer)) < Limits().line, "an answer is one line of the stream"
    return answer.detail


def bounds_of(box: ContainerRow) -> tuple[str, int, int, int, int]:
    return box.name, box.cpu_request, box.cpu_limit, box.memory_request, box.memory_limit


def bounded(request: dict[str, str], limit: dict[str, str]) -> dict[str, Any]:
    return {"resources": {"requests": request, "limits": limit}}


def test_a_container_is_told_with_what_it_asks_for_and_what_it_may_have(double: ApiDouble) -> None:
    boxes = [
        container(**bounded({"cpu": "250m", "memory": "256Mi"}, {"cpu": "2", "memory": "1Gi"})),
        container("proxy", **bounded({"memory": "64Mi"}, {"cpu": "0.1"})),
    ]
    setup = container("setup", **bounded({"cpu": "10m", "memory": "1Mi"}, {"cpu": "20m", "memory": "2Mi"}))
    pod = Kind({"phase": "Running"}, "", "", spec={"containers": boxes, "initContainers": [setup]})
    assert [bounds_of(each) for each in read(double, Kubelet(pod)).containers] == [
        ("setup", 10, 20, 1 * MIB, 2 * MIB),
        ("app", 250, 2000, 256 * MIB, 1024 * MIB),
        ("proxy", 0, 100, 64 * MIB, 0),
    ]


@pytest.mark.parametrize("path", [METRICS, NEWER_METRICS])
def test_what_a_pod_uses_is_told_with_its_time(double: ApiDouble, path: str) -> None:
    detail = read(double, Kubelet(KINDS["running and ready"], {path: USED}))
    assert detail.use == (ContainerUse("app", 310, 201 * MIB), ContainerUse("proxy", 2, 4 * MIB))
    assert (detail.use_at, detail.use_reason) == (instant(LATER), "")


def lines_of(count: int, length: int) -> bytes:
    return b"".join(b"%06d " % number + b"x" * (length - 8) + b"\n" for number in range(count))


def test_a_log_of_many_megabytes_is_shown_with_its_newest_lines(double: ApiDouble) -> None:
    """Forty lines are asked for and have 2.5 MiB: so many bytes are not even read."""
    detail = read(double, Kubelet(KINDS["running and ready"], log=lines_of(100, 64 * KIB)), 40)
    (log,) = detail.logs
    assert log.failure == ""
    assert log.cut
    assert log.lines[-1].startswith("000099 "), "the end is what matters"
    asked = [request.query for request in double.requests if request.path == f"{POD}/log"]
    assert all(int(query["limitBytes"]) <= MIB for query in asked)


def test_all_logs_together_are_one_line_of_the_stream(double: ApiDouble) -> None:
    """Two logs that are each read whole; quotes and backslashes take twice their room."""
    log = lines_of(MOST_LINES, 500).replace(b"x", b'"')
    detail = read(double, Kubelet(RESTARTED, log=log), MOST_LINES)
    assert [(each.previous, each.cut, each.failure) for each in detail.logs] == [(False, True, ""), (True, True, "")]
    for each in detail.logs:
        numbers = [int(line[:6]) for line in each.lines]
        assert numbers == list(range(MOST_LINES - len(numbers), MOST_LINES)), "the newest, in their order"
        assert len(numbers) > 100


def test_a_log_that_has_room_is_whole(double: ApiDouble) -> None:
    detail = read(double, Kubelet(RESTARTED, log=lines_of(50, 500)))
    assert [(len(each.lines), each.cut) for each in detail.logs] == [(50, False), (50, False)]


def test_every_line_has_the_time_that_the_server_wrote_before_it(double: ApiDouble) -> None:
    log = (
        b"2026-03-01T14:13:22.123456789Z FATAL no route to db\n2026-03-01T14:13:23Z \n\x1b[31m2026-03-01T14:00:00Z x\n"
    )
    (tail,) = read(double, Kubelet(KINDS["running and ready"], log=log)).logs
    assert tail.lines[:2] == ("FATAL no route to db", "")
    assert tail.lines_at == (instant("2026-03-01T14:13:22.123Z"), instant("2026-03-01T14:13:23Z"), 0)
    assert all(map(is_safe, tail.lines))
    (asked,) = [request for request in double.requests if request.path == f"{POD}/log"]
    assert asked.query["timestamps"] == "true"
    assert tail.dated_lines[:2] == ("14:13:22Z FATAL no route to db", "14:13:23Z ")


@pytest.mark.rig
def test_a_real_server_tells_both(world: World) -> None:
    world.await_metrics()
    reader = PodReader(Server(load_access(str(world.viewer.kubeconfig))), SystemClock(), 20 * SECOND)
    detail = detail_of(reader, "production", "postgresql-0")
    assert [bounds_of(each) for each in detail.containers] == [
        ("postgresql", 1000, 0, 4096 * MIB, 4096 * MIB),
        ("metrics", 20, 0, 64 * MIB, 64 * MIB),
    ]
    used = {each.container: each for each in detail.use or ()}
    assert used["postgresql"].cpu > used["metrics"].cpu > 0
    assert used["postgresql"].memory > used["metrics"].memory > MIB
    assert detail.use_at > 0
    assert all(at > 0 for log in detail.logs for at in log.lines_at)
    assert any(log.lines_at for log in detail.logs)
