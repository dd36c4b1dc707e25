"""Rules, what they hit, and what is told of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, Literal, TypeVar

from msgspec import Struct

from wfconsole.incident.playbook import Place
from wfconsole.runbook.lint.book import Book, Spot, Statement

Severity = Literal["error", "warning", "note"]
SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "note")


class Hit(Struct, frozen=True):
    """Where a rule applies and why. `line` 0: the runbook as a whole; `column` from 1, 0 where it is not known."""

    place: Place
    reason: str
    column: int = 0
    end_column: int = 0


class Rule(Struct, frozen=True):
    """One rule. `title`: what is wrong, in a few words; `remedy`: what to do instead."""

    id: str
    severity: Severity
    title: str
    remedy: str
    topic: str
    check: Callable[[Book], Iterable[Hit]]


class Finding(Struct, frozen=True):
    """One hit of one rule, as it is told. All texts are safe to print."""

    rule: str
    severity: Severity
    file: str
    line: int
    column: int
    end_column: int
    reason: str
    remedy: str


class Report(Struct, frozen=True):
    """What was found in one file or folder. `allowed`: hits that the text itself allows (`wf: allow RULE`); `cut`: the
    rules of which only the first hits are told."""

    source: str
    files: tuple[str, ...]
    findings: tuple[Finding, ...]
    allowed: tuple[Finding, ...] = ()
    cut: tuple[str, ...] = ()

    def count(self, severity: Severity) -> int:
        return sum(1 for each in self.findings if each.severity == severity)


Check = Callable[[Book], Iterable[Hit]]
Answer = str | Hit | None
OfSpot = TypeVar("OfSpot", bound=Callable[[Spot], Answer])
OfStatement = TypeVar("OfStatement", bound=Callable[[Statement], Answer])


class Topic:
    """The rules of one module. `whole`, `program`, `sql` take a rule's texts and decorate its check."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rules: list[Rule] = []

    def whole(self, rule_id: str, severity: Severity, title: str, remedy: str) -> Callable[[Check], Check]:
        """A rule over the whole runbook: the function yields hits."""

        def added(check: Check) -> Check:
            self._add(rule_id, severity, title, remedy, check)
            return check

        return added

    def program(
        self, rule_id: str, severity: Severity, title: str, remedy: str, *, told: str = ""
    ) -> Callable[[OfSpot], OfSpot]:
        """A rule over each program that a command runs: the function gives the reason, a hit, or None.

        `told`: a pattern; a step whose own words match it knows of the trap, and is left alone.
        """

        def added(judge: OfSpot) -> OfSpot:
            def check(book: Book) -> Iterable[Hit]:
                for spot in book.spots:
                    answer = judge(spot)
                    if answer and not (told and re.search(told, book.near(spot.block))):
                        yield answer if isinstance(answer, Hit) else at(spot, answer)

            self._add(rule_id, severity, title, remedy, check)
            return judge

        return added

    def sql(
        self, rule_id: str, severity: Severity, title: str, remedy: str, *, told: str = ""
    ) -> Callable[[OfStatement], OfStatement]:
        """A rule over each SQL statement; `told` as for programs."""

        def added(judge: OfStatement) -> OfStatement:
            def check(book: Book) -> Iterable[Hit]:
                for statement in book.statements:
                    answer = judge(statement)
                    if answer and not (told and re.search(told, book.near(statement.block))):
                        yield answer if isinstance(answer, Hit) else in_sql(statement, "", answer)

            self._add(rule_id, severity, title, remedy, check)
            return judge

        return added

    def _add(self, rule_id: str, severity: Severity, title: str, remedy: str, check: Check) -> None:
        self.rules.append(Rule(rule_id, severity, title, remedy, self.name, check))


def at(spot: Spot, reason: str, *words: str) -> Hit:
    """A hit on the first of these words of a program that is there, else on the program."""
    word = next((each for each in spot.program.words if each.text in words), spot.program.words[0])
    place, column = spot.block.position(word.start)
    return Hit(place, reason, column, column + (word.end - word.start) if column else 0)


def in_sql(statement: Statement, pattern: str, reason: str) -> Hit:
    """A hit on the first match of a pattern in a statement, else on its beginning."""
    start, end = statement.found(pattern)
    place, column = statement.block.position(statement.start + start)
    return Hit(place, reason, column, column + (end - start) if column else 0)
