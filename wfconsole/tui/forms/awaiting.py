"""What stands where a form will, as long as the runbook that its fields come from is still being read.

A console reads it once the first frame is there and the first look at the cluster over; somebody may declare sooner.
What they type meanwhile is for the form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from textual import events
from textual.binding import Binding
from textual.widget import Widget

from wfconsole.tui.forms.fields import Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.ink import Span

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

_LOOKS_AGAIN_S: Final = 0.2
_MOST_LOOKS: Final = 25  # then it opens without: a disk that hangs keeps nobody from declaring
_WORDS: Final = "The runbook is being read: this opens in a moment. Type on, nothing is lost."


class AwaitingForm(Form):
    """Changes into the form as soon as there is a runbook, and in the end without one."""

    ACTION = None
    KEYS = "Esc cancel"
    BINDINGS = [Binding("escape", "cancel", "leave; nothing changes", show=False)]

    def __init__(self, title: str, make: Callable[[], Form]) -> None:
        super().__init__()
        self._title = title
        self._make = make
        self._looks = 0
        self._heir: Form | None = None  # what has taken its place

    def title_words(self) -> str:
        return self._title

    def fields(self) -> Iterable[Widget]:
        yield Words(id="waits", make=lambda _: [(Span(_WORDS),)])

    def cancel_word(self) -> str:
        return ""

    def first_focus(self) -> None:
        """Nothing takes a key, so that all of them come up to here."""

    def on_mount(self) -> None:
        self.set_interval(_LOOKS_AGAIN_S, self._look)

    def on_key(self, event: events.Key) -> None:
        """Keys that come after the form was made, and before it has the keyboard, are for the form, too."""
        if self._heir is not None or event.key != "escape":
            event.stop()
            event.prevent_default()
            (self._heir or self).typed_ahead(event)

    def catch_up(self) -> None:
        """The form itself presses what was kept."""

    def _look(self) -> None:
        self._looks += 1
        if self.is_current and (runbook_is_read(self.war_room) or self._looks >= _MOST_LOOKS):
            self._heir = self._make()
            for event in self._early:
                self._heir.typed_ahead(event)
            self.war_room.switch_screen(self._heir)


def runbook_is_read(room: WarRoom) -> bool:
    return bool(room.session.runbook.policy.rules)
