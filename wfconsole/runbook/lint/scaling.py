"""Replica counts set by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from wfconsole.runbook.lint.book import Book, Spot
from wfconsole.runbook.lint.findings import Hit, Topic, at

RULES: Final = Topic("scaling")
DATABASE: Final = re.compile(
    r"postgres|mysql|maria|mongo|\bdb\b|database|redis|kafka|elastic|etcd|cassandra", re.IGNORECASE
)
_CONNECTIONS: Final = re.compile(
    r"pg_stat_activity|max_connections|free .{0,40}connections|database used", re.IGNORECASE
)


def _replicas(spot: Spot) -> int | None:
    value = spot.program.value("--replicas") or ""
    return int(value) if value.isdigit() else None


@RULES.program(
    "scale-absolute",
    "warning",
    "an absolute number of replicas",
    "look at the number now and name it too: --current-replicas=<now> --replicas=<more>",
)
def _absolute(spot: Spot) -> Hit | None:
    if spot.is_kubectl("scale") and spot.program.word("--current-replicas") is None and _replicas(spot) != 0:
        return at(
            spot,
            "where more than that are running already, this takes pods away in the middle of the incident",
            *(word.text for word in spot.program.words if word.text.startswith("--replicas")),
        )
    return None


@RULES.whole(
    "scale-against-hpa",
    "error",
    "scaled by hand against an autoscaler",
    "raise the autoscaler's minReplicas and maxReplicas, and write the old ones down",
)
def _against_hpa(book: Book) -> Iterable[Hit]:
    owned = {
        name
        for spot in book.spots
        if spot.kubectl
        for kind, name in spot.kubectl.targets
        if kind == "hpa" and name and not name.startswith("<")
    }
    for spot in book.spots:
        found = spot.is_kubectl("scale")
        for _, name in found.targets if found else ():
            if name in owned:
                yield at(
                    spot,
                    f"this runbook knows an autoscaler '{name}': it sets the count back within about 15 s, clamped "
                    "to its own bounds",
                    name,
                )


@RULES.whole(
    "scale-adds-connections",
    "note",
    "more pods, more database connections",
    "count the free connections first: replicas times the size of the pool",
)
def _adds_connections(book: Book) -> Iterable[Hit]:
    if not re.search(r"connection pool|max_connections|database connect", book.words):
        return
    for spot in book.spots:
        found = spot.is_kubectl("scale")
        if not found or "deployment" not in found.kinds or _replicas(spot) == 0:
            continue
        looked = " ".join(each.program.line for each in book.before(spot))
        if not _CONNECTIONS.search(looked) and "connections" not in book.near(spot.block):
            yield at(spot, "each new pod brings a pool of its own: a database that is short of connections gets worse")


@RULES.program(
    "scale-to-zero",
    "error",
    "scaled to nothing",
    "say for how long and who scales it back; at 0 an autoscaler is switched off",
)
def _to_zero(spot: Spot) -> Hit | None:
    if spot.is_kubectl("scale") and _replicas(spot) == 0:
        return at(
            spot, "stops the service, and switches its autoscaler off until somebody scales it back by hand", "scale"
        )
    return None


@RULES.program(
    "scale-statefulset",
    "warning",
    "a StatefulSet scaled by hand",
    "look first: the count now, volumes, lag of the replicas; scale only when reads are what is missing",
)
def _statefulset(spot: Spot) -> Hit | None:
    found = spot.is_kubectl("scale")
    if found and "statefulset" in found.kinds and spot.program.word("--current-replicas") is None:
        return at(spot, "may scale down; each new member needs a volume and its time to catch up", "statefulset", "sts")
    return None


@RULES.program(
    "scale-database",
    "error",
    "a database scaled while it struggles",
    "end what blocks it first; replicas help against reads alone",
    told=r"cop(?:y|ies)\b|\blag\b",
)
def _database(spot: Spot) -> str | None:
    found = spot.is_kubectl("scale")
    if found and any(DATABASE.search(name) for _, name in found.targets):
        return (
            "a new replica copies everything from the primary that is already struggling, and does nothing for its "
            "connections or locks"
        )
    return None


@RULES.program(
    "autoscaler-made-in-a-hurry",
    "warning",
    "an autoscaler made by command",
    "change the one that is there, or the manifest that the team keeps",
)
def _autoscale(spot: Spot) -> Hit | None:
    if spot.is_kubectl("autoscale"):
        return at(
            spot, "fails where one is there already, and else stays behind when the incident is over", "autoscale"
        )
    return None
