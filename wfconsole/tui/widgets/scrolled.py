"""A list of things of different heights: the one with the cursor may be spelled out over many rows.

The cursor stays on its thing, whatever comes and goes around it. Where a thing is higher than the region, the arrows go
through its rows first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual import events
from textual.message import Message

from wfconsole.tui import action_names
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.widgets.block_stack import Block, BlockStack, filtered
from wfconsole.tui.widgets.lines import Pane

__all__ = ["Block", "BlockList"]
_WHEEL_ROWS: Final = 3


class BlockList(Pane, can_focus=True):
    """Blocks below each other; `blocks` says which."""

    BINDINGS = [*action_names.bindings("lists"), *action_names.bindings("items")]

    class Entered(Message):
        """Somebody pressed Enter on a thing."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.cursor_key = ""
        self.filter = ""
        self.stack = BlockStack()
        self._head_rows = 0

    def blocks(self, frame: Frame, width: int) -> Sequence[Block]:
        """All blocks, in order."""
        raise NotImplementedError

    def first_key(self, frame: Frame) -> str:
        """Where the cursor is until somebody moves it; "" for the first block."""
        del frame
        return ""

    def head(self, frame: Frame, width: int) -> Sequence[Line]:
        """Rows above the list, which do not scroll; always as many."""
        del frame, width
        return ()

    def nothing(self, frame: Frame) -> str:
        """What is said of an empty list."""
        del frame
        return "nothing here"

    @property
    def key(self) -> str:
        """What the cursor is on; "" where there is nothing."""
        if self.cursor_key in self.stack.spans:
            return self.cursor_key
        first = self.first_key(self.frame) if self.frame is not None else ""
        return first if first in self.stack.spans else self.stack.beside("", 0)

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        self._head_rows = len(self.head(frame, width))
        opened = self.key
        blocks = self._lay(frame, width, height)
        if self.key != opened:  # the thing with the cursor is another now, and spelled out only this time
            blocks = self._lay(frame, width, height)
        self.stack.keep_in_sight(self.key)
        head = self.head(frame, width)  # once more: it may say how many there are
        if not blocks:
            words = f"nothing matches {self.filter!r}" if self.filter else self.nothing(frame)
            return [*head, (Span(f" {words}", "dim"),)]
        return [*head, *self.stack.visible()]

    def cursor_line(self, frame: Frame) -> int | None:
        del frame
        rows = self.stack.spans.get(self.key)
        if rows is None or not self.has_focus:
            return None
        return self._head_rows + max(0, rows.start - self.stack.top)

    def _lay(self, frame: Frame, width: int, height: int) -> Sequence[Block]:
        blocks = filtered(self.blocks(frame, width), self.filter)
        self.stack.lay(blocks, height - self._head_rows)
        return blocks

    def go_to(self, key: str) -> None:
        """Put the cursor on this block; "" puts it back to where it is by itself."""
        self.cursor_key = key
        self.stack.leave()
        self.redraw()

    def set_filter(self, words: str) -> None:
        """Show only what holds all of these words."""
        self.filter = words
        self.stack.leave()
        self.redraw()

    def action_item(self, items: int) -> None:
        """So many things on, or back, however high they are."""
        wanted = self.stack.beside(self.key, items)
        if wanted != self.key:
            self.go_to(wanted)

    def action_cursor(self, rows: int) -> None:
        """One row on within a thing that goes on beyond the region; else the next thing."""
        if self.stack.scroll_within(self.key, rows):
            self.redraw()
        else:
            self.action_item(rows)

    def action_page(self, pages: int) -> None:
        if self.stack.scroll_within(self.key, pages * max(1, self.stack.room - 1)):
            self.redraw()
            return
        wanted = self.stack.page_from(self.key, pages)
        if wanted != self.key:
            self.go_to(wanted)

    def action_first(self) -> None:
        self.go_to(self.stack.beside(self.key, -len(self.stack.spans)))

    def action_last(self) -> None:
        self.go_to(self.stack.beside(self.key, len(self.stack.spans)))

    def action_open_row(self) -> None:
        if self.key:
            self.post_message(self.Entered(self.key))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_cursor(_WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_cursor(-_WHEEL_ROWS)

    def on_click(self, event: events.Click) -> None:
        key = self.stack.key_at(event.y - self._head_rows) if event.y >= self._head_rows else ""
        if key:
            self.go_to(key)
