"""The part of a form that is deaf at first: what is typed then was meant for something else, and is thrown away."""

from __future__ import annotations

import time
from typing import Any, Final

from textual import events
from textual.widget import Widget

from wfconsole.tui.forms.fields import Cancel, Field
from wfconsole.tui.forms.form import Form

DEAF_SECONDS: Final = 0.5


class DeafForm(Form):
    """Deaf when it comes up, when it has a new size, and whenever `be_deaf` is called. Esc always leaves."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._deaf_from = time.monotonic()

    @property
    def deaf(self) -> bool:
        return time.monotonic() - self._deaf_from < DEAF_SECONDS

    def be_deaf(self) -> None:
        """There is something else on show from here on."""
        self._deaf_from = time.monotonic()

    def typed_ahead(self, event: events.Key) -> None:
        """Nothing that was typed before is for this."""

    def in_turn(self, part: Widget, event: events.Key) -> None:
        if self.deaf and event.key != "escape":
            event.stop()
            event.prevent_default()
        else:
            super().in_turn(part, event)

    def on_resize(self) -> None:
        """What is under somebody's finger may be another field now. Textual calls the form's own handler, too."""
        self.be_deaf()

    def action_move(self, steps: int) -> None:
        """To another field."""
        if self.deaf:
            return
        if steps > 0:
            self.focus_next()
        else:
            self.focus_previous()


class LeaveButton(Cancel):
    """Leaves; an Enter that was meant for something else does not."""

    def action_press(self) -> None:
        if not (isinstance(self.screen, DeafForm) and self.screen.deaf):
            super().action_press()


class TypedField(Field):
    """What has to be typed letter by letter."""

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        if isinstance(self.screen, Form):
            self.screen.say("type it: what is pasted unlocks nothing")


class DoButton(Cancel):
    """Does what the form is for, and says what; locked it says that."""

    def name_it(self, word: str) -> None:
        if word != self._word:
            self._word = word
            self._draw()

    def action_press(self) -> None:
        if isinstance(self.screen, Form):
            self.screen.enter()
