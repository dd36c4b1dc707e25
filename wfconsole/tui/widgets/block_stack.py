"""Things of different heights below each other, and which rows of them are in sight. Pure; `scrolled.py` draws it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from wfconsole.tui.ink import Line


class Block(NamedTuple):
    """One thing that the cursor can stand on: its key, and its rows; `draw` makes one row only when it is in sight.

    Without a key it is a heading. `words` is what a filter looks through; "" for the rows themselves.
    """

    key: str
    lines: Sequence[Line] = ()
    draw: Callable[[], Line] | None = None
    words: str = ""

    @property
    def height(self) -> int:
        return 1 if self.draw is not None else len(self.lines)

    def row(self, number: int) -> Line:
        return self.draw() if self.draw is not None else self.lines[number]

    @property
    def text(self) -> str:
        """Its rows on one line, without the room between columns."""
        rows = (self.row(number) for number in range(self.height))
        return " ".join(" ".join(span.text for row in rows for span in row).split())

    def holds(self, words: Sequence[str]) -> bool:
        """Whether all of these (in lower case) are somewhere in it."""
        folded = (self.words or self.text).casefold()
        return all(word in folded for word in words)


def filtered(blocks: Sequence[Block], words: str) -> Sequence[Block]:
    """The blocks that hold all words, each with the heading above it."""
    wanted = words.casefold().split()
    if not wanted:
        return blocks
    kept: list[Block] = []
    heading: Block | None = None
    for block in blocks:
        if not block.key:
            heading = block
        elif block.holds(wanted):
            kept += [block] if heading is None else [heading, block]
            heading = None
    return kept


class BlockStack:
    """The blocks of one moment in a window of `room` rows, which is moved no further than needed."""

    def __init__(self) -> None:
        self.blocks: Sequence[Block] = ()
        self.spans: dict[str, range] = {}  # the rows of each block, by its key, in order
        self.top = 0
        self.room = 1
        self._rows = 0
        self._reading = False  # somebody scrolls within a block: it is left where it is

    @property
    def count(self) -> int:
        """How many things there are, headings left out."""
        return len(self.spans)

    def lay(self, blocks: Sequence[Block], room: int) -> None:
        """From now on these blocks, in a window of so many rows."""
        self.blocks, self.room = blocks, max(1, room)
        self.spans = {}
        row = 0
        for block in blocks:
            if block.key:
                self.spans[block.key] = range(row, row + block.height)
            row += block.height
        self._rows = row

    def keep_in_sight(self, key: str) -> None:
        """All of this block, from its first row on, with its heading where that fits too."""
        self.top = max(0, min(self.top, self._rows - self.room))
        rows = self.spans.get(key)
        if rows is None or self._reading:
            return
        first = rows.start - self._headings_above(rows.start)
        if rows.stop - first > self.room:
            first = rows.start
        if rows.stop > self.top + self.room:
            self.top = rows.stop - self.room
        self.top = min(self.top, first)

    def visible(self) -> list[Line]:
        """The rows in the window."""
        lines: list[Line] = []
        at, end = 0, self.top + self.room
        for block in self.blocks:
            if at >= end:
                break
            lines += (block.row(number) for number in range(max(0, self.top - at), min(block.height, end - at)))
            at += block.height
        return lines

    def scroll_within(self, key: str, rows: int) -> bool:
        """Move inside this block as far as it goes on in that direction; False when it does not."""
        here = self.spans.get(key)
        if here is None:
            return False
        if rows > 0 and here.stop > self.top + self.room:
            self.top = min(self.top + rows, here.stop - self.room)
        elif rows < 0 and here.start < self.top:
            self.top = max(self.top + rows, here.start)
        else:
            return False
        self._reading = True
        return True

    def leave(self) -> None:
        """Nobody scrolls within a block any more."""
        self._reading = False

    def beside(self, key: str, items: int) -> str:
        """The block so many on (or back) from this one, at most the last or the first; "" where there is none."""
        keys = list(self.spans)
        if not keys:
            return ""
        place = keys.index(key) if key in self.spans else 0
        return keys[max(0, min(place + items, len(keys) - 1))]

    def page_from(self, key: str, pages: int) -> str:
        """The block a window further on (or back), at least the next one."""
        here = self.spans.get(key)
        if here is None:
            return self.beside(key, 0)
        wanted = here.start + pages * max(1, self.room - 1)
        nearest = min(self.spans, key=lambda other: abs(self.spans[other].start - wanted))
        return self.beside(key, pages) if nearest == key else nearest

    def text_of(self, key: str) -> str:
        """The text of a block on one line; "" where there is none."""
        return next((block.text for block in self.blocks if block.key == key), "")

    def key_at(self, row: int) -> str:
        """The block in this row of the window; "" for a heading and below the end."""
        return next((key for key, rows in self.spans.items() if row + self.top in rows), "")

    def _headings_above(self, row: int) -> int:
        """How many rows of headings end right above this row."""
        above = at = 0
        for block in self.blocks:
            if at == row:
                return above
            above = 0 if block.key else above + block.height
            at += block.height
        return above
