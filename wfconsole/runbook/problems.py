"""What is wrong with a runbook: every problem at once, each with its place and what was expected there."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from wfconsole import exit_codes
from wfconsole.errors import UserError
from wfconsole.incident.playbook import Place
from wfconsole.text import safe

_FORMAT = Path(__file__).with_name("FORMAT.md")
MOST = 50  # problems that are told; a file of another kind would give thousands


class Problem(msgspec.Struct, frozen=True):
    """One thing that keeps a runbook from being loaded. `line` counts from 1; 0 means the file or folder as a whole."""

    file: str
    line: int
    what: str
    expected: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.what}; expected {self.expected}"


class RunbookError(UserError):
    """The runbook cannot be used. `problems` holds at most `MOST` of them, `more` says how many were left out."""

    def __init__(self, source: str, problems: tuple[Problem, ...], more: int = 0) -> None:
        count = len(problems) + more
        lines = [f"the runbook {source} has {count} problem{'s' if count > 1 else ''}:"]
        lines += [f"  {problem}" for problem in problems]
        if more:
            lines.append(f"  ... and {more} more")
        lines.append(f"how a runbook is written: {_FORMAT}")
        super().__init__("\n".join(lines), exit_codes.RUNBOOK)
        self.problems = problems
        self.more = more


class Problems:
    """Collects problems while a runbook is read, so that its author sees them all in one go."""

    def __init__(self) -> None:
        self._kept: list[Problem] = []
        self._more = 0

    def add(self, place: Place, what: str, expected: str) -> None:
        if len(self._kept) < MOST:
            self._kept.append(Problem(place.file, place.line, safe(what, 400), safe(expected, 400)))
        else:
            self._more += 1

    def raise_if_any(self, source: str) -> None:
        """Raise RunbookError when something was added, in the order of files and lines."""
        if self._kept:
            ordered = sorted(self._kept, key=lambda problem: (problem.file, problem.line))
            raise RunbookError(source, tuple(ordered), self._more)


def near(word: str, known: Iterable[str]) -> str:
    """` (did you mean ...?)` when `word` looks like a slip of the finger, else nothing."""
    match = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.7)
    return f" (did you mean '{match[0]}'?)" if match else ""
