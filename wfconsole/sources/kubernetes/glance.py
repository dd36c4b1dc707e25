"""A first look at the pods of a large cluster: the table that the server prints for `kubectl get pods`.

Ten thousand pods whole are some 90 MB for the server to write and for us to read. The same pods as cells of text are
1.5 MB, and the server has them printed in a thirtieth of the time. So the statuses of all pods stand on the screen
while the pods themselves are still being listed, page by page. What the cells do not tell is a guess on the safe side
until then: an instant that is not printed is now, a workload is what the pod's name says.

The table: https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables. Without the
objects (`includeObject=None`) its rows carry no namespace, so that each namespace is asked for by itself.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Protocol

import msgspec

from wfconsole.clock import DAY, HOUR, MINUTE, SECOND, Millis, SystemClock
from wfconsole.decoding import decoder_of
from wfconsole.observations.pods import PodRow
from wfconsole.sources.contract import SourceError
from wfconsole.sources.kubernetes.client import Client, Server
from wfconsole.sources.kubernetes.payloads import ListMeta
from wfconsole.sources.kubernetes.request import Query

# All of it takes no longer: what it has not seen by then, the pages bring.
LONGEST_MS: Final[Millis] = SECOND
# Pods that are read and shown together: the screen takes these while the next ones are read, and their cells, of some
# 60 bytes each in memory, are not held for all.
_AT_ONCE: Final = 1000
COLUMNS: Final = ("Name", "Ready", "Status", "Restarts", "Age", "Node", "Readiness Gates")

_TABLE: Final = "application/json;as=Table;v=v1;g=meta.k8s.io"
_NAMESPACES: Final = "/api/v1/namespaces"

# The words of phases that are no phase of a container: what ended stays what it is.
_FAILED: Final = frozenset(("Failed", "Evicted", "DeadlineExceeded", "NodeShutdown", "Terminated", "Preempting"))
_SUCCEEDED: Final = frozenset(("Completed", "Succeeded"))

# What controllers append to a name: letters and digits that make no words (k8s.io/apimachinery, pkg/util/rand).
_SAFE: Final = "[bcdfghjklmnpqrstvwxz2456789]"
_OWNERS: Final = (
    ("Deployment", re.compile(rf"(.+)-{_SAFE}{{6,10}}-{_SAFE}{{5}}")),
    ("Job", re.compile(rf"(.+-\d{{8}})-{_SAFE}{{5}}")),  # of a CronJob: the minute is in its name
    ("StatefulSet", re.compile(r"(.+)-\d+")),
    ("DaemonSet", re.compile(rf"(.+)-{_SAFE}{{5}}")),
)
_DURATION: Final = re.compile(r"(\d+)([ydhms])")
_UNITS: Final[dict[str, Millis]] = {"y": 365 * DAY, "d": DAY, "h": HOUR, "m": MINUTE, "s": SECOND}


class _Column(msgspec.Struct):
    name: str


class _Line(msgspec.Struct, gc=False):
    cells: list[str | int | float | bool | None]


class Table(msgspec.Struct, rename="camel"):
    """A `Table` of meta.k8s.io/v1. Which cell is which, the names of the columns say."""

    column_definitions: list[_Column]
    rows: list[_Line] | None = None
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)

    def lines(self, *columns: str) -> Iterator[tuple[str, ...]]:
        """The cells of these columns; "" where a row is too short. Raises ValueError for a column that is not there."""
        names = [column.name for column in self.column_definitions]
        places = [names.index(column) for column in columns]
        most = max(places)
        for row in self.rows or ():
            if len(row.cells) > most:
                yield tuple([str(row.cells[place]) for place in places])


class Keeper(Protocol):
    """Who keeps the rows."""

    def glimpse(self, row: PodRow) -> str:
        """Keep a row until its pod is there itself; returns its key."""


class Glance:
    """The first look. `take` belongs to the thread of the reflector that lists the pods."""

    def __init__(self, server: Server, keeper: Keeper) -> None:
        self._server = server
        self._keeper = keeper
        self._table = decoder_of(Table)

    def take(self, client: Client, namespaces: frozenset[str], of: Query) -> Iterator[list[str]]:
        """See `reflector.FirstLook`. A server that prints no tables, or does not tell us its namespaces, costs nothing
        but this look."""
        now = SystemClock().now() + (self._server.ahead_ms or 0)  # ages are printed by the server's clock
        over = time.monotonic() + LONGEST_MS / SECOND
        try:
            for namespace in sorted(namespaces or self._namespaces(client, of)):
                if time.monotonic() >= over:
                    break
                more: dict[str, str | int] | None = {"limit": _AT_ONCE, **of}
                while more and time.monotonic() < over:
                    table = self._read(client, f"{_NAMESPACES}/{namespace}/pods", more)
                    keys = [self._keeper.glimpse(glimpsed(namespace, cells, now)) for cells in table.lines(*COLUMNS)]
                    if keys:
                        yield keys
                    follows = table.metadata.continue_
                    more = {"limit": _AT_ONCE, "continue": follows} if follows else None
        except (SourceError, msgspec.MsgspecError, ValueError):
            pass  # what is wrong will be told by the list, which needs the same server

    def _namespaces(self, client: Client, of: Query) -> list[str]:
        return [name for (name,) in self._read(client, _NAMESPACES, of).lines("Name")]

    def _read(self, client: Client, path: str, query: Query) -> Table:
        return self._table.decode(
            client.get(
                path,
                {**query, "includeObject": "None"},
                what="a first look at pods",
                accept=_TABLE,
                deadline_ms=LONGEST_MS,  # a server that hangs over it may still give the list
            )
        )


def glimpsed(namespace: str, cells: tuple[str, ...], now: Millis) -> PodRow:
    """The row of one pod from its cells, which are those of `COLUMNS`.

    Whether the pod is ready is told by its containers and gates: the condition itself is not printed, and differs
    where a node does not report any more.
    """
    name, boxes, status, restarts, age, node, gates = cells
    ready_boxes, all_boxes = _share(boxes)
    count, restarted = _restarts(restarts)
    well = ready_boxes == all_boxes and (gates == "<none>" or len(set(_share(gates))) == 1)
    ready = well and status in ("Running", "Terminating")
    kind, owner = owner_by_name(name)
    return PodRow(
        namespace=namespace,
        name=name,
        status=status,
        phase=_phase(status, node),
        ready=ready,
        ready_since=0 if ready else now,
        ready_containers=ready_boxes,
        all_containers=all_boxes,
        restarts=count,
        restarted_at=now - restarted if restarted is not None else 0,
        node="" if node == "<none>" else node,
        created_at=now - (_duration(age) or 0),
        deleting_since=now if status == "Terminating" else 0,
        owner_kind=kind,
        owner=owner,
    )


def owner_by_name(name: str) -> tuple[str, str]:
    """Kind and name of the workload that a pod's name speaks of; ("", "") for none."""
    for kind, pattern in _OWNERS:
        found = pattern.fullmatch(name)
        if found is not None:
            return kind, found[1]
    return "", ""


def _phase(status: str, node: str) -> str:
    if status in _SUCCEEDED:
        return "Succeeded"
    if status in _FAILED:
        return "Failed"
    return "Pending" if node == "<none>" else "Running"


@lru_cache(maxsize=256)
def _share(text: str) -> tuple[int, int]:
    """ "1/2" as numbers; 0 for what is none."""
    ready, _, whole = text.partition("/")
    return _count(ready), _count(whole)


@lru_cache(maxsize=1024)
def _restarts(text: str) -> tuple[int, Millis | None]:
    """ "3 (2m5s ago)": how many, and how long ago the last one was where that is printed."""
    count, _, ago = text.partition(" (")
    return _count(count), _duration(ago) if ago else None


@lru_cache(maxsize=4096)
def _duration(text: str) -> Millis | None:
    """ "2d3h" in milliseconds (k8s.io/apimachinery, pkg/util/duration: HumanDuration); None for what is none."""
    parts: list[tuple[str, str]] = _DURATION.findall(text)
    return sum(_count(count) * _UNITS[unit] for count, unit in parts) if parts else None


def _count(text: str) -> int:
    """A number of at most nine digits; 0 for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
