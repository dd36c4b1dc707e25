"""The team's runbook: Markdown that reads well on its own, as typed values."""

from wfconsole.runbook.loader import BUNDLED, load_runbook
from wfconsole.runbook.problems import Problem, RunbookError

__all__ = ["BUNDLED", "Problem", "RunbookError", "load_runbook"]
