"""Gets entries onto a disk, whatever the disk does: the part of a journal that runs in its thread, without the thread.

A write or sync that fails ends its segment: what it had not confirmed is written again, under the same ids, to a new
segment, first in the same directory, then in the fallback directories, and otherwise stays in memory. A failed sync is
never repeated on the same file: Linux marks the pages clean and the second one "succeeds" (PostgreSQL's fsyncgate).
"""

from __future__ import annotations

import os
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from wfconsole.clock import Clock, Millis
from wfconsole.journal.disk import Disk
from wfconsole.journal.places import fallback_directory, network_type
from wfconsole.journal.records import CLOCK_JUMP, OPENED, OWN_ACTOR, Draft, Jump, Opening, Ref, ascii_json
from wfconsole.journal.segment import BOOT, SegmentFile, host_name
from wfconsole.journal.survey import Survey

BATCH_ENTRIES: Final = 512
BATCH_BYTES: Final = 128 * 1024
TRIES: Final = 2  # failures of one place in a row, before the next one is tried
JUMP_MS: Final = 2_000
Condition = Literal["opening", "durable", "fallback", "memory-only"]


class JournalState(msgspec.Struct, frozen=True):
    """How safe entries are. `directory` is where they go now; opening, memory-only: where they should go."""

    condition: Condition
    reason: str
    directory: Path


class Place:
    """A directory for segments. `refusals` counts its failures since it last took an entry."""

    def __init__(self, directory: Path, *, fallback: bool) -> None:
        self.directory = directory
        self.fallback = fallback
        self.refusals = 0
        self.reason = ""

    def refuse(self, error: OSError) -> None:
        self.refusals += 1
        self.reason = f"{self.directory}: {error.strerror or error}"


