"""The frame of every form: opened by a key that somebody pressed, left by Esc with nothing changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget

from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.widgets.lines import Lines

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

WIDTH = 76


class Words(Lines):
    """Lines of text in a form, as high as they are many."""

    def set(self, lines: Sequence[Line]) -> None:
        self.styles.height = max(1, len(lines))
        self.show(lines)


class Form(ModalScreen[None], inherit_bindings=False):
    """A frame with fields in a column. `Enter` in a field goes to the next one, in the last one it does the thing."""

    TITLE: ClassVar[str] = ""
    AUTO_FOCUS = ""  # each form says itself what is safe to have the focus
    BINDINGS = [
        Binding("escape", "cancel", "leave; nothing changes", show=False),
        Binding("tab", "next", "next field", show=False),
        Binding("shift+tab", "previous", "previous field", show=False),
    ]
    DEFAULT_CSS = """
    Form { align: center middle; background: $background 0%; }
    Form > #form {
        width: 78; max-width: 100%; height: auto; max-height: 100%;
        border: heavy $rule; background: $surface; padding: 0 1;
    }
    Form Input { background: $panel; color: $foreground; border: none; height: 1; padding: 0; margin: 0; }
    Form Input:focus { background: $background; border: none; }
    Form Words, Form Choice { background: $surface; height: auto; width: 100%; }
    """

    def __init__(self, goto: str = "") -> None:
        super().__init__()
        self.goto = goto

    @property
    def war_room(self) -> WarRoom:
        return cast("WarRoom", self.app)

    @property
    def frame(self) -> Frame:
        return self.war_room.frame()

    def compose(self) -> ComposeResult:
        with Vertical(id="form") as box:
            yield from self.fields()
        box.border_title = Content(f" {self.title_words()} ")
        box.border_subtitle = Content(f" {self.keys_words()} ")

    def title_words(self) -> str:
        return self.TITLE

    def keys_words(self) -> str:
        return "Enter next   Tab move   Esc cancel"

    def fields(self) -> Iterable[Widget]:
        """The fields, in their order; the safe one or the first empty one takes the focus in `on_mount`."""
        raise NotImplementedError

    def say(self, words: str) -> None:
        """Why it cannot be done yet, in the last line."""
        said = self.query_one("#said", Words)
        said.set([(Span(words, "warn"),)] if words else [])
        said.display = bool(words)

    def said(self) -> Words:
        """The line for `say`; a form yields it last."""
        words = Words(id="said")
        words.display = False
        return words

    def action_cancel(self) -> None:
        self.dismiss(None)

    def action_next(self) -> None:
        self.focus_next()

    def action_previous(self) -> None:
        self.focus_previous()
