"""The two axes of every value on screen: how bad it is, and how far it can be trusted."""

from __future__ import annotations

import enum

import msgspec

from wfconsole.clock import Millis


class Level(enum.IntEnum):
    """Health of a thing; not the severity of an incident."""

    OK = 0
    WATCH = 1
    WARNING = 2
    CRITICAL = 3


class Quality(enum.StrEnum):
    """How far a value can be trusted. Nothing may be concluded from anything but LIVE and LATE."""

    LIVE = "live"
    LATE = "late"  # one to three intervals old: only the age shows it
    PARTIAL = "partial"  # true, but not all of it
    STALE = "stale"  # older than three intervals
    UNKNOWN = "unknown"  # never had a good value
    DENIED = "denied"  # the server refuses us
    ERROR = "error"  # the last read failed, the value before it is still recent
    OFF = "off"  # not configured: counts nowhere

    @property
    def conclusive(self) -> bool:
        """Whether a symptom, a verification or an automatic tick may rest on such a value."""
        return self in (Quality.LIVE, Quality.LATE)

    @property
    def tells(self) -> bool:
        """Whether what such a value shows is true now, if not all of it: what is wrong there is wrong."""
        return self.conclusive or self is Quality.PARTIAL


class Finding(msgspec.Struct, frozen=True, gc=False):
    """The judgement of one row: its level and the reason in a few words ("" when all is well).

    `kind` is the trouble in one word that many rows share ("crash-loop"); `since` when it began, 0 where nobody knows.
    The reason never says an age: the screen does, from `since`, so that time alone makes no new finding.
    """

    level: Level
    reason: str = ""
    kind: str = ""
    since: Millis = 0


HEALTHY = Finding(Level.OK)
