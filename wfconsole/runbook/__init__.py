"""The team's runbook: Markdown that reads well on its own, as typed values. FORMAT.md says how one is written."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

from wfconsole.incident.playbook import Runbook

__all__ = ["BUNDLED", "load_runbook"]

BUNDLED: Final = Path(__file__).parent / "bundled"


def load_runbook(path: Path | None) -> Runbook:
    """The runbook at `path`, a file or a folder of *.md; None: the bundled one.

    Raises RunbookError with every problem that was found, each with file, line and what was expected. The Markdown
    parser is imported on the first call: it costs as much as reading the files, and the first frame needs neither.
    """
    if path is None:
        return _bundled()
    from wfconsole.runbook.loader import read_runbook

    return read_runbook(path, bundled=False)


@functools.cache
def _bundled() -> Runbook:
    """Read once: nobody edits it while the console runs."""
    from wfconsole.runbook.loader import read_runbook

    return read_runbook(BUNDLED, bundled=True)
