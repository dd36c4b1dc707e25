"""The signals of the systems beside Kubernetes, from their rows: each gives values by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wfconsole.clock import SECOND, Millis
from wfconsole.observations.alerts import AlertRow, judge_alert
from wfconsole.observations.cache import CacheRow, KeysRow, memory_share
from wfconsole.observations.database import DatabaseRow, used_share
from wfconsole.observations.gpus import GpuRow, mean_utilization
from wfconsole.observations.gpus import memory_share as gpu_memory_share
from wfconsole.observations.inference import InferenceRow
from wfconsole.observations.ingresses import IngressRow, is_broken
from wfconsole.observations.levels import Level
from wfconsole.observations.replicas import ReplicaRow
from wfconsole.observations.services import ServiceRow, is_down
from wfconsole.observations.sessions import SessionRow, is_idle_in_transaction, lasts
from wfconsole.observations.signals import SignalRow, of_bound


def database(rows: Mapping[str, DatabaseRow], _now: Millis) -> dict[str, float | None]:
    return {
        "db.connections": max((share for row in rows.values() if (share := used_share(row)) is not None), default=None)
    }


def sessions(rows: Mapping[str, SessionRow], now: Millis) -> dict[str, float | None]:
    return {
        "db.waiters": sum(row.blockers > 0 for row in rows.values()),
        "db.longest_wait": _longest((row.waiting_at for row in rows.values() if row.blockers), now),
        "db.longest_transaction": _longest((row.xact_at for row in rows.values()), now),
        "db.held_up": max((row.behind for row in rows.values()), default=0),
        "db.idle_in_transaction": sum(lasts(row, now) and is_idle_in_transaction(row) for row in rows.values()),
        "db.long_queries": sum(lasts(row, now) and row.state == "active" for row in rows.values()),
    }


def _longest(began: Iterable[Millis], now: Millis) -> float:
    """In seconds, of those whose beginning is known."""
    return max((max(0, now - at) / SECOND for at in began if at), default=0.0)


def replicas(rows: Mapping[str, ReplicaRow], _now: Millis) -> dict[str, float | None]:
    """The lag of the worst is not known while that of one of them is not."""
    lags = [row.lag_bytes for row in rows.values() if row.role != "missing"]
    return {
        "db.replica_lag": None if None in lags else max((lag or 0 for lag in lags), default=None),
        "db.replicas_missing": sum(row.expected - row.found for row in rows.values()),
    }


def services(rows: Mapping[str, ServiceRow], _now: Millis) -> dict[str, float | None]:
    known = [row for row in rows.values() if row.ready is not None or row.external_name]
    return {"services.down": sum(map(is_down, known)) if known or not rows else None}


def ingresses(rows: Mapping[str, IngressRow], _now: Millis) -> dict[str, float | None]:
    return {"ingresses.broken": sum(is_broken(path) for row in rows.values() for path in row.paths)}


def cache(rows: Mapping[str, CacheRow], _now: Millis) -> dict[str, float | None]:
    shares = [share for row in rows.values() if (share := memory_share(row)) is not None]
    return {
        "cache.memory": max(shares, default=None),
        "cache.clients": max((row.clients / row.max_clients for row in rows.values() if row.max_clients), default=None),
    }


def keys(rows: Mapping[str, KeysRow], _now: Millis) -> dict[str, float | None]:
    counted = [row.keys for row in rows.values() if row.sessions]
    return {"cache.sessions": None if not counted or None in counted else sum(each or 0 for each in counted)}


def signals(rows: Mapping[str, SignalRow], _now: Millis) -> dict[str, float | None]:
    shares = [share for row in rows.values() if not row.group and (share := of_bound(row)) is not None]
    values = {rule: row.value if (row := rows.get(rule)) is not None else None for rule in ("errors", "p99")}
    return {"signals.worst": max(shares, default=None), **{f"signals.{rule}": value for rule, value in values.items()}}


def gpus(rows: Mapping[str, GpuRow], _now: Millis) -> dict[str, float | None]:
    shares = [share for row in rows.values() if (share := gpu_memory_share(row)) is not None]
    return {"gpus.busy": mean_utilization(rows.values()), "gpus.memory": max(shares, default=None)}


def inference(rows: Mapping[str, InferenceRow], _now: Millis) -> dict[str, float | None]:
    queues = [row.queue for row in rows.values() if row.queue is not None]
    slowest = [row.latency / row.latency_limit for row in rows.values() if row.latency is not None]
    return {
        "inference.queue": sum(queues) if queues else None,
        "inference.latency": max(slowest, default=None),
    }


def alerts(rows: Mapping[str, AlertRow], now: Millis) -> dict[str, float | None]:
    firing = [found.level for row in rows.values() if (found := judge_alert(row, now)).kind == "firing"]
    return {"alerts.active": len(firing), "alerts.critical": firing.count(Level.CRITICAL)}
