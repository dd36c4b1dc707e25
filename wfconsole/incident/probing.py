"""Answers probes from the world as last seen. See `wfconsole.incident.probes` for their language."""

from __future__ import annotations

import functools
import itertools
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from wfconsole.clock import Millis
from wfconsole.incident.probe_tables import Table, table_of
from wfconsole.incident.probes import Clause, Filter, Probe, parse_probe
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import HEALTHY, Finding, Level, Quality
from wfconsole.observations.series import SIGNALS, measure
from wfconsole.observations.world import World
from wfconsole.text import UNKNOWN, percent

# Rows told one by one; the first line always says how many there are.
ROWS_TOLD: Final = 20

_COMPARE: Final = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
# Worst first: the quality of an answer is that of its worst source. One that is off counts only where all are.
_WORST_QUALITY: Final = (
    Quality.UNKNOWN,
    Quality.DENIED,
    Quality.ERROR,
    Quality.STALE,
    Quality.PARTIAL,
    Quality.LATE,
    Quality.LIVE,
    Quality.OFF,
)


class ProbeResult(msgspec.Struct, frozen=True):
    """What a probe showed: lines to read, the first a summary, and whether it holds (None: cannot tell).

    `level` is the worst of the rows that match. `why` says why nothing can be concluded.
    """

    lines: tuple[str, ...]
    level: Level
    quality: Quality
    holds: bool | None
    why: str = ""


class Match(NamedTuple):
    """A row of which everything is true that a probe asks."""

    key: str
    row: Any
    finding: Finding


@functools.lru_cache(maxsize=512)
def understood(text: str) -> Probe:
    """`parse_probe`, remembered: a screen asks for the same few probes at every repaint."""
    return parse_probe(text)


