"""Small runbooks for tests, and how to load one."""

from __future__ import annotations

from pathlib import Path

import pytest

from wfconsole.incident.playbook import Checklist, Runbook
from wfconsole.runbook import load_runbook
from wfconsole.runbook.problems import RunbookError

HEAD = """\
# Runbook: Small team

- Version: 2.1
- Reviewed: 2026-01-31

# Severity policy

## SEV1: Critical

- Criteria: everything is down
- Respond: 15 minutes
- Resolve: 4 hours

## SEV2: High

- Criteria: much is down
- Respond: 30 minutes
- Resolve: 8 hours

## SEV3: Medium

- Criteria: little is down
- Respond: 2 hours
- Resolve: 24 hours

## SEV4: Low

- Criteria: it is ugly
- Respond: 1 business day
- Resolve: 5 business days

# Roles

- **Commander**: leads
- **Technical lead**: finds the cause

"""
HEAD_LINES = HEAD.count("\n")


def loaded(folder: Path, text: str, head: str = HEAD) -> Runbook:
    """The runbook of one file that begins with `head`."""
    file = folder / "runbook.md"
    file.write_text(head + text)
    return load_runbook(file)


def only_list(folder: Path, text: str) -> Checklist:
    (found,) = loaded(folder, text).checklists
    return found


def told(folder: Path, text: str, head: str = HEAD) -> list[tuple[int, str, str]]:
    """What is wrong with a runbook: line within `text` (from 1; whole file: 0), what, expected."""
    file = folder / "runbook.md"
    file.write_text(head + text)
    return [(line - head.count("\n") if line else 0, what, expected) for line, what, expected in wrongs(file)]


def wrongs(path: Path) -> list[tuple[int, str, str]]:
    with pytest.raises(RunbookError) as caught:
        load_runbook(path)
    return [(problem.line, problem.what, problem.expected) for problem in caught.value.problems]
