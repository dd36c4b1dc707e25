"""Lines on their way out: bounded, so that a reader that stands still cannot make this process grow."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

# Pending bytes from which on nothing new should be put in: rows then wait in their tables, where they coalesce.
FULL_BYTES = 1024 * 1024


class Outbox:
    """A queue of lines and the thread that writes them. `write` blocks as long as the reader does.

    `gone` is called when the reader is not there any more.
    """

    def __init__(self, write: Callable[[bytes], object], gone: Callable[[], None], room: Callable[[], None]) -> None:
        self._write = write
        self._gone = gone
        self._room = room
        self._pending: deque[bytes] = deque()
        self._size = 0
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="outbox", daemon=True).start()

    @property
    def full(self) -> bool:
        """Whether the reader is behind by more than we want to hold for it."""
        return self._size >= FULL_BYTES

    def put(self, line: bytes) -> None:
        """Queue whole lines. Never blocks; whoever has a choice asks `full` first."""
        with self._changed:
            self._pending.append(line)
            self._size += len(line)
            self._changed.notify_all()

    def drain(self, within: float) -> bool:
        """Wait until everything is written, at most so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._size, timeout=within)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._pending))
                line = self._pending.popleft()
            try:
                self._write(line)
            except OSError:
                self._gone()
                return
            with self._changed:
                was_full = self.full
                self._size -= len(line)
                self._changed.notify_all()
            if was_full and not self.full:
                self._room()
