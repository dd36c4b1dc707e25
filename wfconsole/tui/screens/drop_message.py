"""Dropping a message that has not arrived: why it is not to be sent any more."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from wfconsole.incident.events import MessageDropped
from wfconsole.tui.forms.fields import Field, Row, Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.wrapping import paragraphs

_MAY = "It may have arrived already: dropping it takes nothing back."
_NOT = "It has not arrived, and will not be sent."


class DropMessageForm(Form):
    """`goto` is the id of the message."""

    TITLE = "DROP THE MESSAGE"
    ACTION = "drop-message"
    NEEDS_INCIDENT = True

    def fields(self) -> Iterable[Widget]:
        message = self.frame.view.incident.messages.get(self.goto)
        told = _MAY if message is not None and message.doubted else _NOT
        yield Words(id="words", make=lambda width: paragraphs((told,), width, "dim"))
        yield Row("Why", Field(id="reason", placeholder="in a few words"))

    def enter(self) -> None:
        reason = self.query_one("#reason", Field).words
        if not reason:
            self.say("say why in a few words")
            return
        self.dismiss(None)
        if self.war_room.enter(MessageDropped(self.goto, reason), name="drop-message"):
            self.war_room.last_entries = ()
            self.war_room.say("dropped; the record keeps it")
