"""Which rows of a listing hold the words that somebody types. Ten thousand are looked through between two keys."""

from __future__ import annotations

from collections.abc import Sequence

from wfconsole.tui.frame import Frame
from wfconsole.tui.listings.listing import Listing


class RowFilter:
    """Finds the keys of the rows that hold every word; nothing is looked for twice."""

    def __init__(self) -> None:
        self._given: Sequence[str] = ()
        self._words = ""
        self._found: Sequence[str] = ()

    @property
    def total(self) -> int:
        """How many rows were looked at."""
        return len(self._given)

    def of(self, keys: Sequence[str], words: str, listing: Listing, frame: Frame) -> Sequence[str]:
        """Those of `keys` whose rows hold all of the words; `keys` itself where there are none."""
        if not words:
            found = keys
        elif keys is self._given and words == self._words:
            found = self._found
        else:
            another_letter = keys is self._given and words.startswith(self._words)
            found = self._found if another_letter else keys
            texts = listing.texts(frame, keys)
            for word in words.split():
                found = [key for key in found if word in texts[key]]
        self._given, self._words, self._found = keys, words, found
        return found
