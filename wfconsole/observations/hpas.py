"""Horizontal pod autoscalers: blind, at their maximum, limited, disabled."""

from __future__ import annotations

import msgspec

from wfconsole.clock import Millis


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
