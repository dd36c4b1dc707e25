"""One autoscaler or one node, whole: what it says of itself, what it has and uses, and what happened to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.widget import Widget

from wfconsole.observations.levels import Level, Quality
from wfconsole.tui.action_names import Where
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.panes.edges import edges
from wfconsole.tui.panes.row_sections import sections_of
from wfconsole.tui.screens.framed_screen import FramedScreen
from wfconsole.tui.state_words import badge
from wfconsole.tui.widgets.scroll_text import ScrollText, Section

_KINDS = {"hpas": "HPA", "nodes": "NODE"}


class RowText(ScrollText):
    """Everything that is known of the row."""

    def __init__(self, source: str, key: str) -> None:
        super().__init__(id="table")
        self._source = source
        self._key = key

    def sections(self, frame: Frame, width: int) -> Sequence[Section]:
        del width
        return sections_of(frame, self._source, self._key)

    def action_open_row(self) -> None:
        self.action_section(1)


class RowScreen(FramedScreen):
    """`goto` is a source and the key of a row: "nodes node-3"."""

    SCOPES: ClassVar[tuple[Where, ...]] = ("all", "lists")

    def __init__(self, goto: str) -> None:
        self._source, _, self._key = goto.partition(" ")
        self._text = RowText(self._source, self._key)
        super().__init__()

    def body(self) -> Iterable[Widget]:
        yield from edges(self)
        yield self._text

    def level(self, frame: Frame) -> Level:
        return frame.view.judged.finding(self._source, self._key).level

    def quality(self, frame: Frame) -> Quality:
        return frame.view.world.quality(self._source, frame.now)

    def title_line(self, frame: Frame) -> Line:
        snapshot, quality = frame.view.world.snapshots.get(self._source), self.quality(frame)
        gone = quality.conclusive and snapshot is not None and self._key not in snapshot.rows
        state = Span("gone", "strong") if gone else badge(frame.glyphs, self.level(frame), quality)
        namespace, _, name = self._key.rpartition("/")
        return (Span(f"{_KINDS[self._source]} {name} ", "title"), state, Span(f"   {namespace}"))

    def footer(self, frame: Frame) -> Line:
        del frame
        return (Span(f"{self._text.place()}   n b section   i evidence   Bksp back", "dim"),)

    def about(self) -> str:
        return f"{self._source} {self._key}"

    def evidence(self) -> str:
        return self.about()
