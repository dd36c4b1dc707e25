"""All rules over one runbook."""

from __future__ import annotations

import datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final

from wfconsole.runbook.freeform.annotations import Annotation
from wfconsole.runbook.lint import (
    communication,
    database,
    document,
    format,
    gpu,
    kubernetes_acting,
    kubernetes_looking,
    logs,
    network,
    process,
    rollouts,
    scaling,
    secrets,
    security,
    shell_rules,
)
from wfconsole.runbook.lint.findings import SEVERITIES, Finding, Hit, Report, Rule
from wfconsole.runbook.lint.reading import read_book
from wfconsole.text import safe

_TOPICS: Final = (
    kubernetes_looking.RULES,
    logs.RULES,
    kubernetes_acting.RULES,
    rollouts.RULES,
    scaling.RULES,
    database.RULES,
    network.RULES,
    secrets.RULES,
    security.RULES,
    gpu.RULES,
    shell_rules.RULES,
    process.RULES,
    communication.RULES,
    document.RULES,
    format.RULES,
)


MOST_HITS: Final = 200  # of one rule; a text with more has one fault, repeated


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, by topic in the order of the modules above."""
    return tuple(rule for topic in _TOPICS for rule in topic.rules)


def examine(source: Path, today: datetime.date) -> Report:
    """See `wfconsole.runbook.lint.lint_runbook`."""
    book, notes = read_book(source, today)
    allowed_at = _allowed(notes)
    found: list[Finding] = []
    allowed: list[Finding] = []
    cut: list[str] = []
    for rule in rules():
        hits = list(islice(rule.check(book), MOST_HITS + 1))
        if len(hits) > MOST_HITS:
            cut.append(rule.id)
        for hit in hits[:MOST_HITS]:
            place = (hit.place.file, hit.place.line)
            (allowed if rule.id in allowed_at.get(place, ()) else found).append(_finding(rule, hit))
    names = tuple(document.name for document in book.documents)
    return Report(safe(str(source), 400), names, _ordered(found), _ordered(allowed), tuple(cut))


def _finding(rule: Rule, hit: Hit) -> Finding:
    return Finding(
        rule.id,
        rule.severity,
        hit.place.file,
        hit.place.line,
        hit.column,
        hit.end_column,
        safe(hit.reason, 600),
        safe(rule.remedy, 600),
    )


def _ordered(findings: list[Finding]) -> tuple[Finding, ...]:
    """By file and line, the worst of a line first, each once."""
    return tuple(
        sorted(
            dict.fromkeys(findings),
            key=lambda each: (each.file, each.line, SEVERITIES.index(each.severity), each.column, each.rule),
        )
    )


def _allowed(notes: tuple[Annotation, ...]) -> dict[tuple[str, int], set[str]]:
    """Rules by file and line: `wf: allow logs-follow because ...` holds for its own line and for the next one."""
    allowed: dict[tuple[str, int], set[str]] = {}
    for note in notes:
        if note.name == "allow" and note.value:
            for line in (note.place.line, note.place.line + 1):
                allowed.setdefault((note.place.file, line), set()).add(note.value.split()[0].rstrip(":,"))
    return allowed
