"""The frame around the body of a screen: four sides that show the state of what is inside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from wfconsole.observations.levels import Level, Quality
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line
from wfconsole.tui.widgets.lines import Pane
from wfconsole.tui.widgets.pane_frame import bottom_line, frame_look, side, top_line


class Framed(Protocol):
    """What a frame needs to know of the screen that it surrounds."""

    def level(self, frame: Frame) -> Level: ...

    def quality(self, frame: Frame) -> Quality: ...

    def title_line(self, frame: Frame) -> Line: ...

    def footer(self, frame: Frame) -> Line: ...


class Edge(Pane):
    """One side."""

    def __init__(self, framed: Framed, part: str) -> None:
        super().__init__(id=f"frame-{part}")
        self._framed = framed
        self._part = part

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        look = frame_look(frame.glyphs, self._framed.level(frame), self._framed.quality(frame))
        if self._part == "top":
            return [top_line(self._framed.title_line(frame), width, look)]
        if self._part == "bottom":
            return [bottom_line(self._framed.footer(frame), width, look)]
        return [side(look)] * height


def edges(framed: Framed) -> Iterator[Edge]:
    """All four, under the ids that `places.framed` knows."""
    for part in ("top", "left", "right", "bottom"):
        yield Edge(framed, part)
