"""The part of a form that takes the keys which were pressed before there was a field for them.

Before the form was there (see `wfconsole.tui.type_ahead`), or after an Enter that has not led on yet: Textual hands a
key to what has the focus when it arrives, and what comes in the same moment as an Enter is for the next field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from textual import events
from textual.widget import Widget

from wfconsole.tui.forms.choice import Choice
from wfconsole.tui.forms.fields import Cancel, Field

if TYPE_CHECKING:
    from wfconsole.tui.forms.form import Form

_MOVES: Final = {"up": -1, "down": 1}


class EarlyKeys:
    """Presses them again, in order, as soon as the first field has the focus."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.born = events.Event().time
        self._early: list[events.Key] = []
        self._takes_keys = False
        self._leads_on = False  # an Enter is on its way

    def typed_ahead(self, event: events.Key) -> None:
        """Press this key as soon as there is a field for it."""
        self._early.append(event)
        if self._takes_keys:
            self.catch_up()

    def in_turn(self, part: Widget, event: events.Key) -> None:
        """A part of the form is about to take this key. What came too early for the next part is kept for it."""
        if event.key == "escape":  # leaves, whatever is on its way
            return
        if self._leads_on or self._form.focused is not part:
            event.stop()
            event.prevent_default()
            self._early.append(event)
            if not self._leads_on:
                self.catch_up()
        elif event.key == "enter":
            self._leads_on = True

    def led_on(self) -> None:
        """The Enter has done what it does."""
        self._leads_on = False
        self.catch_up()

    def on_key(self, event: events.Key) -> None:
        """A field takes every printable key: one that comes up to the form was sent before the field had the focus."""
        if event.is_printable and isinstance(self._form.focused, Field | None):
            event.stop()
            event.prevent_default()
            self.typed_ahead(event)

    def catch_up(self) -> None:
        """The first field has the focus: press what was kept."""
        self._takes_keys = True
        while self._early and self._form.is_current:
            self._press(self._early.pop(0))
        self._early.clear()

    @property
    def _form(self) -> Form:
        return cast("Form", self)

    def _press(self, event: events.Key) -> None:
        form = self._form
        field = form.focused
        if event.is_printable and isinstance(field, Field):
            field.press(event.character or "")
        elif event.key == "enter":
            if isinstance(field, Cancel):
                form.action_cancel()
            else:
                form.go_on()
        elif event.key == "escape":
            form.action_cancel()
        elif event.key == "tab":
            form.focus_next()
        elif event.key in _MOVES and isinstance(field, Choice):
            field.action_move(_MOVES[event.key])
