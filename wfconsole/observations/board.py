"""The board: one line for each pane, with at most two facts, their level, and how far they can be trusted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from wfconsole.clock import SECOND, Millis
from wfconsole.observations.headlines.facts import Facts
from wfconsole.observations.judged import Judged
from wfconsole.observations.later import Later
from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.series import SeriesBook
from wfconsole.observations.snapshot import Snapshot
from wfconsole.observations.world import World
from wfconsole.text import UNKNOWN, cells, cut

HEADLINE_CELLS: Final = 38
_LEAST_FACT: Final = 14  # cells that an old fact keeps beside the reason why there is no newer one
_LEAST_NAME: Final = 8  # cells of a name that tell it from others
_LEAST_BESIDE: Final = 12  # of one in the second fact, where a word that is no longer is the kind of a trouble
TREND_CELL_MS: Final = 30 * SECOND
_NOTHING: Final = "nothing there"
_COMPARED: Final = re.compile(r" \([^()]*\)$")  # what follows a number, in brackets

Say = Callable[[World, Judged, Millis], Facts]


class _Pane(msgspec.Struct, frozen=True):
    """`shows`: its sources, the most important first, and what each says of itself. `adds`: sources that speak here
    only when they are trusted and have something to say.

    `signal` is that of its trend, `top` the value at the top of the trend's fixed scale.
    """

    number: int
    name: str
    shows: tuple[tuple[str, Say], ...] = ()
    signal: str = ""
    top: float = 1.0
    adds: tuple[tuple[str, Say], ...] = ()


def _say(source: str, module: str = "") -> tuple[str, Say]:
    """A source, and what says its facts: the function of its name in the module of headlines."""
    return source, Later(f"headlines.{module or source}:{source}")


_PANES: Final = (
    _Pane(1, "Alerts", (_say("alerts"),), "alerts.active", 10.0),
    _Pane(2, "Signals", (_say("signals"),), "signals.worst", 2.0),
    _Pane(3, "Pods", (_say("pods"),), "pods.ready_ratio", adds=(_say("services"),)),
    _Pane(4, "HPA", (_say("hpas"),), "hpas.worst_ratio", 2.0),
    _Pane(5, "Nodes+GPU", (_say("nodes"), _say("gpus"), _say("inference")), "nodes.memory"),
    _Pane(6, "DB", (_say("database"), _say("sessions"), _say("replicas"), _say("cache")), "db.connections"),
    _Pane(
        7,
        "Auth+Sec",
        (_say("auth"), _say("findings", "security"), _say("secrets", "security")),
        "auth.rise",
        4.0,
    ),
)
# Sources that a pane has only in its views.
_IN_VIEWS: Final = {"keys": 6, "statements": 6, "signal_history": 2}
_PANE_OF: Final = {name: pane.number for pane in _PANES for name, _ in pane.shows} | _IN_VIEWS


def pane_of(source: str) -> int:
    """The number of the pane that shows a source; those that only stand beside pods in its views are of that one."""
    return _PANE_OF.get(source, 3)


class BoardLine(msgspec.Struct, frozen=True):
    """One pane in one line.

    `level` is that of the last good values even when `quality` says that they are old. `facts` are whole, for a wide
    screen; `headline` is their short form of at most 38 cells, old values in (brackets). `trend` runs from 0 to 1 on a
    fixed scale, oldest first, None for a gap. `reason` says more: the worst finding, or why there is no better value.
    """

    number: int
    name: str
    level: Level
    quality: Quality
    headline: str
    facts: tuple[str, ...] = ()
    trend: tuple[float | None, ...] = ()
    age_ms: Millis | None = None
    reason: str = ""


class StateCounts(msgspec.Struct, frozen=True):
    """How many lines are in each state, for the attention line. What is off counts nowhere."""

    ok: int = 0
    watch: int = 0
    warning: int = 0
    critical: int = 0
    partial: int = 0
    stale: int = 0
    unknown: int = 0
    denied: int = 0
    error: int = 0


def board(
    world: World,
    judged: Judged,
    series: SeriesBook,
    now: Millis,
    *,
    trend_cells: int = 8,
    cell_ms: Millis = TREND_CELL_MS,
    told: Mapping[str, Facts] | None = None,
) -> tuple[BoardLine, ...]:
    """All seven lines, in the order of their numbers. `told` is what somebody who knows more says, by source."""
    lines = []
    known = told or {}
    for pane in _PANES:
        parts = list(_parts(pane.shows, world, judged, now, known))
        if not parts:
            lines.append(BoardLine(pane.number, pane.name, Level.OK, Quality.OFF, "not configured"))
            continue
        parts = [part for part in parts if part.says_anything] or parts[:1]
        added = _parts(pane.adds, world, judged, now, known)
        parts += [part for part in added if part.tells and part.facts.facts]
        trend = series.trend(pane.signal, now, trend_cells, cell_ms) if pane.signal else ()
        scaled = tuple(None if value is None else min(1.0, max(0.0, value / pane.top)) for value in trend)
        lines.append(_line(pane, parts, scaled, now))
    return tuple(lines)


def _parts(
    shows: Iterable[tuple[str, Say]], world: World, judged: Judged, now: Millis, told: Mapping[str, Facts]
) -> Iterator[_Part]:
    """What each of these sources says, of those that there are."""
    for source, say in shows:
        snapshot = world.snapshots.get(source)
        if snapshot is not None:
            yield _Part(snapshot, snapshot.quality(now), told.get(source) or say(world, judged, now))


class _Part(msgspec.Struct, frozen=True):
    """One source of a pane."""

    snapshot: Snapshot[object]
    quality: Quality
    facts: Facts

    @property
    def tells(self) -> bool:
        """Whether what it says is true now, if not all of it."""
        return self.quality.tells

    @property
    def says_anything(self) -> bool:
        """A source that has nothing to tell, such as GPUs where there are none, takes no room: not even when it is
        lost, unless somebody misses it."""
        lost = not self.quality.conclusive and self.facts.missed
        return bool(self.facts.facts) or self.facts.level > Level.OK or lost


def _line(pane: _Pane, parts: list[_Part], trend: tuple[float | None, ...], now: Millis) -> BoardLine:
    """A pane without its first source is in the state of that one; without another it is not all of it."""
    main = parts[0]
    lead = max(parts, key=lambda part: part.facts.level if part.tells else -1) if main.tells else main
    lost = next((part for part in parts if not part.quality.conclusive), None)
    quality = main.quality if not main.tells or lost is None else Quality.PARTIAL
    told = [part for part in (lead, *(each for each in parts if each is not lead)) if part.tells]
    facts = _facts(told)
    if not main.tells:
        facts = main.facts.facts if main.snapshot.good_at is not None else ()
    reason = lead.facts.reason
    if lost is not None and (lost is lead or not reason):
        why = _why(lost.snapshot, lost.quality)
        reason = why if lost is main else f"{lost.snapshot.source}: {why}"
    return BoardLine(
        pane.number,
        pane.name,
        max(part.facts.level for part in told) if main.tells else main.facts.level,
        quality,
        _headline(facts or main.facts.facts or (_NOTHING,), quality, main.snapshot, now),
        facts,
        trend,
        lead.snapshot.age_ms(now),
        reason,
    )


def _facts(told: Sequence[_Part]) -> tuple[str, ...]:
    """The first fact of each part that is in trouble, then what these have to say besides, then the first of others."""
    troubled = [part.facts.facts for part in told if part.facts.level > Level.OK or len(told) == 1]
    others = [part.facts.facts for part in told if part.facts.level <= Level.OK and len(told) > 1]
    first = [fact for facts in troubled for fact in facts[:1]]
    more = [fact for facts in troubled for fact in facts[1:]]
    return tuple(dict.fromkeys((*first, *more, *(fact for facts in others for fact in facts[:1]))))


def count_states(lines: Iterable[BoardLine]) -> StateCounts:
    """One state a line: its quality when that is not good, else its level. Partial data is never counted as ok."""
    counts: dict[str, int] = {}
    for line in lines:
        state = _state(line)
        if state != Quality.OFF:
            counts[state] = counts.get(state, 0) + 1
    return StateCounts(**counts)


def _state(line: BoardLine) -> str:
    if line.quality.conclusive or (line.quality == Quality.PARTIAL and line.level > Level.OK):
        return line.level.name.lower()
    return line.quality.value


# --- how it says it -------------------------------------------------------------------------------------------------


def _headline(facts: tuple[str, ...], quality: Quality, snapshot: Snapshot[object], now: Millis) -> str:
    failure = snapshot.failure
    if snapshot.good_at is None:
        why = (failure.remedy or failure.message) if failure is not None else "nothing reported yet"
        return cut(why if quality == Quality.DENIED else f"{UNKNOWN} {why}", HEADLINE_CELLS)
    if quality.tells:
        return squeezed(facts, "{}")
    if quality == Quality.STALE or failure is None:
        return squeezed(facts, "({})")
    retry = f", retry {max(0, failure.retry_at - now) // SECOND}s" if failure.retry_at else ""
    why = failure.remedy if quality == Quality.DENIED and failure.remedy else f"{failure.kind}{retry}"
    why = cut(why, HEADLINE_CELLS - _LEAST_FACT - 1)
    return f"{squeezed(facts[:1], '({})', HEADLINE_CELLS - cells(why) - 1)} {why}"


def squeezed(facts: tuple[str, ...], form: str, room: int = HEADLINE_CELLS) -> str:
    """At most two facts in `room` cells; the first is the worse one, and goes last.

    First what they are compared with gives way, of the second before the first; then the beginning of a name, of the
    second before the first: names differ at their ends, and a number or the kind of an attack must not be cut; then the
    second fact.
    """
    first, rest = facts[0], facts[1:2]
    for shorter in ((first, *rest), (first, *map(_bare, rest)), (_bare(first), *map(_bare, rest))):
        said = "  ".join(form.format(fact) for fact in shorter)
        if cells(said) <= room:
            return said
    first, frame = _bare(first), cells(form.format(""))
    for second in map(_bare, rest):
        both = room - 2 - 2 * frame
        for left in (first, _shortest(first, _LEAST_NAME)):
            right = second if cells(left) + cells(second) <= both else _shortest(second, _LEAST_BESIDE)
            if cells(left) + cells(right) <= both:
                said = _narrowed(first, both - cells(right))
                return f"{form.format(said)}  {form.format(_narrowed(second, both - cells(said)))}"
    return form.format(_narrowed(first, room - frame))


def _shortest(fact: str, least: int) -> str:
    """With no more of its name than tells it from others."""
    name = max(fact.split(" "), key=cells)
    return fact.replace(name, _cut_left(name, least), 1) if cells(name) > least else fact


def _bare(fact: str) -> str:
    """`12 fail/min (base 3)` without what it is compared with."""
    return _COMPARED.sub("", fact)


def _narrowed(text: str, width: int) -> str:
    if cells(text) <= width:
        return text
    name = max(text.split(" "), key=cells)
    room = width - cells(text) + cells(name)
    return text.replace(name, _cut_left(name, room), 1) if room > 1 else _cut_left(text, width)


def _cut_left(text: str, width: int) -> str:
    for start in range(len(text)):
        if cells(text[start:]) <= width - 1:
            return "…" + text[start:]
    return "…"


def _why(snapshot: Snapshot[object], quality: Quality) -> str:
    if snapshot.failure is not None:
        failure = snapshot.failure
        return f"{failure.message}; {failure.remedy}" if failure.remedy else failure.message
    if quality == Quality.PARTIAL:
        return snapshot.partial
    return "no new data" if quality == Quality.STALE else "nothing reported yet"
