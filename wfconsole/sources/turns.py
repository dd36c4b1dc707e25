"""A connection that several looks share: one after the other uses it, and only its user's own end cuts it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from wfconsole.sources.contract import SourceError
from wfconsole.sources.polling import Poll


class Turns:
    """Whose turn it is. Every method may be called from any thread."""

    def __init__(self, server: str) -> None:
        """`server` is how the screen calls it."""
        self._server = server
        self._changed = threading.Condition()
        self._whose: Poll | None = None

    @contextlib.contextmanager
    def of(self, poll: Poll) -> Iterator[None]:
        """It is the turn of this look in here. Raises SourceError where it does not come in time, CutShort where the
        look was cut meanwhile."""
        with self._changed:
            free = self._changed.wait_for(lambda: self._whose is None or poll.ended, timeout=poll.left_s())
            if not free or poll.ended == "late":
                said = f"{self._server}: no answer to the question before ours within {poll.deadline_ms / 1000:g} s"
                raise SourceError("timeout", said, remedy="The server is slow; it is tried again by itself.")
            poll.check()
            self._whose = poll
        try:
            poll.check()  # an end that came before it was our turn has cut nothing
            yield
        finally:
            with self._changed:
                self._whose = None
                self._changed.notify_all()

    def ends(self, poll: Poll) -> bool:
        """A look was ended, by its deadline or a cut: whether it has the turn. If it waits for it, it stops waiting."""
        with self._changed:
            self._changed.notify_all()
            return self._whose is poll
