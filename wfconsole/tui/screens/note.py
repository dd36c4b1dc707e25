"""A quick note. Its time is that of the key that opened it, however long the writing takes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from textual.widget import Widget
from textual.widgets import Input

from wfconsole.incident.events import NoteAdded, NoteKind
from wfconsole.text import clock_time, safe
from wfconsole.tui.forms.form import Form, Words
from wfconsole.tui.ink import Span

PREFIXES: Final[dict[str, NoteKind]] = {"d": "decision", "f": "fact", "h": "hypothesis"}
LONGEST: Final = 2_000


def note_of(text: str, *, at_time: int = 0, about: str = "") -> NoteAdded | None:
    """The note that a line means: `d `, `f ` or `h ` in front says which kind; None for an empty line."""
    text = safe(text.strip(), LONGEST)
    head, _, rest = text.partition(" ")
    kind = PREFIXES.get(head) if rest.strip() else None
    said = rest.strip() if kind else text
    return NoteAdded(text=said, kind=kind or "note", at_time=at_time, about=about) if said else None


class NoteForm(Form):
    """One line of text; Enter saves."""

    def __init__(self, goto: str = "") -> None:
        super().__init__(goto)
        self._opened_at = 0

    def title_words(self) -> str:
        self._opened_at = self.war_room.session.now()
        return f"NOTE {clock_time(self._opened_at)} (its time is that of the key)"

    def keys_words(self) -> str:
        return "Enter saves   Esc drops it   :amend corrects later"

    def fields(self) -> Iterable[Widget]:
        words = Words(id="words")
        words.set([(Span("d decision   f fact   h hypothesis, then a space; anything else is a note", "dim"),)])
        yield words
        yield Input(id="note", max_length=LONGEST)
        yield self.said()

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        note = note_of(event.value, at_time=self._opened_at, about=self.goto)
        if note is None:
            self.say("nothing is written yet")
            return
        self.dismiss(None)
        self.war_room.enter(note)
