"""What a terminal shows that is too small for the console."""

from __future__ import annotations

from collections.abc import Sequence

from wfconsole.text import cut, elapsed
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.state_words import counts, level_ink, level_sign
from wfconsole.tui.widgets.lines import Pane


class TooSmall(Pane):
    """The most important words, and how much room the console needs."""

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        del height
        incident, need = frame.view.incident, frame.needs[0]
        what = "NO INCIDENT"
        if incident.declared:
            stands = "RESOLVED" if incident.resolved else elapsed(frame.incident_ms)
            what = f"{incident.severity.replace('SEV', 'SEV-')} {stands}"
        mode = frame.time.word
        return [
            (Span(f"{frame.glyphs.live if mode == 'LIVE' else frame.glyphs.replay} {mode} {what}", "strong"),),
            (Span(cut(f"{level_sign(frame.glyphs, need.level)} {need.text}", width), level_ink(need.level)),),
            counts(frame.glyphs, frame.counts, words=False),
            (Span(cut(f"too small: {self.size.width}x{self.size.height}", width), "dim"),),
            (Span("need 80x24", "dim"),),
            (Span("u next  ? help", "key"),),
        ]
