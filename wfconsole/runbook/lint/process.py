"""Severities, roles, clocks, playbooks: whether the process holds together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from wfconsole.incident.playbook import Place
from wfconsole.incident.policy import SEVERITIES
from wfconsole.runbook.freeform.policy import HEADING, TEAM
from wfconsole.runbook.lint.book import Book, Bullet
from wfconsole.runbook.lint.findings import Hit, Topic
from wfconsole.runbook.markdown import Heading

RULES: Final = Topic("process")
_CADENCE: Final = re.compile(
    r"\bupdates?\b[^\n]{0,40}\b(?:every|each)\b|\bevery\s+\d+\s*(?:min|hour)|cadence"
    r"|(?:next|another) update (?:by|in|due)",
    re.IGNORECASE,
)
_CALENDAR: Final = re.compile(r"time ?zone|business (?:hours|calendar)|working hours|holidays?", re.IGNORECASE)
_PARTS: Final = {
    "playbook-no-symptoms": re.compile(r"symptom|indicator|sign|alert", re.IGNORECASE),
    "playbook-no-investigation": re.compile(r"investigat|diagnos|triage|check|assess|evidence", re.IGNORECASE),
}
_SHOULD: Final = re.compile(
    r"expect|should (?:be|show|see)|you (?:will|should) see|looks? like|healthy|normal", re.IGNORECASE
)
_UNDO: Final = re.compile(r"\bundo\b|revert|roll(?:ed)? back|take (?:it )?back|restore", re.IGNORECASE)


def _severity_headings(book: Book) -> list[tuple[int, Heading]]:
    found = []
    for heading in book.headings:
        match = HEADING.fullmatch(heading.text.strip())
        if match:
            found.append((int(match[1]), heading))
    return found


def _below(book: Book, heading: Heading) -> str:
    """The text up to the next heading of its level or a higher one."""
    document = next(each for each in book.documents if each.name == heading.place.file)
    later = (each for each in document.headings if each.place.line > heading.place.line and each.level <= heading.level)
    end = next((each.place.line for each in later), document.end.line + 1)
    return "\n".join(document.rows[heading.place.line : end - 1])


def _first(book: Book, pattern: str) -> Place | None:
    for document in book.documents:
        for number, row in enumerate(document.rows, 1):
            if re.search(pattern, row, re.IGNORECASE):
                return document.place(number)
    return None


@RULES.whole(
    "severity-used-before-it-is-known",
    "warning",
    "a severity is needed before there is one",
    "take a first severity at the declaration, the worse one in doubt; correct it later",
)
def _too_early(book: Book) -> Iterable[Hit]:
    for document in book.documents:
        classified = next(
            (
                each.place.line
                for each in document.headings
                if re.search(r"classif|assess", each.text, re.IGNORECASE) and re.match(r"\d", each.text)
            ),
            None,
        )
        for bullet in document.bullets:
            early = bullet.number and classified and bullet.place.line < classified
            if early and re.search(r"\bif\s+SEV|SEV[\s-]?\d\s+or\s+SEV", bullet.text):
                yield Hit(
                    bullet.place, f"this step asks for the severity; it is found on line {classified} at the earliest"
                )


@RULES.whole(
    "no-update-cadence",
    "warning",
    "nobody says how often people are told",
    "give each severity one: SEV1 every 15 minutes, SEV2 every 30, SEV3 every 60",
)
def _no_cadence(book: Book) -> Iterable[Hit]:
    headings = _severity_headings(book)
    if headings and not _CADENCE.search(book.words):
        first = next((each for each in book.headings if "severit" in each.text.lower()), headings[0][1])
        yield Hit(first.place, "there are texts for updates and no clock for them")


@RULES.whole(
    "severity-missing",
    "warning",
    "a severity without a meaning",
    "describe SEV1 to SEV4 with impact, response time, resolution target, escalation",
)
def _missing(book: Book) -> Iterable[Hit]:
    found = {number for number, _ in _severity_headings(book)}
    if found and len(found) < len(SEVERITIES):
        missing = ", ".join(name for number, name in enumerate(SEVERITIES, 1) if number not in found)
        yield Hit(_severity_headings(book)[0][1].place, f"{missing} is not described")


@RULES.whole(
    "severity-without-clock",
    "error",
    "a severity without its clocks",
    "say the time to respond and the time to resolve",
)
def _no_clock(book: Book) -> Iterable[Hit]:
    for _, heading in _severity_headings(book):
        text = _below(book, heading)
        lacking = [
            word
            for word, pattern in (("response", r"respon"), ("resolution", r"resol"))
            if not re.search(pattern, text, re.IGNORECASE)
        ]
        if lacking:
            yield Hit(heading.place, f"no time of {' and of '.join(lacking)} stands below it")


@RULES.whole(
    "clocks-out-of-order",
    "error",
    "a lower severity with a shorter clock",
    "the worse the severity, the shorter its times",
)
def _out_of_order(book: Book) -> Iterable[Hit]:
    rules = book.runbook.policy.rules if book.runbook else ()
    places = dict(_severity_headings(book))
    for worse, milder in pairwise(rules):
        for what in ("respond", "resolve"):
            one, other = getattr(worse, what), getattr(milder, what)
            if one.duration_ms and other.duration_ms and other.duration_ms < one.duration_ms:
                number = SEVERITIES.index(milder.name) + 1
                place = places[number].place if number in places else book.whole
                yield Hit(place, f"{milder.name} has {other.text} to {what}, and {worse.name} has {one.text}")


@RULES.whole(
    "business-days-without-calendar",
    "warning",
    "business days on no calendar",
    "say the time zone, the days, the hours and the holidays",
)
def _business_days(book: Book) -> Iterable[Hit]:
    place = _first(book, r"\bbusiness days?\b|\bworking days?\b")
    if place and not _CALENDAR.search(book.words):
        yield Hit(
            place, "on a Friday night nobody knows when this is due: a wall clock would be wrong over the week-end"
        )


@RULES.whole(
    "severity-without-team",
    "warning",
    "a severity without a team",
    "name the roles of each severity, and a deputy for the commander",
)
def _no_team(book: Book) -> Iterable[Hit]:
    bold = [Heading(bullet.place, 7, bullet.text) for bullet in _labels(book)]
    teams = [(int(match[1]), each) for each in (*book.headings, *bold) if (match := TEAM.search(each.text))]
    known = {number for number, _ in teams}
    lacking = [name for number, name in enumerate(SEVERITIES[:2], 1) if number not in known]
    if teams and lacking:
        yield Hit(teams[0][1].place, f"a team is named here, and none for {', '.join(lacking)}")


def _labels(book: Book) -> Iterator[Bullet]:
    for line in book.prose:
        match = re.fullmatch(r"\s*\*\*(.+?):?\*\*:?\s*", line.text)
        if match:
            yield Bullet(line.place, match[1], ())


@RULES.whole(
    "no-deputy",
    "note",
    "nobody steps in for the commander",
    "name a deputy, and how command is handed over",
)
def _no_deputy(book: Book) -> Iterable[Hit]:
    place = _first(book, r"\*\*Incident commander\*\*|\*\*Commander\*\*")
    if place and not re.search(r"deputy|hand.?over|second in command|takes over", book.words):
        yield Hit(place, "an incident lasts longer than one person can")


@RULES.whole(
    "role-not-described",
    "note",
    "a role that nobody describes",
    "say in one line what this role does",
)
def _role(book: Book) -> Iterable[Hit]:
    runbook = book.runbook
    if runbook is None or book.ours:
        return
    for name, does in runbook.roles:
        if "(bundled default)" in does or does.startswith("the runbook does not say"):
            place = _first(book, rf"^\s*[-*]\s+\W*{re.escape(name)}\b") or book.whole
            yield Hit(place, f"the role '{name}' is needed, and nothing says what it does")


@RULES.whole(
    "escalation-without-times",
    "note",
    "a chain of escalation without times",
    "say after how long without an answer the next one is called",
)
def _escalation(book: Book) -> Iterable[Hit]:
    for line in book.prose:
        if len(re.findall(r"→|->|=>", line.text)) > 1 and not re.search(r"\d+\s*(?:min|hour|h\b)", line.text):
            yield Hit(line.place, "nobody knows when to go on to the next")


@RULES.whole(
    "deadline-without-owner",
    "note",
    "a deadline that nobody keeps",
    "name who owns it; the console keeps due dates: wfconsole followups",
)
def _deadline(book: Book) -> Iterable[Hit]:
    for line in book.prose:
        due = re.search(r"within \d+ (?:hours|days)|\(\d+-\d+ (?:days|weeks|months)\)", line.text, re.IGNORECASE)
        after = re.search(r"post-?mortem|review|immediate|short-term|long-term|follow", line.text, re.IGNORECASE)
        owned = re.search(r"owner|responsible|commander|\bby the\b", line.text, re.IGNORECASE)
        if due and after and not owned and not book.ours:
            yield Hit(line.place, "nothing says who sees to it, and nothing tracks it")


def _playbooks(book: Book) -> list[Heading]:
    """Headings of playbooks in a text of the team's own."""
    if book.ours or book.runbook is None:
        return []
    lines = {(each.place.file, each.place.line) for each in book.runbook.playbooks}
    return [heading for heading in book.headings if (heading.place.file, heading.place.line) in lines]


