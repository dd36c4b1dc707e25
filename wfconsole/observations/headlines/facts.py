"""The form of what a source says of itself on the board."""

from __future__ import annotations

import msgspec

from wfconsole.observations.levels import Level


class Facts(msgspec.Struct, frozen=True):
    """At most two facts, the worse first; the level that they amount to; and more about the worst, "" for nothing.

    `missed`: whether it leaves a gap when nobody can tell: not where there is nothing of the kind, as far as is known.
    """

    facts: tuple[str, ...]
    level: Level = Level.OK
    reason: str = ""
    missed: bool = True
