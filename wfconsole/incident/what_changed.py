"""What changed recently, from both who know of it: the objects themselves, which also tell of the time before anybody
watched, and the scribe, who saw what no object remembers: replicas moved by hand, an image whose revision nobody may
read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, get_args

import msgspec

from wfconsole.clock import MINUTE, Millis
from wfconsole.incident.events import Noticed
from wfconsole.incident.state import IncidentState, Line
from wfconsole.observations.changes import Change, ChangeKind, recent_changes
from wfconsole.observations.world import World
from wfconsole.text import clock_time

# A move of replicas is seen so long after its autoscaler has noted it, or before; so is a new image whose revision
# could be read only later.
_SAME: Final = MINUTE

_KINDS: Final = frozenset(get_args(ChangeKind))


def what_changed(world: World, incident: IncidentState, now: Millis, window: Millis) -> tuple[Change, ...]:
    """Everything that is known to have changed within `window` before `now`, newest first, nothing twice.

    What the scribe saw has the instant at which it happened; of a move that an autoscaler tells too, the autoscaler's
    word stands, since it says who moved, and of an image that its revision tells too, the revision's. A line that
    somebody withdrew is left out.
    """
    told = {_scribe_key(change): change for change in recent_changes(world, now, window)}
    known_by_objects = tuple(told.values())
    found = []
    for key, condition, line in _written(incident):
        known = told.pop(key, None)
        text = line.amended or line.text
        if line.count > 1:
            text += f", the first at {clock_time(line.at)}"
        seen = Change(max(line.at, line.again_at or line.last_at), _kind(condition), condition.subject, text)
        if line.withdrawn or not now - window < seen.at <= now:
            continue
        if known is None and any(_is_same(seen, each) for each in known_by_objects):
            continue
        found.append(seen if known is None else msgspec.structs.replace(known, at=seen.at, text=seen.text))
    found += [change for change in told.values() if change.at <= now]
    return tuple(sorted(found, key=lambda change: (-change.at, -change.revision, change.subject, change.text)))


def _written(incident: IncidentState) -> Iterator[tuple[str, Noticed, Line]]:
    """Every change that the scribe has written down, with its key and its line."""
    for key, entry in incident.line_of_key.items():
        line = incident.lines.get(entry)
        if line is not None and line.kind == "CHANGE":
            yield key, incident.conditions[key], line


def _is_same(seen: Change, told: Change) -> bool:
    return (seen.kind, seen.subject) == (told.kind, told.subject) and abs(seen.at - told.at) <= _SAME


def _kind(condition: Noticed) -> ChangeKind:
    return condition.family if condition.family in _KINDS else "change"  # type: ignore[return-value]


def _scribe_key(change: Change) -> str:
    """What the scribe calls it where he has written it down; else something that he calls nothing."""
    if change.kind in ("rollout", "restart"):
        return f"rollout {change.subject} {change.revision}"
    return f"{change.kind} of {change.subject} at {change.at}"
