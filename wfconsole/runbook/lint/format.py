"""Our own format: what FORMAT.md asks of a checklist that is used at night, and what the reader did not understand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from wfconsole.incident.playbook import Checklist, Place, Step
from wfconsole.runbook.lint.book import Book
from wfconsole.runbook.lint.findings import Hit, Topic
from wfconsole.runbook.lint.verbs import VERBS
from wfconsole.runbook.programs import changes_production, programs
from wfconsole.runbook.shell import parse_shell

RULES: Final = Topic("format")
MOST_STEPS: Final = 12
LONGEST_TITLE: Final = 60
MOST_MEMORY_ITEMS: Final = 5
LONGEST_MEMORY_ITEM: Final = 30


def _lists(book: Book) -> Iterator[Checklist]:
    if book.ours and book.runbook:
        yield from book.runbook.checklists


def _steps(book: Book) -> Iterator[Step]:
    for each in _lists(book):
        yield from each.steps


def _changes(step: Step) -> bool:
    return any(
        changes_production(program)
        for command in step.commands
        if command.language in ("bash", "sh", "shell", "")
        for call in parse_shell(command.text).calls
        for program in programs(call)
    )


@RULES.whole(
    "probe-not-understood", "error", "a probe that asks for nothing", "wfconsole/incident/probes.py has the grammar"
)
def _probe(book: Book) -> Iterable[Hit]:
    for problem in book.problems:
        if "is no probe" in problem.what or "is not compared" in problem.what:
            yield Hit(Place(problem.file, problem.line), problem.what)


@RULES.whole("runbook-not-loadable", "error", "the console cannot load it", "FORMAT.md says how it is written")
def _not_loadable(book: Book) -> Iterable[Hit]:
    for problem in book.problems:
        if "is no probe" not in problem.what and "is not compared" not in problem.what:
            yield Hit(Place(problem.file, problem.line), f"{problem.what}; expected {problem.expected}")


@RULES.whole(
    "part-not-understood",
    "note",
    "a part that the console does not use",
    "reword it, or bind it with a comment: <!-- wf: ... -->; FORMAT.md says how",
)
def _not_understood(book: Book) -> Iterable[Hit]:
    for remark in book.runbook.remarks if book.runbook else ():
        place = remark.place if remark.place.file in {each.name for each in book.documents} else book.whole
        yield Hit(place, remark.text)


@RULES.whole("list-too-long", "warning", "a list that is too long", "two lists, or fewer steps: 12 can be worked with")
def _too_long(book: Book) -> Iterable[Hit]:
    for each in _lists(book):
        if len(each.steps) > MOST_STEPS:
            yield Hit(each.place, f"'{each.title}' has {len(each.steps)} steps; {MOST_STEPS} can be worked with")


@RULES.whole("list-no-summary", "warning", "a list that does not say what it is for", "a sentence below its heading")
def _no_summary(book: Book) -> Iterable[Hit]:
    for each in _lists(book):
        if not each.summary:
            yield Hit(each.place, f"'{each.title}' begins with its steps")


@RULES.whole(
    "title-too-long", "warning", "a title that is cut off on a small screen", "at most 60 characters; the rest into Do"
)
def _title(book: Book) -> Iterable[Hit]:
    for step in _steps(book):
        if len(step.title) > LONGEST_TITLE:
            yield Hit(step.place, f"'{step.title}' has {len(step.title)} characters")


@RULES.whole(
    "title-no-verb", "warning", "a title that does not say what to do", "begin with a verb: Check, Look, Restart"
)
def _verb(book: Book) -> Iterable[Hit]:
    for step in _steps(book):
        first = re.sub(r"[^a-z-]", "", step.title.split()[0].lower()) if step.title else ""
        if first not in VERBS:
            yield Hit(step.place, f"'{step.title}' does not begin with a verb")


@RULES.whole(
    "memory-too-much",
    "warning",
    "more to do from memory than anybody remembers",
    f"at most {MOST_MEMORY_ITEMS} memory items a list, each in at most {LONGEST_MEMORY_ITEM} characters",
)
def _memory(book: Book) -> Iterable[Hit]:
    for each in _lists(book):
        items = [step for step in each.steps if step.memory]
        if len(items) > MOST_MEMORY_ITEMS:
            yield Hit(each.place, f"'{each.title}' has {len(items)} memory items")
        for step in items:
            if len(step.memory) > LONGEST_MEMORY_ITEM:
                yield Hit(step.place, f"'{step.memory}' has {len(step.memory)} characters")


@RULES.whole("check-no-expectation", "warning", "a check that does not say what one should see", "add Expect")
def _expect(book: Book) -> Iterable[Hit]:
    for step in _steps(book):
        if step.kind in ("check", "confirm") and not (step.expect or step.sensed or step.warning):
            yield Hit(step.place, f"'{step.title}': any answer will do")


@RULES.whole("change-outside-action", "error", "a change in a step that is no action", "add 'Action: R1', R2 or R3")
def _outside(book: Book) -> Iterable[Hit]:
    for step in _steps(book):
        if step.kind != "action" and _changes(step):
            yield Hit(step.place, f"'{step.title}' has a command that changes production")


@RULES.whole("action-no-condition", "warning", "an action without a condition", "add When")
def _condition(book: Book) -> Iterable[Hit]:
    for step in _steps(book):
        if step.kind == "action" and "When: " not in step.look:
            yield Hit(step.place, f"'{step.title}' does not say when it is right")


@RULES.whole("action-no-undo", "warning", "an action without a way back", "add Undo, or 'Undo: none; ...'")
def _undo(book: Book) -> Iterable[Hit]:
    for step in _steps(book):
        if step.kind == "action" and "Undo: " not in step.do:
            yield Hit(step.place, f"'{step.title}' does not say how it is taken back")


@RULES.whole("action-no-trap", "note", "an action without its trap", "add Trap: how it goes wrong")
def _trap(book: Book) -> Iterable[Hit]:
    for step in _steps(book):
        if step.kind == "action" and not step.warning:
            yield Hit(step.place, f"'{step.title}' does not say how it goes wrong")


@RULES.whole("symptom-without-signal", "note", "a symptom that the console cannot see", "add Signal with a probe")
def _signal(book: Book) -> Iterable[Hit]:
    for each in _lists(book):
        for symptom in each.symptoms:
            if not symptom.live:
                yield Hit(each.place, f"'{symptom.text}' has no signal: a person must look")


@RULES.whole("playbook-without-symptoms", "warning", "a playbook that nothing speaks for", "add a heading Symptoms")
def _symptoms(book: Book) -> Iterable[Hit]:
    for each in _lists(book):
        if each.kind == "playbook" and not each.symptoms:
            yield Hit(each.place, f"nothing can tell when '{each.title}' is the right one")
