"""The console as it is, and beside it a count of what its net caught, which is written to a file when it ends."""

from __future__ import annotations

import atexit
import sys
from pathlib import Path
from typing import Any

from wfconsole.cli import main
from wfconsole.tui import compat


def counted(hits: Path, *arguments: str) -> list[str]:
    """The command that runs `wfconsole ARGUMENTS` and writes the number of hits, from the repository."""
    return [sys.executable, "-m", "tests.terminal.counted", str(hits), *arguments]


def _run(hits: Path, arguments: list[str]) -> int:
    guards: list[compat.GuardFilter] = []  # of the process that has an app: its parent has none, and writes nothing
    guard_filter = compat.guard_filter

    def kept(app: Any) -> compat.GuardFilter:
        guards.append(guard_filter(app))
        return guards[-1]

    compat.guard_filter = kept
    atexit.register(lambda: guards and hits.write_text(f"{max(guard.hits for guard in guards)}"))
    return main(arguments)


if __name__ == "__main__":
    sys.exit(_run(Path(sys.argv[1]), sys.argv[2:]))
