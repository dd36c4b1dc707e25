"""The journal of one incident: `append` queues, one daemon thread writes and syncs, `on_ack` says what is safe."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from wfconsole.clock import Clock, Millis
from wfconsole.journal.disk import Disk
from wfconsole.journal.lock import Election
from wfconsole.journal.records import LAST_INSTANT, OWN_KINDS, Draft, Record, ascii_json
from wfconsole.journal.report import JournalReport
from wfconsole.journal.survey import survey
from wfconsole.journal.writer import JournalState, Writer
from wfconsole.redaction import redact as redact_secrets

RETRY_MS: Final = 5_000
TAKEN_AT_ONCE: Final = 2_000

OnAck = Callable[[list[str]], None]
OnState = Callable[[JournalState], None]
Redact = Callable[[Any], Any]


class JournalClosedError(RuntimeError):
    """Something was appended after `close`."""


class _Appended(msgspec.Struct, frozen=True, gc=False):
    record: Record
    fields: Any  # the decoded body
    wall: Millis
    mono: Millis


class _Barrier:
    """Answered when everything queued before it was tried."""

    def __init__(self, *, last: bool) -> None:
        self.last = last
        self.settled = False
        self.reached = threading.Event()

    def answer(self, settled: bool) -> None:
        self.settled = settled
        self.reached.set()

    def wait(self, timeout_ms: Millis) -> bool:
        return self.reached.wait(timeout_ms / 1000) and self.settled


class Journal:
    """One writer. Opening reads what is there, in the caller's thread; everything that syncs is the writer thread's.

    `on_ack` gets the ids that are on disk now, `on_state` a state that changed; both are called from the writer
    thread, `on_ack` for some ids twice after a file was taken away. Until a disk has taken the first segment, or all
    have refused it, the state is opening.
    """

    def __init__(
        self,
        writer: Writer,
        found: JournalReport,
        clock: Clock,
        *,
        on_ack: OnAck,
        on_state: OnState,
        redact: Redact,
        retry_ms: Millis,
    ) -> None:
        self.found = found
        self._writer = writer
        self._clock = clock
        self._on_ack = on_ack
        self._on_state = on_state
        self._redact = redact
        self._retry_ms = retry_ms
        self._ticked_at = clock.monotonic()
        self._said = writer.state
        # Its put is atomic and re-entrant: a signal handler may flush while the main thread is inside append.
        self._queue: queue.SimpleQueue[_Appended | _Barrier] = queue.SimpleQueue()
        self._unsaved: dict[str, Record] = {}
        self._election = Election(writer.state.directory)
        self._closing: _Barrier | None = None
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        clock: Clock,
        fallbacks: Sequence[Path] = (),
        on_ack: OnAck = lambda _ids: None,
        on_state: OnState = lambda _state: None,
        redact: Redact = redact_secrets,
        disk: Disk | None = None,
        retry_ms: Millis = RETRY_MS,
    ) -> Journal:
        """Start writing a new segment in `directory`, which is made where it is missing. Never raises for its disk.

        `fallbacks` are base directories, tried in order; below each, `wfconsole-<uid>/<incident>/journal` is used.
        `redact` gets each decoded body, and gives back what may be written.
        """
        directory = directory.absolute()
        found = survey(directory, fallbacks)
        writer = Writer(directory, fallbacks, clock, disk or Disk(), found)
        journal = cls(writer, found.report, clock, on_ack=on_ack, on_state=on_state, redact=redact, retry_ms=retry_ms)
        journal._thread.start()
        return journal

    @property
    def state(self) -> JournalState:
        return self._said

    @property
    def head(self) -> str:
        """Hash of the last line on disk, 64 hexadecimal digits; "" before there is one."""
        return self._writer.head

    @property
    def holds_lock(self) -> bool:
        """Whether this console, of all on this machine that have this journal open, is the one that may act."""
        return self._closing is None and self._election.won()

    def append(self, *, id: str, at: Millis, kind: str, actor: str, body: bytes) -> None:
        """Queue an entry; never waits for a disk. `id` is unique in the journal, `body` a JSON object.

        Raises ValueError for what could not be read back, JournalClosedError after `close`.
        """
        if self._closing is not None:
            raise JournalClosedError("the journal is closed")
        fields = _checked(id, at, kind, actor, body)
        record = Record(id=id, seq=0, at=at, kind=kind, actor=actor, body=msgspec.Raw(body))
        self._unsaved[id] = record
        self._queue.put(_Appended(record, fields, self._clock.now(), self._clock.monotonic()))

    def flush(self, timeout_ms: Millis) -> bool:
        """Wait until everything appended so far was tried, also on disks that refused; whether it is all on disk."""
        if self._closing is not None:
            return self._closing.wait(timeout_ms)
        barrier = _Barrier(last=False)
        self._queue.put(barrier)
        return barrier.wait(timeout_ms)

    def close(self, timeout_ms: Millis) -> bool:
        """The same, and end the thread. After a False, `unsaved` has what is nowhere but in memory."""
        if self._closing is None:
            self._closing = _Barrier(last=True)
            self._queue.put(self._closing)
        return self._closing.wait(timeout_ms)

    def unsaved(self) -> tuple[Record, ...]:
        """Entries that are not on disk, redacted, in order: to be printed when the console ends without a disk."""
        return tuple(
            msgspec.structs.replace(record, body=msgspec.Raw(self._body(msgspec.json.decode(record.body))))
            for record in tuple(self._unsaved.values())
        )

    # --- in the writer thread -----------------------------------------------------------------------------------------

    def _run(self) -> None:
        barriers: list[_Barrier] = []
        over = False
        while not over:
            self._settle()
            over = any(barrier.last for barrier in barriers)
            if over:
                self._writer.close()
                self._election.withdraw()
            for barrier in barriers:
                barrier.answer(not self._writer.pending)
            barriers = [] if over else self._take()

    def _take(self) -> list[_Barrier]:
        """Wait for something to do, and take all of it that is there."""
        barriers: list[_Barrier] = []
        wait: float | None = self._retry_ms / 1000
        for _ in range(TAKEN_AT_ONCE):
            try:
                item = self._queue.get(timeout=wait) if wait else self._queue.get_nowait()
            except queue.Empty:
                break
            wait = None
            if isinstance(item, _Barrier):
                barriers.append(item)
            else:
                self._guarded(self._add, item)
        if wait or barriers or self._clock.monotonic() - self._ticked_at >= self._retry_ms:
            self._ticked_at = self._clock.monotonic()
            self._guarded(self._writer.tick)
        return barriers

    def _add(self, item: _Appended) -> None:
        record = item.record
        draft = Draft(
            id=record.id,
            at=record.at,
            mono=item.mono,
            kind=record.kind,
            actor=record.actor,
            body=self._body(item.fields),
        )
        self._writer.add(draft, item.wall)

    def _body(self, fields: Any) -> bytes:
        try:
            return ascii_json(self._redact(fields))
        except Exception as error:  # noqa: BLE001 - the entry must be kept, and its unredacted body must not
            return ascii_json({"withheld": f"it could not be redacted: {type(error).__name__}"})

    def _settle(self) -> None:
        if not self._guarded(self._writer.settle, self._confirm):
            self._writer.give_up("the writer failed; see the crash report")
        if self._writer.state != self._said:
            self._said = self._writer.state
            self._guarded(self._on_state, self._said)

    def _confirm(self, ids: list[str]) -> None:
        for entry in ids:
            self._unsaved.pop(entry, None)
        self._guarded(self._on_ack, ids)

    def _guarded(self, call: Callable[..., None], *arguments: object) -> bool:
        """A bug of ours or of a listener is reported like any thread's, but the journal goes on."""
        try:
            call(*arguments)
            return True
        except Exception as error:  # noqa: BLE001
            hooked = threading.ExceptHookArgs((type(error), error, error.__traceback__, self._thread))
            threading.excepthook(hooked)
            return False


def _checked(entry: str, at: Millis, kind: str, actor: str, body: bytes) -> dict[str, Any]:
    """The decoded body. Raises ValueError for what a reader could not read back."""
    if kind in OWN_KINDS:
        raise ValueError(f"{kind} is the journal's own kind")
    if not 0 <= at < LAST_INSTANT:
        raise ValueError(f"{at} ms is no instant between 1970 and 9999")
    for text in (entry, kind, actor):
        text.encode()  # a lone surrogate is a UnicodeEncodeError, which is a ValueError
    try:
        fields = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"the body of {kind} is not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise ValueError(f"the body of {kind} is not a JSON object")
    return fields
