"""A region that is drawn line by line. What did not change is not written to the terminal again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self, cast

from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from wfconsole.tui import compat
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import BLANK, Line, Palette, difference, fitted


class HasPalette(Protocol):
    """The App, as far as a line needs it."""

    palette: Palette


class Lines(Widget, inherit_css=False):
    """Shows lines; `cursor_line` is drawn as the row with the cursor. It has no style but that of its lines."""

    _in_paint = False

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._lines: tuple[Line, ...] = ()
        self._cursor_line: int | None = None
        self._painted: dict[int, tuple[Line, bool, Strip]] = {}
        self._painted_for: tuple[Palette | None, int, Sequence[LineFilter]] = (None, 0, ())
        self._ground = Color(0, 0, 0)

    @property
    def lines(self) -> tuple[Line, ...]:
        return self._lines

    def show(self, lines: Sequence[Line], cursor_line: int | None = None) -> None:
        """Draw these lines from now on; only the parts of them that differ are painted."""
        self._differ(lines, cursor_line, self.size)

    def _differ(self, lines: Sequence[Line], cursor_line: int | None, size: Size) -> None:
        """Textual works out a widget's size anew whenever it is asked: a frame asks once."""
        before, now = self._lines, list(lines)
        width, height = size
        regions: list[Region] = []
        for y in range(min(height, max(len(before), len(now)))):
            old = before[y] if y < len(before) else BLANK
            new = now[y] if y < len(now) else BLANK
            if old != new:
                start, end = difference(fitted(old, width), fitted(new, width), width)
                regions.append(Region(start, y, max(1, end - start), 1))
            elif y < len(now):
                now[y] = old  # the very same: its strip is there
        self._lines = tuple(now)
        if cursor_line != self._cursor_line:
            moved = (cursor_line, self._cursor_line)
            regions += [Region(0, y, width, 1) for y in moved if y is not None and y < height]
            self._cursor_line = cursor_line
        if regions and not self._in_paint:
            compat.repaint(self, regions)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines as they are: looking for styles, borders and links, of which there are none, takes Textual longer
        than all the rest of a frame. What is the same as before was painted before."""
        palette, width, filters = cast(HasPalette, self.app).palette, self.size.width, self.get_line_filters()
        if (palette, width, filters) != self._painted_for:
            self._painted_for, self._ground = (palette, width, filters), self.background_colors[1]
            self._painted.clear()
        strips = [self._strip(y, palette, width, filters) for y in crop.line_range]
        start, end = crop.column_span
        return strips if (start, end) == (0, width) else [strip.crop(start, end) for strip in strips]

    def _strip(self, y: int, palette: Palette, width: int, filters: Sequence[LineFilter]) -> Strip:
        line = self._lines[y] if y < len(self._lines) else BLANK
        cursor = y == self._cursor_line
        known = self._painted.get(y)
        if known is not None and known[0] is line and known[1] == cursor:
            return known[2]
        segments = palette.segments(line, width, cursor=cursor)
        for each in filters:
            segments = each.apply(segments, self._ground)
        strip = Strip(segments, width)
        self._painted[y] = line, cursor, strip
        return strip


class Pane(Lines):
    """Lines that are made from a frame, anew for each frame and each size."""

    frame: Frame | None = None
    _drawn_size: Size | None = None
    _focus_moves = False

    def update(self, frame: Frame) -> None:
        """Show another frame."""
        self.frame = frame
        self.redraw()

    def redraw(self) -> None:
        """Draw the frame on show once more: the size, the cursor or the focus is another."""
        width, height = size = self._drawn_size = self.size
        if self.frame is not None and width and height:
            self._differ(self.draw(self.frame, width, height)[:height], self.cursor_line(self.frame), size)

    def render_lines(self, crop: Region) -> list[Strip]:
        if self._drawn_size != self.size:  # Textual paints before it tells of a new size: no blank frame between
            self._in_paint = True
            self.redraw()
            self._in_paint = False
        return super().render_lines(crop)

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        """At most `height` lines of `width` cells."""
        raise NotImplementedError

    def cursor_line(self, frame: Frame) -> int | None:
        """The line with the cursor, in a pane that has one."""
        del frame
        return None

    def on_resize(self) -> None:
        if self._drawn_size != self.size:
            self.redraw()

    def on_focus(self) -> None:
        self._focus_moves = True

    def on_blur(self) -> None:
        self._focus_moves = True

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Textual paints a whole region that gets or loses the focus; what differs then is painted by `redraw`."""
        if self._focus_moves and not (regions or layout or recompose):
            self._focus_moves = False
            return self
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def watch_has_focus(self, has_focus: bool) -> None:
        """Not `on_focus`: that comes before the widget has it."""
        super().watch_has_focus(has_focus)
        self.redraw()
