"""Everything about one pod, when somebody asks: its parts are read at once, and each may fail alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec

from wfconsole.clock import Clock, Millis
from wfconsole.decoding import decoder_of
from wfconsole.observations.answers import AskPod, ContainerUse, LogTail, PodAnswer, PodDetail
from wfconsole.observations.events import EventRow
from wfconsole.observations.pods import ContainerRow
from wfconsole.observations.snapshot import Failure
from wfconsole.sources.contract import CutShort, SourceError
from wfconsole.sources.kubernetes import failures
from wfconsole.sources.kubernetes.client import Client, Server
from wfconsole.sources.kubernetes.events import event_row
from wfconsole.sources.kubernetes.nodes import METRICS_GROUPS
from wfconsole.sources.kubernetes.payloads import ContainerMetrics, Event, Listing, Pod, PodMetrics
from wfconsole.sources.kubernetes.pods import container_rows
from wfconsole.sources.kubernetes.values import amount, instant, millicores
from wfconsole.sources.sealing import made_safe
from wfconsole.text import safe, safe_block

EVENTS_SHOWN: Final = 50
MOST_LINES: Final = 2000
# All logs of one answer together; a line of the stream may have 1 MiB.
_ALL_LOGS_BYTES: Final = 512 * 1024
_ONE_LOG_BYTES: Final = 1024 * 1024
_TIME_BYTES: Final = 14  # of a line's time, in the stream

_POD = decoder_of(Pod)
_METRICS = decoder_of(PodMetrics)
_EVENTS = decoder_of(Listing[Event])


class _Part:
    """One read in a thread of its own. `value` is what it gave, else `problem` says why there is none."""

    def __init__(self, server: Server, read: Callable[[Client], Any], what: str) -> None:
        self.value: Any = None
        self.problem = f"{what}: no answer in time"
        self._client = server.client()
        self._read = read
        self._thread = threading.Thread(target=self._run, name=what, daemon=True)
        self._thread.start()

    def wait(self, until: float) -> None:
        """Until it is done or the time (monotonic, in seconds) has come; then it is cut."""
        self._thread.join(max(0.0, until - time.monotonic()))
        if self._thread.is_alive():
            self._client.cut()

    def _run(self) -> None:
        try:
            self.value = self._read(self._client)
            self.problem = ""
        except SourceError as error:
            self.problem = error.message
        except CutShort:
            pass
        except Exception as error:  # noqa: BLE001  one part that cannot be read must not take the others with it
            self.problem = f"{type(error).__name__}: {safe(str(error), 200)}"
        finally:
            self._client.close()


class _LogPart(_Part):
    """The read of one container's log."""

    def __init__(self, server: Server, read: Callable[[Client], LogTail], empty: LogTail) -> None:
        super().__init__(server, read, f"log of {empty.container}")
        self._empty = empty

    def tail(self) -> LogTail:
        """The log, or an empty one that says why."""
        read: LogTail | None = self.value
        return read if read is not None else msgspec.structs.replace(self._empty, failure=self.problem)


class PodReader:
    """Answers `AskPod`. `read` may be called from any thread, several at once."""

    def __init__(self, server: Server, clock: Clock, deadline_ms: Millis) -> None:
        self._server = server
        self._clock = clock
        self._deadline_ms = deadline_ms

    def read(self, ask: AskPod) -> PodAnswer:
        """The answer, within the deadline. Raises nothing."""
        until = time.monotonic() + self._deadline_ms / 1000
        client = self._server.client()
        try:
            pod = _pod(client, ask)
        except SourceError as error:
            failure = Failure(error.kind, error.message, since=self._clock.now(), remedy=error.remedy)
            return PodAnswer(ask.id, ask.namespace, ask.name, failure=failure)
        finally:
            client.close()
        return PodAnswer(ask.id, ask.namespace, ask.name, detail=self._detail(pod, ask, until))

    def _detail(self, pod: Pod, ask: AskPod, until: float) -> PodDetail:
        boxes = made_safe(container_rows(pod), tuple[ContainerRow, ...])
        use = _Part(self._server, lambda client: _use(client, ask), "metrics.k8s.io")
        events = _Part(self._server, lambda client: _events(client, pod), "events")
        lines = max(1, min(ask.log_lines, MOST_LINES))
        logs = [self._log(ask, box, lines, previous=previous) for box in boxes for previous in _logs_of(box)]
        for part in (use, events, *(log for log in logs if isinstance(log, _Part))):
            part.wait(until)
        tails = [log if isinstance(log, LogTail) else log.tail() for log in logs]
        meta, status = pod.metadata, pod.status
        return PodDetail(
            namespace=ask.namespace,
            name=ask.name,
            uid=safe(meta.uid),
            node=safe(pod.spec.node_name),
            qos=safe(status.qos_class),
            service_account=safe(pod.spec.service_account_name),
            pod_ip=safe(status.pod_ip),
            conditions=tuple(
                safe(f"{each.type} {each.status} {each.reason or ''}: {each.message or ''}".rstrip(": "))
                for each in status.conditions or ()
            ),
            containers=boxes,
            use=use.value[0] if use.value is not None else None,
            use_at=use.value[1] if use.value is not None else 0,
            use_reason=use.problem,
            events=events.value or (),
            events_reason=events.problem,
            logs=_bounded(tails),
        )

    def _log(self, ask: AskPod, box: ContainerRow, lines: int, *, previous: bool) -> LogTail | _LogPart:
        if box.state == "waiting" and not box.ran_before:
            return LogTail(box.name, failure=f"has not started: {box.reason or 'waiting'}")
        empty = LogTail(box.name, previous=previous)
        return _LogPart(self._server, lambda client: _read_log(client, ask, empty, lines), empty)


