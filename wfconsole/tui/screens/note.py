"""A quick note. Its time is that of the key that opened it, however long the writing takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from textual.content import Content
from textual.widget import Widget

from wfconsole.clock import Millis
from wfconsole.incident.events import NoteAdded, NoteKind
from wfconsole.incident.wording import thing_in_words
from wfconsole.session.moments import instant_spoken_of
from wfconsole.text import safe
from wfconsole.tui.forms.fields import Field, Row, Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.ink import Line, Span

PREFIXES: Final[dict[str, NoteKind]] = {"d": "decision", "f": "fact", "h": "hypothesis"}
LONGEST: Final = 2_000
_STARTS_WITH: Final = "text:"
_INSTANT_DIGITS: Final = 14
_TIME: Final = re.compile(r"@\S+|\d{1,2}:\d{2}(?::\d{2})?[Zz]?")


When = Callable[[str], Millis | None]


def note_of(text: str, *, at_time: int = 0, about: str = "", when: When = lambda _: None) -> NoteAdded | None:
    """The note that a line means; None for an empty line.

    In front may stand a time, `14:05 ` or `@-10m `, of which it speaks (`when` gives the instant), and `d `, `f ` or
    `h `, which says the kind; in either order.
    """
    said = safe(text.strip(), LONGEST)
    kind: NoteKind | None = None
    dated: Millis | None = None
    for _ in range(2):
        head, _, rest = said.partition(" ")
        if not rest.strip():
            break
        if kind is None and head in PREFIXES:
            kind, said = PREFIXES[head], rest.strip()
        elif dated is None and _TIME.fullmatch(head) and (dated := when(head.removeprefix("@"))) is not None:
            said = rest.strip()
    return NoteAdded(text=said, kind=kind or "note", at_time=dated or at_time, about=about) if said else None


class NoteForm(Form):
    """One line of text; Enter saves. `goto` is what the note is about, or "text:" and its first words."""

    ACTION = "note"
    DRAFT = "note"
    KEYS = "Enter saves   Esc drops it"

    def __init__(self, goto: str = "") -> None:
        super().__init__("" if goto.startswith(_STARTS_WITH) else goto)
        self._begins = goto.removeprefix(_STARTS_WITH) if goto.startswith(_STARTS_WITH) else ""
        self._opened_at = self.war_room.session.now()

    def draft_name(self) -> str:
        return f"{self.DRAFT} {self._begins}".rstrip()

    def written(self) -> dict[str, str]:
        return super().written() | {"about": self.goto, "opened": str(self._opened_at)}

    def fill(self, written: Mapping[str, str]) -> None:
        """Its time is still that of the key that opened it first."""
        self.goto = safe(written.get("about", self.goto))
        opened = written.get("opened", "")
        if opened.isdecimal() and len(opened) <= _INSTANT_DIGITS and int(opened) <= self._opened_at:
            self._opened_at = int(opened)
        super().fill(written)
        self.query_one("#form").border_title = Content(f" {self.title_words()} ")
        self.query_one("#words", Words).redraw()

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
        note = self._note()
        if note is None:
            self.say("nothing is written yet")
            return
        self.dismiss(None)
        self.war_room.enter(note, name="note")

    def on_input_changed(self) -> None:
        """Of which instant it speaks is said before it is saved."""
        self.query_one("#words", Words).redraw()

    def _note(self) -> NoteAdded | None:
        room = self.war_room

        def when(said: str) -> Millis | None:
            return instant_spoken_of(said, self._opened_at, room.session.view(), room.times)

        return note_of(self.query_one(Field).value, at_time=self._opened_at, about=self.goto, when=when)

    def _kinds(self) -> list[Line]:
        line: list[Span] = []
        for letter, kind in PREFIXES.items():
            line += [Span(letter, "key"), Span(f" {kind}   ", "dim")]
        line += [Span("14:05", "key"), Span(" of then   then a space", "dim")]
        lines: list[Line] = [tuple(line)]
        note = self._note() if self.query(Field) else None
        if note is not None and note.at_time != self._opened_at:
            lines.append((Span("speaks of ", "dim"), Span(self.frame.times.calendar(note.at_time), "strong")))
        if self.goto:
            lines.append((Span("about ", "dim"), Span(thing_in_words(self.goto))))
        return lines
