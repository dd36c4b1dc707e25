"""Signals: named numbers over time, in a bounded series for each, with gaps where nothing was known."""

from __future__ import annotations

import bisect
import functools
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.observations.events import EventRow, judge_event
from wfconsole.observations.history import Series
from wfconsole.observations.hpas import HpaRow, at_max, why_blind, worst_ratio
from wfconsole.observations.judged import Judged
from wfconsole.observations.later import Later
from wfconsole.observations.levels import Finding, Level, Quality
from wfconsole.observations.nodes import NodeRow, share
from wfconsole.observations.pod_groups import RESTARTING, PodTally
from wfconsole.observations.pods import PodRow, judge_pod, serving
from wfconsole.observations.snapshot import STALE_AFTER_INTERVALS
from wfconsole.observations.workloads import WorkloadRow, is_short
from wfconsole.observations.world import World


class Signal(msgspec.Struct, frozen=True):
    """One number that the console keeps a history of. `unit` is "ratio" (1.0 is all), "count", "seconds" or "bytes".

    `low_is_worse` says which of two values in one cell of a trend is shown: never the average, always the worse.
    """

    name: str
    source: str
    unit: str
    meaning: str
    low_is_worse: bool = False

    def worse(self, first: float | None, second: float | None) -> float | None:
        """The worse of two values; a known value before an unknown one."""
        if first is None or second is None:
            return second if first is None else first
        return min(first, second) if self.low_is_worse else max(first, second)


SIGNALS: Final[dict[str, Signal]] = {
    signal.name: signal
    for signal in (
        Signal("pods.ready_ratio", "pods", "ratio", "pods that are ready, of those that should be", low_is_worse=True),
        Signal("pods.not_ready_ratio", "pods", "ratio", "pods that are not ready, of those that should be"),
        Signal("pods.not_ready", "pods", "count", "pods that should be ready and are not"),
        Signal("pods.crash_looping", "pods", "count", "pods in a crash loop"),
        Signal("pods.restarted", "pods", "count", "pods that restarted within ten minutes"),
        Signal("workloads.short", "workloads", "count", "workloads with fewer ready replicas than desired"),
        Signal("workloads.down", "workloads", "count", "workloads with no ready replica at all"),
        Signal("hpas.worst_ratio", "hpas", "ratio", "highest metric of any autoscaler, of its target"),
        Signal("hpas.at_max", "hpas", "count", "autoscalers at their maximum"),
        Signal("hpas.blind", "hpas", "count", "autoscalers that get no metrics"),
        Signal("nodes.not_ready", "nodes", "count", "nodes that are not ready"),
        Signal("nodes.pressure", "nodes", "count", "nodes under memory, disk or PID pressure"),
        Signal("nodes.cpu", "nodes", "ratio", "CPU in use, of what can be allocated"),
        Signal("nodes.memory", "nodes", "ratio", "memory in use, of what can be allocated"),
        Signal("gpus.allocated", "nodes", "count", "GPUs that pods have"),
        Signal("gpus.allocated_ratio", "nodes", "ratio", "GPUs that pods have, of what can be allocated"),
        Signal("db.connections", "database", "ratio", "client connections, of the slots that they may use"),
        Signal("services.down", "services", "count", "services with pods of which none answers"),
        Signal("ingresses.broken", "ingresses", "count", "paths of ingresses that lead nowhere"),
        Signal("auth.failures", "auth", "count", "failed logins a minute"),
        Signal("auth.rise", "auth", "ratio", "failed logins a minute, of what is usual"),
        Signal("auth.attackers", "auth", "count", "sources that try many users or many passwords"),
        Signal("auth.guessed", "auth", "count", "users and sources that got in after many failures"),
        Signal("findings.critical", "findings", "count", "open findings of severity CRITICAL"),
        Signal("findings.new", "findings", "count", "open findings that nobody has dealt with"),
        Signal("secrets.stale", "secrets", "count", "secrets that were not changed for too long"),
        Signal("cache.memory", "cache", "ratio", "memory of the cache in use, of what it may have"),
        Signal("cache.clients", "cache", "ratio", "clients of the cache, of those that it takes"),
        Signal("cache.sessions", "keys", "count", "sessions, as last counted to the end", low_is_worse=True),
        Signal("db.waiters", "sessions", "count", "database sessions that wait for a lock"),
        Signal("db.longest_wait", "sessions", "seconds", "the longest wait for a lock in the database"),
        Signal("db.longest_transaction", "sessions", "seconds", "the oldest transaction of the sessions listed"),
        Signal("db.held_up", "sessions", "count", "database sessions that wait for one session, directly or not"),
        Signal("db.idle_in_transaction", "sessions", "count", "database sessions idle in transaction for a minute"),
        Signal("db.long_queries", "sessions", "count", "database queries that have run for a minute"),
        Signal("db.replica_lag", "replicas", "bytes", "WAL that the worst replica has not replayed yet"),
        Signal("db.replicas_missing", "replicas", "count", "database replicas that should be there and are not"),
        Signal("signals.worst", "signals", "ratio", "the worst total signal, of its first bound"),
        Signal("signals.errors", "signals", "ratio", 'requests that failed, by the rule "errors"'),
        Signal("signals.p99", "signals", "seconds", 'latency of the slowest in a hundred, by the rule "p99"'),
        Signal("gpus.busy", "gpus", "ratio", "mean utilization of GPUs"),
        Signal("gpus.memory", "gpus", "ratio", "fullest memory of any GPU"),
        Signal("inference.queue", "inference", "count", "requests that wait for a model"),
        Signal("inference.latency", "inference", "ratio", "slowest model, of the latency that it may have"),
        Signal("alerts.active", "alerts", "count", "alerts that fire and nobody silenced"),
        Signal("alerts.critical", "alerts", "count", "critical alerts that fire and nobody silenced"),
        Signal("events.warnings", "events", "count", "warning events of the last ten minutes"),
    )
}