@RULES.whole("playbook-no-symptoms", "warning", "a playbook without symptoms", "say how one sees that this is the one")
def _no_symptoms(book: Book) -> Iterable[Hit]:
    for heading in _playbooks(book):
        if not _PARTS["playbook-no-symptoms"].search(_titles_below(book, heading)):
            yield Hit(heading.place, f"nothing says when '{heading.text}' is the right one")


@RULES.whole(
    "playbook-no-investigation", "warning", "a playbook that acts without looking", "add what to look at first"
)
def _no_investigation(book: Book) -> Iterable[Hit]:
    for heading in _playbooks(book):
        if not _PARTS["playbook-no-investigation"].search(f"{_titles_below(book, heading)} {_below(book, heading)}"):
            yield Hit(heading.place, f"'{heading.text}' says what to do, and not what to look at before")


def _titles_below(book: Book, heading: Heading) -> str:
    return " ".join(re.findall(r"^#+\s*(.+)$", _below(book, heading), re.MULTILINE))


@RULES.whole(
    "steps-without-expectation",
    "note",
    "steps that do not say what one should see",
    "add to each what it shows when all is well, and what follows when it does not",
)
def _no_expectation(book: Book) -> Iterable[Hit]:
    for heading in _playbooks(book):
        if not _SHOULD.search(_below(book, heading)):
            yield Hit(heading.place, f"'{heading.text}' says what to run, and never what to look for in the answer")


@RULES.whole(
    "actions-without-undo",
    "note",
    "actions without a way back",
    "say how each is taken back, or that it cannot be",
)
def _no_undo(book: Book) -> Iterable[Hit]:
    for heading in _playbooks(book):
        text = re.sub(r"rollout undo", "", _below(book, heading))
        changes = any(
            spot.changes and heading.text in spot.block.path and spot.block.place.file == heading.place.file
            for spot in book.spots
        )
        if changes and not _UNDO.search(text):
            yield Hit(heading.place, f"'{heading.text}' changes production, and never says how that is taken back")
