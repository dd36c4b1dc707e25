"""The outside anchor: a chain cannot show that its last lines were cut off, somebody who noted its head can."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from wfconsole.journal.survey import Survey, survey


class Seal(msgspec.Struct, frozen=True):
    """To be printed, posted, kept elsewhere. `head` joins the heads with "+" where several writers were at work."""

    head: str
    count: int  # verified lines in all segments, the journal's own included

    def __str__(self) -> str:
        return f"{self.head} after {self.count} lines"


def seal(directory: Path, fallbacks: Sequence[Path] = ()) -> Seal:
    """The journal as it stands now."""
    found = survey(directory, fallbacks)
    return Seal(head="+".join(ref.head for ref in found.tips), count=_lines(found))


def broken_seal(seal: Seal, directory: Path, fallbacks: Sequence[Path] = ()) -> str:
    """Why the journal is not the sealed one, or one that continues it; "" when it is."""
    found = survey(directory, fallbacks)
    missing = [head for head in seal.head.split("+") if head and head not in found.hashes]
    count = _lines(found)
    if missing:
        return f"the sealed line {missing[0][:8]} is not in the journal; {count} lines are, {seal.count} were"
    if count < seal.count:
        return f"{seal.count - count} of {seal.count} sealed lines are gone"
    return ""


def _lines(found: Survey) -> int:
    return sum(segment.lines for segment in found.report.segments)
