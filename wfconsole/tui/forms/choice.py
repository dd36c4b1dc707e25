"""One of a few: arrows move, Enter takes it. The mark says which one it is, in text and not only in colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import events
from textual.binding import Binding
from textual.message import Message

from wfconsole.text import cells, cut
from wfconsole.tui.forms.fields import LABEL_CELLS, Words, in_turn
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.wrapping import wrapped

_MARK_CELLS = 6


class Option(NamedTuple):
    """One of the options: what it stands for, its word, and what it means; `more` is spelled out where it is chosen."""

    value: str
    word: str
    means: tuple[str, ...] = ()
    more: tuple[str, ...] = ()


class Choice(Words, can_focus=True):
    """All options while it has the focus, and only the chosen one in one row while it has not (unless `open`)."""

    BINDINGS = [
        Binding("down", "move(1)", "next", show=False),
        Binding("up", "move(-1)", "previous", show=False),
        Binding("home", "move(-99)", "first", show=False),
        Binding("end", "move(99)", "last", show=False),
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

    class Moved(Message):
        """Another option is chosen."""

    def __init__(
        self,
        options: Sequence[Option],
        *,
        id: str,
        chosen: str = "",
        title: str = "",
        hint: str = "",
        always_open: bool = False,
    ) -> None:
        super().__init__(id=id)
        self._options = tuple(options)
        self._title, self._hint = title, hint
        self._always_open = always_open
        values = [option.value for option in self._options]
        self._index = values.index(chosen) if chosen in values else 0

    @property
    def value(self) -> str:
        return self._options[self._index].value if self._options else ""

    def choose(self, value: str) -> None:
        """Put the mark on this option, where there is such a one."""
        there = (place for place, option in enumerate(self._options) if option.value == value)
        self._index = next(there, self._index)
        self.redraw()

    def rows(self, width: int) -> Sequence[Line]:
        if not self._options:
            return [(Span("nothing to choose", "dim"),)]
        if self._always_open or self.has_focus:
            return self._all_rows(width)
        return [self._one_row(width)]

    def watch_has_focus(self, has_focus: bool) -> None:
        """Not `on_focus`: that comes before the widget has it."""
        super().watch_has_focus(has_focus)
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        owners = self._owners(self.size.width)
        if event.y < len(owners) and owners[event.y] >= 0:
            self._index = owners[event.y]
            self._moved()

    def on_key(self, event: events.Key) -> None:
        in_turn(self, event)

    def action_move(self, steps: int) -> None:
        self._index = max(0, min(self._index + steps, len(self._options) - 1))
        self._moved()

    def action_take(self) -> None:
        self.post_message(self.Taken(self))

    def _moved(self) -> None:
        self.redraw()
        self.post_message(self.Moved())

    def _one_row(self, width: int) -> Line:
        option = self._options[self._index]
        means = f"  {'; '.join(option.means)}" if option.means else ""
        room = max(0, width - LABEL_CELLS - cells(option.word))
        return (
            Span(self._title.ljust(LABEL_CELLS), "title"),
            Span(option.word, "strong"),
            Span(cut(means, room), "dim"),
        )

    def _all_rows(self, width: int) -> list[Line]:
        rows: list[Line] = []
        if self._title:
            ink: Ink = "focus" if self.has_focus else "title"
            gap = " " * max(2, LABEL_CELLS - len(self._title))
            rows.append((Span(self._title, ink), Span(f"{gap}{self._hint}" if self._hint else "", "dim")))
        longest = max(cells(option.word) for option in self._options)
        for index, option in enumerate(self._options):
            rows += self._option(option, width, longest, here=index == self._index)
        return rows

    def _option(self, option: Option, width: int, longest: int, *, here: bool) -> list[Line]:
        pointer = ">" if here and self.has_focus else " "
        mark = f"{pointer} {'(o)' if here else '( )'} "
        beside = longest <= width // 3  # short words have their meaning beside them, long ones below
        indent = _MARK_CELLS + (longest + 2 if beside else 2)
        words = [row for text in option.means for row in wrapped(text, width - indent)]
        first = words.pop(0) if beside and words else ""
        head = f"{option.word.ljust(longest)}  {first}" if first else option.word
        rows: list[Line] = [(Span(mark, "strong" if here else "dim"), Span(head, "strong" if here else "text"))]
        ink: Ink = "text" if here else "dim"
        rows += [(Span(" " * indent + row, ink),) for row in words]
        if here:
            inside = _MARK_CELLS + 2
            rows += [
                (Span(" " * inside + row, "dim"),) for text in option.more for row in wrapped(text, width - inside)
            ]
        return rows

    def _owners(self, width: int) -> list[int]:
        """Which option each row belongs to; -1 for the title."""
        if not (self._always_open or self.has_focus):
            return []
        longest = max(cells(option.word) for option in self._options)
        owners = [-1] if self._title else []
        for index, option in enumerate(self._options):
            owners += [index] * len(self._option(option, width, longest, here=index == self._index))
        return owners
