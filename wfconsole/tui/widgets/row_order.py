"""Where the cursor and the scroll of a table stand, by key: rows may come, go and move around them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

# From so many new rows on, a held order is not worth keeping.
_MANY = 64


class RowOrder:
    """The rows on show, in order; the row with the cursor, and the first visible one.

    Data moves neither: the cursor stays on its key, and its row on its line of the screen. From the moment somebody
    has moved the cursor, rows keep their order too (new ones go beside their neighbours), until `release`.
    """

    def __init__(self) -> None:
        self.keys: Sequence[str] = ()
        self.top = 0
        self.held = False
        self._index = 0
        self._given: Sequence[str] | None = None

    @property
    def index(self) -> int:
        """The cursor's row; 0 when there are none."""
        return self._index

    @property
    def key(self) -> str | None:
        return self.keys[self._index] if self.keys else None

    def take(self, keys: Sequence[str], height: int) -> None:
        """The rows are these now, in this order; `height` rows are visible."""
        given, self._given = self._given, keys
        if keys is not given and keys != given:  # equal ones are found so at once, since their strings are the same
            line = self._index - self.top
            before, here = self.key, self._index
            self.keys = _merged(self.keys, keys) if self.held else keys
            self._index = _place(self.keys, before, here)
            self.top = self._index - line
        self._fit(height)

    def move_to(self, index: int, height: int) -> None:
        """Put the cursor on a row; from now on the order holds still."""
        self._index = min(max(0, index), max(0, len(self.keys) - 1))
        self.held = self._index > 0
        self._fit(height)

    def scroll(self, rows: int, height: int) -> None:
        """Move the window; the cursor stays within it."""
        self.top += rows
        self.top = min(max(0, self.top), max(0, len(self.keys) - height))
        self.move_to(min(max(self._index, self.top), self.top + max(0, height - 1)), height)

    def release(self, height: int) -> None:
        """Back to the first row, and to the order that the data has."""
        self.held = False
        if self._given is not None:
            self.keys = self._given
        self._index = 0
        self._fit(height)

    def _fit(self, height: int) -> None:
        rows = len(self.keys)
        self._index = min(self._index, max(0, rows - 1))
        if self._index < self.top:
            self.top = self._index
        elif self._index >= self.top + height:
            self.top = self._index - height + 1
        self.top = min(max(0, self.top), max(0, rows - height))


def _place(keys: Sequence[str], key: str | None, otherwise: int) -> int:
    """Where a key is now; when it is gone, the row that took its place."""
    if otherwise < len(keys) and keys[otherwise] == key:
        return otherwise
    if key is not None:
        try:
            return keys.index(key)
        except ValueError:
            pass
    return min(otherwise, max(0, len(keys) - 1))


def _merged(old: Sequence[str], new: Sequence[str]) -> Sequence[str]:
    """`new` in the order of `old`; what is new stands behind its neighbour of the new order."""
    there, before = set(new), set(old)
    added = [index for index, key in enumerate(new) if key not in before]
    if len(added) > _MANY:
        return new
    merged = [key for key in old if key in there]
    for index in added:
        place = merged.index(new[index - 1]) + 1 if index else 0
        merged.insert(place, new[index])
    return merged
