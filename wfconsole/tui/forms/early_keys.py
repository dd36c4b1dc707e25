"""The part of a form that takes the keys which were pressed before it was there; see `wfconsole.tui.type_ahead`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from textual import events

from wfconsole.tui.forms.fields import Cancel, Field

if TYPE_CHECKING:
    from wfconsole.tui.forms.form import Form


class EarlyKeys:
    """Presses them again, in order, as soon as the first field has the focus."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.born = events.Event().time
        self._early: list[events.Key] = []
        self._takes_keys = False

    def typed_ahead(self, event: events.Key) -> None:
        """Press this key as soon as there is a field for it."""
        self._early.append(event)
        if self._takes_keys:
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
