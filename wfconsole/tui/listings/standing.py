"""How it stands with a source whose rows are not all there is now: in words, with the reason and the age."""

from __future__ import annotations

from typing import Any, Final

from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.snapshot import Snapshot
from wfconsole.text import age
from wfconsole.tui.frame import Frame
from wfconsole.tui.state_words import sign_and_word

# Sources whose names are no plural.
_SINGULAR: Final = ("database", "cache", "auth", "isolation", "inference", "signal_history")


def is_old(quality: Quality) -> bool:
    """Whether what is on show was true once, and may not be now."""
    return not quality.tells


def never_seen(frame: Frame, source: str) -> bool:
    snapshot = frame.view.world.snapshots.get(source)
    return snapshot is None or snapshot.good_at is None


def doubt(frame: Frame, source: str, *, without: str) -> str:
    """`≈ STALE none when last seen 4m12s ago; timeout for 5m: no answer`, for `without` "none"; "" for no doubt."""
    quality = frame.view.world.quality(source, frame.now)
    if quality.conclusive:
        return ""
    state = " ".join((*sign_and_word(frame.glyphs, Level.OK, quality), ""))
    snapshot = frame.view.world.snapshots.get(source)
    if snapshot is None:
        return f"{state}nothing reads {source.replace('_', ' ')}"
    if quality == Quality.PARTIAL:
        return f"{state}{without} in what could be read: {snapshot.partial}"
    why = _why(frame, snapshot)
    seen = f"{source.replace('_', ' ')} {'was' if source in _SINGULAR else 'were'}"
    if snapshot.good_at is None:
        return f"{state}{seen} never seen: {why}"
    return f"{state}{without} when {seen} last seen, {age(snapshot.age_ms(frame.now))} ago: {why}"


def _why(frame: Frame, snapshot: Snapshot[Any]) -> str:
    failure = snapshot.failure
    if failure is None:
        return "nothing was reported yet" if snapshot.good_at is None else "nothing was heard since"
    remedy = f"; {failure.remedy}" if failure.remedy else ""
    return f"{failure.kind} for {age(frame.now - failure.since)}, {failure.message}{remedy}"
