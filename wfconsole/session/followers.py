"""What other consoles write on this machine: read again and again beside the screen, which waits for no disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wfconsole.clock import SECOND, Millis
from wfconsole.session.journaling import journal_files, read_entries

if TYPE_CHECKING:
    from wfconsole.incident.events import Entry
    from wfconsole.session.journaling import JournalFiles
    from wfconsole.session.view import LastIncident


class Follower:
    """Calls `look` at once when started, then every `every_ms`, in a thread of its own."""

    def __init__(self, every_ms: Millis) -> None:
        self.last_incident: LastIncident | None = None  # None: there is none, or nobody has looked for it
        self._every_ms = every_ms
        self._closing = threading.Event()

    def look(self) -> None:
        raise NotImplementedError

    def start(self) -> None:
        threading.Thread(target=self._run, name=type(self).__name__, daemon=True).start()

    def close(self) -> None:
        self._closing.set()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self.look()
            except OSError:
                pass  # a file that went away while it was looked at: the next look tells
            self._closing.wait(self._every_ms / SECOND)


class JournalFollower(Follower):
    """For who only looks: the entries of an incident that others write, read again when its files have grown."""

    def __init__(
        self, directory: Path, fallbacks: Sequence[Path], follow: Callable[[Sequence[Entry]], None], every_ms: Millis
    ) -> None:
        super().__init__(every_ms)
        self._directory = directory
        self._fallbacks = tuple(fallbacks)
        self._follow = follow
        self._seen: JournalFiles = frozenset()

    def look(self) -> None:
        """Read what is there, if it is not what was there at the last look."""
        files = journal_files(self._directory, self._fallbacks)
        if files != self._seen:
            self._seen = files
            self._follow(read_entries(self._directory, self._fallbacks)[0])


class LastIncidentFollower(Follower):
    """For a console in which nothing is declared: how it stands with the newest incident of this machine."""

    def __init__(
        self,
        read: Callable[[], LastIncident | None],
        changed: Callable[[], None],
        *,
        wanted: Callable[[], bool],
        every_ms: Millis,
    ) -> None:
        """`read` may take its time; it is asked while `wanted`."""
        super().__init__(every_ms)
        self._read = read
        self._changed = changed
        self._wanted = wanted

    def look(self) -> None:
        if not self._wanted():
            return
        last = self._read()
        if last != self.last_incident:
            self.last_incident = last
            self._changed()
