"""The parts of a form: words, a line of text, the way out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol, runtime_checkable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.events import Key
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input

from wfconsole.text import safe
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.widgets.lines import Lines

# Cells of the names before the fields, so that all fields of a form begin in the same column.
LABEL_CELLS: Final = 12
LONGEST_WORDS: Final = 400

Make = Callable[[int], Sequence[Line]]


@runtime_checkable
class TakesTurns(Protocol):
    """A form, as far as its parts need it: keys that come with an Enter are for the part that it leads on to."""

    def in_turn(self, part: Widget, event: Key) -> None: ...


def in_turn(part: Widget, event: Key) -> None:
    """A part has got a key: where it stands in a form, that says whose it is."""
    if isinstance(part.screen, TakesTurns):
        part.screen.in_turn(part, event)


class Words(Lines):
    """Rows of text, as high as they are many at the width that there is."""

    def __init__(self, *, id: str, make: Make | None = None) -> None:
        super().__init__(id=id)
        self._make: Make = make or (lambda _: ())
        self._laid_out = 0  # rows of the height that the screen was told

    def set(self, make: Make) -> None:
        """Show what this makes for a width."""
        self._make = make
        self.redraw()

    def say(self, *lines: Line) -> None:
        """Show these rows."""
        self.set(lambda _: lines)

    def rows(self, width: int) -> Sequence[Line]:
        return self._make(width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        del container, viewport
        self._laid_out = _height(self.rows(width))
        return self._laid_out

    def redraw(self) -> None:
        """The rows may be others. Only where there are more or fewer is the whole screen laid out anew."""
        width = self.size.width
        rows = self.rows(width) if width else ()
        if self.display and (not width or _height(rows) != self._laid_out):
            self.refresh(layout=True)
        if width:
            self.show(rows)

    def on_resize(self) -> None:
        self.show(self.rows(self.size.width))


def _height(rows: Sequence[Line]) -> int:
    """A region without a row would not be there at all."""
    return max(1, len(rows))


class Field(Input):
    """One line to type in. Whatever is typed or pasted becomes harmless at once; every printable key types."""

    virtual_size = Reactive(Size(0, 0))  # Textual lays the whole screen out anew for it: at each key, here

    def __init__(
        self,
        value: str = "",
        *,
        id: str,
        longest: int = LONGEST_WORDS,
        placeholder: str = "",
        suggester: Suggester | None = None,
        select: bool = True,
    ) -> None:
        super().__init__(
            value,
            id=id,
            max_length=longest,
            placeholder=placeholder,
            suggester=suggester,
            select_on_focus=select,
            compact=True,
        )
        self.cursor_blink = False
        self._longest = longest

    def on_key(self, event: Key) -> None:
        in_turn(self, event)

    @property
    def words(self) -> str:
        """What was written, on one safe line."""
        return safe(self.value.strip(), self._longest)

    def press(self, char: str) -> None:
        """As if this key were pressed: the first one replaces what was offered."""
        if self.select_on_focus:
            self.select_on_focus = False
            self.value = ""
        self.insert_text_at_cursor(char)

    def go_on_from(self, text: str) -> None:
        """Somebody wrote this before: what is typed now comes behind it."""
        self.select_on_focus = False
        self.value = safe(text, self._longest)
        self.cursor_position = len(self.value)

    def replace(self, text: str, start: int, end: int) -> None:
        """As in an `Input`; a paste that is too long is cut rather than refused."""
        room = self._longest - len(self.value) + abs(end - start)
        super().replace(safe(text)[: max(0, room)], start, end)


class Row(Horizontal):
    """A field with its name before it."""

    def __init__(self, name: str, field: Widget, *, cells: int = LABEL_CELLS) -> None:
        super().__init__(id=f"{field.id}-row", classes="row")
        label = Words(id=f"{field.id}-label")
        label.say((Span(name, "title"),))
        label.styles.width = cells
        self._parts = (label, field)

    def compose(self) -> ComposeResult:
        yield from self._parts


class Cancel(Lines, can_focus=True):
    """The way out that needs no Esc: a multiplexer may swallow that."""

    BINDINGS = [Binding("enter", "press", "leave", show=False)]

    class Pressed(Message):
        """Somebody wants to leave."""

    def __init__(self, word: str = "Cancel", *, id: str = "cancel") -> None:
        super().__init__(id=id)
        self._word = word

    def on_mount(self) -> None:
        self._draw()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Not `on_focus`: that comes before the widget has it."""
        super().watch_has_focus(has_focus)
        self._draw()

    def on_click(self) -> None:
        self.action_press()

    def action_press(self) -> None:
        self.post_message(self.Pressed())

    def _draw(self) -> None:
        pointer = ">" if self.has_focus else " "
        self.show([(Span(f"{pointer} ", "strong"), Span(f"[ {self._word} ]", "focus" if self.has_focus else "dim"))])


def rows_of(lines: Iterable[Line]) -> Make:
    """Rows that are the same at every width."""
    kept = tuple(lines)
    return lambda _: kept
