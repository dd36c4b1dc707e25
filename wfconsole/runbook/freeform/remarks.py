"""What the reader of a free-form text has to tell: what it did not understand, and what is not the team's own."""

from __future__ import annotations

from typing import Final

from wfconsole.incident.playbook import Place, Remark
from wfconsole.text import safe

MOST: Final = 200
BUNDLED: Final = "(bundled default)"  # behind every value on the screen that the team's text does not give


class Remarks:
    """Collects remarks; bounded, and the rest is counted."""

    def __init__(self) -> None:
        self._kept: list[Remark] = []
        self._more = 0

    def add(self, place: Place, text: str) -> None:
        if len(self._kept) < MOST:
            self._kept.append(Remark(place, safe(text, 400)))
        else:
            self._more += 1

    def all(self) -> tuple[Remark, ...]:
        ordered = sorted(self._kept, key=lambda each: (each.place.file, each.place.line))
        if self._more:
            ordered.append(Remark(Place("", 0), f"... and {self._more} more"))
        return tuple(ordered)
