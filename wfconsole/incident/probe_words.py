"""The words of the probes: which tables there are, which fields and flags each one has, and of what sort a field is.

"identity" says which rows are meant; "word", "number", "duration" and "level" say what must be true of them. Shares are
numbers: 0.8, or 80%.
"""

from __future__ import annotations

from typing import Final, Literal

ValueKind = Literal["identity", "word", "number", "duration", "level"]


def _fields(identity: str, numbers: str = "", durations: str = "", words: str = "") -> dict[str, ValueKind]:
    """Fields by their sort, in the order in which they are told; every table but one of no judgement has a level."""
    told: dict[str, ValueKind] = dict.fromkeys(identity.split(), "identity")
    told |= dict.fromkeys(words.split(), "word")
    told["level"] = "level"
    told |= dict.fromkeys(numbers.split(), "number")
    return told | dict.fromkeys(durations.split(), "duration")


FIELDS: Final[dict[str, dict[str, ValueKind]]] = {
    "pods": _fields(
        "namespace name workload kind node image revision",
        words="status phase reason",
        numbers="restarts",
        durations="restarted ready-for age",
    ),
    "workloads": _fields("namespace name kind image", numbers="ready desired ready-ratio", durations="changed age"),
    "hpas": _fields("namespace name workload", numbers="current desired ratio", durations="scaled"),
    "nodes": _fields("name role", numbers="cpu memory gpus gpus-free", durations="age"),
    "events": _fields("namespace kind name", words="type reason", numbers="times", durations="age"),
    "services": _fields("namespace name type", numbers="endpoints ready pods"),
    "ingresses": _fields("namespace name host service", numbers="paths broken-paths"),
    "isolation": _fields("namespace name kind", numbers="pods"),
    "database": _fields("name database", numbers="connections usable used"),
    "sessions": _fields(
        "user application database",
        words="state",
        numbers="behind",
        durations="waits transaction query idle",
    ),
    "replicas": _fields("name", words="state", numbers="lag-mib", durations="behind"),
    "cache": _fields("name role", numbers="memory clients evicted rejected write-errors hits", durations="ping"),
    "keys": _fields("prefix", numbers="keys"),
    "signals": _fields("rule service", numbers="value of-bound"),
    "gpus": _fields("node gpu model namespace pod", numbers="utilization memory temperature power"),
    "inference": _fields("name", numbers="queue batch cache", durations="latency"),
    "alerts": _fields("name severity namespace service", durations="age"),
    "auth": _fields("by name", numbers="failed others per-minute"),
    "findings": _fields("region account severity title", durations="age"),
    "secrets": _fields("region name", durations="changed"),
}

FLAGS: Final[dict[str, tuple[str, ...]]] = {
    "pods": ("ready", "not-ready", "crash-loop", "image-pull", "oom", "pending", "unschedulable", "terminating"),
    "workloads": ("ready", "not-ready", "progressing", "stalled", "paused"),
    "hpas": ("at-max", "blind", "limited", "disabled"),
    "nodes": ("ready", "not-ready", "pressure", "cordoned"),
    "events": (),
    "services": ("ready", "no-endpoints"),
    "ingresses": ("broken",),
    "isolation": ("ingress-isolated", "egress-isolated", "open", "cut-off"),
    "database": ("standby",),
    "sessions": ("waiting", "root", "idle-in-transaction", "prepared", "deadlock"),
    "replicas": ("missing", "paused", "streaming"),
    "cache": ("evicting", "refuses-writes", "refuses-clients", "loading", "master-lost"),
    "keys": ("sessions",),
    "signals": ("total", "past-bound"),
    "gpus": ("xid", "memory-errors", "hot"),
    "inference": ("growing", "slow"),
    "alerts": ("firing", "pending", "silenced", "inhibited"),
    "auth": ("spraying", "stuffing", "brute-force", "guessed", "rising"),
    "findings": ("new", "critical"),
    "secrets": ("stale", "rotates"),
}
