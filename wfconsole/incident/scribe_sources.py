"""What the scribe says of the sources themselves: which are lost, and which rights are refused.

Those of one system that are lost together are one condition, and so is a right, however many sources miss it; its line
names them all. A collector that ended takes every source with it: said once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.incident.scribe_memory import Pen
from wfconsole.incident.sights import Sight, literal
from wfconsole.observations.kinds import SYSTEMS, system_of
from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.snapshot import Snapshot
from wfconsole.observations.world import World

Snapshots = Mapping[str, Snapshot[Any]]

_FAMILY: Final = "source"
_LOST: Final = frozenset((Quality.STALE, Quality.UNKNOWN))
_REASONS: Final = 2  # that are told of sources that are lost for different ones
_LONGEST_RIGHT: Final = 200


def look_at_source(pen: Pen, world: World, source: str) -> None:
    """`source` has said something: how it stands with its system."""
    failure = world.snapshots[source].failure
    if failure is not None and failure.kind == "stopped":
        text = "the collector stopped: nothing new is seen"
        since = world.snapshots[source].good_at or 0
        pen.meet("collector", Sight("collector", _FAMILY, Level.CRITICAL, text, since), "")
        return
    if failure is None:
        pen.meet("collector", None, "")
    system = system_of(source)
    there = {name: world.snapshots[name] for name in SYSTEMS[system] if name in world.snapshots}
    _look_at_lost(pen, system, there)
    _look_at_rights(pen, system, there)
    if failure is None and source != system:  # records of before there were systems have a condition for each source
        pen.meet(f"source {source}", None, source)
    pen.say_what_lasts(("source", "right"))


# --- what is lost ---------------------------------------------------------------------------------------------------


def _look_at_lost(pen: Pen, system: str, there: Snapshots) -> None:
    """The sources without data, in one condition: it is over when all of them have told something again."""
    key = f"source {system}"
    before = pen.conditions.get(key)
    known = before.concerned if before is not None and before.active else None
    lost = [name for name, snapshot in there.items() if _is_lost(snapshot, pen.now)]
    told = known.now if known is not None else ()
    still = [name for name in told if name not in there or not _is_back(there[name])]  # not there yet: after a resume
    names = tuple(name for name in SYSTEMS[system] if name in lost or name in still)
    if not names:
        pen.meet(key, None, system)
        return
    back = tuple(name for name in known.ever if name not in names) if known is not None else ()
    text = _lost_text(system, names, there, back)
    begun = min((_begun(there[name]) for name in lost), default=pen.now)
    sight = Sight(
        "source", _FAMILY, Level.WARNING, literal(text), begun, sources=names, settled=len(names) >= len(there)
    )
    pen.meet(key, sight, names[0] if len(names) == 1 and not back else system)


def _is_lost(snapshot: Snapshot[Any], now: Millis) -> bool:
    failure = snapshot.failure
    return failure is not None and failure.kind != "stopped" and snapshot.quality(now) in _LOST


def _is_back(snapshot: Snapshot[Any]) -> bool:
    """Whether it has told its rows, or a part of them, since."""
    return snapshot.failure is None and snapshot.good_at is not None


def _begun(snapshot: Snapshot[Any]) -> Millis:
    """Since when nothing is known: the last rows, or the first failure where there never were any."""
    failure = snapshot.failure
    return snapshot.good_at or (failure.since if failure is not None else 0)


def _lost_text(system: str, names: Sequence[str], there: Snapshots, back: Sequence[str]) -> str:
    failures = [there[name].failure for name in names if name in there]
    messages = [failure.message for failure in failures if failure is not None]
    if len(names) == 1 and not back:
        return f"{names[0]}: no data, {'; '.join(messages)}"
    again = f"; data again from {', '.join(back)}" if back else ""
    which = f"{_of(names, len({*there, *names}))} ({', '.join(names)})"
    return f"{system}: no data from {which}: {_reasons(messages)}{again}"


def _of(names: Sequence[str], total: int) -> str:
    return f"{f'all {total}' if len(names) == total else f'{len(names)} of {total}'} sources"


def _reasons(messages: Sequence[str]) -> str:
    """Why, once where all say the same of what each of them asked for ("pods: no answer", "nodes: no answer")."""
    tails = {message.partition(": ")[2] for message in messages}
    if len(messages) > 1 and len(tails) == 1 and "" not in tails:
        return tails.pop()
    different = list(dict.fromkeys(messages))
    more = f"; {len(different) - _REASONS} more reasons" if len(different) > _REASONS else ""
    return "; ".join(different[:_REASONS]) + more


# --- what is refused ------------------------------------------------------------------------------------------------


class _Refusal(msgspec.Struct):
    """One right, by its name where it has one, else by what mends it; which sources have nothing without it, and which
    lack something."""

    name: str
    remedy: str
    texts: list[str] = msgspec.field(default_factory=list)
    wholly: list[str] = msgspec.field(default_factory=list)
    partly: list[str] = msgspec.field(default_factory=list)

    @property
    def sources(self) -> tuple[str, ...]:
        return (*self.wholly, *self.partly)


def _look_at_rights(pen: Pen, system: str, there: Snapshots) -> None:
    """Each right that is refused, with the grant that mends it; it is over once whoever missed it misses nothing."""
    word = f"right {system} "
    refusals = _refusals(there)
    for name, refusal in refusals.items():
        level = Level.WARNING if refusal.wholly else Level.WATCH
        settled = len(refusal.sources) == len(there)
        text = literal(_refusal_text(system, refusal, len(there)))
        sight = Sight("right", _FAMILY, level, text, sources=refusal.sources, settled=settled)
        pen.meet(f"{word}{name}", sight, _subject(system, refusal))
    for key, found in [*pen.conditions.items()]:
        gone = found.active and key.startswith(word) and key.removeprefix(word) not in refusals
        if gone and all(_misses_nothing(there.get(name)) for name in found.concerned.now):
            pen.meet(key, None, "")


def _refusals(there: Snapshots) -> Mapping[str, _Refusal]:
    found: dict[str, _Refusal] = {}
    for source, right, text, remedy, whole in _refused(there):
        key = (right or remedy or text)[:_LONGEST_RIGHT]
        refusal = found.setdefault(key, _Refusal(right, remedy))
        if source not in refusal.sources:
            (refusal.wholly if whole else refusal.partly).append(source)
            refusal.texts.append(text)
    return found


def _refused(there: Snapshots) -> Iterator[tuple[str, str, str, str, bool]]:
    """Source, right, words and remedy of each refusal; whether the source has nothing without it."""
    for source, snapshot in there.items():
        failure = snapshot.failure
        if failure is not None and failure.kind == "denied":
            yield source, failure.right, failure.message, failure.remedy, True
        for lack in snapshot.lacks:
            if lack.kind == "permission":
                yield source, lack.right, lack.text, lack.remedy, False


def _refusal_text(system: str, refusal: _Refusal, total: int) -> str:
    names = refusal.sources
    remedy = f"; {refusal.remedy}" if refusal.remedy else ""
    refused = "refused, " if refusal.wholly else ""
    if len(names) == 1:
        return f"{names[0]}: {refused}{_reasons(refusal.texts)}{remedy}"
    which = f"{_of(names, total)}: {', '.join(refusal.wholly or refusal.partly)}"
    if refusal.wholly and refusal.partly:
        which += f"; in part {', '.join(refusal.partly)}"
    return f"{system}: {refused}{_reasons(refusal.texts)} ({which}){remedy}"


def _subject(system: str, refusal: _Refusal) -> str:
    """`database: pg_monitor`; the source alone where the right has no name."""
    if refusal.name:
        return f"{system}: {refusal.name}".replace("/", " ")
    return refusal.sources[0] if len(refusal.sources) == 1 else system


def _misses_nothing(snapshot: Snapshot[Any] | None) -> bool:
    """Whether it has looked since, and nothing that fails could hide that it is refused still."""
    if snapshot is None or not _is_back(snapshot):
        return False
    return not any(lack.kind == "failing" for lack in snapshot.lacks)
