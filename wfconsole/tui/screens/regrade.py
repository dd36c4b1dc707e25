"""What D asks while an incident is open: another severity, another status, another playbook, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.widget import Widget

from wfconsole.incident.events import Event, PlaybookChosen, SeverityChanged, StatusChanged
from wfconsole.incident.policy import STATUSES
from wfconsole.tui.forms.choice import Choice, Option
from wfconsole.tui.forms.fields import Field, Row, Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.ink import Line
from wfconsole.tui.screens.declare import playbook_choice, playbook_in, requirements, severity_choice, severity_named
from wfconsole.tui.screens.stand_down import gate_of, refusal, resolve
from wfconsole.tui.wrapping import paragraphs

_MEANS = {
    "investigating": "the cause is not known yet",
    "identified": "the cause is known",
    "implementing fix": "somebody changes something to end it",
    "monitoring": "users are well again: it counts as mitigated",
    "resolved": "it is over: the stand-down list is confirmed first",
}
_THEN = "Enter here writes what changed into the record; nothing is sent."


class RegradeForm(Form):
    """Every field begins with what holds now; what was not changed is not entered."""

    ACTION = "declare"
    DRAFT = "regrade"
    KEYS = "Enter next, in the last field it is entered   Bksp back   Esc cancel"

    def title_words(self) -> str:
        return f"{self.frame.view.incident.id}: SEVERITY AND STATUS"

    def fields(self) -> Iterable[Widget]:
        incident = self.frame.view.incident
        yield severity_choice(self.frame.runbook.policy, title="1 How bad", chosen=incident.severity)
        signals = tuple(gate_of(self.war_room).told)
        statuses = [
            Option(status, status, (_MEANS[status],), signals if status == "resolved" else ()) for status in STATUSES
        ]
        yield Choice(statuses, id="status", title="2 Status", chosen=incident.status)
        wanted = playbook_in(self.goto)
        chosen = incident.playbook if wanted is None else wanted
        yield playbook_choice(self.war_room.session.playbook_matches(), title="3 Playbook", chosen=chosen)
        yield Row("4 Why", Field(id="reason", placeholder="needed for another severity or an unverified end"))
        yield Words(id="requires", make=self._requires)
        yield Words(id="then", make=lambda width: paragraphs((_THEN,), width, "dim"))

    def prepare(self) -> None:
        self.query_one("#requires").display = False

    def fill(self, written: Mapping[str, str]) -> None:
        """Who comes to follow a playbook follows that one."""
        wanted = playbook_in(self.goto)
        super().fill(written if wanted is None else {**written, "playbook": wanted})

    def on_descendant_focus(self) -> None:
        """What another severity asks of people stands before the last Enter."""
        requires = self.query_one("#requires", Words)
        other = self.query_one("#severity", Choice).value != self.frame.view.incident.severity
        requires.display = other and self.focused is self.query_one("#reason")
        requires.redraw()

    def _requires(self, width: int) -> list[Line]:
        return requirements(self.frame.runbook.policy, self.query_one("#severity", Choice).value, width)

    def open_fields(self) -> list[Widget]:
        """Who comes to follow a playbook says why, and is done."""
        fields = super().open_fields()
        return fields if playbook_in(self.goto) is None else fields[2:]

    def enter(self) -> None:
        incident = self.frame.view.incident
        severity = severity_named(self.query_one("#severity", Choice).value)
        wanted = self.query_one("#status", Choice).value
        status = next(known for known in STATUSES if known == wanted)
        playbook = self.query_one("#playbook", Choice).value
        reason = self.query_one("#reason", Field).words
        changes: list[Event] = []
        if severity != incident.severity:
            changes.append(SeverityChanged(severity, reason))
        if playbook != incident.playbook:
            changes.append(PlaybookChosen(playbook, reason))
        resolves = status == "resolved" != incident.status
        if status != incident.status and not resolves:
            changes.append(StatusChanged(status, reason))
        if not changes and not resolves:
            self.say("nothing was changed")
        elif not reason and severity != incident.severity:
            self.say("say why in a few words: what shows it?")
        elif not reason and resolves and (why := refusal(gate_of(self.war_room))):
            self.say(why)
        else:
            self.dismiss(None)
            if changes:
                self.war_room.enter(*changes, name="declare")
            if resolves:
                resolve(self.war_room, reason)
