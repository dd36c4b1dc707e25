"""Workloads: deployments, stateful sets and daemon sets; how many are ready, and what changed recently."""

from __future__ import annotations

import msgspec

from wfconsole.clock import Millis


class Revision(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One revision of a deployment (its ReplicaSet) or stateful set."""

    number: int
    created_at: Millis
    images: tuple[str, ...] = ()
    replicas: int = 0
    ready: int = 0
    restart_only: bool = False  # same template as the one before but for the restart annotation
    cause: str = ""


class WorkloadRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One workload. Key: "Kind/namespace/name"."""

    kind: str
    namespace: str
    name: str
    desired: int = 0
    ready: int = 0
    updated: int = 0
    available: int = 0
    revision: int = 0
    images: tuple[str, ...] = ()
    paused: bool = False
    created_at: Millis = 0
    generation: int = 0
    observed_generation: int = 0
    progressing: bool = False  # a rollout is under way
    stalled: str = ""  # why the rollout does not get on (ProgressDeadlineExceeded, quota, ...)
    revisions: tuple[Revision, ...] = ()  # newest first, at most five
