"""The tables of signals, GPUs, models and alerts that probes read: see `wfconsole.incident.probe_tables`."""

from __future__ import annotations

from typing import Final

from wfconsole.clock import SECOND, Millis
from wfconsole.incident.probe_tables import NOT_KNOWN, Table, known, moment, of_kind, since, told
from wfconsole.observations.alerts import AlertRow, judge_alert, thing, title
from wfconsole.observations.gpus import HOT, GpuRow, judge_gpu, memory_share
from wfconsole.observations.inference import InferenceRow, grows, judge_inference, slow
from wfconsole.observations.levels import Finding
from wfconsole.observations.signals import SignalRow, bare, judge_signal, of_bound, shown
from wfconsole.text import UNKNOWN, percent


def _past(row: SignalRow, finding: Finding) -> bool | None:
    """Whether it is past a bound; a signal without bounds has none to be past."""
    if row.bound is None:
        return False
    return None if row.value is None else finding.kind == "bound"


def _tell_signal(row: SignalRow, finding: Finding, _now: Millis) -> str:
    bound = f"(bound {bare(row.bound, row.unit)})" if row.bound is not None else ""
    service = row.group or "total"
    return told(f"{row.rule} {service}", shown(row), bound, finding.reason if row.value is None else "")


def _tell_gpu(row: GpuRow, finding: Finding, _now: Millis) -> str:
    heat = f"{row.temperature:.0f} C" if row.temperature is not None else f"{UNKNOWN} C"
    use = f"use {percent(row.utilization)} memory {percent(memory_share(row))}"
    return told(f"{row.node}/{row.gpu}", row.pod, use, heat, finding.reason)


def _hot(row: GpuRow, _finding: Finding) -> bool | None:
    return None if row.temperature is None else row.temperature >= HOT


def _tell_model(row: InferenceRow, finding: Finding, _now: Millis) -> str:
    waits = f"{row.queue:.0f} wait" if row.queue is not None else f"{UNKNOWN} wait"
    took = f"{row.latency:.1f}s" if row.latency is not None else UNKNOWN
    return told(row.name, waits, took, finding.reason)


def _tell_alert(row: AlertRow, finding: Finding, now: Millis) -> str:
    for_long = f"since {moment(row.starts_at, now)}" if row.starts_at else ""
    return told(title(row), row.severity or "no severity", finding.kind, for_long)


SIGNALS: Final = Table(
    one="signal",
    words={"rule": lambda row: row.rule, "service": lambda row: (row.group, row.group.rpartition("/")[2])},
    numbers={
        "value": lambda row, _now: known(row.value),
        "of-bound": lambda row, _now: None if not row.bound else known(of_bound(row)),
    },
    flags={"total": lambda row, _finding: not row.group, "past-bound": _past},
    judge=judge_signal,
    tell=_tell_signal,
)
GPUS: Final = Table(
    one="GPU",
    words={
        "node": lambda row: row.node,
        "gpu": lambda row: row.gpu,
        "model": lambda row: row.model,
        "namespace": lambda row: row.namespace,
        "pod": lambda row: row.pod,
    },
    numbers={
        "utilization": lambda row, _now: known(row.utilization),
        "memory": lambda row, _now: known(memory_share(row)),
        "temperature": lambda row, _now: known(row.temperature),
        "power": lambda row, _now: known(row.power),
    },
    flags={
        "xid": lambda row, _finding: None if row.xid is None else row.xid > 0,
        "memory-errors": lambda row, _finding: None if row.ecc_errors is None else row.ecc_errors > 0,
        "hot": _hot,
    },
    judge=judge_gpu,
    tell=_tell_gpu,
)
INFERENCE: Final = Table(
    one="model",
    words={"name": lambda row: row.name},
    numbers={
        "queue": lambda row, _now: known(row.queue),
        "batch": lambda row, _now: known(row.batch),
        "cache": lambda row, _now: known(row.cache),
        "latency": lambda row, _now: NOT_KNOWN if row.latency is None else row.latency * SECOND,
    },
    flags={
        "growing": lambda row, _finding: None if None in (row.queue, row.queue_low) else grows(row),
        "slow": lambda row, _finding: None if row.latency is None else slow(row),
    },
    judge=judge_inference,
    tell=_tell_model,
)
ALERTS: Final = Table(
    one="alert",
    may_be_none=True,
    words={
        "name": lambda row: row.name,
        "severity": lambda row: row.severity,
        "namespace": lambda row: row.labels.get("namespace", ""),
        "service": thing,
    },
    numbers={"age": lambda row, now: since(row.starts_at, now)},
    flags={name: of_kind(name) for name in ("firing", "pending", "silenced", "inhibited")},
    judge=judge_alert,
    tell=_tell_alert,
)
