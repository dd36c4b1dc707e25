"""Keys that were pressed before a form could take them: nobody waits for a screen at 3 am, and no letter may be lost.

Textual hands a key to what has the focus when the key arrives; a form that the key before it opens is not there yet.
What was pressed meanwhile comes back to the application unused. It is kept, and pressed again in order once the form is
there (`forms/early_keys.py`). Only forms take such keys: what they enter can be taken back.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from textual import events


@runtime_checkable
class TakesEarlyKeys(Protocol):
    """A form, as far as the application needs it. `born`: when it was made, on the clock of Textual's events."""

    born: float

    def typed_ahead(self, event: events.Key) -> None: ...


class TypeAhead:
    """The part of the App that keeps the keys."""

    def on_key(self, event: events.Key) -> None:
        """A key that is older than the form on show was never seen by it."""
        screen = self.screen  # type: ignore[attr-defined]  # of the App
        if isinstance(screen, TakesEarlyKeys) and event.time < screen.born:
            event.stop()
            event.prevent_default()
            screen.typed_ahead(event)
