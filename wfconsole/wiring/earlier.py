"""What consoles before this one recorded: where to find the time that a resumed incident has behind it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from wfconsole.clock import Millis
from wfconsole.recording.lines import RecordingError
from wfconsole.session.session import Session


class Kept(msgspec.Struct, frozen=True):
    """A recording as `wfconsole replay` finds it by its name, from when to when it was written, and of which server."""

    name: str
    began: Millis
    until: Millis
    server: str = ""


def earlier_recordings(folder: Path, own: str) -> list[Kept]:
    """All but one's own, the newest first. One that cannot be read is none."""
    from wfconsole.recording.play import header_of  # here, because the first frame looks for none
    from wfconsole.recording.scenarios import name_of

    found = []
    for path in folder.glob("*.jsonl.gz"):
        if str(path) == own:
            continue
        try:
            header, until = header_of(path), int(path.stat().st_mtime * 1000)
        except (RecordingError, OSError):
            continue
        found.append(Kept(name_of(path), header.started_at, until, header.target.server))
    return sorted(found, key=lambda kept: kept.began, reverse=True)


def recording_before(session: Session, kept: Sequence[Kept], instant: Millis) -> str:
    """The name of the newest that had begun at `instant` and saw that, or at least this incident; "" for none."""
    view = session.view
    since = view.incident.moments.get("started") or view.incident.declared_at or instant
    for each in kept:
        elsewhere = each.server and view.target.server and each.server != view.target.server
        if each.began <= instant and each.until >= min(instant, since) and not elsewhere:
            return each.name
    return ""
