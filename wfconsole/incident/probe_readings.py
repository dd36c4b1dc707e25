"""The signal of an action that the console reads itself: a probe, from what its sources see. Pure."""

from __future__ import annotations

from wfconsole.clock import Millis
from wfconsole.incident.plan import Reading
from wfconsole.incident.probing import evaluate, understood
from wfconsole.observations.world import World


def reading_of(probe: str, world: World, now: Millis, since: Millis = 0) -> Reading:
    """1 where it holds, 0 where it does not, None where nobody can tell: stale and partial data show nothing, nor does
    what was seen before `since`."""
    asked = understood(probe)
    for source in asked.sources:
        seen = world.snapshots.get(source)
        if seen is not None and seen.good_at is not None and seen.good_at < since:
            return Reading(now, None, f"nobody has looked at {source} since")
    result = evaluate(asked, world, now)
    if result.holds is None:
        return Reading(now, None, result.why or "its sources cannot tell")
    return Reading(now, float(result.holds), result.lines[0] if result.lines else "")
