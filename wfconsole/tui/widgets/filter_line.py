"""One line to type a filter in. Every printable key types; Enter keeps the filter, Esc clears it."""

from __future__ import annotations

from textual import events
from textual.message import Message

from wfconsole.text import safe
from wfconsole.tui.ink import Span
from wfconsole.tui.widgets.lines import Lines

_LONGEST = 60


class FilterLine(Lines, can_focus=True):
    """Takes the keys while it is open, and says what it holds after each of them."""

    class Changed(Message):
        """The words are others."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    class Closed(Message):
        """It takes no keys any more."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.open = False
        self._words = ""

    def show_words(self, words: str) -> None:
        """Open it with these words."""
        self.open = True
        self._words = words
        self._show()

    def close(self, *, keep: bool) -> None:
        self.open = False
        if not keep:
            self._words = ""
            self.post_message(self.Changed(""))
        self.post_message(self.Closed())

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Textual asks this before it looks for bindings."""
        del key
        return character is not None and character.isprintable()

    def on_key(self, event: events.Key) -> None:
        if event.key in ("enter", "tab", "escape"):
            self.close(keep=event.key != "escape")
        elif event.key == "backspace":
            self._type(self._words[:-1])
        elif event.character is not None and event.character.isprintable():
            self._type(self._words + safe(event.character))
        else:
            return
        event.stop()
        event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._type(self._words + safe(event.text.strip(), _LONGEST))

    def _type(self, words: str) -> None:
        self._words = words[:_LONGEST]
        self._show()
        self.post_message(self.Changed(self._words))

    def on_resize(self) -> None:
        self._show()

    def _show(self) -> None:
        keys = (Span("   Enter", "key"), Span(" keep  "), Span("Esc", "key"), Span(" clear"))
        self.show([(Span(" filter / ", "title"), Span(f"{self._words}_", "strong"), *keys)])
