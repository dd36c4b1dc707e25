"""What goes with a pod when it goes: its description, events, logs of this run and of the one before, how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from wfconsole.actions.systems import Systems
from wfconsole.clock import SECOND, Millis
from wfconsole.incident.plan import Evidence
from wfconsole.observations.answers import AskPod, PodDetail
from wfconsole.observations.events import EventRow
from wfconsole.observations.pods import ContainerRow
from wfconsole.redaction import redact_text
from wfconsole.sources.kubernetes.detail import PodReader
from wfconsole.text import clock_time, cut

KINDS: Final = ("description", "events", "log of each container", "log of the run before", "how it last ended")
_DEADLINE_MS: Final[Millis] = 8 * SECOND
_LOG_LINES: Final = 200
_LINES: Final = 200
_WIDTH: Final = 400
_MIB: Final = 1 << 20


def of_pod(systems: Systems, namespace: str, name: str) -> Iterator[Evidence]:
    """The evidence of one pod, bounded, safe and without what looks like a secret."""
    reader = PodReader(systems.cluster.server, systems.clock, _DEADLINE_MS)
    answer = reader.read(AskPod("evidence", namespace, name, _LOG_LINES))
    where = f"pod {namespace}/{name}"
    if answer.detail is None:
        why = answer.failure.message if answer.failure is not None else "no answer"
        yield Evidence(where, missing=why)
        return
    detail = answer.detail
    yield _kept(f"{where}: description", list(_description(detail)))
    yield _kept(f"{where}: events", [_event(each) for each in detail.events], missing=detail.events_reason)
    for log in detail.logs:
        run = ", the run before" if log.previous else ""
        what = f"{where}: log of {log.container}{run}"
        yield _kept(what, log.dated_lines, left_out=int(log.cut), missing=log.failure)


def _kept(what: str, lines: Sequence[str], *, left_out: int = 0, missing: str = "") -> Evidence:
    """The newest lines; `left_out` counts those that were there and are not kept, at least."""
    kept = tuple(redact_text(cut(line, _WIDTH)) for line in lines[-_LINES:])
    return Evidence(redact_text(what), kept, left_out + max(0, len(lines) - _LINES), redact_text(missing))


def _description(detail: PodDetail) -> Iterator[str]:
    yield f"uid {detail.uid}, node {detail.node or 'none'}, address {detail.pod_ip or 'none'}, {detail.qos}"
    yield f"service account {detail.service_account or 'default'}"
    yield from detail.conditions
    for box in detail.containers:
        yield _container(box)
        if box.last_reason or box.last_exit_code is not None:
            at = clock_time(box.last_finished_at) if box.last_finished_at else "an unknown time"
            yield f"  last ended {box.last_reason or 'without a reason'}, exit {box.last_exit_code}, at {at}"
    if detail.use is None:
        yield f"use not known: {detail.use_reason}"
    for each in detail.use or ():
        yield f"{each.container} uses {each.cpu}m CPU, {each.memory / _MIB:.0f}Mi memory"


def _container(box: ContainerRow) -> str:
    kind = "init container" if box.init else "container"
    state = f"{box.state or 'not started'}{f' ({box.reason})' if box.reason else ''}"
    exit_code = f", exit {box.exit_code}" if box.exit_code is not None else ""
    limit = f"{box.memory_limit / _MIB:.0f}Mi" if box.memory_limit else "none"
    told = f", {box.message}" if box.message else ""
    return f"{kind} {box.name}: {box.image}: {state}{exit_code}, {box.restarts} restarts, memory limit {limit}{told}"


def _event(row: EventRow) -> str:
    return f"{clock_time(row.last_at)} {row.type} {row.reason} x{row.count}: {row.message}"
