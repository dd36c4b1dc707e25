"""Arming: from here on production can be changed, for a while."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from wfconsole.clock import MINUTE
from wfconsole.incident.arming import ARMED_AT_MOST_MS, may_not_arm
from wfconsole.tui import acting
from wfconsole.tui.forms.fields import Field, Row, Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.ink import Line
from wfconsole.tui.wrapping import paragraphs

_MOST = ARMED_AT_MOST_MS // MINUTE


class ArmForm(Form):
    """How long, and why."""

    TITLE = "ARM"
    ACTION = "arm"
    NEEDS_INCIDENT = True

    def fields(self) -> Iterable[Widget]:
        minutes = str(self.war_room.session.acts.armed_for() // MINUTE or _MOST // 4)
        yield Words(id="what", make=self._what)
        yield Row("Minutes", Field(minutes, id="minutes", longest=3))
        yield Row("Why", Field(id="reason", placeholder="goes into the record"))

    def first_focus(self) -> Widget:
        return self.query_one("#cancel")

    def prepare(self) -> None:
        acts, incident = self.war_room.session.acts, self.frame.view.incident
        if refusal := acts.refusal() or may_not_arm(incident, self.war_room.session.operator):
            self.say(refusal)

    def enter(self) -> None:
        said = self.query_one("#minutes", Field).words
        if not said.isdecimal() or not 1 <= int(said) <= _MOST:
            self.say(f"minutes: a number from 1 to {_MOST}")
            return
        room, reason = self.war_room, self.query_one("#reason", Field).words
        if refusal := acting.arm(room, int(said) * MINUTE, reason):
            self.say(refusal)
            return
        self.dismiss(None)

    def _what(self, width: int) -> list[Line]:
        target = self.frame.view.target
        words = (
            f"Actions may then change {self.frame.environment} {target.context} from this console. Each one is still "
            "planned, shown and confirmed by itself. It ends by itself."
        )
        return [*paragraphs((words,), width), ()]
