"""Horizontal pod autoscalers: blind, at their maximum, limited, disabled."""

from __future__ import annotations

import math

import msgspec

from wfconsole.clock import Millis
from wfconsole.observations.conditions import ConditionRow
from wfconsole.observations.levels import HEALTHY, Finding, Level


class HpaMetric(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One metric of an HPA as text for reading, and its ratio current/target (None: not known)."""

    name: str
    current: str = ""
    target: str = ""
    ratio: float | None = None


class HpaRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One autoscaler. Key: "namespace/name"."""

    namespace: str
    name: str
    target_kind: str
    target: str
    minimum: int = 1
    maximum: int = 1
    current: int = 0
    desired: int = 0
    metrics: tuple[HpaMetric, ...] = ()
    blind: str = ""  # why it cannot act: the ScalingActive or AbleToScale condition's reason
    limited: str = ""  # the ScalingLimited condition's reason
    disabled: bool = False  # the target is at zero replicas, which switches it off
    last_scaled_at: Millis = 0
    conditions: tuple[ConditionRow, ...] = ()


def judge_hpa(row: HpaRow, _now: Millis) -> Finding:
    """Whether the autoscaler can still act: BLIND without metrics, AT MAX when it wants more than it may have.

    The first word of the reason is the state, as the pane shows it.
    """
    if row.disabled:
        return Finding(Level.WATCH, "DISABLED: its target has no replicas", "disabled")
    blind = why_blind(row)
    if blind:
        return Finding(Level.WARNING, f"BLIND: {blind}", "blind")
    wanted = wants(row)
    if at_max(row):
        size = f"AT MAX {row.current}/{row.maximum}"
        if wanted is not None and wanted > row.maximum:
            return Finding(Level.WARNING, f"{size}, wants {wanted}", "at-max")
        if row.minimum < row.maximum:
            return Finding(Level.WATCH, size, "at-max")
        return HEALTHY
    unknown = sum(metric.ratio is None for metric in row.metrics)
    if unknown:
        return Finding(Level.WATCH, f"{unknown} of {len(row.metrics)} metrics unknown", "half-blind")
    if row.limited in _SLOWED:
        return Finding(Level.WATCH, f"LIMITED: {row.limited}", "limited")
    return HEALTHY


# Reasons of ScalingLimited that slow it down; the others say that it stands at its minimum or maximum.
_SLOWED = ("ScaleUpLimit", "ScaleDownLimit")


def why_blind(row: HpaRow) -> str:
    """Why the autoscaler gets no numbers, "" when it does: without any it never acts."""
    if row.blind:
        return row.blind
    looked = row.current > 0 or row.desired > 0  # a new one has not looked yet
    if looked and row.metrics and all(metric.ratio is None for metric in row.metrics):
        return "no metric has a value"
    return ""


def at_max(row: HpaRow) -> bool:
    """Whether it runs as many replicas as it may, so that no load can make it run more."""
    return not row.disabled and row.current >= row.maximum > 0


def worst_ratio(row: HpaRow) -> float | None:
    """The highest metric, of its target; None when none is known."""
    return max((metric.ratio for metric in row.metrics if metric.ratio is not None), default=None)


def wants(row: HpaRow) -> int | None:
    """How many replicas it would run if it might: ceil(current * ratio), as its algorithm has it, within 10 %."""
    ratio = worst_ratio(row)
    if ratio is None:
        return None
    return row.current if abs(ratio - 1.0) <= 0.1 else math.ceil(row.current * ratio)


def size_wanted(row: HpaRow) -> str:
    """`wants 5`; where its bounds hold it back, what its metrics ask for and the bound."""
    wanted = None if why_blind(row) else wants(row)
    if wanted is None or row.minimum <= wanted <= row.maximum:
        return f"wants {row.desired if wanted is None else wanted}"
    return f"metrics ask for {wanted}, bounded at {min(max(wanted, row.minimum), row.maximum)}"
