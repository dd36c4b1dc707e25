"""The last line: which keys work here. It drops the least important hint rather than being cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from textual.timer import Timer

from wfconsole.clock import SECOND
from wfconsole.text import cells
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.widgets.lines import Lines

# Long enough to be read twice. After that the keys are what people look for here.
SAID_FOR: Final = 20 * SECOND


class Hint(NamedTuple):
    """One key (or a few) and what it does here; struck through where it is refused."""

    key: str
    label: str
    rank: int
    struck: bool = False

    @property
    def cells(self) -> int:
        return cells(self.key) + 1 + cells(self.label)


def fitting(hints: Sequence[Hint], width: int) -> tuple[Hint, ...]:
    """As many hints as fit beside each other, in their order; those of the lowest rank give way first."""
    shown = list(hints)
    while shown and sum(hint.cells + 2 for hint in shown) - 2 > width - 1:
        shown.remove(min(shown, key=lambda hint: hint.rank))
    return tuple(shown)


class KeyLine(Lines):
    """Hints, or for a moment the answer to a key that did nothing."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._hints: tuple[Hint, ...] = ()
        self._said = ""
        self._fades: Timer | None = None

    def hint(self, hints: Sequence[Hint]) -> None:
        if (told := tuple(hints)) != self._hints:  # nearly every frame has those of the one before
            self._hints = told
            self._show()

    def say(self, words: str) -> None:
        """Words in place of the hints, until `say("")`, or for twenty seconds."""
        if self._fades is not None:
            self._fades.stop()
        self._fades = self.set_timer(SAID_FOR / SECOND, lambda: self.say("")) if words else None
        self._said = words
        self._show()

    def on_resize(self) -> None:
        self._show()

    def _show(self) -> None:
        self.show([_said(self._said) if self._said else _hint_line(fitting(self._hints, self.size.width))])


def _said(words: str) -> Line:
    return (Span(" "), Span(words, "strong"))


def _hint_line(hints: Sequence[Hint]) -> Line:
    line: list[Span] = []
    for hint in hints:
        line.append(Span("  " if line else " "))
        if hint.struck:
            line.append(Span(f"{hint.key} {hint.label}", "struck"))
        else:
            line += [Span(hint.key, "key"), Span(f" {hint.label}", "dim")]
    return tuple(line)
