"""Text that may be longer than its region: sections with headings, long lines folded, the end followed on request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import events
from textual.message import Message

from wfconsole.text import cells
from wfconsole.tui import action_names
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span, width_of
from wfconsole.tui.widgets.lines import Pane

_WHEEL_ROWS = 3
_SHORT_WORD = 20


class Section(NamedTuple):
    """A heading and the lines below it."""

    heading: Line
    lines: Sequence[Line]


class ScrollText(Pane, can_focus=True):
    """Shows the sections of `sections(frame, width)`; what is on show stays there while lines are added below."""

    BINDINGS = [*action_names.bindings("lists"), *action_names.bindings("logs")]

    class Moved(Message):
        """Another part is on show."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.following = False
        self.top = 0
        self._heads: list[int] = []
        self._total = 0

    def sections(self, frame: Frame, width: int) -> Sequence[Section]:
        """What there is to read."""
        raise NotImplementedError

    def place(self) -> str:
        """`12-30/118`: which lines are on show."""
        last = min(self._total, self.top + self.size.height)
        return f"{min(self.top + 1, last)}-{last}/{self._total}"

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        lines: list[Line] = []
        self._heads = []
        for section in self.sections(frame, width):
            self._heads.append(len(lines))
            lines.append(section.heading)
            for line in section.lines:
                lines += folded(line, width)
        self._total = len(lines)
        last = max(0, len(lines) - height)
        self.top = last if self.following else min(self.top, last)
        return lines[self.top : self.top + height]

    def scroll_by(self, rows: int) -> None:
        self.following = False
        self.top = max(0, self.top + rows)
        self.redraw()
        self.post_message(self.Moved())

    def action_cursor(self, rows: int) -> None:
        self.scroll_by(rows)

    def action_page(self, pages: int) -> None:
        self.scroll_by(pages * max(1, self.size.height - 1))

    def action_first(self) -> None:
        self.scroll_by(-self.top)

    def action_last(self) -> None:
        self.scroll_by(self._total)

    def action_section(self, sections: int) -> None:
        """To the next heading, or the one before."""
        if sections > 0:
            wanted = next((head for head in self._heads if head > self.top), self.top)
        else:
            wanted = next((head for head in reversed(self._heads) if head < self.top), 0)
        self.scroll_by(wanted - self.top)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_by(_WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_by(-_WHEEL_ROWS)


def folded(line: Line, width: int) -> list[Line]:
    """The line in rows of at most `width` cells; the rows after the first are indented."""
    if width_of(line) <= width or width < 8:
        return [line]
    rows: list[Line] = []
    row: list[Span] = []
    room = width
    for span in line:
        rest = span.text
        while rest:
            taken = _whole_words(rest, _head(rest, room))
            if taken:
                row.append(Span(taken, span.ink))
                room -= cells(taken)
                rest = rest[len(taken) :]
            if rest:
                rows.append(tuple(row))
                row, room = [Span("  ")], width - 2
    return [*rows, tuple(row)]


def _head(text: str, room: int) -> str:
    """The longest beginning of `text` that fits."""
    if text.isascii():
        return text[:room]
    used = 0
    for index, char in enumerate(text):
        used += cells(char)
        if used > room:
            return text[:index]
    return text


def _whole_words(text: str, head: str) -> str:
    """The head without the word that the row would cut, where that word is short."""
    if len(head) == len(text):
        return head
    space = head.rfind(" ") + 1
    return head[:space] if len(head) - space < _SHORT_WORD and head[:space].strip() else head
