"""What the screen says of words that somebody wrote and has not entered."""

from __future__ import annotations

from wfconsole.session.drafts import Draft, DraftBook
from wfconsole.text import age
from wfconsole.tui.frame import Frame


def left_over_words(draft: Draft, frame: Frame) -> str:
    """`kept from 02:41:10Z, 14m02s ago, when the console ended`, and whose it is where it is somebody else's."""
    whose = f", by {draft.by}" if draft.by not in ("", frame.operator) else ""
    return f"kept from {frame.times.clock(draft.at)}, {age(frame.now - draft.at)} ago{whose}, when the console ended"


def not_kept_words(drafts: DraftBook) -> str:
    """What ends the console would take along what is written now."""
    return f"what you write is not kept on disk: {drafts.trouble}"
