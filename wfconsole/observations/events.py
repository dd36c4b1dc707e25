"""Events of the cluster, warnings first, tied to their object."""

from __future__ import annotations

import msgspec

from wfconsole.clock import Millis


class EventRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One event; a series counts as one. Key: its uid.

    `last_at` is series.lastObservedTime, else eventTime, else lastTimestamp.
    """

    namespace: str
    kind: str  # of the object it is about
    name: str
    type: str  # "Warning" or "Normal"
    reason: str
    message: str = ""
    count: int = 1
    first_at: Millis = 0
    last_at: Millis = 0
    source: str = ""
