"""Reads the bytes of one segment: which lines are what was written, and what is wrong with the rest. Never writes.

A line is trusted when its hash text is the one that the chain demands. After a bad line the chain is picked up again at
the first line that hangs on what the bad one says, on what it should have said, or on the last good one.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

import msgspec

from wfconsole.decoding import decoder_of
from wfconsole.journal.disk import is_held
from wfconsole.journal.records import (
    CLOCK_JUMP,
    GENESIS,
    OPENED,
    OWN_KINDS,
    Jump,
    Opening,
    Record,
    chained,
    content_of,
    hash_of,
    parsed,
    parted,
)
from wfconsole.journal.report import ClockJump, Damage, SegmentSummary, TornTail

SIZE_LIMIT: Final = 256 * 1024 * 1024  # bytes of one segment: months of entries, and far below this machine's memory

ALTERED: Final = "altered after it was written"
HASH_ALTERED: Final = "its hash was altered; its text is what was written"
OUT_OF_PLACE: Final = "not in its place"
NOT_A_LINE: Final = "not a line of a journal"


class Segment(msgspec.Struct, frozen=True):
    """One file, read. `lines` are the verified ones; `digests` their hashes, in the same order."""

    name: str
    directory: Path
    fallback: bool
    opening: Opening | None
    lines: tuple[Record, ...]
    digests: tuple[str, ...]
    torn: TornTail | None
    damage: tuple[Damage, ...]
    unverified: tuple[Record, ...]
    held: bool = False  # a console that is open writes here

    @property
    def head(self) -> str:
        return self.digests[-1] if self.digests else ""

    def summary(self) -> SegmentSummary:
        opening = self.opening
        return SegmentSummary(
            name=self.name,
            directory=str(self.directory),
            lines=len(self.lines),
            head=self.head,
            opened_at=self.lines[0].at if opening else 0,
            host=opening.host if opening else "",
            pid=opening.pid if opening else 0,
            fallback=self.fallback,
            held=self.held,
        )

    def jumps(self) -> list[ClockJump]:
        found = []
        for number, line in enumerate(self.lines, start=1):
            if line.kind == CLOCK_JUMP:
                try:
                    by_ms = decoder_of(Jump).decode(line.body).by_ms
                except msgspec.MsgspecError:
                    continue
                found.append(ClockJump(segment=self.name, line=number, at=line.at, by_ms=by_ms))
        return found

    def entries(self) -> list[Record]:
        """The verified lines that somebody appended, in order."""
        return [line for line in self.lines if line.kind not in OWN_KINDS]


def read_segment(path: Path, *, fallback: bool = False) -> Segment:
    """Read one file. Raises OSError where it cannot be read, is no plain file, or is larger than `SIZE_LIMIT`."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    with open(os.open(path, flags), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{path} is not a plain file")
        if status.st_size > SIZE_LIMIT:
            raise OSError(f"{path} has {status.st_size} bytes; a segment has at most {SIZE_LIMIT}")
        held = is_held(file.fileno())
        data = file.read(SIZE_LIMIT)
    return msgspec.structs.replace(scan(data, path, fallback=fallback), held=held)


def scan(data: bytes, path: Path, *, fallback: bool = False) -> Segment:
    """The segment that these bytes are."""
    scanner = _Scanner(path.name)
    start = 0
    while (end := data.find(b"\n", start)) >= 0:
        scanner.take(data[start:end], start)
        start = end + 1
    torn = scanner.tail(start, len(data))
    first = scanner.lines[0] if scanner.lines else None
    return Segment(
        name=path.name,
        directory=path.parent,
        fallback=fallback,
        opening=_opening(first),
        lines=tuple(scanner.lines),
        digests=tuple(scanner.digests),
        torn=torn,
        damage=tuple(scanner.damage),
        unverified=tuple(line for line in scanner.unverified if line.kind not in OWN_KINDS),
    )


def _opening(line: Record | None) -> Opening | None:
    if line is None or line.kind != OPENED:
        return None
    try:
        return decoder_of(Opening).decode(line.body)
    except msgspec.MsgspecError:
        return None


class _Scanner:
    """Follows the chain through one file, line by line."""

    def __init__(self, name: str) -> None:
        self.lines: list[Record] = []
        self.digests: list[str] = []
        self.damage: list[Damage] = []
        self.unverified: list[Record] = []
        self._name = name
        self._number = 0
        self._seq: int | None = None  # of the line before, good or bad
        self._trusted_seq = 0  # old blocks of a disk hold lines that hang together, too
        self._last_good = GENESIS
        self._candidates = [GENESIS]  # what the next line may hang on
        self._doubted: tuple[Record, bytes] | None = (
            None  # the line before and its proper hash, where only that may differ
        )
        self._shapeless: list[int] = []  # offsets of lines that may turn out to be a torn tail

    def take(self, raw: bytes, offset: int) -> None:
        self._number += 1
        parts = parted(raw)
        line = parsed(parts[0]) if parts else None
        if parts is None or line is None:
            self._shapeless.append(offset)
            self._seq = None if self._seq is None else self._seq + 1
            self._pick_up_after(raw)
            return
        text, stated = parts
        for previous in self._candidates:
            digest = chained(previous, text)
            if digest.hex().encode("ascii") == stated and line.seq > self._trusted_seq:
                self._trust(line, digest, previous)
                return
        self._distrust(line, raw)

    def tail(self, start: int, size: int) -> TornTail | None:
        """What follows the last line that has the form of one; call it once, after the last line."""
        begin = self._shapeless[0] if self._shapeless else start
        if begin == size and (size or self._number):
            return None
        number = self._number - len(self._shapeless) + 1
        return TornTail(segment=self._name, line=number, offset=begin, size=size - begin)

    def _trust(self, line: Record, digest: bytes, previous: bytes) -> None:
        self._settle_shapeless()
        doubted, proper = self._doubted or (line, b"")
        if previous == proper and doubted.seq > self._trusted_seq:
            self.unverified.pop()
            self.damage[-1] = msgspec.structs.replace(self.damage[-1], reason=HASH_ALTERED)
            self._keep(doubted, proper)
        self._keep(line, digest)
        self._seq = self._trusted_seq = line.seq
        self._last_good = digest
        self._candidates = [digest]
        self._doubted = None

    def _keep(self, line: Record, digest: bytes) -> None:
        self.lines.append(line)
        self.digests.append(digest.hex())

    def _distrust(self, line: Record, raw: bytes) -> None:
        self._settle_shapeless()
        missing = 0 if self._seq is None else line.seq - self._seq - 1
        reason = ALTERED if missing == 0 else OUT_OF_PLACE if missing < 0 else f"{missing} lines are missing before it"
        self.damage.append(Damage(segment=self._name, line=self._number, reason=reason))
        self.unverified.append(line)
        self._seq = line.seq
        self._doubted = (line, self._pick_up_after(raw))

    def _pick_up_after(self, raw: bytes) -> bytes:
        """The next line may hang on this bad one, as it is stated or as it should be, or on the last good one."""
        computed = chained(self._candidates[0], content_of(raw))
        self._candidates = [computed, self._last_good]
        if (stated := hash_of(raw)) is not None:
            self._candidates.insert(0, stated)
        self._doubted = None
        return computed

    def _settle_shapeless(self) -> None:
        """Lines came after them, so they are no torn tail."""
        first = self._number - len(self._shapeless)
        for place in range(len(self._shapeless)):
            self.damage.append(Damage(segment=self._name, line=first + place, reason=NOT_A_LINE))
        self._shapeless.clear()