def measure(
    source: str, rows: Mapping[str, Any], now: Millis, judged: Mapping[str, Finding] | None = None
) -> dict[str, float | None]:
    """All signals of one source over the given rows, by name; None where nobody measured, or there is nothing to.
    `judged` has the findings at `now` of these rows, or of more, where somebody has them."""
    if source == "pods":
        return measure_pods(tally_pods(rows, now, judged))
    measured = _MEASURES.get(source)
    return {} if measured is None else measured(rows, now)


def measure_pods(tally: PodTally) -> dict[str, float | None]:
    """The signals of pods that have been counted already."""
    not_ready = tally.total - tally.ready
    return {
        "pods.ready_ratio": tally.ready / tally.total if tally.total else None,
        "pods.not_ready_ratio": not_ready / tally.total if tally.total else None,
        "pods.not_ready": not_ready,
        "pods.crash_looping": tally.kinds.get("crash-loop", 0),
        "pods.restarted": sum(tally.kinds.get(kind, 0) for kind in RESTARTING),
    }


def tally_pods(rows: Mapping[str, PodRow], now: Millis, judged: Mapping[str, Finding] | None = None) -> PodTally:
    """Count any set of pods, by walking through it. `judged` as in `measure`."""
    served = [row.ready for row in rows.values() if serving(row)]
    findings = {key: judge_pod(row, now) for key, row in rows.items()} if judged is None else judged
    kinds: dict[str, int] = {}
    for key, finding in findings.items():
        if finding.level and key in rows:
            kinds[finding.kind] = kinds.get(finding.kind, 0) + 1
    return PodTally(len(served), sum(served), kinds)


def _workloads(rows: Mapping[str, WorkloadRow], _now: Millis) -> dict[str, float | None]:
    return {
        "workloads.short": sum(is_short(row) for row in rows.values()),
        "workloads.down": sum(row.desired > 0 and not row.ready for row in rows.values()),
    }


def _hpas(rows: Mapping[str, HpaRow], _now: Millis) -> dict[str, float | None]:
    known = [ratio for row in rows.values() if (ratio := worst_ratio(row)) is not None]
    return {
        "hpas.worst_ratio": max(known, default=None),
        "hpas.at_max": sum(at_max(row) for row in rows.values()),
        "hpas.blind": sum(bool(why_blind(row)) for row in rows.values()),
    }


