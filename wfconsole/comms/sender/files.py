"""A message into a file of its own, in a folder from which somebody takes it elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from wfconsole.comms.plan import Arrived, Outcome, Plan
from wfconsole.comms.sender.trouble import Trouble
from wfconsole.text import safe


def send(plan: Plan, leaving: Callable[[], None]) -> Outcome:
    """Write it whole or not at all, readable by its owner alone. The same message twice is one file."""
    folder = Path(plan.folder)
    path = folder / f"{_plain(plan.incident)}-{_plain(plan.template)}-{_plain(plan.message)}.txt"
    part = path.with_suffix(".part")
    leaving()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists():
            return Arrived(str(path), before=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(plan.text.rstrip("\n") + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise Trouble(f"{safe(str(path), 200)}: {error.strerror}", again=True) from None
    return Arrived(str(path))


def _plain(name: str) -> str:
    return "".join(char if char.isascii() and (char.isalnum() or char in "-_") else "-" for char in name)[:80] or "x"
