"""A pane whose lines may be more than fit: it keeps the line with the cursor in sight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line
from wfconsole.tui.widgets.lines import Pane


class Block(NamedTuple):
    """One thing that the cursor can stand on: its key, and its lines."""

    key: str
    lines: tuple[Line, ...]


class BlockList(Pane, can_focus=True):
    """Blocks below each other. The cursor stays on its key, whatever comes and goes around it."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.cursor_key = ""
        self._blocks: tuple[Block, ...] = ()
        self._top = 0
        self._shown_cursor: int | None = None

    def blocks(self, frame: Frame, width: int) -> Sequence[Block]:
        """All blocks; one with an empty key is a heading, on which the cursor does not stand."""
        raise NotImplementedError

    def first_key(self, frame: Frame) -> str:
        """Where the cursor is until somebody moves it; "" for the first block."""
        del frame
        return ""

    def head(self, frame: Frame, width: int) -> Sequence[Line]:
        """Lines above the list, which do not scroll."""
        del frame, width
        return ()

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        head = tuple(self.head(frame, width))
        self._blocks = tuple(self.blocks(frame, width))
        lines: list[Line] = []
        first = last = 0
        wanted = self._wanted(frame)
        for block in self._blocks:
            if block.key and block.key == wanted:
                first, last = len(lines), len(lines) + len(block.lines) - 1
            lines += block.lines
        room = max(1, height - len(head))
        self._top = max(0, min(self._top, len(lines) - room))
        if last >= self._top + room:
            self._top = last - room + 1
        self._top = min(self._top, first)
        if first and first <= 1:
            self._top = 0
        self._shown_cursor = len(head) + first - self._top if wanted else None
        return [*head, *lines[self._top : self._top + room]]

    def cursor_line(self, frame: Frame) -> int | None:
        del frame
        return self._shown_cursor if self.has_focus else None

    @property
    def key(self) -> str:
        """What the cursor is on; "" where there is nothing."""
        return self._wanted(self.frame) if self.frame is not None else ""

    def action_cursor(self, rows: int) -> None:
        keys = [block.key for block in self._blocks if block.key]
        if keys and self.frame is not None:
            here = self._wanted(self.frame)
            place = keys.index(here) if here in keys else 0
            self.cursor_key = keys[max(0, min(place + rows, len(keys) - 1))]
            self.redraw()

    def action_page(self, pages: int) -> None:
        self.action_cursor(pages * max(1, self.size.height - 3))

    def action_first(self) -> None:
        self.action_cursor(-len(self._blocks))

    def action_last(self) -> None:
        self.action_cursor(len(self._blocks))

    def _wanted(self, frame: Frame) -> str:
        keys = {block.key for block in self._blocks}
        for key in (self.cursor_key, self.first_key(frame)):
            if key and key in keys:
                return key
        return next((block.key for block in self._blocks if block.key), "")
