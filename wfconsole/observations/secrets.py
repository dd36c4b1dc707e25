"""The ages of secrets. Their values are never read."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from wfconsole.clock import DAY, Millis
from wfconsole.observations.ladder import Weighed
from wfconsole.observations.levels import HEALTHY, Finding, Level


class SecretRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One secret of the store. Key: "region/name". Times are 0 where the store does not tell: never, or not known.

    The store tells the day of the last access, not the hour. `stale_days` is the team's limit.
    """

    name: str
    region: str
    created_at: Millis = 0
    changed_at: Millis = 0
    rotated_at: Millis = 0
    accessed_at: Millis = 0
    rotation: bool = False
    stale_days: int = 90


def renewed_at(row: SecretRow) -> Millis:
    """When its value was last another one; 0 where nobody knows."""
    return max(row.changed_at, row.rotated_at) or row.created_at


def weigh_secret(row: SecretRow, now: Millis) -> Weighed:
    """Beyond the limit it is stale; beyond twice the limit, or where rotation should have changed it, worse."""
    since = renewed_at(row)
    if not since:
        return Finding(Level.WATCH, "nobody knows when it changed", "stale"), 0
    stale_at, old_at = since + row.stale_days * DAY, since + 2 * row.stale_days * DAY
    if now < stale_at:
        return HEALTHY, stale_at
    if row.rotation:
        return Finding(Level.WARNING, "rotation is on, and did not change it", "stale", since), 0
    if now < old_at:
        return Finding(Level.WATCH, "not changed", "stale", since), old_at
    return Finding(Level.WARNING, "not changed", "stale", since), 0


def measure_secrets(rows: Mapping[str, SecretRow], now: Millis) -> dict[str, float | None]:
    """The signals of all secrets."""
    return {"secrets.stale": sum(weigh_secret(row, now)[0].level > Level.OK for row in rows.values())}
