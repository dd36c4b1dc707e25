"""What alerts did over time: when each came and went, whether it chatters, and whether there are too many at once.

A bounded fold over the snapshots of alerts, like the series of signals. The numbers are those of EEMUA 191 and
ISA-18.2: a flood begins above ten new alerts in ten minutes and ends below five; three changes within a minute are
chatter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from wfconsole.clock import HOUR, MINUTE, SECOND, Millis
from wfconsole.observations.alerts import STANDING_AFTER, AlertRow, counts
from wfconsole.observations.judged import changed_keys
from wfconsole.observations.world import World

FLOOD_WINDOW: Final = 10 * MINUTE
FLOOD_BEGINS: Final = 10  # above
FLOOD_ENDS: Final = 5  # below
CHATTER_FLIPS: Final = 3
CHATTER_WITHIN: Final = 60 * SECOND
HELD_FOR: Final = 5 * MINUTE
# An alert that ended is kept for so long, and not more of them than this.
ENDED_KEPT_FOR: Final = HOUR
ENDED_KEPT: Final = 500
MOVES_KEPT: Final = 12
_NEW_KEPT: Final = 1_000


class Move(msgspec.Struct, frozen=True, gc=False):
    """An alert came, or went."""

    at: Millis
    came: bool


class AlertPast(msgspec.Struct, frozen=True):
    """One alert over time. `row` is as it was seen last; `ended_at` is 0 while it fires.

    `held_until`: it chatters, and is one quiet line until then.
    """

    row: AlertRow
    moves: tuple[Move, ...] = ()
    ended_at: Millis = 0
    held_until: Millis = 0

    @property
    def started_at(self) -> Millis:
        """Since when it fires, or fired, as its rule says."""
        return self.row.starts_at or (self.moves[0].at if self.moves else 0)

    def moved(self, row: AlertRow, at: Millis, *, came: bool) -> AlertPast:
        moves = (*self.moves, Move(at, came))[-MOVES_KEPT:]
        flips = flips_of(moves, at)
        held = at + HELD_FOR if flips >= CHATTER_FLIPS else self.held_until
        return AlertPast(row, moves, 0 if came else at, held)


class Flood(msgspec.Struct, frozen=True):
    """Since when there are too many, and how many came within the last ten minutes."""

    since: Millis
    new: int


class AlertLog(msgspec.Struct, frozen=True):
    """All alerts that fire and count, and those that ended lately. `new`: when each came within ten minutes, and its
    key. `burst_first` is the alert that began the newest burst, and `burst` how many belong to it."""

    pasts: Mapping[str, AlertPast] = msgspec.field(default_factory=dict)
    new: tuple[tuple[Millis, str], ...] = ()
    flood: Flood | None = None
    burst_first: str = ""
    burst: int = 0
    rows: Mapping[str, AlertRow] = msgspec.field(default_factory=dict)
    at: Millis = 0
    based: bool = False

    @property
    def first_out(self) -> str:
        """The alert that began the newest burst; "" where it is alone, since then it was before no other."""
        return self.burst_first if self.burst > 1 else ""

    def after(self, world: World, source: str, now: Millis) -> AlertLog:
        """With what the alerts' source shows at `now`. Partial rows tell what fires, not what has ended."""
        snapshot = world.snapshots.get("alerts")
        if source != "alerts" or snapshot is None:
            return self
        quality = snapshot.quality(now)
        if not quality.tells:
            return self
        before = AlertLog() if now < self.at else self  # time went back: a replay was sought
        pasts = before._forgotten(now)
        came = before._taken(pasts, snapshot.rows, now, whole=quality.conclusive)
        new = tuple(each for each in (*before.new, *came) if now - each[0] < FLOOD_WINDOW)[-_NEW_KEPT:]
        return AlertLog(
            pasts,
            new,
            _flood(before.flood, len({key for _at, key in new}), now),
            *newest_burst(pasts, now),
            snapshot.rows,
            now,
            based=True,
        )

    def _forgotten(self, now: Millis) -> dict[str, AlertPast]:
        """What is still worth knowing."""
        pasts = dict(self.pasts)
        ended = sorted((past.ended_at, key) for key, past in pasts.items() if past.ended_at)
        for place, (at, key) in enumerate(ended):
            if now - at > ENDED_KEPT_FOR or len(ended) - place > ENDED_KEPT:
                del pasts[key]
        return pasts

    def _taken(
        self, pasts: dict[str, AlertPast], rows: Mapping[str, AlertRow], now: Millis, *, whole: bool
    ) -> list[tuple[Millis, str]]:
        """Write what changed into `pasts`; which alerts are new, and since when. What the first look finds began
        when its rule says."""
        came: list[tuple[Millis, str]] = []
        gone = [key for key, past in pasts.items() if not past.ended_at and key not in rows]
        for key in changed_keys(self.rows, rows).union(gone):
            row, past = rows.get(key), pasts.get(key)
            if row is not None and counts(row, now):
                if past is None or past.ended_at:
                    at = now if self.based else min(now, row.starts_at or now)
                    if now - at < FLOOD_WINDOW:
                        came.append((at, key))
                    pasts[key] = (past or AlertPast(row)).moved(row, at, came=True)
                else:
                    pasts[key] = msgspec.structs.replace(past, row=row)
            elif past is not None and not past.ended_at and (whole or row is not None):
                if row is not None:  # held back, or pending again: it is not over, but nobody has to answer
                    del pasts[key]
                else:
                    pasts[key] = past.moved(past.row, now, came=False)
        return sorted(came)


def flips_of(moves: Iterable[Move], now: Millis) -> int:
    """How often it came or went within the last minute; that it came at all is no flip."""
    recent = [move for place, move in enumerate(moves) if place and now - move.at <= CHATTER_WITHIN]
    return len(recent)


def newest_burst(pasts: Mapping[str, AlertPast], now: Millis) -> tuple[str, int]:
    """The alert that began the newest burst, and how many are in it: going back from the newest, as long as the one
    before it began at most ten minutes earlier. What has been standing for a day began
    nothing, and what chatters tells nothing."""
    starts = sorted(
        (past.started_at, key)
        for key, past in pasts.items()
        if now - past.started_at < STANDING_AFTER and past.held_until <= now
    )
    if not starts:
        return "", 0
    place = len(starts) - 1
    while place and starts[place][0] - starts[place - 1][0] <= FLOOD_WINDOW:
        place -= 1
    return starts[place][1], len(starts) - place


def _flood(before: Flood | None, new: int, now: Millis) -> Flood | None:
    if before is None:
        return Flood(now, new) if new > FLOOD_BEGINS else None
    return Flood(before.since, new) if new >= FLOOD_ENDS else None
