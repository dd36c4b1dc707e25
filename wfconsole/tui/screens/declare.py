"""Declaring an incident in seconds; later, another severity or another status, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Input

from wfconsole.incident.events import Declared, Event, MomentSet, SeverityChanged, StatusChanged
from wfconsole.incident.policy import STATUSES, SeverityName
from wfconsole.incident.severity import WHEN_IN_DOUBT, evidence, severity_choices, suggested_title
from wfconsole.incident.state import IncidentState
from wfconsole.incident.symptoms import SymptomsHeld, match_playbooks
from wfconsole.observations.levels import Level
from wfconsole.text import cut, safe
from wfconsole.tui.forms.choice import Choice, Option
from wfconsole.tui.forms.form import WIDTH, Form, Words
from wfconsole.tui.ink import Line, Span


class DeclareForm(Form):
    """Title, severity, playbook, commander; Enter four times. With an incident open: severity, status, reason."""

    def title_words(self) -> str:
        incident = self.frame.view.incident
        return f"{incident.id}: SEVERITY AND STATUS" if _is_open(incident) else "DECLARE INCIDENT"

    def keys_words(self) -> str:
        return "Enter next; in the last field it is done   Tab move   Esc cancel"

    def fields(self) -> Iterable[Widget]:
        if _is_open(self.frame.view.incident):
            yield from self._change_fields()
        else:
            yield from self._declare_fields()
        yield self.said()

    def on_mount(self) -> None:
        self.focus_next()

    def on_input_submitted(self) -> None:
        self._on()

    def on_choice_taken(self) -> None:
        self._on()

    def _on(self) -> None:
        """To the next field; from the last one, do it."""
        fields = [field for field in self.focus_chain if isinstance(field, Input | Choice)]
        if self.focused is not fields[-1]:
            self.focus_next()
        elif _is_open(self.frame.view.incident):
            self._change()
        else:
            self._declare()

    def _declare_fields(self) -> Iterable[Widget]:
        frame = self.frame
        seen = evidence(frame.view.world, frame.view.judged, frame.now)
        words = Words(id="seen")
        lines: list[Line] = [(Span(cut(line, WIDTH), "text"),) for line in seen]
        words.set(lines or [(Span("nothing that is seen from here is wrong", "dim"),)])
        yield words
        yield _label("WHAT")
        yield Input(suggested_title(frame.view.judged), id="title", max_length=200)
        options = [
            Option(
                choice.name, choice.name, "; ".join(choice.criteria) + f"  ({', '.join(map(' '.join, choice.spans))})"
            )
            for choice in severity_choices(frame.runbook.policy)
        ]
        short = [Option(option.value, option.word, cut(option.means, WIDTH - 12)) for option in options]
        yield Choice(short, id="severity", title=f"HOW BAD  {WHEN_IN_DOUBT}")
        world, now = frame.view.world, frame.now
        held = SymptomsHeld().after(frame.runbook, world, now)
        books = [
            Option(match.playbook, match.title, cut(match.summary, WIDTH - 10 - len(match.title)))
            for match in match_playbooks(frame.runbook, world, held, now)
        ]
        yield Choice(
            [*books, Option("", "none yet")], id="playbook", chosen=books[0].value if books else "", title="PLAYBOOK"
        )
        yield _label("COMMANDER  Enter here declares: it writes the record and starts the clocks, and sends nothing")
        yield Input(frame.operator, id="commander", max_length=60)

    def _declare(self) -> None:
        title = safe(self.query_one("#title", Input).value.strip(), 200)
        commander = safe(self.query_one("#commander", Input).value.strip(), 60)
        if not title or not commander:
            self.say("an incident needs a title and a commander")
            return
        self.dismiss(None)
        self.war_room.enter(
            Declared(
                incident="",
                title=title,
                severity=_severity(self.query_one("#severity", Choice).value),
                commander=commander,
                started_at=first_trouble(self.frame.view.incident),
                playbook=self.query_one("#playbook", Choice).value,
            )
        )

    def _change_fields(self) -> Iterable[Widget]:
        incident = self.frame.view.incident
        options = [
            Option(choice.name, choice.name, cut("; ".join(choice.criteria), WIDTH - 12))
            for choice in severity_choices(self.frame.runbook.policy)
        ]
        yield Choice(options, id="severity", chosen=incident.severity, title="SEVERITY")
        yield Choice(
            [Option(status, status) for status in STATUSES], id="status", chosen=incident.status, title="STATUS"
        )
        yield _label("WHY  a change of severity, and resolving, need a reason; Enter here enters it")
        yield Input(id="reason", max_length=400)

    def _change(self) -> None:
        incident = self.frame.view.incident
        severity = _severity(self.query_one("#severity", Choice).value)
        status = next(known for known in STATUSES if known == self.query_one("#status", Choice).value)
        reason = safe(self.query_one("#reason", Input).value.strip(), 400)
        changes: list[Event] = []
        if severity != incident.severity:
            changes.append(SeverityChanged(severity, reason))
        if status != incident.status:
            changes.append(StatusChanged(status, reason))
            moment = {"monitoring": "mitigated", "resolved": "resolved"}.get(status)
            if moment is not None and moment not in incident.moments:
                changes.append(MomentSet("resolved" if moment == "resolved" else "mitigated", self.frame.now))
        if not changes:
            self.say("nothing is another than before")
        elif not reason and (severity != incident.severity or status == "resolved"):
            self.say("say why in a few words")
        else:
            self.dismiss(None)
            for change in changes:
                self.war_room.enter(change)


def first_trouble(incident: IncidentState) -> int:
    """Since when it is broken, as far as the scribe saw it: the first condition that still lasts; 0 when none does."""
    lasting = [
        condition.since
        for condition in incident.conditions.values()
        if condition.phase in ("began", "again") and condition.level >= Level.WARNING and condition.since
    ]
    return min(lasting, default=0)


def _is_open(incident: IncidentState) -> bool:
    return incident.declared and not incident.resolved


def _severity(name: str) -> SeverityName:
    names: tuple[SeverityName, ...] = ("SEV1", "SEV2", "SEV3", "SEV4")
    return next((known for known in names if known == name), "SEV1")


def _label(text: str) -> Words:
    words = Words(id=text.partition(" ")[0].lower() + "-label")
    words.set([(Span(text, "title"),)])
    return words
