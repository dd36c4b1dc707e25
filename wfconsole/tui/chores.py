"""Work that would hold up the keyboard, done beside it: in a daemon thread, so that it can never hold up quitting."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

from textual.message import Message

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

T = TypeVar("T")


class ChoreDone(Message, bubble=False):
    """What a chore gave is ready to be used, on the loop."""

    def __init__(self, use: Callable[[], None]) -> None:
        super().__init__()
        self.use = use


class Chores:
    """The part of the App that reads and writes files."""

    def in_background(self, work: Callable[[], T], use: Callable[[T], None]) -> None:
        """Call `work` in a thread of its own, then `use` with what it gave, on the loop. `work` raises nothing."""
        app = cast("WarRoom", self)

        def run() -> None:
            given = work()
            app.post_message(ChoreDone(lambda: use(given)))

        threading.Thread(target=run, name="chore", daemon=True).start()

    def on_chore_done(self, event: ChoreDone) -> None:
        event.use()
