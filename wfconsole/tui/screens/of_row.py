"""What the screens have in common that say everything of one row: they differ in what they say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.widget import Widget

from wfconsole.observations.levels import Level, Quality
from wfconsole.tui.action_names import Where
from wfconsole.tui.frame import Frame
from wfconsole.tui.panes.edges import edges
from wfconsole.tui.screens.framed_screen import TextScreen
from wfconsole.tui.widgets.scroll_text import ScrollText


class TextOfRow(ScrollText):
    """Sections about a source, and the row of it with this key ("": about the source alone)."""

    def __init__(self, source: str, key: str) -> None:
        super().__init__(id="table")
        self._source = source
        self._key = key

    def action_open_row(self) -> None:
        self.action_section(1)


class ScreenOfRow(TextScreen):
    """`goto` is a source, or a source and the key of a row: "nodes node-3"."""

    SCOPES: ClassVar[tuple[Where, ...]] = ("all", "lists")
    TEXT: ClassVar[type[TextOfRow]]

    def __init__(self, goto: str) -> None:
        self._source, _, self._key = goto.partition(" ")
        self._text = self.TEXT(self._source, self._key)
        super().__init__()

    def body(self) -> Iterable[Widget]:
        yield from edges(self)
        yield self._text

    def level(self, frame: Frame) -> Level:
        return frame.view.judged.finding(self._source, self._key).level if self._key else Level.OK

    def quality(self, frame: Frame) -> Quality:
        return frame.view.world.quality(self._source, frame.now)

    def alert(self) -> str:
        return self._key if self._source == "alerts" else ""

    def about(self) -> str:
        return f"{self._source} {self._key}".strip()
