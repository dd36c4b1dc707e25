"""What statements did since an instant: the server counts since its last reset, which may be months ago.

The book keeps what the counters were, minute by minute, so that the console can say what happened since the incident
began, or since it first saw the statement where that is later.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from wfconsole.clock import MINUTE, Millis
from wfconsole.observations.statements import StatementRow
from wfconsole.observations.world import World

MARK_MS: Final[Millis] = MINUTE
MARKS_KEPT: Final = 120
STATEMENTS_KEPT: Final = 300


class Mark(NamedTuple):
    """What the counters were at one instant."""

    at: Millis
    calls: int
    total_ms: float


class Growth(NamedTuple):
    """What happened since `since`. `mean_ms` is None where nothing ran."""

    since: Millis
    calls: int
    total_ms: float

    @property
    def mean_ms(self) -> float | None:
        return self.total_ms / self.calls if self.calls else None


class StatementBook(msgspec.Struct, frozen=True):
    """Marks of each statement, oldest first: the first one ever, then one a minute for two hours."""

    marks: Mapping[str, tuple[Mark, ...]] = msgspec.field(default_factory=dict)

    def after(self, world: World, source: str, now: Millis) -> StatementBook:
        """With what the source shows at `now`, where that is good. Statements that fell out keep their marks for a
        while: they may come back."""
        if source != "statements":
            return self
        snapshot = world.snapshots[source]
        if not snapshot.quality(now).tells:
            return self
        marks = dict(self.marks)
        for key, row in snapshot.rows.items():
            before = marks.pop(key, ())
            marks[key] = _marked(before, row, now)
        while len(marks) > max(STATEMENTS_KEPT, len(snapshot.rows)):
            del marks[next(iter(marks))]  # the one that was seen last the longest ago
        return StatementBook(marks)

    def growth(self, key: str, row: StatementRow, since: Millis) -> Growth:
        """What the statement did since `since` (0: since it was first seen), as far as that is known."""
        marks = self.marks.get(key) or (Mark(row.base_at, row.base_calls, row.base_ms),)
        place = bisect.bisect_right(marks, since, key=lambda mark: mark.at) - 1 if since else 0
        mark = marks[max(0, place)]
        return Growth(mark.at, max(0, row.calls - mark.calls), max(0.0, row.total_ms - mark.total_ms))


def _marked(before: tuple[Mark, ...], row: StatementRow, now: Millis) -> tuple[Mark, ...]:
    base = Mark(row.base_at, row.base_calls, row.base_ms)
    here = Mark(now, row.calls, row.total_ms)
    if not before or before[-1].at > now:
        return (base, here) if base.at < now else (here,)
    last = before[-1]
    # A statement that was evicted and came back may count more than before by now; its base tells.
    came_back = base.at > before[0].at and not base.calls and not base.total_ms
    if came_back or row.calls < last.calls or row.total_ms < last.total_ms:  # it began from nothing
        began = Mark(max(last.at, base.at if base.at <= now else 0), 0, 0.0)
        return (began, here)
    if now - last.at < MARK_MS or (row.calls, row.total_ms) == (last.calls, last.total_ms):
        return before
    first, *rest = before
    return (first, *rest[-MARKS_KEPT:], here)
