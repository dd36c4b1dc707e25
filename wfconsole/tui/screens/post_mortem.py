"""The post-mortem as it would be written now, with its gaps marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, cast

from textual.widget import Widget

from wfconsole import reports
from wfconsole.text import cut
from wfconsole.tui import action_names
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.panes.strips import rule
from wfconsole.tui.screens.console_screen import ConsoleScreen
from wfconsole.tui.widgets.scrolled import Block, BlockList

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom


class Draft(BlockList):
    """The Markdown text, line by line."""

    BINDINGS = action_names.bindings("lists")

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._of = (0, 0)
        self._text: tuple[str, ...] = ()

    def head(self, frame: Frame, width: int) -> Sequence[Line]:
        incident = frame.view.incident
        title: Line = (
            Span("POST-MORTEM PREVIEW", "title"),
            Span(f" from {len(incident.lines)} lines of the record   wfconsole export {incident.id} writes it", "dim"),
        )
        return [rule(title, width, frame)]

    def blocks(self, frame: Frame, width: int) -> Sequence[Block]:
        if not frame.view.incident.declared:
            return [Block("", ((Span(" no incident is declared, so there is nothing to write"),),))]
        self._write(frame)
        return [Block(str(number), (_line(text, width),)) for number, text in enumerate(self._text)]

    def action_open_row(self) -> None:
        """Nothing to open."""

    def _write(self, frame: Frame) -> None:
        """Again only when the record is another, and then at most once a minute while only time passes."""
        stamp = (frame.view.incident.head_seq, frame.now // 60_000)
        if stamp == self._of:
            return
        self._of = stamp
        entries = cast("WarRoom", self.app).session.entries()
        texts = reports.export(entries, frame.view.incident, frame.runbook)
        text = next(text for name, text in texts.items() if name.endswith("post-mortem.md"))
        self._text = tuple(text.splitlines())


class PostMortemScreen(ConsoleScreen):
    """One region: the draft."""

    SCOPES = ("all", "lists")
    FIRST_FOCUS = "body"

    def __init__(self, goto: str = "") -> None:
        super().__init__()
        self._goto = goto

    def body(self) -> Iterable[Widget]:
        yield Draft(id="body")


def _line(text: str, width: int) -> Line:
    ink: Ink = "title" if text.startswith("#") else "warn" if "Gap" in text else "text"
    return (Span(cut(f" {text}", width), ink),)
