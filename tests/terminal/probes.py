"""How tests start the probe: a command line that works from any directory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]


def probe(what: str = "idle", argument: str = "", *, launcher: bool = False) -> list[str]:
    """The command that runs `tests.terminal.probe`."""
    run = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tests.terminal.probe import main; sys.exit(main())"
    return [sys.executable, "-c", run, *(["--launcher"] if launcher else []), what, argument]
