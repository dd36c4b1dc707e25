"""One number over time, in little memory: what is older than some minutes is packed, and shared by all who keep it."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Final

import msgspec

from wfconsole.clock import HOUR, SECOND, Millis

# Values of one bucket are folded into their worst; an hour and a half is kept.
BUCKET_MS: Final = 5 * SECOND
BUCKETS_KEPT: Final = 3 * HOUR // 2 // BUCKET_MS
# So many points are packed together. As objects they take 170 bytes each, and there are fifty thousand of them.
BLOCK: Final = 60
_PACKED: Final = struct.Struct("<qdq")  # at, value (not a number for a gap), until

Worse = Callable[[float | None, float | None], float | None]


class Point(msgspec.Struct, frozen=True, gc=False):
    """The worst value of one bucket. `at` is when it was last seen, `until` how long it may speak for what follows."""

    at: Millis
    value: float | None
    until: Millis

    @property
    def bucket(self) -> int:
        return self.at // BUCKET_MS


class Series(msgspec.Struct, frozen=True):
    """One number, oldest first: `packed` blocks, then `recent` points, then `newest`, which is still being filled.

    `known_at`: when there was a value last, 0 for never.
    """

    packed: tuple[bytes, ...] = ()
    recent: tuple[Point, ...] = ()
    newest: Point | None = None
    known_at: Millis = 0

    def after(self, worse: Worse, at: Millis, value: float | None, until: Millis) -> Series:
        """With one more value; time that went back forgets what lies ahead."""
        known_at = self.known_at if value is None else at
        newest, bucket = self.newest, at // BUCKET_MS
        if newest is None:
            return Series(newest=Point(at, value, until), known_at=known_at)
        if bucket == newest.bucket:
            value = value if value is None else worse(newest.value, value)
            return Series(self.packed, self.recent, Point(at, value, until), known_at)
        if bucket < newest.bucket:
            series = Series()
            for point in self.since(0):
                if point.bucket < bucket:
                    series = series.after(worse, point.at, point.value, point.until)
            return series.after(worse, at, value, until)
        packed, recent = self.packed, (*self.recent, newest)
        if len(recent) == BLOCK:
            packed, recent = (*packed, _pack(recent))[-BUCKETS_KEPT // BLOCK :], ()
        return Series(packed, recent, Point(at, value, until), known_at)

    @property
    def last(self) -> float | None:
        return None if self.newest is None else self.newest.value

    @property
    def known(self) -> bool:
        """Whether any value of what is kept is known."""
        oldest = next(iter(self.since(0)), None)
        return oldest is not None and self.known_at >= oldest.at

    def since(self, at: Millis) -> list[Point]:
        """The points from `at` on, and the one before it, which may still speak for what follows."""
        points = [*self.recent, self.newest] if self.newest is not None else []
        for block in reversed(self.packed):
            if points and points[0].at < at:
                break
            points = [*_unpack(block), *points]
        return points


def _pack(points: tuple[Point, ...]) -> bytes:
    return b"".join(
        _PACKED.pack(point.at, math.nan if point.value is None else point.value, point.until) for point in points
    )


def _unpack(block: bytes) -> list[Point]:
    return [Point(at, None if math.isnan(value) else value, until) for at, value, until in _PACKED.iter_unpack(block)]
