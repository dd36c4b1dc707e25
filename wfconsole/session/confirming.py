"""Nothing is done to the world before its record is on disk: how long whoever is about to do it waits for that."""

from __future__ import annotations

from typing import Final

from wfconsole.clock import SECOND, Millis
from wfconsole.session.session import Session

CONFIRMED_WITHIN_MS: Final[Millis] = 5 * SECOND


def is_on_disk(session: Session, entry: str) -> bool:
    """Wait until this entry is on disk; whether it is. Blocks: call it in a thread of its own."""
    with session.on_disk:
        return session.on_disk.wait_for(lambda: entry not in session.view.pending, CONFIRMED_WITHIN_MS / SECOND)
