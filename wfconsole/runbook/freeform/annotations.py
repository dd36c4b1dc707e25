"""`<!-- wf: live pods not-ready -->`: how a free-form text binds a step, a symptom or a heading to live data.

A comment of Markdown shows nowhere, so the text reads as before. Within a fenced block the same is a comment of the
shell: `# wf: live pods not-ready`. An annotation belongs to what stands above it, or on its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from wfconsole.incident.playbook import Place
from wfconsole.runbook.problems import Problems, near
from wfconsole.text import safe

STEP_WORDS: Final = (
    "live", "sensed", "logs", "role", "look", "expect", "do", "when", "undo", "trap", "action", "means", "memory",
    "only at", "id", "shell", "verify",
)  # fmt: skip
SYMPTOM_WORDS: Final = ("signal", "promql")
LIST_WORDS: Final = ("id", "panes", "only at")
READ_AS: Final = ("playbook", "checklist", "confirm", "skip")
LINT_WORDS: Final = ("allow",)  # wfconsole lint: a finding that the team has seen and accepts
_ALL: Final = tuple(dict.fromkeys((*STEP_WORDS, *SYMPTOM_WORDS, *LIST_WORDS, *READ_AS, *LINT_WORDS)))
_COMMENT: Final = re.compile(r"<!--(.*?)-->", re.DOTALL)
_OURS: Final = re.compile(r"\s*wf:\s*(.*)", re.DOTALL)
_FENCE: Final = re.compile(r"\s*(?:[-*+]\s+|\d+[.)]\s+)*(`{3,}|~{3,})")
_IN_SHELL: Final = re.compile(r"\s*(?:#|--|//)\s*wf:\s*(.*)")
_LONGEST: Final = 2_000


class Annotation(Struct, frozen=True):
    """One keyword with its value, and where it stands."""

    place: Place
    name: str
    value: str = ""


class Annotated(Struct, frozen=True):
    """A text whose comments are taken out, so that Markdown sees none of them; its lines keep their numbers."""

    text: str
    annotations: tuple[Annotation, ...]

    def between(self, first: int, last: int) -> tuple[Annotation, ...]:
        """Those on the lines from `first` to `last`."""
        return tuple(each for each in self.annotations if first <= each.place.line <= last)


def read_annotations(file: str, text: str, problems: Problems) -> Annotated:
    """Every annotation of a text. An unknown keyword is a problem: a slip of the finger must not be lost."""
    found: list[Annotation] = []
    pieces: list[str] = []
    fence = ""
    held: list[str] = []  # lines outside fences, in which a comment may go on over several
    line = 1

    def flush(until: int) -> None:
        if held:
            outside = "\n".join(held)
            pieces.append(_without_comments(file, outside, until - len(held), found, problems))
            held.clear()

    for row in text.split("\n"):
        marker = _FENCE.match(row)
        if fence:
            pieces.append(row)
            if inside := _IN_SHELL.fullmatch(row):
                found += _read(Place(file, line), inside[1], problems)
            fence = "" if marker and marker[1].startswith(fence) and not row.strip().strip(fence[0]) else fence
        elif marker and "<!--" not in row:
            flush(line)
            pieces.append(row)
            fence = marker[1]
        else:
            held.append(row)
        line += 1
    flush(line)
    return Annotated("\n".join(pieces), tuple(found))


def _without_comments(file: str, text: str, line: int, found: list[Annotation], problems: Problems) -> str:
    def taken(match: re.Match[str]) -> str:
        if _OURS.fullmatch(match[1]):
            before = text.count("\n", 0, match.start())
            for number, each in enumerate(match[1].split("\n")):
                words = each.strip()
                words = words.partition(":")[2].strip() if number == 0 or words.startswith("wf:") else words
                if words:
                    found.extend(_read(Place(file, line + before + number), words, problems))
        return "\n" * match[0].count("\n")

    return _COMMENT.sub(taken, text)


def _read(place: Place, words: str, problems: Problems) -> list[Annotation]:
    """`live pods not-ready`, `live: pods not-ready`: the longest keyword that it begins with."""
    for name in sorted(_ALL, key=len, reverse=True):
        match = re.fullmatch(rf"{name}(?:\s*:\s*|\s+|$)(.*)", words.strip(), re.IGNORECASE)
        if match:
            return [Annotation(place, name, safe(match[1].strip(), _LONGEST))]
    first = safe(words.split(maxsplit=1)[0] if words.split() else "", 60)
    problems.add(place, f"unknown keyword '{first}' in an annotation{near(first, _ALL)}", f"one of: {', '.join(_ALL)}")
    return []


def named(annotations: Iterable[Annotation], names: Iterable[str]) -> dict[str, Annotation]:
    """By keyword, the first of each."""
    wanted, chosen = set(names), dict[str, Annotation]()
    for each in annotations:
        if each.name in wanted:
            chosen.setdefault(each.name, each)
    return chosen
