"""A quick note. Its time is that of the key that opened it, however long the writing takes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from textual.widget import Widget

from wfconsole.incident.events import NoteAdded, NoteKind
from wfconsole.text import safe
from wfconsole.tui.forms.fields import Field, Row, Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.ink import Line, Span

PREFIXES: Final[dict[str, NoteKind]] = {"d": "decision", "f": "fact", "h": "hypothesis"}
LONGEST: Final = 2_000
_STARTS_WITH: Final = "text:"


def note_of(text: str, *, at_time: int = 0, about: str = "") -> NoteAdded | None:
    """The note that a line means: `d `, `f ` or `h ` in front says which kind; None for an empty line."""
    text = safe(text.strip(), LONGEST)
    head, _, rest = text.partition(" ")
    kind = PREFIXES.get(head) if rest.strip() else None
    said = rest.strip() if kind else text
    return NoteAdded(text=said, kind=kind or "note", at_time=at_time, about=about) if said else None


class NoteForm(Form):
    """One line of text; Enter saves. `goto` is what the note is about, or "text:" and its first words."""

    ACTION = "note"
    KEYS = "Enter saves   Esc drops it"

    def __init__(self, goto: str = "") -> None:
        super().__init__("" if goto.startswith(_STARTS_WITH) else goto)
        self._begins = goto.removeprefix(_STARTS_WITH) if goto.startswith(_STARTS_WITH) else ""
        self._opened_at = self.war_room.session.now()

    def title_words(self) -> str:
        live = self.frame.time.mode in ("live", "replay")
        whose = "that of the key" if live else "the instant on show"
        return f"NOTE {self.frame.times.clock(self._opened_at)}  its time is {whose}"

    def fields(self) -> Iterable[Widget]:
        yield Words(id="words", make=lambda _: self._kinds())
        yield Row(">", Field(self._begins, id="note", longest=LONGEST, select=False), cells=2)

    def prepare(self) -> None:
        self.add_class("-bottom")

    def enter(self) -> None:
        note = note_of(self.query_one(Field).value, at_time=self._opened_at, about=self.goto)
        if note is None:
            self.say("nothing is written yet")
            return
        self.dismiss(None)
        self.war_room.enter(note, name="note")

    def _kinds(self) -> list[Line]:
        line: list[Span] = []
        for letter, kind in PREFIXES.items():
            line += [Span(letter, "key"), Span(f" {kind}   ", "dim")]
        lines: list[Line] = [(*line, Span("then a space; anything else is a note", "dim"))]
        if self.goto:
            lines.append((Span("about ", "dim"), Span(self.goto)))
        return lines
