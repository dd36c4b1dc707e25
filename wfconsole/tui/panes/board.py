"""The board: seven evidence lines, always in the same place, with the state of each in symbol and word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.message import Message

from wfconsole.observations.board import BoardLine, squeezed
from wfconsole.observations.levels import Level, Quality
from wfconsole.text import ELLIPSIS, UNKNOWN, age, cells, fit
from wfconsole.tui import action_names
from wfconsole.tui.frame import TREND_CELLS, Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.panes.glance import WIDE
from wfconsole.tui.state_words import BADGE_CELLS, badge, level_ink
from wfconsole.tui.widgets.lines import Pane
from wfconsole.tui.widgets.trend import trend_line

_AGE_CELLS: Final = 7
_NAME_CELLS: Final = 10
_REASON_CELLS: Final = 20  # less of a reason than this says nothing


class Board(Pane, can_focus=True):
    """Seven lines; the cursor says which one Enter zooms into."""

    BINDINGS = action_names.bindings("lists")

    class Opened(Message):
        """Somebody wants to see one pane whole."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._cursor: int | None = None

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        del height
        return [_line(frame, line, width) for line in frame.board]

    def cursor_line(self, frame: Frame) -> int | None:
        return self._row(frame) if self.has_focus else None

    def source(self) -> str:
        """The source behind the line with the cursor; "" for one that is off."""
        from wfconsole.tui.listings import listing_of  # here, because the first frame lists nothing

        if self.frame is None:
            return ""
        line = self.frame.board[self._row(self.frame)]
        return listing_of(line.number, "").source if line.quality != Quality.OFF else ""

    def _row(self, frame: Frame) -> int:
        """Where the cursor is: on the worst line until somebody moves it."""
        if self._cursor is not None:
            return self._cursor
        shown = [line for line in frame.board if line.quality != Quality.OFF]
        worst = max(shown, key=lambda line: (line.level, not line.quality.conclusive), default=frame.board[0])
        return frame.board.index(worst)

    def _move(self, row: int) -> None:
        if self.frame is not None:
            self._cursor = min(len(self.frame.board) - 1, max(0, row))
            self.redraw()

    def action_cursor(self, rows: int) -> None:
        if self.frame is not None:
            self._move(self._row(self.frame) + rows)

    def action_page(self, pages: int) -> None:
        self._move(0 if pages < 0 else len(self.frame.board) if self.frame is not None else 0)

    def action_first(self) -> None:
        self._move(0)

    def action_last(self) -> None:
        self.action_page(1)

    def action_open_row(self) -> None:
        if self.frame is not None:
            self.post_message(self.Opened(self.frame.board[self._row(self.frame)].number))

    def on_click(self, event: object) -> None:
        row = getattr(event, "y", 0)
        self._move(row)


def _line(frame: Frame, line: BoardLine, width: int) -> Line:
    """` 3 Pods      ▲ WARN   gateway 9/12 ready  3 CrashLoop   █████▇▇▇    6s`"""
    off = line.quality == Quality.OFF
    shown = badge(frame.glyphs, line.level, line.quality)
    name = f" {line.number} {fit(line.name, _NAME_CELLS)}"
    head: Line = (Span(name, "dim" if off else "text"), shown, Span(" " * (BADGE_CELLS + 1 - len(shown.text))))
    trend_cells = TREND_CELLS if width >= WIDE else 8
    room = width - len(name) - BADGE_CELLS - 1 - trend_cells - 1 - _AGE_CELLS
    when = "" if off else age(line.age_ms) if line.age_ms is not None else UNKNOWN
    return (
        *head,
        Span(fit(_said(line, room, off=off), room), _ink(line)),
        Span(" "),
        *_trend(frame, line, trend_cells),
        Span(fit(when, _AGE_CELLS, right=True), "dim" if line.quality.conclusive else "strong"),
    )


def _said(line: BoardLine, room: int, *, off: bool) -> str:
    """The facts whole, and why, as far as there is room; what is old, in the headline of 38 cells."""
    if off:
        return line.headline
    if not line.quality.conclusive:
        return _with_reason(line.headline, line.reason, room)
    told = [fact for fact in line.facts if _begins(line.reason, fact)]
    whole = "  ".join(line.reason if fact in told else fact for fact in line.facts)
    if cells(whole) > room:
        whole = squeezed(line.facts, "{}", room)
    return whole if told else _with_reason(whole, line.reason, room)


def _with_reason(said: str, reason: str, room: int) -> str:
    new = reason and reason not in said
    return f"{said}   {reason}" if new and room - cells(said) > _REASON_CELLS else said


def _begins(reason: str, fact: str) -> bool:
    """Whether a fact that had to be cut says no more than the beginning of the reason."""
    return fact.endswith(ELLIPSIS) and reason.startswith(fact.removesuffix(ELLIPSIS))


def _ink(line: BoardLine) -> Ink:
    if not line.quality.conclusive:
        return "dim"
    return "strong" if line.level >= Level.WARNING else "text"


def _trend(frame: Frame, line: BoardLine, size: int) -> Line:
    drawn = trend_line(line.trend, size, frame.glyphs)
    if line.level < Level.WARNING or line.quality == Quality.OFF:
        return drawn
    return tuple(Span(span.text, level_ink(line.level)) for span in drawn)
