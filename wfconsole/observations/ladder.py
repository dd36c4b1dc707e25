"""How a judgement gets worse (or better) with time alone: rungs of a ladder, climbed since an instant."""

from __future__ import annotations

from typing import Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.observations.levels import HEALTHY, Finding, Level

# A finding, and the instant at which time alone may change it (0: only a change of the row can).
Weighed = tuple[Finding, Millis]
PLAIN: Final[Weighed] = (HEALTHY, 0)


class Rung(msgspec.Struct, frozen=True):
    """From so long after the beginning on, the level is this."""

    after_ms: Millis
    level: Level


def climb(rungs: tuple[Rung, ...], since: Millis, now: Millis, reason: str, kind: str) -> Weighed:
    """The finding at `now` of what began at `since`; with an unknown beginning (0) the worst that the ladder knows."""
    if not since:
        return Finding(max(rung.level for rung in rungs), reason, kind), 0
    age = now - since
    level = rungs[0].level
    for rung in rungs:
        if age < rung.after_ms:
            return Finding(level, reason, kind, since), since + rung.after_ms
        level = rung.level
    return Finding(level, reason, kind, since), 0
