"""The form of a listing, and the helpers that keep a sorted one at the cost of what changed."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final, NamedTuple

from wfconsole.observations.judged import JudgedRows
from wfconsole.observations.levels import Quality
from wfconsole.text import UNKNOWN, number
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.listings.standing import doubt, is_old, never_seen
from wfconsole.tui.wrapping import wrapped

Cells = tuple[Span, ...]
# Up to so many rows are put in their place one by one.
_FEW: Final = 500


class Column(NamedTuple):
    """One column: at least `width` cells; `grow` shares what is left over; the lowest `keep` gives way first.

    `keep_end`: what is too long loses its beginning, because names differ at their ends.
    """

    title: str
    width: int
    grow: int = 0
    right: bool = False
    keep: int = 50
    keep_end: bool = False


class Opens(NamedTuple):
    """What Enter opens: the row of a source that has a screen of its own."""

    source: str
    key: str


class Listing:
    """One view of a pane. An instance belongs to one widget, and may remember its last order."""

    title: ClassVar[str] = ""
    source: ClassVar[str] = ""
    columns: ClassVar[tuple[Column, ...]] = ()
    orders: ClassVar[tuple[str, ...]] = ("worst",)

    @property
    def name(self) -> str:
        return self.title

    def keys(self, frame: Frame, order: str) -> Sequence[str]:
        """The keys of all rows, in order. The same object again says that nothing changed."""
        raise NotImplementedError

    def cells(self, frame: Frame, key: str) -> Cells:
        """One cell for each column."""
        raise NotImplementedError

    def searched(self, frame: Frame, key: str) -> str:
        """The text that a filter looks in, in lower case."""
        return " ".join(cell.text for cell in self.cells(frame, key)).lower()

    def texts(self, frame: Frame, keys: Sequence[str]) -> Mapping[str, str]:
        """`searched` of all these rows. A listing of thousands remembers them while their rows are the same."""
        return {key: self.searched(frame, key) for key in keys}

    def summary(self, frame: Frame) -> Line:
        """One line about all of it: no number where nobody knows, old ones in brackets."""
        if never_seen(frame, self.source):
            return (Span(f" {UNKNOWN}", "dim"),)
        line, quality = self.counts(frame), self.quality(frame)
        if is_old(quality):
            return (Span(f" ({''.join(span.text for span in line).strip()})", "dim"),)
        return line if quality.conclusive else (*line, Span(f"   of what could be read{self.why(frame)}", "strong"))

    def why(self, frame: Frame) -> str:
        """`: only namespace production`, where a summary also says why its rows are not all there is."""
        del frame
        return ""

    def counts(self, frame: Frame) -> Line:
        """One line about all rows that there are."""
        raise NotImplementedError

    def detail(self, frame: Frame, key: str) -> list[Line]:
        """What there is to say about one row, below the table."""
        raise NotImplementedError

    def opens(self, frame: Frame, key: str) -> Opens | None:
        """What Enter opens on this row: all that is known of it."""
        snapshot = frame.view.world.snapshots.get(self.source)
        return Opens(self.source, key) if snapshot is not None and key in snapshot.rows else None

    def about(self, frame: Frame, key: str) -> str:
        """What a note about this row is attached to."""
        del frame
        return f"{self.source} {key}"

    def empty(self, frame: Frame) -> str:
        """What stands in place of the rows when there are none: that there are none, only where that is known."""
        return doubt(frame, self.source, without="none") or self.nothing(frame)

    def nothing(self, frame: Frame) -> str:
        """What is said where it is known that there are no rows."""
        raise NotImplementedError

    def scope(self, frame: Frame) -> str:
        """` in namespace production`, where the source reads no more than that."""
        scope = frame.view.world.snapshots[self.source].facts.get("scope", "all namespaces")
        return "" if scope == "all namespaces" else f" in {scope}"

    def empty_lines(self, frame: Frame, width: int) -> list[Line]:
        """The same in rows of this width."""
        ink: Ink = "dim" if self.quality(frame).conclusive else "strong"
        return [(Span(row, ink),) for row in wrapped(self.empty(frame), width)]

    def quality(self, frame: Frame) -> Quality:
        return frame.view.world.quality(self.source, frame.now)


class SortedKeys:
    """The keys of a mapping in the order of a rank; only rows that are other objects than before are ranked again."""

    def __init__(self) -> None:
        self._rows: Mapping[str, Any] = {}
        self._aside: Mapping[str, Any] = {}
        self._order = ""
        self._step = (0, -1)
        self._ranks: dict[str, Any] = {}
        self._keys: list[str] = []

    def keys(
        self,
        rows: Mapping[str, Any],
        aside: Mapping[str, Any],
        order: str,
        rank: Callable[[str, Any], Any],
        table: JudgedRows | None = None,
    ) -> list[str]:
        """`aside` is what else the rank depends on (the findings); `rank` gives what sorts.

        `table`, where `rows` are all of its rows, says what moved: then nobody has to look at ten thousand rows.
        """
        if rows is self._rows and aside is self._aside and order == self._order:
            return self._keys
        if order != self._order:
            self._ranks, self._keys = {}, []
        moved = self._moved(rows, aside, table)
        self._rows, self._aside, self._order = rows, aside, order
        if moved:
            self._place(moved, rank)
        return self._keys

    def _moved(self, rows: Mapping[str, Any], aside: Mapping[str, Any], table: JudgedRows | None) -> Iterable[str]:
        """Keys of rows that came, went, or may have another rank."""
        before, self._step = self._step, (0, -1) if table is None else (table.keyframe_at, table.step)
        if not self._ranks:
            return rows
        if table is not None and self._step == (before[0], before[1] + 1):
            return table.moved
        known, was = self._rows.get, self._aside
        moved = {key for key, row in rows.items() if known(key) is not row}
        moved.update(key for key in {**was, **aside} if was.get(key) is not aside.get(key))
        moved.update(self._ranks.keys() - rows.keys())
        return moved

    def _place(self, moved: Iterable[str], rank: Callable[[str, Any], Any]) -> None:
        """Put the moved keys where they belong. It is another list then, even where the order is the same."""
        ranks, rows = self._ranks, self._rows
        leave: set[str] = set()
        come: list[str] = []
        for key in moved:
            before, after = ranks.get(key), rank(key, rows[key]) if key in rows else None
            if after != before:
                if before is not None:
                    leave.add(key)
                    del ranks[key]
                if after is not None:
                    come.append(key)
                    ranks[key] = after
        kept = [key for key in self._keys if key not in leave] if leave else self._keys[:]
        if len(come) < _FEW:
            for key in come:
                bisect.insort(kept, key, key=ranks.__getitem__)
        else:
            kept += come
            kept.sort(key=ranks.__getitem__)
        self._keys = kept


def counted(count: int, one: str) -> str:
    """`1 pod`, `12 pods`."""
    return f"{number(count)} {one}" if count == 1 else f"{number(count)} {one}s"


def said(*parts: tuple[str, Ink] | str) -> Line:
    """A line from plain words and words with a role."""
    return tuple(Span(part) if isinstance(part, str) else Span(*part) for part in parts)


def row_line(name: str, *parts: tuple[str, Ink] | str) -> Line:
    """A line of the block about a row: a word at the left, then what it says."""
    return (Span(f" {name:<6} ", "title" if name in ("ROW", "NEXT") else "dim"), *said(*parts))


def next_line(*keys: tuple[str, str]) -> Line:
    """The last line of the block: which keys do something with this row."""
    spans: list[Span] = [Span(" NEXT   ", "title")]
    for key, does in keys:
        spans += [Span(key, "key"), Span(f" {does}   ")]
    return tuple(spans)
