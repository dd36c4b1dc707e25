"""The rows of the triage: how bad it is, a playbook with its share, a symptom with the sample that proves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wfconsole.incident.symptoms import Match, SymptomSeen, SymptomState
from wfconsole.incident.triage import Triage
from wfconsole.text import cells, cut
from wfconsole.times import Times
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span, spread
from wfconsole.tui.wrapping import labelled

# Cells before everything: what the part is called.
LABEL: Final = 9
_WORD: Final = 6
_WORDS: Final[Mapping[SymptomState, tuple[str, Ink]]] = {
    "present": ("YES", "strong"),
    "absent": ("no", "dim"),
    "not yet": ("soon", "watch"),
    "cannot tell": ("?", "warn"),
    "ask people": ("ask", "key"),
}
_UNSEEN_SHOWN: Final = 3
# Of a symptom in one row, its words keep at least this share of the room.
_WORDS_KEEP: Final = 0.55


def how_bad(seen: Triage, frame: Frame, width: int, *, whole: bool) -> list[Line]:
    """The proposed severity and its first reason; whole: every reason, every doubt, and what nothing here can show."""
    incident = frame.view.incident
    proposal = seen.proposal
    first = next(iter(proposal.reasons), "")
    said = f"{proposal.severity} proposed" if proposal.severity else "no severity proposed"
    if incident.declared:
        said = f"{incident.severity} now" + (f", {said}" if proposal.severity != incident.severity else "")
    doubts = f"{len(proposal.doubts)} in doubt" if proposal.doubts else ""
    head: Line = (
        Span(f" {'HOW BAD':{LABEL - 1}}", "title"),
        Span(said, "strong"),
        Span(f"  {first}", "text"),
    )
    rows = [spread(head, (Span(f"  {doubts}" if doubts else "", "warn"),), width)]
    if not whole:
        return rows
    for reason in proposal.reasons:
        rows += spelled("since", reason, width)
    for doubt in proposal.doubts:
        if not doubt.endswith(proposal.reasons):
            rows += spelled("doubt", doubt, width, "warn")
    if proposal.unseen:
        more = len(proposal.unseen) - _UNSEEN_SHOWN
        names = "; ".join(proposal.unseen[:_UNSEEN_SHOWN]) + (f"; and {more} more" if more > 0 else "")
        rows += spelled("ask", f"no data here shows: {names}", width)
    asks = "lost or damaged data, and what users cannot do, no data shows: ask. When in doubt, take the worse one."
    rows += spelled("ask", asks, width)
    key = frame.declare_key
    return [*rows, *spelled("", f"Enter or {key} declares; the choice is yours.", width)] if key else rows


def book_row(frame: Frame, match: Match, label: str, width: int, *, opened: bool) -> Line:
    """`4 of 5  Service outage`, and how many of the rest are missing, unknown, or for people to say."""
    told = [each.state for each in match.symptoms]
    parts = [
        f"{count} {word}"
        for word, count in (
            ("missing", told.count("absent") + told.count("not yet")),
            ("unknown", told.count("cannot tell")),
            ("to ask", told.count("ask people")),
        )
        if count
    ]
    share = f"{match.present} of {match.watched}" if match.watched else "ask"
    mark = frame.glyphs.pointer if frame.view.incident.playbook == match.playbook else " "
    ink: Ink = "strong" if match.present else "text" if opened else "dim"
    head: Line = (
        Span(f" {label:{LABEL - 1}}", "title"),
        Span(f"{mark}{share:<8}", ink),
        Span(match.title, ink),
    )
    followed = "followed  " if frame.view.incident.playbook == match.playbook else ""
    return spread(head, (Span(f"  {followed}{', '.join(parts)}", "dim"),), width)


def short_symptom(times: Times, symptom: SymptomSeen, width: int) -> list[Line]:
    """One row: the state, the words, then the value against its bound and when it was seen."""
    word, ink = _WORDS[symptom.state]
    room = width - LABEL - _WORD - 1
    proof = _proof(times, symptom)
    text = cut(symptom.text, max(int(room * _WORDS_KEEP), room - cells(proof) - 2))
    left: Line = (
        Span(" " * LABEL),
        Span(f" {word:<{_WORD}}", ink),
        Span(text, "text" if symptom.state == "present" else "dim"),
    )
    spare = room - cells(text) - 2
    return [spread(left, (Span(f"  {cut(proof, spare)}" if proof else "", "dim"),), width)]


def whole_symptom(times: Times, symptom: SymptomSeen, width: int) -> list[Line]:
    """All that is known of it: since when, the sample, and what must be true."""
    word, ink = _WORDS[symptom.state]
    indent = LABEL + _WORD + 1
    first, *rest = labelled("", symptom.text, width, indent=indent)
    rows: list[Line] = [(Span(" " * LABEL), Span(f" {word:<{_WORD}}", ink), *first[1:]), *rest]
    told = symptom.evidence
    if symptom.at and not symptom.by_people:
        told = f"{told}  at {times.clock(symptom.at)}"
    if symptom.since:
        told = f"{told}, seen to hold since {times.clock(symptom.since)}"
    if symptom.state == "ask people" and not symptom.source:
        told = "no data shows it: ask users or the desk, then Y or U"
    elif symptom.may_be_answered and not symptom.by_people:
        told = f"{told}; Y or U if somebody can tell"
    rows += labelled("", told, width, indent=indent, ink="dim")
    for row in symptom.rows:
        rows += labelled("", row, width, indent=indent + 2, ink="dim")
    return rows + (labelled("", f"asked: {symptom.asked}", width, indent=indent, ink="dim") if symptom.asked else [])


def spelled(word: str, text: str, width: int, ink: Ink = "dim") -> list[Line]:
    """Further rows of a thing: a word, and the text wrapped beside it."""
    return labelled(f"{'':{LABEL}}{word}", text, width, indent=LABEL + _WORD + 1, ink=ink)


def _proof(times: Times, symptom: SymptomSeen) -> str:
    """The value, its bound and the instant, without the name of the signal: the symptom's own words say it."""
    if symptom.state == "ask people":
        return symptom.evidence if symptom.source else "Y yes  U no"
    name, _, value = symptom.evidence.partition(" ")
    told = value.replace("(asked: ", "(") if "." in name and "(asked: " in value else symptom.evidence
    seen = symptom.at and not symptom.by_people and symptom.state != "cannot tell"
    return f"{told} {times.clock(symptom.at)}" if seen else told
