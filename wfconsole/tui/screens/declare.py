"""Declaring an incident in seconds: a title, how bad it is, which playbook fits, who commands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from textual.widget import Widget

from wfconsole.incident.events import Declared
from wfconsole.incident.policy import SEVERITIES, SeverityName, SeverityPolicy
from wfconsole.incident.proposal import Proposal
from wfconsole.incident.severity import WHEN_IN_DOUBT, evidence, severity_choices, suggested_title
from wfconsole.incident.severity import Choice as Offered
from wfconsole.incident.symptoms import Match, SymptomSeen
from wfconsole.incident.triage import first_trouble
from wfconsole.incident.wording import counted
from wfconsole.text import cut
from wfconsole.tui.forms.choice import Choice, Option
from wfconsole.tui.forms.fields import Field, Row, Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.triage_frame import triage_of
from wfconsole.tui.wrapping import labelled, paragraphs

_REASONS_SHOWN: Final = 2
_SYMPTOM_WORDS: Final = {"present": "yes", "absent": "no", "not yet": "not yet", "cannot tell": "cannot tell"}


class DeclareForm(Form):
    """Enter four times is enough: everything has a first answer. It writes the record, and sends nothing."""

    TITLE = "DECLARE INCIDENT"
    ACTION = "declare"
    DRAFT = "declare"
    NEEDS_RUNBOOK = True
    KEYS = "Enter next, in the last field it declares   Bksp back   Esc cancel"

    def fields(self) -> Iterable[Widget]:
        frame = self.frame
        yield Words(id="seen", make=lambda width: _seen(frame, width))
        title = suggested_title(frame.view.world, frame.view.judged, frame.view.incident, frame.now)
        yield Row("1 What", Field(title, id="title", longest=200))
        proposal = triage_of(frame).proposal
        yield severity_choice(frame.runbook.policy, title="2 How bad", hint=WHEN_IN_DOUBT, proposal=proposal)
        matches = self.war_room.session.playbook_matches()
        yield playbook_choice(matches, title="3 Playbook", chosen=playbook_in(self.goto))
        yield Row("4 Who leads", Field(frame.operator, id="commander", longest=60))
        yield Words(id="requires", make=self._requires)
        yield Words(id="then", make=lambda width: paragraphs((_THEN,), width, "dim"))

    def prepare(self) -> None:
        self.query_one("#requires").display = False

    def fill(self, written: Mapping[str, str]) -> None:
        """Who comes to follow a playbook follows that one."""
        wanted = playbook_in(self.goto)
        super().fill(written if wanted is None else {**written, "playbook": wanted})

    def on_descendant_focus(self) -> None:
        """What the severity asks of people stands before the last Enter, when the lists above need no more room."""
        requires = self.query_one("#requires", Words)
        requires.display = self.focused is self.query_one("#commander")
        requires.redraw()

    def _requires(self, width: int) -> list[Line]:
        return requirements(self.frame.runbook.policy, self.query_one("#severity", Choice).value, width)

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


_WITHOUT_RUNBOOK: Final = [Option(name, name, ("no criteria: the runbook could not be read",)) for name in SEVERITIES]
_THEN: Final = "Enter here opens the record and starts the clocks; nothing is sent."


def severity_choice(
    policy: SeverityPolicy, *, title: str, hint: str = "", chosen: str = "", proposal: Proposal | None = None
) -> Choice:
    """The severities, with the criteria in the team's words and what each starts; the proposed one says why it is."""
    options = [_severity(choice, proposal) for choice in severity_choices(policy)] or _WITHOUT_RUNBOOK
    proposed = proposal.severity if proposal is not None else ""
    return Choice(options, id="severity", title=title, hint=hint, chosen=chosen or proposed)


def _severity(choice: Offered, proposal: Proposal | None) -> Option:
    """One severity; of the proposed one its two strongest reasons, too: the screen of the triage has them all."""
    reasons = proposal.reasons[:_REASONS_SHOWN] if proposal and proposal.severity == choice.name else ()
    means = (". ".join(choice.criteria), _starts(choice.spans))
    return Option(choice.name, choice.name, means, tuple(f"proposed: {reason}" for reason in reasons))


def playbook_in(goto: str) -> str | None:
    """The playbook that a form was opened for: "playbook:<id>"; None for no certain one."""
    what, _, which = goto.partition(":")
    return which if what == "playbook" else None


def requirements(policy: SeverityPolicy, severity: str, width: int) -> list[Line]:
    """Who is paged, told and called by when at a severity, and which roles it requires."""
    choice = next((one for one in severity_choices(policy) if one.name == severity), None)
    if choice is None or not choice.requires:
        return []
    head: list[Line] = [(Span(f"{choice.name} requires", "strong"),)]
    return head + [row for text in choice.requires for row in labelled("", text, width, indent=2)]


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
    known = "that are known" if any(seen.by_people for seen in match.symptoms) else "that data can show"
    return f"{match.present} of {counted(match.watched, 'symptom')} {known}"


def _symptom(seen: SymptomSeen) -> str:
    evidence_words = f" ({seen.evidence})" if seen.evidence else ""
    if seen.state == "ask people":
        return f"ask: {seen.text}{evidence_words}"
    return f"{_SYMPTOM_WORDS[seen.state]}: {seen.text}{evidence_words}"