def _nodes(rows: Mapping[str, NodeRow], _now: Millis) -> dict[str, float | None]:
    measured = [row for row in rows.values() if row.cpu_used is not None and row.memory_used is not None]
    gpus = sum(row.gpus for row in rows.values())
    allocated = sum(row.gpus_allocated for row in rows.values())
    return {
        "nodes.not_ready": sum(not row.ready for row in rows.values()),
        "nodes.pressure": sum(bool(row.pressures) for row in rows.values()),
        "nodes.cpu": share(sum(row.cpu_used or 0 for row in measured), sum(row.cpu for row in measured)),
        "nodes.memory": share(sum(row.memory_used or 0 for row in measured), sum(row.memory for row in measured)),
        "gpus.allocated": allocated if gpus else None,
        "gpus.allocated_ratio": allocated / gpus if gpus else None,
    }


def _events(rows: Mapping[str, EventRow], now: Millis) -> dict[str, float | None]:
    return {"events.warnings": sum(judge_event(row, now).level > Level.OK for row in rows.values())}


_MEASURES: Final[dict[str, Callable[[Mapping[str, Any], Millis], dict[str, float | None]]]] = {
    "workloads": _workloads,
    "hpas": _hpas,
    "nodes": _nodes,
    "events": _events,
    "database": Later("measures:database"),
    "services": Later("measures:services"),
    "ingresses": Later("measures:ingresses"),
    "auth": Later("auth:measure_auth"),
    "findings": Later("findings:measure_findings"),
    "secrets": Later("secrets:measure_secrets"),
    "cache": Later("measures:cache"),
    "keys": Later("measures:keys"),
    "sessions": Later("measures:sessions"),
    "replicas": Later("measures:replicas"),
    "signals": Later("measures:signals"),
    "gpus": Later("measures:gpus"),
    "inference": Later("measures:inference"),
    "alerts": Later("measures:alerts"),
}


class SeriesBook(msgspec.Struct, frozen=True):
    """The series of all signals, by name."""

    series: Mapping[str, Series] = msgspec.field(default_factory=dict)

    def after(self, world: World, judged: Judged, source: str, now: Millis) -> SeriesBook:
        """With the values of `source` at `now`: what its snapshot shows, or a gap when that cannot be trusted."""
        snapshot = world.snapshots.get(source)
        if snapshot is None:
            return self
        names = [name for name, signal in SIGNALS.items() if signal.source == source]
        values: dict[str, float | None] = {}
        quality = snapshot.quality(now)
        if quality.tells and not (quality == Quality.PARTIAL and source in _NOTHING_IN_PART):
            values = measure_pods(judged.tally) if source == "pods" else measure(source, snapshot.rows, now)
        until = now + STALE_AFTER_INTERVALS * snapshot.interval_ms
        series = dict(self.series)
        for name in names:
            series[name] = series.get(name, _EMPTY).after(SIGNALS[name].worse, now, values.get(name), until)
        return SeriesBook(series)

    def trend(self, name: str, now: Millis, cells: int, cell_ms: Millis) -> tuple[float | None, ...]:
        """The last `cells` stretches of `cell_ms` each, the newest (which is not full yet) last; None is a gap.

        Cells stand on multiples of `cell_ms`, so that a trend moves by whole cells and not at each repaint.
        """
        series = self.series.get(name, _EMPTY)
        first = now // cell_ms - cells + 1
        points = series.since(first * cell_ms)
        position = bisect.bisect_left(points, first * cell_ms, key=lambda point: point.at)
        speaking = points[position - 1] if position else None
        trend: list[float | None] = []
        for start in range(first * cell_ms, (first + cells) * cell_ms, cell_ms):
            seen: list[float | None] = []
            while position < len(points) and points[position].at < start + cell_ms and points[position].at <= now:
                speaking = points[position]
                seen.append(speaking.value)
                position += 1
            if seen:
                trend.append(functools.reduce(SIGNALS[name].worse, seen))
            else:
                trend.append(speaking.value if speaking is not None and start < speaking.until else None)
        return tuple(trend)


_EMPTY: Final = Series()
# The trend of a part is worth seeing, since nothing is concluded from a trend. Of these a part tells nothing: where
# sessions are hidden from us, none seems to wait.
_NOTHING_IN_PART: Final = frozenset(("sessions", "replicas"))
