"""Inference services: what waits, how long an answer takes, how many are worked on together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.observations.gpus import BUSY
from wfconsole.observations.levels import HEALTHY, Finding, Level

# A queue has grown when it is this much longer than at its shortest within the window.
_GROWTH: Final = 1.5
_FULL_CACHE: Final = 0.95
_FAR_BEYOND: Final = 2.0


class InferenceRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One model of a service. Key: its name. None is what nobody measures, or what no traffic leaves undefined."""

    name: str
    queue: float | None = None  # requests that wait
    queue_low: float | None = None  # the fewest that waited within the window
    latency: float | None = None  # seconds
    latency_is_mean: bool = False  # no percentile is known
    batch: float | None = None  # requests that are worked on together
    cache: float | None = None  # share of the key-value cache
    queue_limit: float = 10.0
    latency_limit: float = 5.0


def grows(row: InferenceRow) -> bool:
    """Whether more wait than may, and more than before: a queue that stands is a choice, one that grows is not."""
    if row.queue is None or row.queue_low is None:
        return False
    return row.queue > row.queue_limit and row.queue > _GROWTH * row.queue_low


def slow(row: InferenceRow) -> bool:
    return row.latency is not None and row.latency > row.latency_limit


def judge_inference(row: InferenceRow, _now: Millis) -> Finding:
    """What users feel: a queue that grows, answers that take too long. A full cache alone is a warning to come."""
    said = []
    if grows(row):
        said.append(f"queue grew {row.queue_low:.0f} to {row.queue:.0f}")
    if slow(row):
        kind = "mean" if row.latency_is_mean else "p95"
        said.append(f"{kind} {row.latency:.1f}s above {row.latency_limit:g}s")
    if said:
        far = slow(row) and (row.latency or 0.0) > _FAR_BEYOND * row.latency_limit
        return Finding(Level.CRITICAL if len(said) > 1 or far else Level.WARNING, ", ".join(said), "inference")
    if row.queue is not None and row.queue > row.queue_limit:
        return Finding(Level.WATCH, f"{row.queue:.0f} wait", "queue")
    if row.cache is not None and row.cache >= _FULL_CACHE:
        return Finding(Level.WATCH, f"cache {row.cache:.0%} in use", "cache")
    if row.queue is None and row.latency is None:
        return Finding(Level.WATCH, "neither its queue nor its latency is known", "unknown")
    return HEALTHY


def judge_saturation(utilization: float | None, rows: Iterable[InferenceRow]) -> Finding:
    """Busy GPUs together with what users feel. Alone a busy GPU says nothing: a well batching model keeps it busy."""
    if utilization is None or utilization < BUSY:
        return HEALTHY
    for row in rows:
        if grows(row) or slow(row):
            finding = judge_inference(row, 0)
            return Finding(finding.level, f"GPUs {utilization:.0%} busy, {row.name}: {finding.reason}", "saturated")
    return HEALTHY
