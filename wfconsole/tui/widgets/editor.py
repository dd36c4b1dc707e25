"""Several lines to write in. Whatever is typed or pasted becomes harmless at once; every printable key types."""

from __future__ import annotations

import re

from textual import events
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult, Selection

from wfconsole.text import safe_block

_LONGEST = 12_000
_LINES = 300


class Editor(TextArea):
    """A text area that takes only safe text. Esc is the screen's: it stops the typing."""

    DEFAULT_CSS = """
    Editor { border: none; padding: 0 1; background: $panel; color: $foreground; width: 100%; height: 100%; }
    Editor:focus { border: none; background: $background; }
    Editor .text-area--cursor-line { background: $background 0%; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, soft_wrap=True, tab_behavior="focus", show_line_numbers=False, compact=True)
        self.cursor_blink = False

    def edit(self, edit: Edit) -> EditResult:
        """As in a `TextArea`, of the text made safe; no more than fits a message."""
        room = max(0, _LONGEST - len(self.text))
        edit.text = inert(edit.text)[:room]
        return super().edit(edit)

    def select_first(self, pattern: re.Pattern[str]) -> None:
        """What matches first is what typing replaces; nothing where somebody has put the cursor elsewhere."""
        if self.cursor_location != (0, 0):
            return
        for row, line in enumerate(self.text.split("\n")):
            match = pattern.search(line)
            if match is not None:
                self.selection = Selection((row, match.start()), (row, match.end()))
                return

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """Every key that types is the editor's, and no binding hears it."""
        return key != "escape" and super().check_consume_key(key, character)

    def on_key(self, event: events.Key) -> None:
        """Backspace in an empty text must not leave the screen."""
        if event.key == "backspace" and not self.text:
            event.stop()
            event.prevent_default()


def inert(text: str) -> str:
    """Text of several lines, each as `safe` gives it; line ends at both ends stay."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(" ".join(safe_block(line, 2_000)) for line in lines[:_LINES])


class ScrollsEditor:
    """The part of a screen that scrolls its editor while something else has the focus."""

    _editor: Editor

    def action_cursor(self, rows: int) -> None:
        self._editor.scroll_relative(y=rows, animate=False)

    def action_page(self, pages: int) -> None:
        self._editor.scroll_relative(y=pages * max(1, self._editor.size.height - 1), animate=False)

    def action_first(self) -> None:
        self._editor.scroll_home(animate=False)

    def action_last(self) -> None:
        self._editor.scroll_end(animate=False)
