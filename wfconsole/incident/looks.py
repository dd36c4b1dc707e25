"""Which source tells of which conditions, and what is said when one is over. A function is loaded when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.incident.sights import Seen
from wfconsole.observations.board import pane_of
from wfconsole.observations.judged import Judged
from wfconsole.observations.later import Later


class Word(msgspec.Struct, frozen=True):
    """What is said when a condition is over, and when the thing itself is gone, if that is something else."""

    over: str
    gone: str = ""


class Look(msgspec.Struct, frozen=True):
    """What one source is looked at for: what is not seen of its `words` does not hold.

    `sights` gets the judgement before and now, the keys of conditions that hold so far, and the time. `in_part`: a part
    of the rows tells what there is, though not what there is no more.
    """

    sights: Callable[[Judged, Judged, frozenset[str], Millis], Seen]
    words: Mapping[str, Word]
    in_part: bool = False


def _look(place: str, *, in_part: bool = False, **words: str | tuple[str, str]) -> Look:
    """The words are keywords with "_" for "-", their values what is said at the end, and when the thing is gone."""
    told = {
        word.replace("_", "-"): Word(said) if isinstance(said, str) else Word(*said) for word, said in words.items()
    }
    return Look(Later(place, package="wfconsole.incident"), told, in_part)


LOOKS: Final[Mapping[str, Look]] = {
    "pods": _look(
        "cluster_sights:sights_of_pods",
        crash_loop="{name}: crash loop over",
        image_pull="{name}: no pod waits for its image any more",
        cannot_start="{name}: no pod fails to start any more",
        not_ready="{name}: all running pods are ready again",
        pending="{name}: no pod waits for a node any more",
        starting="{name}: no pod is held up while starting any more",
        terminating="{name}: no pod is held up while terminating any more",
        unknown="{name}: the nodes of all pods report again",
        evicted="{name}: no eviction any more",
        failed="{name}: no more pods fail",
        oom="{name}: no pod was killed for its memory lately",
    ),
    "workloads": _look(
        "cluster_sights:sights_of_workloads",
        readiness="{name} is ready again",
        stalled="{name}: the rollout moves again",
    ),
    "hpas": _look(
        "cluster_sights:sights_of_hpas",
        hpa_max="autoscaler {name} has left its maximum",
        hpa_blind="autoscaler {name} sees its metrics again",
    ),
    "nodes": _look(
        "cluster_sights:sights_of_nodes",
        node_not_ready="node {name} is ready again",
        node_pressure="node {name}: pressure is over",
    ),
    "services": _look(
        "network_sights:sights_of_services",
        no_endpoints=("service {name} has ready endpoints again", "service {name} without endpoints was deleted"),
    ),
    "ingresses": _look(
        "network_sights:sights_of_ingresses",
        no_backend=(
            "ingress {name}: every path leads somewhere again",
            "ingress {name} without backend was deleted",
        ),
    ),
    "database": _look(
        "database_sights:sights_of_database",
        connections="{name}: connections are free again",
    ),
    "sessions": _look(
        "database_sights:sights_of_sessions",
        in_part=True,  # a queue too long to be listed whole is the last one to be silent about
        lock_chain="{name} holds up nobody any more",
        deadlock="{name} is out of its circle of locks",
        idle_transactions="no transaction idles for long any more",
    ),
    "replicas": _look(
        "database_sights:sights_of_replicas",
        replica_lag=("replica {name} has caught up", "replica {name}, which was behind, is not fed any more"),
        replica_stopped="{name} receives from its primary again",
        replica_missing="{name}: all replicas are fed again",
    ),
    "cache": _look(
        "cache_sights:sights_of_cache",
        cache_full="{name} has memory again",
        cache_writes="{name} takes writes again",
        cache_evictions="{name} evicts no more keys",
        cache_clients="{name} has room for clients again",
        cache_loading="{name} has loaded its data",
        cache_master="{name} follows its master again",
        cache_disk="{name} can write to disk again",
    ),
    "signals": _look(
        "metrics_sights:sights_of_signals",
        signal=("{name} is within its bounds again", "{name} is not measured any more"),
    ),
    "gpus": _look(
        "metrics_sights:sights_of_gpus",
        gpu_xid=("GPU {name}: no Xid since its driver was loaded anew", "GPU {name} is not seen any more"),
        gpu_memory=("GPU {name}: no memory error since its driver was loaded anew", "GPU {name} is not seen any more"),
        gpu_hot=("GPU {name} has cooled down", "GPU {name} is not seen any more"),
    ),
    "inference": _look(
        "metrics_sights:sights_of_inference",
        queue=("model {name}: its queue is short again", "model {name} is not measured any more"),
        latency=("model {name} answers in time again", "model {name} is not measured any more"),
    ),
    "auth": _look(
        "security_sights:sights_of_auth",
        spraying="password spraying is over",
        stuffing="credential stuffing is over",
        brute_force="brute force on logins is over",
        guessed="no login after many failures within the last hour",
        login_failures="failed logins are as usual again",
    ),
    "findings": _look(
        "security_sights:sights_of_findings",
        in_part=True,
        finding="finding {name} is not open any more",
    ),
}

# Conditions of which other functions tell.
_OTHERS: Final = {
    "alert": Word("alert {name} is over"),
    "alert-flood": Word("the flood of {name} is over"),
    "source": Word("{name}: data again"),
    "right": Word("{name} is not refused any more"),
    "collector": Word("the collector runs again"),
}
ALERT_WORDS: Final = ("alert", "alert-flood")
_WORDS: Final = {word: told for look in LOOKS.values() for word, told in look.words.items()} | _OTHERS
_COUNTED: Final = {"crash-loop": "restart", "oom": "kill", "scale": "move"}
_SOURCES: Final = {word: source for source, look in LOOKS.items() for word in look.words}


def said_when_over(key: str, *, gone: bool = False) -> str:
    """What is said when the condition of this key is over; `{name}` stands for the subject's name."""
    word = _WORDS[key.partition(" ")[0]]
    return word.gone if gone and word.gone else word.over


def what_is_counted(key: str) -> str:
    """What the count of this key's condition counts; "" where it is how often the condition began."""
    return _COUNTED.get(key.partition(" ")[0], "")


def source_of_condition(key: str) -> str:
    """The source that tells of the condition of this key; "" for what is told of alerts, sources and changes."""
    return _SOURCES.get(key.partition(" ")[0], "")


def seen_by(key: str) -> str:
    """The source without which nobody knows how it stands with the condition of this key; "" where none is needed."""
    return "alerts" if key.partition(" ")[0] in ALERT_WORDS else source_of_condition(key)


def pane_of_condition(key: str) -> int:
    """The number of the pane that shows what the condition of this key is about; 0 where none does."""
    source = source_of_condition(key)
    return pane_of(source) if source else 0
