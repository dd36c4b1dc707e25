"""Where a message can go from this console, as its screens know it: what each sink is called, who reads it there."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from wfconsole.incident.events import Audience

SinkName = Literal["slack", "pagerduty", "status page", "file", "clipboard"]
SINKS: Final[tuple[SinkName, ...]] = ("slack", "pagerduty", "status page", "file", "clipboard")


class Sink(msgspec.Struct, frozen=True):
    """One sink. `place` is where in it ("#inc-20260107-0312"), `who` says in words who reads it.

    `refused` says why nothing can be sent there, and what would change that; "" where it can. `mentions` are the names
    that become a mention there after an `@`.
    """

    name: SinkName
    place: str = ""
    who: str = ""
    audience: Audience = "inside"
    refused: str = ""
    mentions: tuple[str, ...] = ()
