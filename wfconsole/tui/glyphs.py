"""The symbols that the console draws with, in Unicode and in ASCII.

Only characters that are one cell wide everywhere and present in the common fonts: no Braille, no emoji, square corners
(a tmux client without UTF-8 turns round ones into `_`). A symbol never stands without its word or its place.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Border = Literal["solid", "heavy", "dashed", "ascii"]


class Glyphs(msgspec.Struct, frozen=True):
    """One set of symbols. Each is one cell wide; `ramp` goes from the lowest eighth to the highest."""

    name: Literal["unicode", "ascii"]
    critical: str
    warning: str
    watch: str
    ok: str
    partial: str
    stale: str
    unknown: str
    denied: str
    error: str
    off: str
    live: str
    frozen: str
    back: str
    replay: str
    pointer: str
    pending: str  # written in the timeline, not yet on disk
    ramp: str
    rule: str
    rail: str
    block: str  # what block digits and the mark of now are made of
    border_calm: Border
    border_warning: Border
    border_critical: Border
    border_distrust: Border  # stale, unknown, denied, error

    def trend(self, share: float) -> str:
        """The cell of a trend line for a value's `share` of its scale, 0 to 1; beyond is clamped."""
        return self.ramp[min(len(self.ramp) - 1, max(0, int(share * len(self.ramp))))]


UNICODE: Final = Glyphs(
    name="unicode",
    critical="■",
    warning="▲",
    watch="◆",
    ok="·",
    partial="%",
    stale="≈",
    unknown="?",
    denied="×",
    error="!",
    off="·",
    live="●",
    frozen="║",
    back="◄",
    replay="►",
    pointer="►",
    pending="…",
    ramp="▁▂▃▄▅▆▇█",
    rule="─",
    rail="│",
    block="█",
    border_calm="solid",
    border_warning="solid",
    border_critical="heavy",
    border_distrust="dashed",
)
ASCII: Final = Glyphs(
    name="ascii",
    critical="#",
    warning="!",
    watch="o",
    ok=".",
    partial="%",
    stale="~",
    unknown="?",
    denied="x",
    error="E",
    off=".",
    live="*",
    frozen="|",
    back="<",
    replay=">",
    pointer=">",
    pending="~",
    ramp="_.:-=+*#",
    rule="-",
    rail="|",
    block="#",
    border_calm="ascii",
    border_warning="ascii",
    border_critical="ascii",
    border_distrust="ascii",
)
SETS: Final = {"unicode": UNICODE, "ascii": ASCII}
