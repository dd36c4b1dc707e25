"""A correction of an entry: other words, another time. The entry itself stays in the record as it was written."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from wfconsole.incident.events import EntryAmended, EntryRedated, Event
from wfconsole.incident.state import Line as TimelineLine
from wfconsole.session.moments import instant_spoken_of
from wfconsole.tui.forms.fields import Field, Row, Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.ink import Line
from wfconsole.tui.screens.note import LONGEST
from wfconsole.tui.wrapping import paragraphs


class CorrectForm(Form):
    """`goto` is an entry's id. What is left as it stands is not corrected."""

    TITLE = "CORRECT AN ENTRY"
    DRAFT = "correct"
    OF_ONE_THING = True
    KEYS = "Enter next, last saves   Esc leaves: nothing changes"

    def fields(self) -> Iterable[Widget]:
        line = self._line
        yield Words(id="words", make=self._about)
        if line is None:
            return
        yield Row("Words", Field(line.amended or line.text, id="text", longest=LONGEST, select=False))
        yield Row("Time", Field(self._shown(line), id="time", longest=40))
        yield Row("Why", Field(id="reason", placeholder="why the time was wrong, if you like"))

    def enter(self) -> None:
        line = self._line
        if line is None:
            self.action_cancel()
            return
        text, said = self.query_one("#text", Field).words, self.query_one("#time", Field).words
        events: list[Event] = []
        if text and text != (line.amended or line.text):
            events.append(EntryAmended(line.entry, text))
        if said != self._shown(line):
            room = self.war_room
            instant = instant_spoken_of(said, room.session.now(), room.session.view(), room.times)
            if instant is None:
                self.say("no time before now: 14:05, 2026-03-01T14:05, T+18:40 or -5m")
                return
            events.append(EntryRedated(line.entry, instant, self.query_one("#reason", Field).words))
        if not events:
            self.say("nothing is another: change its words or its time")
            return
        self.dismiss(None)
        self.war_room.enter(*events)

    def _shown(self, line: TimelineLine) -> str:
        return self.frame.times.short(line.at)

    @property
    def _line(self) -> TimelineLine | None:
        return self.frame.view.incident.lines.get(self.goto)

    def _about(self, width: int) -> list[Line]:
        line = self._line
        if line is None:
            return paragraphs(("this entry is not here any more",), width, "warn")
        told = f"{line.kind} by {line.actor}, {self.frame.times.calendar(line.at)}. The record keeps what was written."
        return paragraphs((told,), width, "dim")
