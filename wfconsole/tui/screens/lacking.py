"""What a source lacks, one cause at a time, each with what mends it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wfconsole.observations.snapshot import LACK_WORDS, Snapshot


def lacking(snapshot: Snapshot[Any]) -> Iterator[tuple[str, str]]:
    """Label and words of each; a recording of before there were causes has the words alone."""
    if snapshot.partial and not any(not lack.extra for lack in snapshot.lacks):
        yield "partial", snapshot.partial
    for lack in snapshot.lacks:
        yield LACK_WORDS[lack.kind], lack.text
        if lack.remedy and lack.kind == "permission":
            yield "do", lack.remedy
