"""Events of the cluster, warnings first, tied to their object."""

from __future__ import annotations

from typing import Final

import msgspec

from wfconsole.clock import MINUTE, Millis
from wfconsole.observations.ladder import PLAIN, Weighed
from wfconsole.observations.levels import Finding, Level


class EventRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One event; a series counts as one. Key: its uid.

    `last_at` is series.lastObservedTime, else eventTime, else lastTimestamp.
    """

    namespace: str
    kind: str  # of the object it is about
    name: str
    type: str  # "Warning" or "Normal"
    reason: str
    message: str = ""
    count: int = 1
    first_at: Millis = 0
    last_at: Millis = 0
    source: str = ""


_WORKLOADS: Final = frozenset(("Deployment", "StatefulSet", "DaemonSet"))


def workload_of(row: EventRow) -> str:
    """The key of the workload that an event is about, by itself or by its ReplicaSet (DEPLOYMENT-HASH); "" for none."""
    if row.kind == "ReplicaSet":
        deployment, _, _hash = row.name.rpartition("-")
        return f"Deployment/{row.namespace}/{deployment}"
    return f"{row.kind}/{row.namespace}/{row.name}" if row.kind in _WORKLOADS else ""


# A warning is news for this long.
NEWS_FOR: Final = 10 * MINUTE

# Warnings after which something does not run, or soon will not; all other warnings are worth a look only.
_GRAVE: Final = frozenset(
    (
        "BackOff",
        "Evicted",
        "Failed",
        "FailedAttachVolume",
        "FailedCreate",
        "FailedCreatePodSandBox",
        "FailedMount",
        "FailedScheduling",
        "FreeDiskSpaceFailed",
        "NodeNotReady",
        "OOMKilling",
        "SystemOOM",
        "Unhealthy",
    )
)


def judge_event(row: EventRow, now: Millis) -> Finding:
    """Whether one event is a warning that is still news at `now`."""
    return weigh_event(row, now)[0]


def weigh_event(row: EventRow, now: Millis) -> Weighed:
    """The finding, and the instant at which time alone changes it (0: never)."""
    if row.type == "Normal" or (row.last_at and now - row.last_at >= NEWS_FOR):
        return PLAIN
    level = Level.WARNING if row.reason in _GRAVE else Level.WATCH
    return Finding(level, row.reason, "event", row.last_at), row.last_at + NEWS_FOR if row.last_at else 0
