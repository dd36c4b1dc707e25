"""A screen whose body stands in one frame: the frame's shape carries the state, its edges say what and how old."""

from __future__ import annotations

from collections.abc import Iterable

from textual.geometry import Size

from wfconsole.observations.levels import Level, Quality
from wfconsole.tui import places
from wfconsole.tui.action_names import Action
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line
from wfconsole.tui.panes.edges import Edge
from wfconsole.tui.screens.console_screen import ConsoleScreen


class FramedScreen(ConsoleScreen):
    """The body is the region "table", inside `panes.edges.edges`."""

    FIRST_FOCUS = "table"

    def places(self, size: Size) -> places.Places:
        return places.framed(size, summary=0, detail=0)

    def level(self, frame: Frame) -> Level:
        raise NotImplementedError

    def quality(self, frame: Frame) -> Quality:
        raise NotImplementedError

    def title_line(self, frame: Frame) -> Line:
        raise NotImplementedError

    def footer(self, frame: Frame) -> Line:
        raise NotImplementedError

    def on_scroll_text_moved(self) -> None:
        self.draw_edges()

    def draw_edges(self) -> None:
        """What the edges say of the body is another."""
        for edge in self.query(Edge):
            edge.redraw()


class TextScreen(FramedScreen):
    """The body is one text to read, in which nothing can be opened: Enter goes on in it."""

    def hints(self) -> Iterable[Action]:
        return (action for action in super().hints() if action.id != "open")
