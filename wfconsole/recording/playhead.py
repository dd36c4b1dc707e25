"""The place in a recording up to which somebody has followed it, and how to take them to another one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Final, Protocol

from wfconsole.clock import MINUTE, Millis
from wfconsole.recording.lines import Item
from wfconsole.recording.play import Recording

# A checkpoint spares a seek the items before it. One is asked for after so many entries, or so much time with a few;
# when there are too many, every other one goes, and the distances double.
CHECKPOINT_ENTRIES: Final = 500
CHECKPOINT_AFTER: Final[Millis] = 2 * MINUTE
CHECKPOINT_ENTRIES_AT_LEAST: Final = 50
CHECKPOINTS_KEPT: Final = 64


class Follower(Protocol):
    """Who follows a recording. All calls come from one thread, one at a time."""

    def deliver(self, item: Item) -> None:
        """The next item, at its time."""

    def rebuild(self, checkpoint: object | None, items: Iterator[Item]) -> None:
        """Forget everything, go back to `checkpoint` (None: to nothing), and fold `items` at once, each before the
        next is taken: between two of them there may be a call of `checkpoint`."""

    def checkpoint(self) -> object | None:
        """The whole state after what has come so far, for `rebuild`; None where that is not worth its cost."""


class Playhead:
    """Follows a recording from entry to entry. `position` is that of the first entry that the follower has not got.

    Everything raises RecordingError at an entry that cannot be read; the recording is shorter from then on.
    """

    def __init__(self, recording: Recording, follower: Follower) -> None:
        self.position = 0
        self._recording = recording
        self._follower = follower
        self._items: Iterator[tuple[int, Item]] | None = None
        self._upcoming: tuple[int, Item] | None = None
        self._checkpoints: list[tuple[int, object]] = []  # by position
        self._spread = 1

    def upcoming_at(self) -> Millis | None:
        """The instant of the next item; None when there is none (yet)."""
        if self._upcoming is None:
            if self._items is None:
                self._items = self._recording.read(self.position)
            self._upcoming = next(self._items, None)
            if self._upcoming is None:
                self._items = None  # a recording that grows has more to read later
                self.position = len(self._recording)
                return None
        return self._upcoming[1].at

    def deliver(self) -> Millis | None:
        """Hand the next item over; its instant, or None when there is none."""
        at = self.upcoming_at()
        if self._upcoming is not None:
            position, item = self._upcoming
            self._upcoming = None
            self._follower.deliver(item)
            self._passed(position + 1)
        return at

    def move(self, position: int) -> None:
        """Take the follower to the state before entry `position`, the very state to which playing leads."""
        index = bisect_right(self._checkpoints, position, key=_position_of) - 1
        begin, checkpoint = self._checkpoints[index] if index >= 0 else (0, None)
        self._items = self._upcoming = None
        self.position = begin
        self._follower.rebuild(checkpoint, self._between(begin, position))
        self.position = min(position, len(self._recording))

    def step(self, events: int) -> Millis:
        """Go so many entries that say something on, item by item, or back; the instant of the one arrived at."""
        for _ in range(events):
            news = self._recording.news_after(self.position)
            end = len(self._recording) if news is None else news + 1
            while self.position < end and self.deliver() is not None:
                pass
        if events < 0:
            news = self._recording.news_before(self.position)
            for _ in range(-events):
                news = None if news is None else self._recording.news_before(news)
            self.move(0 if news is None else news + 1)
        return self._recording.at(self.position - 1) if self.position else self._recording.start

    def _between(self, begin: int, end: int) -> Iterator[Item]:
        for position, item in self._recording.read(begin, end):
            yield item
            self._passed(position + 1)

    def _passed(self, position: int) -> None:
        self.position = position
        index = bisect_right(self._checkpoints, position, key=_position_of) - 1
        last = self._checkpoints[index][0] if index >= 0 else 0
        entries = position - last
        if entries < CHECKPOINT_ENTRIES * self._spread and (
            entries < CHECKPOINT_ENTRIES_AT_LEAST * self._spread
            or self._recording.at(position) - self._recording.at(last) < CHECKPOINT_AFTER * self._spread
        ):
            return
        checkpoint = self._follower.checkpoint()
        if checkpoint is not None:
            self._checkpoints.insert(index + 1, (position, checkpoint))
        if len(self._checkpoints) > CHECKPOINTS_KEPT:
            self._checkpoints = self._checkpoints[1::2]
            self._spread *= 2


def _position_of(checkpoint: tuple[int, object]) -> int:
    return checkpoint[0]
