"""One of a few: arrows move, Enter takes it. The mark says which one it is, in text and not only in colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual.binding import Binding
from textual.message import Message

from wfconsole.tui.ink import Line, Span
from wfconsole.tui.widgets.lines import Lines


class Option(NamedTuple):
    """One of the options: what it stands for, its word, and what it means."""

    value: str
    word: str
    means: str = ""


class Choice(Lines, can_focus=True):
    """Shows all options; the chosen one is marked `(o)`, and `►` (or `>`) stands where the focus is."""

    BINDINGS = [
        Binding("down", "move(1)", "next", show=False),
        Binding("up", "move(-1)", "previous", show=False),
        Binding("enter", "take", "take it", show=False),
    ]

    class Taken(Message):
        """Somebody pressed Enter on the chosen option."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

        @property
        def control(self) -> Choice:
            return self.choice

    def __init__(self, options: Sequence[Option], *, id: str, chosen: str = "", title: str = "") -> None:
        super().__init__(id=id)
        self._options = tuple(options)
        self._title = title
        values = [option.value for option in self._options]
        self._index = values.index(chosen) if chosen in values else 0

    @property
    def value(self) -> str:
        return self._options[self._index].value if self._options else ""

    def on_mount(self) -> None:
        self._redraw()

    def on_focus(self) -> None:
        self._redraw()

    def on_blur(self) -> None:
        self._redraw()

    def action_move(self, steps: int) -> None:
        if self._options:
            self._index = max(0, min(self._index + steps, len(self._options) - 1))
        self._redraw()

    def action_take(self) -> None:
        self.post_message(self.Taken(self))

    def _redraw(self) -> None:
        lines: list[Line] = [(Span(self._title, "title"),)] if self._title else []
        longest = max((len(option.word) for option in self._options), default=0)
        for index, option in enumerate(self._options):
            here = index == self._index
            mark = "(o)" if here else "( )"
            pointer = ">" if here and self.has_focus else " "
            word = option.word.ljust(longest) if option.means else option.word
            lines.append(
                (
                    Span(f"{pointer} {mark} ", "strong" if here else "dim"),
                    Span(word, "strong" if here else "text"),
                    Span(f"  {option.means}" if option.means else "", "text" if here else "dim"),
                )
            )
        self.styles.height = max(1, len(lines))
        self.show(lines)
