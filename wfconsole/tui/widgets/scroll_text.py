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


class Log(NamedTuple):
    """A section whose newest line stands last. `ended`: nothing is added to it any more."""

    name: str
    ended: bool = False


class Section(NamedTuple):
    """A heading and the lines below it."""

    heading: Line
    lines: Sequence[Line]
    log: Log | None = None


class _Part(NamedTuple):
    """The rows of one section, its heading the first."""

    rows: range
    log: Log | None


class ScrollText(Pane, can_focus=True):
    """Shows the sections of `sections(frame, width)`; what is on show stays there while lines are added below.

    `followed` is the name of the log whose end is kept in sight, "" for the end of all.
    """

    BINDINGS = [*action_names.bindings("lists"), *action_names.bindings("logs")]

    class Moved(Message):
        """Another part is on show."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.following = False
        self.followed = ""
        self.top = 0
        self._parts: list[_Part] = []
        self._total = 0
        self._heading = 0  # row of the heading that somebody went to: it may stand at the top, however little is below

    def sections(self, frame: Frame, width: int) -> Sequence[Section]:
        """What there is to read."""
        raise NotImplementedError

    def place(self) -> str:
        """`12-30/118`: which lines are on show."""
        last = min(self._total, self.top + self.size.height)
        return f"{min(self.top + 1, last)}-{last}/{self._total}"

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        lines: list[Line] = []
        self._parts = []
        for section in self.sections(frame, width):
            first = len(lines)
            lines.append(section.heading)
            for line in section.lines:
                lines += folded(line, width)
            self._parts.append(_Part(range(first, len(lines)), section.log))
        self._total = len(lines)
        if self.following:
            self.top = max(0, self._end_of_followed() - height)
        else:
            self.top = min(self.top, max(0, self._total - height, min(self._heading, self._total - 1)))
        return lines[self.top : self.top + height]

    def _end_of_followed(self) -> int:
        ends = (part.rows.stop for part in self._parts if part.log is not None and part.log.name == self.followed)
        return next(ends, self._total)

    def log_in_view(self) -> str:
        """The name of the log at the top; where none is there, of the next one that goes on, or of any; "" for none."""
        logs = [(part, part.log) for part in self._parts if part.log is not None]
        below = [(part, log) for part, log in logs if self.top < part.rows.stop]
        if below and self.top in below[0][0].rows:
            return below[0][1].name
        names = [*(log.name for _, log in below if not log.ended), *(log.name for _, log in (*below, *logs))]
        return names[0] if names else ""

    def scroll_by(self, rows: int) -> None:
        self.following = False
        if rows < 0:
            self._heading = 0
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
        self._heading = 0
        self.scroll_by(self._total)

    def action_section(self, sections: int) -> None:
        """To the next heading, or the one before."""
        heads = [part.rows.start for part in self._parts]
        if sections > 0:
            wanted = next((head for head in heads if head > self.top), self.top)
        else:
            wanted = next((head for head in reversed(heads) if head < self.top), 0)
        self.scroll_by(wanted - self.top)
        self._heading = wanted

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