def _logs_of(box: ContainerRow) -> tuple[bool, ...]:
    """Which logs a container has: this run's, and the one before where it restarted."""
    return (False, True) if box.ran_before else (False,)


def _pod(client: Client, ask: AskPod) -> Pod:
    if "/" in ask.namespace + ask.name:
        raise SourceError("configuration", "that is no name of a pod")
    body = client.get(f"/api/v1/namespaces/{ask.namespace}/pods/{ask.name}", what=f"pod {safe(ask.name, 100)}")
    pod: Pod = _decoded(_POD, body, "pod")
    return pod


def _use(client: Client, ask: AskPod) -> tuple[tuple[ContainerUse, ...], Millis]:
    path = f"/namespaces/{ask.namespace}/pods/{ask.name}"
    try:
        body = client.get(METRICS_GROUPS[0] + path, what="metrics.k8s.io")
    except SourceError as error:
        if error.code != 404:
            raise
        body = client.get(METRICS_GROUPS[1] + path, what="metrics.k8s.io")
    metrics: PodMetrics = _decoded(_METRICS, body, "metrics.k8s.io")
    return tuple(map(_container_use, metrics.containers or ())), instant(metrics.timestamp)


def _container_use(box: ContainerMetrics) -> ContainerUse:
    usage = box.usage or {}
    return ContainerUse(safe(box.name), millicores(usage.get("cpu", "0")), amount(usage.get("memory", "0")))


def _events(client: Client, pod: Pod) -> tuple[EventRow, ...]:
    """The newest events about this very pod, newest first."""
    path = f"/namespaces/{pod.metadata.namespace}/events"
    try:
        query: dict[str, str | int] = {"fieldSelector": f"involvedObject.uid={pod.metadata.uid}", "limit": 500}
        body = client.get(f"/api/v1{path}", query, what="events")
    except SourceError as error:
        if error.code != 403:
            raise
        query["fieldSelector"] = f"regarding.uid={pod.metadata.uid}"
        body = client.get(f"/apis/events.k8s.io/v1{path}", query, what="events")
    rows = sorted(map(event_row, _decoded(_EVENTS, body, "events").items or ()), key=lambda row: -row.last_at)
    return made_safe(tuple(rows[:EVENTS_SHOWN]), tuple[EventRow, ...])


def _read_log(client: Client, ask: AskPod, empty: LogTail, lines: int) -> LogTail:
    """The last `lines` lines. The kubelet counts `limitBytes` from the first of them on, so that too many bytes would
    lose the end, which is what matters: then fewer lines are asked for."""
    path = f"/api/v1/namespaces/{ask.namespace}/pods/{ask.name}/log"
    while True:
        query: dict[str, str | int] = {
            "container": empty.container,
            "tailLines": lines + 1,
            "limitBytes": _ONE_LOG_BYTES,
            "timestamps": "true",
        }
        if empty.previous:
            query["previous"] = "true"
        body = client.get(path, query, what=f"log of {empty.container}", most_bytes=2 * _ONE_LOG_BYTES)
        if len(body) < _ONE_LOG_BYTES or lines == 1:
            break
        lines = max(1, lines // 8)
    rows = body.removesuffix(b"\n").split(b"\n") if body else []
    dated = [_dated(row) for row in rows[-lines:]]
    return msgspec.structs.replace(
        empty,
        lines=tuple(line for _, line in dated),
        lines_at=tuple(at for at, _ in dated),
        cut=len(rows) > lines,
    )


def _dated(row: bytes) -> tuple[Millis, str]:
    """The time that the server has written before a line of a log, 0 where there is none, and the line, safe."""
    stamp, _, line = row.partition(b" ")
    at = instant(stamp.decode("ascii", "replace")) if stamp[10:11] == b"T" else 0
    return at, next(iter(safe_block(line if at else row)), "")


def _bounded(tails: list[LogTail]) -> tuple[LogTail, ...]:
    """All logs within what one line of the stream holds, each with its newest lines."""
    room = _ALL_LOGS_BYTES // max(1, len(tails))
    bounded = []
    for tail in tails:
        kept: list[str] = []
        size = 0
        for line in reversed(tail.lines):
            size += 2 * len(line.encode()) + 4 + _TIME_BYTES  # quotes and backslashes double
            if size > room and kept:
                break
            kept.append(line)
        cut = tail.cut or len(kept) < len(tail.lines)
        lines_at = tail.lines_at[len(tail.lines_at) - len(kept) :]
        bounded.append(msgspec.structs.replace(tail, lines=tuple(reversed(kept)), lines_at=lines_at, cut=cut))
    return tuple(bounded)


def _decoded(decoder: msgspec.json.Decoder[Any], body: bytes, what: str) -> Any:
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise failures.undecodable(error, body, what) from None