class Shared:
    """What several probes of one world at one instant have in common: which rows are meant, and how they are judged.

    With ten thousand pods this is most of the work, and symptoms ask for the same pods again and again.
    """

    def __init__(self, judged: Judged | None = None) -> None:
        """`judged`: how somebody has judged rows of this world already."""
        self._judged = judged or Judged()
        self._meant: dict[tuple[Any, ...], Mapping[str, Any]] = {}
        self._findings: dict[tuple[Any, ...], Mapping[str, Finding]] = {}
        self._values: dict[tuple[Any, ...], Mapping[str, float | None]] = {}

    def meant(self, clause: Clause, rows: Mapping[str, Any]) -> Mapping[str, Any]:
        """The rows that the filters of identity leave."""
        return self._left(_identity(clause), rows)

    def findings(self, clause: Clause, rows: Mapping[str, Any], now: Millis) -> Mapping[str, Finding]:
        """The judgement of those that are meant of all rows. Who is not in it is plainly healthy."""
        judged = self._judged.standing(clause.table, rows, now)
        if judged is not None:
            return judged
        key = _identity(clause)
        if key not in self._findings:
            judge = table_of(clause.table).judge
            self._findings[key] = {name: judge(row, now) for name, row in self.meant(clause, rows).items()}
        return self._findings[key]

    def values(self, clause: Clause, rows: Mapping[str, Any], now: Millis) -> Mapping[str, float | None]:
        """The signals of those that are meant of all rows."""
        key = _identity(clause)
        if key not in self._values:
            judged = self._judged.standing(clause.table, rows, now)
            self._values[key] = measure(clause.table, self.meant(clause, rows), now, judged)
        return self._values[key]

    def _left(self, identity: tuple[Any, ...], rows: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is asked first is often what others ask too, and it leaves the fewest: `namespace=production`."""
        if len(identity) == 1:
            return rows
        if identity not in self._meant:
            table, *_, last = identity
            self._meant[identity] = _passed(table_of(table), last, self._left(identity[:-1], rows))
        return self._meant[identity]


def _identity(clause: Clause) -> tuple[Any, ...]:
    return (clause.table, *(each for each in clause.filters if each.kind == "identity"))


def evaluate(probe: Probe, world: World, now: Millis, shared: Shared | None = None) -> ProbeResult:
    """The answer at `now`. Nothing is concluded from data that is not both whole and recent. `shared` is of the same
    world and instant."""
    shared = shared or Shared()
    results = [_clause(clause, world, now, shared) for clause in probe.clauses]
    if len(results) == 1:
        return results[0]
    verdicts = [result.holds for result in results]
    holds = False if False in verdicts else None if None in verdicts else True
    return ProbeResult(
        lines=tuple(line for result in results for line in result.lines),
        level=max(result.level for result in results),
        quality=min((result.quality for result in results), key=_WORST_QUALITY.index),
        holds=holds,
        why="; ".join(result.why for result in results if result.why),
    )


def matching(clause: Clause, world: World, now: Millis) -> list[Match]:
    """The rows that a clause of a table matches, as last seen, worst first."""
    snapshot, shared = world.snapshots.get(clause.table), Shared()
    if snapshot is None:
        return []
    meant = shared.meant(clause, snapshot.rows)
    return _matches(clause, meant, shared.findings(clause, snapshot.rows, now), now)[0]


def doubt(probe: Probe, world: World, now: Millis) -> str:
    """Why nothing can be concluded from its sources at `now`, "" when something can. Looks at no row."""
    bad = ((source, world.quality(source, now)) for source in probe.sources)
    return "; ".join(_bad(world, source, quality) for source, quality in bad if not quality.conclusive)


def _bad(world: World, source: str, quality: Quality) -> str:
    if source not in world.snapshots:
        return f"{_are(source)} not configured"
    return f"{_are(source)} {_why_bad(world, source, quality)}"


def _clause(clause: Clause, world: World, now: Millis, shared: Shared) -> ProbeResult:
    quality = world.quality(clause.table, now)
    snapshot = world.snapshots.get(clause.table)
    if snapshot is None or snapshot.good_at is None:
        why = _bad(world, clause.table, quality)
        return ProbeResult((f"{UNKNOWN} {why}",), Level.OK, quality, None, why)
    meant = shared.meant(clause, snapshot.rows)
    if clause.signal:
        result = _signal(clause, meant, shared.values(clause, snapshot.rows, now))
    else:
        result = _rows(clause, meant, shared.findings(clause, snapshot.rows, now), now)
    if not quality.conclusive:
        why = _bad(world, clause.table, quality)
        return ProbeResult((*result.lines, f"cannot tell: {why}"), result.level, quality, None, why)
    return msgspec.structs.replace(result, quality=quality)


def _are(table: str) -> str:
    return f"{table} {'are' if table.endswith('s') else 'is'}"


def _why_bad(world: World, source: str, quality: Quality) -> str:
    snapshot = world.snapshots[source]
    if snapshot.failure is not None:
        return f"{quality}: {snapshot.failure.message}"
    return f"{quality}: {snapshot.partial}" if snapshot.partial else str(quality)


def _signal(clause: Clause, meant: Mapping[str, Any], values: Mapping[str, float | None]) -> ProbeResult:
    value = values.get(clause.signal)
    form = _forms(SIGNALS[clause.signal].unit)
    shown = f"{clause.signal} {form(value)}"
    if clause.op is None:
        return ProbeResult((shown,), Level.OK, Quality.LIVE, None, "it is only shown")
    asked = f"{shown} (asked: {clause.op} {form(clause.number)})"
    if value is None or not (meant or table_of(clause.table).may_be_none):
        return ProbeResult((asked,), Level.OK, Quality.LIVE, None, "there is no value")
    return ProbeResult((asked,), Level.OK, Quality.LIVE, bool(_COMPARE[clause.op](value, clause.number)))


def _forms(unit: str) -> Callable[[float | None], str]:
    if unit in ("ratio", "count"):
        return percent if unit == "ratio" else _count
    from wfconsole.observations.signals import form  # here, because most probes ask for neither

    return lambda value: form(value, unit)


def _count(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:g}"


def _rows(clause: Clause, meant: Mapping[str, Any], findings: Mapping[str, Finding], now: Millis) -> ProbeResult:
    table = table_of(clause.table)
    if not meant and not table.may_be_none:
        why = f"no such {table.one}"
        return ProbeResult((f"no {table.one} is what was asked for",), Level.OK, Quality.LIVE, None, why)
    found, untold = _matches(clause, meant, findings, now)
    lines = [f"{len(found)} of {table.counted(len(meant))}"]
    lines += [table.tell(match.row, match.finding, now) for match in found[:ROWS_TOLD]]
    if len(found) > ROWS_TOLD:
        lines.append(f"and {len(found) - ROWS_TOLD} more")
    level = found[0].finding.level if found else Level.OK
    op, number = (clause.op, clause.number) if clause.op is not None else (">=", 1.0)
    verdicts = {bool(_COMPARE[op](len(found) + more, number)) for more in range(untold + 1)}
    why = "" if len(verdicts) == 1 else f"{table.counted(untold)} cannot be told"
    if untold:
        lines.append(f"{UNKNOWN} for {table.counted(untold)}")
    return ProbeResult(tuple(lines), level, Quality.LIVE, None if why else verdicts.pop(), why)


def _matches(
    clause: Clause, meant: Mapping[str, Any], findings: Mapping[str, Finding], now: Millis
) -> tuple[list[Match], int]:
    """The rows of which everything is true that the clause asks, worst first, and how many do not tell."""
    table = table_of(clause.table)
    tests = [_test(table, each, now) for each in clause.filters if each.kind != "identity"]
    found: list[Match] = []
    untold = 0
    looked_at = meant
    if any(each.kind == "flag" and each.field in table.troubles for each in clause.filters):
        looked_at = {key: row for key, row in meant.items() if key in findings}
    for key, row in looked_at.items():
        finding = findings.get(key, HEALTHY)
        answer: bool | None = True
        for test in tests:
            one = test(row, finding)
            if one is False:
                answer = False
                break
            answer = answer and one
        if answer:
            found.append(Match(key, row, finding))
        untold += answer is None
    return sorted(found, key=lambda match: -match.finding.level), untold


def _passed(table: Table, each: Filter, rows: Mapping[str, Any]) -> Mapping[str, Any]:
    """The rows that one filter of identity leaves; without a step in Python for each of thousands."""
    matches, get = _matcher(each), table.words[each.field]
    return dict(itertools.compress(rows.items(), map(matches, map(get, rows.values()))))


def _test(table: Table, each: Filter, now: Millis) -> Callable[[Any, Finding], bool | None]:
    """One filter as a function, made once for all rows; it gives None where the row does not tell."""
    if each.kind == "flag":
        return table.flags[each.field]
    if each.kind == "word":
        matches, get = _matcher(each), table.words[each.field]
        return lambda row, _finding: matches(get(row))
    compare, number = _COMPARE[each.op or "="], each.number
    if each.kind == "level":
        return lambda _row, finding: bool(compare(finding.level, number))
    read = table.numbers[each.field]

    def known_and_so(row: Any, _finding: Finding) -> bool | None:
        value = read(row, now)
        if value is None:
            return False
        return None if math.isnan(value) else bool(compare(value, number))

    return known_and_so


def _matcher(each: Filter) -> Callable[[str | tuple[str, ...]], bool]:
    """Whether a field's word, or one of its words, is one of those asked for ("!=": is none of them). Of thousands of
    rows most have the same few words: each is looked at once."""
    return functools.cache(_match(each))


def _match(each: Filter) -> Callable[[str | tuple[str, ...]], bool]:
    wanted = each.op == "="
    patterns = [
        re.compile(".*".join(re.escape(part) for part in word.split("*"))) for word in each.words if "*" in word
    ]
    if not patterns:
        plain = frozenset(each.words)
        return lambda value: (value in plain if isinstance(value, str) else not plain.isdisjoint(value)) == wanted

    def matches(value: str | tuple[str, ...]) -> bool:
        values = (value,) if isinstance(value, str) else value
        found = any(word in each.words or any(pattern.fullmatch(word) for pattern in patterns) for word in values)
        return found == wanted

    return matches
