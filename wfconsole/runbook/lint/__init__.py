"""What is stale, dangerous, contradictory or not executable in a runbook, each with line, reason and remedy.

`lint_runbook` reads and judges; nothing of the runbook is run. The rules stand in the modules of this package by topic.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wfconsole.runbook.lint.findings import Report, Rule

__all__ = ["all_rules", "lint_runbook"]


def lint_runbook(source: Path, today: datetime.date) -> Report:
    """Every finding in the file or folder `source`. Raises RunbookError when it cannot be read as text at all."""
    from wfconsole.runbook.lint.engine import examine

    return examine(source, today)


def all_rules() -> tuple[Rule, ...]:
    """Every rule there is, by topic and id."""
    from wfconsole.runbook.lint.engine import rules

    return rules()
