"""Screens as text, kept beside the tests: readable in a review, one file a screen.

`WFCONSOLE_WRITE_GOLDENS=1 pytest tests/tui` writes them anew; the difference is then read like any other change.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path

FOLDER = Path(__file__).parent / "goldens"


def check(name: str, screen: str) -> None:
    """The screen is as it was when somebody last looked at it."""
    path = FOLDER / f"{name}.txt"
    if os.environ.get("WFCONSOLE_WRITE_GOLDENS"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(screen + "\n", encoding="utf-8")
    assert path.exists(), f"no golden {path.name}: write it with WFCONSOLE_WRITE_GOLDENS=1 and read it"
    kept = path.read_text(encoding="utf-8").splitlines()
    changed = "\n".join(difflib.unified_diff(kept, screen.splitlines(), path.name, "now", lineterm=""))
    assert not changed, f"the screen is another; if it is better, write the goldens anew\n{changed}"
