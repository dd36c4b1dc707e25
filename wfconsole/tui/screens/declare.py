"""Declaring an incident in seconds: a title, how bad it is, which playbook fits, who commands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from textual.widget import Widget

from wfconsole.clock import DAY, Millis
from wfconsole.incident.events import Declared
from wfconsole.incident.policy import SEVERITIES, SeverityName, SeverityPolicy
from wfconsole.incident.severity import WHEN_IN_DOUBT, evidence, severity_choices, suggested_title
from wfconsole.incident.state import IncidentState
from wfconsole.incident.symptoms import Match, SymptomSeen
from wfconsole.incident.wording import counted
from wfconsole.observations.levels import Level
from wfconsole.text import cut
from wfconsole.tui.forms.choice import Choice, Option
from wfconsole.tui.forms.fields import Field, Row, Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.wrapping import paragraphs

# What has lasted longer was not what somebody declares now.
STANDING: Final[Millis] = DAY
_SYMPTOM_WORDS: Final = {"present": "yes", "absent": "no", "not yet": "not yet", "cannot tell": "cannot tell"}


class DeclareForm(Form):
    """Enter four times is enough: everything has a first answer. It writes the record, and sends nothing."""

    TITLE = "DECLARE INCIDENT"
    ACTION = "declare"
    KEYS = "Enter next, in the last field it declares   Bksp back   Esc cancel"

    def fields(self) -> Iterable[Widget]:
        frame = self.frame
        yield Words(id="seen", make=lambda width: _seen(frame, width))
        title = suggested_title(frame.view.world, frame.view.judged, frame.view.incident, frame.now)
        yield Row("1 What", Field(title, id="title", longest=200))
        yield severity_choice(frame.runbook.policy, title="2 How bad", hint=WHEN_IN_DOUBT)
        yield playbook_choice(self.war_room.session.playbook_matches(), title="3 Playbook")
        yield Row("4 Who leads", Field(frame.operator, id="commander", longest=60))
        yield Words(id="then", make=lambda width: paragraphs((_THEN,), width, "dim"))

    def enter(self) -> None:
        title = self.query_one("#title", Field).words
        commander = self.query_one("#commander", Field).words
        if not title:
            self.say("an incident needs a title: what do users notice?")
            self.query_one("#title").focus()
            return
        if not commander:
            self.say("somebody has to command it")
            return
        self.dismiss(None)
        self.war_room.enter(
            Declared(
                incident="",
                title=title,
                severity=severity_named(self.query_one("#severity", Choice).value),
                commander=commander,
                started_at=first_trouble(self.frame.view.incident, self.frame.now),
                playbook=self.query_one("#playbook", Choice).value,
            ),
            name="declare",
        )


_THEN: Final = "Enter here opens the record and starts the clocks; nothing is sent."


def severity_choice(policy: SeverityPolicy, *, title: str, hint: str = "", chosen: str = "") -> Choice:
    """The severities, with the criteria in the team's words and what each starts."""
    options = [
        Option(choice.name, choice.name, (". ".join(choice.criteria), _starts(choice.spans)))
        for choice in severity_choices(policy)
    ]
    return Choice(options, id="severity", title=title, hint=hint, chosen=chosen)


def _starts(spans: Sequence[tuple[str, str]]) -> str:
    """`respond 15 minutes, resolve 4 hours, update 15 minutes`."""
    by_name = dict(spans)
    return ", ".join(f"{name} {by_name[name].partition(' (')[0]}" for name in ("respond", "resolve", "update"))


def playbook_choice(matches: Sequence[Match], *, title: str, chosen: str | None = None) -> Choice:
    """The playbooks, each with its symptoms as they stand; the best one is offered when any of them is there."""
    options = [
        Option(match.playbook, match.title, (_share(match),), tuple(map(_symptom, match.symptoms))) for match in matches
    ]
    options.append(Option("", "none yet", ("the process alone; D or :check takes one later",)))
    best = matches[0].playbook if matches and matches[0].present else ""
    return Choice(options, id="playbook", title=title, chosen=best if chosen is None else chosen)


def first_trouble(incident: IncidentState, now: Millis) -> Millis:
    """Since when it is broken, as far as the scribe saw it: the first condition that still lasts; 0 when none does.

    The critical ones count, or else the warnings; what has lasted longer than a day is left out, and so are findings
    of scanners, which break nothing.
    """
    lasting = [
        condition
        for condition in incident.conditions.values()
        if condition.phase in ("began", "again") and condition.since and now - condition.since < STANDING
        if condition.family != "finding"
    ]
    worst = max((condition.level for condition in lasting), default=Level.OK)
    if worst < Level.WARNING:
        return 0
    return min(condition.since for condition in lasting if condition.level == worst)


def severity_named(name: str) -> SeverityName:
    """The severity of that name; the worst for any other."""
    return next((known for known in SEVERITIES if known == name), SEVERITIES[0])


def _seen(frame: Frame, width: int) -> list[Line]:
    told = evidence(frame.view.world, frame.view.judged, frame.view.incident, frame.now)
    rows: list[Line] = [(Span(cut(text, width)),) for text in told]
    if not rows:
        rows = paragraphs(("Nothing that is seen from here is wrong.",), width, "dim")
    since = first_trouble(frame.view.incident, frame.now)
    if since:
        rows.append((Span(f"broken since {frame.times.clock(since)}, as far as the console saw", "dim"),))
    return rows


def _share(match: Match) -> str:
    if not match.watched:
        return "it names no symptom that data can show"
    return f"{match.present} of {counted(match.watched, 'symptom')} that data can show"


def _symptom(seen: SymptomSeen) -> str:
    evidence_words = f" ({seen.evidence})" if seen.evidence else ""
    if seen.state == "ask people":
        return f"ask: {seen.text}{evidence_words}"
    return f"{_SYMPTOM_WORDS[seen.state]}: {seen.text}{evidence_words}"
