"""The frame of every form: opened by a key that somebody pressed, left with nothing changed.

Only Tab, arrows, Enter, Esc, Backspace and typed text act, so that no letter can fire anything. Enter in a field goes
to the next one, in the last one it does the thing. Every form can be left without Esc: Tab goes to Cancel.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import Reactive
from textual.screen import ModalScreen
from textual.widget import Widget

from wfconsole.tui.forms.choice import Choice
from wfconsole.tui.forms.early_keys import EarlyKeys
from wfconsole.tui.forms.fields import Cancel, Field, Words
from wfconsole.tui.forms.kept_words import KeptWords
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Span
from wfconsole.tui.record_keys import no_incident
from wfconsole.tui.wrapping import wrapped

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

# From this many columns on a form is wider.
WIDE = 110


class Form(EarlyKeys, KeptWords, ModalScreen[None], inherit_bindings=False):
    """A frame with fields in a column."""

    TITLE: ClassVar[str] = ""
    ACTION: ClassVar[str | None] = ""  # the id of the action behind it; None for a form that changes nothing
    NEEDS_INCIDENT: ClassVar[bool] = False
    NEEDS_RUNBOOK: ClassVar[bool] = False
    KEYS: ClassVar[str] = "Enter next   Tab move   Esc cancel"
    BINDINGS = [
        Binding("escape", "cancel", "leave; nothing changes", show=False),
        Binding("backspace", "back", "the field before, or leave", show=False),
        Binding("tab,down", "app.focus_next", "next field", show=False),
        Binding("shift+tab,up", "app.focus_previous", "previous field", show=False),
    ]
    DEFAULT_CSS = """
    Form { align: center middle; background: $background 0%; }
    Form.-bottom { align: center bottom; }
    Form.-bottom > #form { margin: 2 0 1 0; }
    Form > #form {
        width: 80; max-width: 100%; height: auto; max-height: 100%; margin: 2 0 0 0; overflow: hidden auto;
        border: heavy $rule; background: $background; padding: 0 1;
        border-title-color: $foreground; border-title-background: $background; border-title-style: bold;
        border-subtitle-color: $q-dim; border-subtitle-background: $background;
        scrollbar-size-vertical: 1;
    }
    Form.-wide > #form { width: 104; }
    Form .row { height: 1; width: 100%; }
    Form Words { width: 100%; height: auto; }
    Form #cancel { width: 100%; height: 1; }
    Form Field { background: $panel; color: $foreground; width: 1fr; }
    Form Field:focus { background: $background; background-tint: $foreground 0%; text-style: underline; }
    """

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)  # Textual's own paints what is behind it, too

    def __init__(self, goto: str = "") -> None:
        super().__init__()
        self.goto = goto

    @property
    def war_room(self) -> WarRoom:
        return cast("WarRoom", self.app)

    @functools.cached_property
    def frame(self) -> Frame:
        """What was on show when the form was opened: what somebody reads in it stays as it is."""
        return self.war_room.frame()

    def compose(self) -> ComposeResult:
        with Vertical(id="form") as box:
            if self.draft_name():
                yield Words(id="kept")
            yield from self.fields()
            if self.cancel_word():
                yield Cancel(self.cancel_word())
            yield Words(id="said")
        box.can_focus = False
        box.border_title = Content(f" {self.title_words()} ")
        box.border_subtitle = Content(f" {self.KEYS} ")

    def title_words(self) -> str:
        return self.TITLE

    def cancel_word(self) -> str:
        """What the button says that leaves; "" where one of the fields leaves."""
        return "Cancel"

    def fields(self) -> Iterable[Widget]:
        """The fields, in their order."""
        raise NotImplementedError

    def enter(self) -> None:
        """Somebody pressed Enter in the last field."""
        raise NotImplementedError

    def on_mount(self) -> None:
        self.query_one("#said").display = False
        self.prepare()
        if refusal := _refusal(self):
            self.dismiss(None)
            self.war_room.say(refusal)
            return
        self.offer_left_over()
        self.set_focus(self.first_focus(), scroll_visible=False)
        self.catch_up()

    def first_focus(self) -> Widget | None:
        """What has the focus when the form comes up; the way out, where what it does cannot be taken back."""
        fields = self.open_fields()
        return fields[0] if fields else self.query_one(Cancel)

    def prepare(self) -> None:
        """Whatever has to be set before the first field has the focus."""

    def on_resize(self) -> None:
        self.set_class(self.size.width >= WIDE, "-wide")

    def open_fields(self) -> list[Widget]:
        """The fields that can be filled in now, in their order."""
        return [field for field in self.focus_chain if isinstance(field, Field | Choice)]

    def say(self, words: str) -> None:
        """Why it cannot be done yet, in the last rows."""
        said = self.query_one("#said", Words)
        said.display = bool(words)
        said.set(lambda width: [(Span(row, "warn"),) for row in wrapped(words, width)])

    def go_on(self) -> None:
        """Somebody pressed Enter in a field: to the next one; from the last one, do it."""
        self.say("")
        fields = self.open_fields()
        if self.focused is fields[-1]:
            self.enter()
        else:
            self.focus_next()

    # Textual calls the handlers of every class of a widget, so a form overrides `go_on`, never these. A key that was
    # pressed again before the form was gone finds it closed: nothing is done twice.

    def on_input_submitted(self) -> None:
        if self.is_current:
            self.go_on()
        self.led_on()

    def on_choice_taken(self) -> None:
        self.on_input_submitted()

    def on_cancel_pressed(self) -> None:
        self.action_cancel()

    def action_cancel(self) -> None:
        if self.is_current:
            self.dismiss(None)

    def action_back(self) -> None:
        """Backspace where nothing is typed: the field before; from the first one it leaves."""
        fields = self.open_fields()
        if self.focused in fields[1:]:
            fields[fields.index(self.focused) - 1].focus()
        elif self.focused is None or self.focused in fields:
            self.action_cancel()
        elif fields:
            fields[-1].focus()
        else:
            self.action_cancel()


def _refusal(form: Form) -> str:
    """Why there is nothing to fill in here, "" when there is."""
    if form.NEEDS_INCIDENT and not form.war_room.session.view().incident.declared:
        return no_incident(form.war_room.declare_key)
    return "" if form.ACTION is None else form.war_room.refused_change(form.ACTION)
