"""What somebody is writing and has not entered yet: a message in the composer, an open form.

It is kept beside the journal and is no part of it: best effort, by a thread of its own, so that neither the screen nor
the record ever waits for it. Whoever goes on with the incident finds it again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

from wfconsole.clock import SECOND, Clock, Millis
from wfconsole.text import age, safe

if TYPE_CHECKING:
    from wfconsole.incident.events import Entry, Event
    from wfconsole.session.draft_folder import DraftFolder

KEPT_EVERY_MS: Final[Millis] = SECOND
CLOSE_WITHIN_MS: Final[Millis] = 300
HANGS_AFTER_MS: Final[Millis] = 3 * SECOND
# So many times a draft that was dropped stays for another second, while what came of it is not on disk yet.
_PATIENCE: Final = 5
_LAST_INSTANT: Final = 253_402_300_799_000  # of the calendar: the end of the year 9999

Instant = Annotated[Millis, Meta(ge=0, le=_LAST_INSTANT)]


class Draft(msgspec.Struct, frozen=True, omit_defaults=True):
    """The words of one place: `of` names it, `fields` are they by name. Changed last at `at`, by the operator `by`.

    `drawn_at`: of which instant the facts are that it was drafted from, 0 for none. `begun_after`: the id of what was
    entered last when it was begun, "" for nothing yet, None where that is not known. `left_over`: an earlier console
    ended before it was entered, and nobody has changed it since.
    """

    of: Annotated[str, Meta(max_length=400)]
    fields: Annotated[dict[str, str], Meta(max_length=40)]
    at: Instant
    by: str = ""
    drawn_at: Instant = 0
    begun_after: Annotated[str, Meta(max_length=60)] | None = None
    left_over: bool = False


def _was_entered(draft: Draft, entries: Sequence[Entry]) -> bool:
    """Whether all words of it are in one entry, or are how one begins that the same person made after they were begun:
    its console was killed before it let go of them, or before it kept the last of them. The two have not the same clock
    where a stream is told by another machine's. Numbers are the form's own, such as when it was opened."""
    words = {words for value in draft.fields.values() if (words := value.strip()) and not words.isdigit()}
    if not words:
        return False
    return any(words <= _texts(entry.event) for entry in entries) or any(
        all(any(text.startswith(word) for text in _texts(entry.event)) for word in words)
        for entry in _made_after(draft.begun_after, entries)
        if entry.actor == draft.by
    )


def _made_after(last: str | None, entries: Sequence[Entry]) -> Sequence[Entry]:
    """The entries behind the one with this id: all for "", none where that is not known."""
    places = {"": 0} | {entry.id: place for place, entry in enumerate(entries, 1)}
    return () if last not in places else entries[places[last] :]


def _texts(event: Event) -> set[str]:
    return {value for value in msgspec.structs.asdict(event).values() if isinstance(value, str)}


class DraftBook:
    """The drafts of one console, by incident. While no incident has a journal here they are in memory alone."""

    def __init__(
        self,
        clock: Clock,
        operator: str = "",
        *,
        incident: Callable[[], str] = lambda: "",
        open_folder: Callable[[str], DraftFolder] | None = None,
        newest: Callable[[], str | None] = lambda: None,
        settled: Callable[[], bool] = lambda: True,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """`incident`: whose journal takes what is entered now, "" for none; `newest`: the id of what was entered last;
        `settled`: all that was entered is on disk; `changed`: `trouble` is another, told from the thread that writes.
        Without `open_folder` nothing is on disk."""
        self._clock = clock
        self._operator = operator
        self._incident = incident
        self._open_folder = open_folder
        self._newest = newest
        self._settled = settled
        self._changed = changed
        self._lock = threading.Lock()
        self._books: dict[str, dict[str, Draft]] = {}
        self._unwritten: set[str] = set()  # incidents
        self._dropped = False
        self._folders: dict[str, DraftFolder] = {}
        self._problem = ""
        self._writing_since: Millis | None = None
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._writer: threading.Thread | None = None

    @property
    def trouble(self) -> str:
        """Why what is being written is on no disk, "" when it is."""
        since = self._writing_since
        waited = self._clock.monotonic() - since if since is not None else 0
        return f"the disk has not answered for {age(waited)}" if waited > HANGS_AFTER_MS else self._problem

    def get(self, of: str) -> Draft | None:
        """What stands unsent there."""
        with self._lock:
            return self._books.get(self._incident(), {}).get(of)

    def keep(self, of: str, fields: Mapping[str, str], *, drawn_at: Millis = 0) -> None:
        """These are the words there now. Never waits."""
        incident = self._incident()
        begun_after = self._newest() if self.get(of) is None else None  # whoever is asked has a lock of its own
        with self._lock:
            book = self._books.setdefault(incident, {})
            before = book.get(of)
            if before is not None and before.fields == fields:
                return
            begun_after = begun_after if before is None else before.begun_after
            book[of] = Draft(of, dict(fields), self._clock.now(), self._operator, drawn_at, begun_after)
        self._write_soon(incident)

    def drop(self, of: str) -> None:
        """They were entered, or are not wanted any more. Never waits."""
        incident = self._incident()
        with self._lock:
            if self._books.get(incident, {}).pop(of, None) is None:
                return
            self._dropped = True
        self._write_soon(incident)

    def take_over(self, incident: str, entries: Sequence[Entry] = ()) -> tuple[str, ...]:
        """Go on with what consoles that have ended left of this incident, and what is not among its entries; what was
        wrong with it, in words. Reads."""
        drafts, problems = self._folder(incident).take_over(self._operator)
        with self._lock:
            self._books[incident] = {draft.of: draft for draft in drafts if not _was_entered(draft, entries)}
        self._write_soon(incident)
        return problems

    def close(self, within_ms: Millis = CLOSE_WITHIN_MS) -> None:
        """Write what waits, as far as the disk takes it in time."""
        self._closing.set()
        self._wake.set()
        if self._writer is not None:
            self._writer.join(within_ms / SECOND)

    # --- the thread that writes

    def _write_soon(self, incident: str) -> None:
        if self._open_folder is None or not incident:
            return
        with self._lock:
            self._unwritten.add(incident)
            if self._writer is None:
                self._writer = threading.Thread(target=self._run, name="drafts", daemon=True)
                self._writer.start()
        self._wake.set()

    def _run(self) -> None:
        while not self._closing.is_set() or self._wake.is_set():
            self._wake.wait()
            self._closing.wait(KEPT_EVERY_MS / SECOND)
            self._await_settled()
            self._wake.clear()
            self._write()

    def _await_settled(self) -> None:
        """Words that are gone from here have to be on disk elsewhere first."""
        for _ in range(_PATIENCE):
            if not self._dropped or self._settled() or self._closing.wait(KEPT_EVERY_MS / SECOND):
                return

    def _write(self) -> None:
        with self._lock:
            unwritten, self._unwritten = self._unwritten, set()
            self._dropped = False
            waiting = {incident: tuple(self._books[incident].values()) for incident in unwritten}
        problem, self._writing_since = "", self._clock.monotonic()
        for incident, drafts in waiting.items():
            try:
                self._folder(incident).write(drafts)
            except (OSError, ValueError) as error:
                problem = safe(getattr(error, "strerror", None) or str(error), 200)
                with self._lock:
                    self._unwritten.add(incident)
        self._writing_since = None
        if problem != self._problem:
            self._problem = problem
            self._changed()

    def _folder(self, incident: str) -> DraftFolder:
        if incident not in self._folders:
            assert self._open_folder is not None
            self._folders[incident] = self._open_folder(incident)
        return self._folders[incident]