class Writer:
    """`pending` is everything that is not confirmed, in order. Not for use by two threads."""

    def __init__(self, directory: Path, fallbacks: Sequence[Path], clock: Clock, disk: Disk, found: Survey) -> None:
        self.pending: deque[Draft] = deque()
        self.state = JournalState("opening", "not on disk yet", directory)
        self.head = "".join(ref.head for ref in found.tips[-1:])
        self._home = directory
        self._places = [Place(directory, fallback=False)]
        self._places += [Place(fallback_directory(base, directory), fallback=True) for base in fallbacks]
        self._clock = clock
        self._disk = disk
        self._journal = found.journal or uuid.uuid4().hex
        self._prev: tuple[Ref, ...] = found.tips
        self._found = found.report.words
        self._number = found.next_number
        self._seq = found.next_seq
        self._why = ""
        self._at_once = BATCH_ENTRIES
        self._segment: SegmentFile | None = None
        self._place = self._places[0]
        self._offset = clock.now() - clock.monotonic()

    def add(self, draft: Draft, wall: Millis) -> None:
        """Queue an entry that was appended at this wall-clock instant and its own monotonic one."""
        self._watch_clock(wall, draft.mono)
        self.pending.append(draft)

    def settle(self, confirm: Callable[[list[str]], None]) -> None:
        """Bring everything pending onto a disk, if any takes it; `confirm` gets the ids after each sync.

        After a segment's name was taken away, its entries are written again and confirmed a second time.
        """
        while self._segment is None or self.pending:
            segment = self._segment or self._open()
            if segment is None:
                self._say("memory-only", "; ".join(place.reason for place in self._places))
                return
            batch = self._batch()
            try:
                if batch:
                    segment.commit(batch)
            except OSError as error:
                self._leave(segment, error)
                continue
            for _ in batch:
                self.pending.popleft()
            if self._is_lost(segment):
                continue
            self._place.refusals = 0
            self._at_once = min(BATCH_ENTRIES, 8 * self._at_once)
            self.head = segment.head.hex()
            if ids := [draft.id for draft in batch if draft.kind != CLOCK_JUMP]:
                confirm(ids)

    def tick(self) -> None:
        """From time to time: notice a clock that jumped, a file that was taken away, a better place that is back."""
        self._watch_clock(self._clock.now(), self._clock.monotonic())
        if self._segment is not None and not self._is_lost(self._segment):
            self._return()
        self.try_again()

    def try_again(self) -> None:
        """Let places that refused be tried again by the next `settle`."""
        for place in self._places:
            place.refusals = 0

    def give_up(self, reason: str) -> None:
        """Nothing is known of the segment any more; the next `settle` begins another one."""
        if self._segment is not None:
            self._leave(self._segment, OSError(reason))
        self._say("memory-only", reason)

    def close(self) -> None:
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    # --- segments ---------------------------------------------------------------------------------------------------

    def _open(self) -> SegmentFile | None:
        for place in self._places:
            while place.refusals < TRIES:
                try:
                    self._adopt(place, self._create(place))
                except OSError as error:
                    place.refuse(error)
                else:
                    return self._segment
        return None

    def _create(self, place: Place) -> SegmentFile:
        if place.fallback:
            self._disk.make_private_directory(place.directory)
        else:
            self._disk.make_directory(place.directory)
        refused = [other.reason for other in self._places if other.refusals]
        opening = Opening(
            journal=self._journal,
            home=str(self._home),
            host=host_name(),
            pid=os.getpid(),
            boot=BOOT,
            prev=self._prev,
            found=self._found,
            why="; ".join(dict.fromkeys((self._why, *refused) if self._why else refused)),
        )
        draft = self._own(OPENED, ascii_json(msgspec.to_builtins(opening)))
        return SegmentFile.create(self._disk, place.directory, self._number, draft, self._seq)

    def _adopt(self, place: Place, segment: SegmentFile) -> None:
        self._segment, self._place = segment, place
        self._number = segment.number + 1
        self._found, self._why = (), ""
        self.head = segment.head.hex()
        self._say_where()

    def _retire(self, segment: SegmentFile) -> None:
        """The next segment continues what this one confirmed."""
        self._segment = None
        self._prev = (segment.ref(),)
        self._seq = segment.seq + 1

    def _leave(self, segment: SegmentFile, error: OSError) -> None:
        self._place.refuse(error)
        self._why = self._place.reason
        self._at_once = 1  # where many entries do not fit, one may
        self._retire(segment)
        segment.abandon()

    def _is_lost(self, segment: SegmentFile) -> bool:
        """Whether the file's name was taken away; then what is in it becomes pending again."""
        if segment.is_in_place():
            return False
        try:
            self.pending.extendleft(reversed(segment.confirmed()))
            reason = "moved or deleted while it was being written"
        except OSError as error:
            reason = f"moved or deleted while it was being written, and not readable ({error.strerror})"
        self._leave(segment, OSError(f"{segment.path.name} was {reason}"))
        return True

    def _return(self) -> None:
        """From a fallback to a better place, where one takes a segment again."""
        old, current = self._segment, self._place
        if old is None or not current.fallback:
            return
        for place in self._places[: self._places.index(current)]:
            self._retire(old)
            try:
                better = self._create(place)
            except OSError as error:
                place.refuse(error)
                self._segment = old
                continue
            old.close()
            self._adopt(place, better)
            return

    # --- lines ------------------------------------------------------------------------------------------------------

    def _batch(self) -> list[Draft]:
        batch: list[Draft] = []
        size = 0
        for draft in self.pending:
            size += len(draft.body)
            if batch and (len(batch) == self._at_once or size > BATCH_BYTES):
                break
            batch.append(draft)
        return batch

    def _watch_clock(self, wall: Millis, mono: Millis) -> None:
        by_ms = wall - mono - self._offset
        if abs(by_ms) > JUMP_MS:
            self._offset += by_ms
            self.pending.append(self._own(CLOCK_JUMP, ascii_json(msgspec.to_builtins(Jump(by_ms=by_ms)))))

    def _own(self, kind: str, body: bytes) -> Draft:
        at = max(0, self._clock.now())
        return Draft(id=uuid.uuid4().hex, at=at, mono=self._clock.monotonic(), kind=kind, actor=OWN_ACTOR, body=body)

    def _say_where(self) -> None:
        if self._place.fallback:
            refused = next((place.reason for place in self._places if place.reason), "")
            self._say("fallback", refused)
            return
        kind = network_type(self._home)
        self._say("durable", f"on {kind}, where locks cannot be trusted" if kind else "")

    def _say(self, condition: Condition, reason: str) -> None:
        directory = self._home if condition == "memory-only" else self._place.directory
        self.state = JournalState(condition, reason, directory)
