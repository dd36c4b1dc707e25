"""Panes on the overview: one view of a pane in a frame whose shape carries the state."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from textual.message import Message

from wfconsole.observations.board import BoardLine
from wfconsole.observations.levels import Level, Quality
from wfconsole.text import UNKNOWN, age
from wfconsole.tui import action_names
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span, faded
from wfconsole.tui.places import TILES
from wfconsole.tui.state_words import badge
from wfconsole.tui.widgets.lines import Pane
from wfconsole.tui.widgets.pane_frame import boxed, frame_look

if TYPE_CHECKING:
    from wfconsole.tui.listings.listing import Listing

# So high a tile has room for the titles of its columns.
_ROWS_WITH_TITLES: Final = 5


class Tile(Pane, can_focus=True):
    """The first rows of one view of a pane ("": of its first one); Enter zooms into them."""

    BINDINGS = action_names.bindings("lists")

    class Opened(Message):
        """Somebody wants this pane whole, in this view."""

        def __init__(self, number: int, view: str) -> None:
            super().__init__()
            self.number = number
            self.view = view

    def __init__(self, number: int, view: str, *, id: str, heading: str = "") -> None:
        super().__init__(id=id)
        self._number = number
        self._view = view
        self._heading = heading

    @cached_property
    def _listing(self) -> Listing:
        from wfconsole.tui.listings import listing_of  # here, because most screens have no room for tiles

        return listing_of(self._number, self._view)

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        line = next(line for line in frame.board if line.number == self._number)
        quality = self._listing.quality(frame)
        level = line.level if not self._heading else Level.OK
        look = frame_look(frame.glyphs, level, quality)
        title = _title(frame, line, self._heading, level, quality, focused=self.has_focus)
        return boxed(
            title, self._body(frame, width - 2, height - 2), _age_of(frame, self._listing), (width, height), look
        )

    def _body(self, frame: Frame, width: int, height: int) -> list[Line]:
        from wfconsole.tui.listings.standing import is_old
        from wfconsole.tui.widgets.line_table import column_titles, fitting_columns, in_column  # as above

        keys = self._listing.keys(frame, self._listing.orders[0])
        columns = fitting_columns(self._listing.columns, width - 2)
        lines: list[Line] = [self._listing.summary(frame)]
        if keys and height >= _ROWS_WITH_TITLES:
            lines.append((Span(f" {' '.join(column_titles(self._listing.columns, columns))}", "dim"),))
        room, old = height - len(lines), is_old(self._listing.quality(frame))
        shown = keys[: room if len(keys) <= room else room - 1]
        for key in shown:
            cells = self._listing.cells(frame, key)
            spans: list[Span] = [Span(" ")]
            for index, size in columns:
                words = in_column(cells[index].text, self._listing.columns[index], size)
                spans.append(Span(words + " ", cells[index].ink))
            lines.append(faded(tuple(spans)) if old else tuple(spans))
        if len(keys) > len(shown):
            lines.append((Span(f" and {len(keys) - len(shown)} more   {self._number} zooms", "dim"),))
        if not keys:
            lines += [(Span(" "), *line) for line in self._listing.empty_lines(frame, width - 2)]
        return lines

    def action_open_row(self) -> None:
        self.post_message(self.Opened(self._number, self._view))


def _title(frame: Frame, line: BoardLine, heading: str, level: Level, quality: Quality, *, focused: bool) -> Line:
    ink: Ink = "focus" if focused else "title"
    name = Span(f" {line.number} {heading or line.name} ", ink)
    return (name, badge(frame.glyphs, level, quality)) if not heading or not quality.conclusive else (name,)


def _age_of(frame: Frame, listing: Listing) -> Line:
    snapshot = frame.view.world.snapshots.get(listing.source)
    if snapshot is None:
        return (Span("off", "dim"),)
    how_old = snapshot.age_ms(frame.now)
    if listing.quality(frame).conclusive:
        return (Span(age(how_old) if how_old is not None else UNKNOWN, "dim"),)
    return (Span(f"last good {age(how_old)} ago" if how_old is not None else "never", "strong"),)


def tile(name: str) -> Tile:
    """The tile of this id."""
    number, view, heading = TILES[name]
    return Tile(number, view, id=name, heading=heading)


class OffLine(Pane):
    """The panes whose sources are not there: named, so that nobody takes their silence for health."""

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        del width, height
        off = [f"{line.number} {line.name}" for line in frame.board if line.quality == Quality.OFF]
        return [(Span(f" {frame.glyphs.off} off: {'   '.join(off)}", "dim"),)] if off else []


class Rail(Pane):
    """The upright line between the panes and what people do."""

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        del width
        return [(Span(frame.glyphs.rail, "rule"),)] * height
