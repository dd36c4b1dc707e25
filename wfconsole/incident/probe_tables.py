"""What the words of a probe mean: how each field and flag is read from a row, and how a row is told in one line.

Durations are milliseconds. A number that is None does not apply to the row, and matches nothing; one that the row does
not tell is not known (`NOT_KNOWN`; None of a flag), and may match: what rests on it cannot be told.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from wfconsole.clock import HOUR, Millis
from wfconsole.observations.later import found
from wfconsole.observations.levels import Finding
from wfconsole.text import calendar_time, clock_time

Word = Callable[[Any], str | tuple[str, ...]]
Number = Callable[[Any, Millis], float | None]
Flag = Callable[[Any, Finding], bool | None]

NOT_KNOWN: Final = math.nan
HALF_A_DAY: Final = 12 * HOUR


class Table(msgspec.Struct, frozen=True):
    """One kind of row: `words` and `numbers` by the field's name, `flags` by theirs.

    `may_be_none`: that there is no row at all says that nothing of the kind goes on, such as no session that waits.
    `troubles`: flags that no row has which is plainly healthy, so that thousands of those are not looked at.
    """

    one: str
    words: Mapping[str, Word]
    numbers: Mapping[str, Number]
    flags: Mapping[str, Flag]
    judge: Callable[[Any, Millis], Finding]
    tell: Callable[[Any, Finding, Millis], str]
    many: str = ""
    may_be_none: bool = False
    troubles: frozenset[str] = frozenset()

    def counted(self, count: int) -> str:
        return f"{count} {self.one}" if count == 1 else f"{count} {self.many or f'{self.one}s'}"


_PLACES: Final = {
    "pods": "cluster_tables:PODS",
    "workloads": "cluster_tables:WORKLOADS",
    "hpas": "cluster_tables:HPAS",
    "nodes": "cluster_tables:NODES",
    "events": "cluster_tables:EVENTS",
    "services": "network_tables:SERVICES",
    "ingresses": "network_tables:INGRESSES",
    "isolation": "network_tables:ISOLATION",
    "database": "database_tables:DATABASE",
    "sessions": "database_tables:SESSIONS",
    "replicas": "database_tables:REPLICAS",
    "cache": "cache_tables:CACHE",
    "keys": "cache_tables:KEYS",
    "signals": "metrics_tables:SIGNALS",
    "gpus": "metrics_tables:GPUS",
    "inference": "metrics_tables:INFERENCE",
    "alerts": "metrics_tables:ALERTS",
    "auth": "security_tables:AUTH",
    "findings": "security_tables:FINDINGS",
    "secrets": "security_tables:SECRETS",
}


@functools.cache
def table_of(name: str) -> Table:
    """The table of one kind of row, loaded when it is first asked for."""
    table: Table = found(_PLACES[name], "wfconsole.incident")
    return table


def known(value: float | None) -> float:
    """A value that the row has, or should have."""
    return NOT_KNOWN if value is None else value


def since(at: Millis, now: Millis) -> float | None:
    """How long ago; None for what never happened."""
    return float(max(0, now - at)) if at else None


def moment(at: Millis, now: Millis) -> str:
    """When something was, for lines that are read again later: with the day, where that is not so today."""
    return clock_time(at) if 0 <= now - at < HALF_A_DAY else calendar_time(at)


def of_kind(name: str) -> Flag:
    """Whether the row's trouble is of this kind."""
    return lambda _row, finding: finding.kind == name


def told(*parts: str) -> str:
    """The parts that there are, in one line."""
    return "  ".join(part for part in parts if part)
