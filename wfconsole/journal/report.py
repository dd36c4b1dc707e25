"""What reading a journal found: for the screen, for the next segment's first line, and for the post-mortem."""

from __future__ import annotations

from typing import Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.journal.records import Record

WORDS_KEPT: Final = 20


class SegmentSummary(msgspec.Struct, frozen=True):
    """One file. `lines` and `head` count what is verified; `host` is empty where its first line is unreadable."""

    name: str
    directory: str
    lines: int
    head: str
    opened_at: Millis = 0
    host: str = ""
    pid: int = 0
    fallback: bool = False
    held: bool = False  # a console that was open when this was read writes here


class TornTail(msgspec.Struct, frozen=True):
    """Bytes after the last whole line: what a killed writer or a lost power line leaves. Nothing confirmed is in it."""

    segment: str
    line: int  # the number that the torn line would have
    offset: int
    size: int


class Damage(msgspec.Struct, frozen=True):
    """A line that is not what was written: bit rot, or somebody's hand."""

    segment: str
    line: int
    reason: str


class Gap(msgspec.Struct, frozen=True):
    """A later segment saw lines here that are not here any more."""

    segment: str
    missing: int
    reason: str


class ClockJump(msgspec.Struct, frozen=True):
    """The wall clock of the writing machine moved against its monotonic clock before this line."""

    segment: str
    line: int
    at: Millis
    by_ms: int


class JournalReport(msgspec.Struct, frozen=True):
    """What is there and what is not. `unverified` holds entries of damaged lines: shown, never part of the state."""

    segments: tuple[SegmentSummary, ...] = ()
    entries: int = 0
    torn: tuple[TornTail, ...] = ()
    damage: tuple[Damage, ...] = ()
    gaps: tuple[Gap, ...] = ()
    duplicates: int = 0  # entries written again under the same id after a failed write: harmless
    clock_jumps: tuple[ClockJump, ...] = ()
    unverified: tuple[Record, ...] = ()
    left_out: tuple[str, ...] = ()  # files that could not be read or are not of this journal, with the reason

    @property
    def intact(self) -> bool:
        """Whether everything that was ever confirmed is here as it was written, as far as the files can tell."""
        return not (self.damage or self.gaps or self.left_out)

    @property
    def open_consoles(self) -> int:
        """How many consoles had this journal open when it was read, as far as its file system tells."""
        return sum(segment.held for segment in self.segments)

    @property
    def words(self) -> tuple[str, ...]:
        """Everything out of order, a line each; empty when there is nothing to say."""
        said = [f"{gap.segment}: {gap.reason}" for gap in self.gaps]
        said += [f"{hit.segment} line {hit.line}: {hit.reason}" for hit in self.damage]
        said += [f"{tail.segment}: torn tail, {tail.size} bytes at {tail.offset}" for tail in self.torn]
        said += [f"{jump.segment} line {jump.line}: clock jumped by {jump.by_ms} ms" for jump in self.clock_jumps]
        said += self.left_out
        if len(said) > WORDS_KEPT:
            said = [*said[:WORDS_KEPT], f"and {len(said) - WORDS_KEPT} more"]
        return tuple(said)

    @property
    def summary(self) -> str:
        """`words` in one line."""
        return "; ".join(self.words)
