"""The catch-me-up: everything that whoever joins or takes over has to know, on one screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wfconsole.incident.brief import Part, brief, brief_text
from wfconsole.text import cut
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.panes.strips import rule
from wfconsole.tui.record_keys import no_incident
from wfconsole.tui.screens.list_screen import ListScreen
from wfconsole.tui.widgets.scrolled import Block, BlockList
from wfconsole.tui.wrapping import wrapped

_TITLE_CELLS: Final = 11
# How much of each part is shown: the first of these with which all of it is on the screen. Lines of a part, and
# whether long ones go on in a row below.
_SHORTER: Final = ((99, True), (8, True), (5, True), (3, True), (5, False), (3, False), (2, False))
_WARNS: Final = ("requires ", "OVERDUE")


class Brief(BlockList):
    """A block for each part; the one with the cursor is spelled out to its last word."""

    def head(self, frame: Frame, width: int) -> Sequence[Line]:
        title: Line = (Span("BRIEF", "title"), Span(f" as of {frame.times.clock(frame.now)}  "), Span("y", "key"))
        return [rule((*title, Span(" copies it", "dim")), width, frame)]

    def nothing(self, frame: Frame) -> str:
        return no_incident(frame.declare_key)

    def blocks(self, frame: Frame, width: int) -> Sequence[Block]:
        parts = brief_of(frame)
        made: list[Block] = []
        for most, whole in _SHORTER:
            here = self.cursor_key
            made = [
                Block(part.title, _rows(part, width, 99 if part.title == here else most, whole or part.title == here))
                for part in parts
            ]
            if sum(block.height for block in made) < self.size.height:
                break
        return made


class BriefScreen(ListScreen):
    """`y` copies all of it."""

    PLACE = "brief"

    def make_list(self) -> BlockList:
        return Brief(id="body")

    def copied(self) -> str:
        return brief_text(brief_of(self.frame)).rstrip("\n") if self.frame is not None else ""


def brief_of(frame: Frame) -> tuple[Part, ...]:
    """The brief of what is on show."""
    return brief(
        frame.view.incident,
        frame.runbook,
        frame.now,
        clocks=frame.clocks,
        checklist=frame.checklist,
        world=frame.view.world,
    )


def _rows(part: Part, width: int, most: int, whole: bool) -> list[Line]:
    """Its first lines, and how many more there are."""
    room = max(20, width - _TITLE_CELLS - 2)
    shown = part.lines if len(part.lines) <= most else part.lines[: most - 1]
    rows: list[tuple[str, Ink]] = []
    for line in shown:
        ink: Ink = "dim" if part.none else "warn" if any(word in line for word in _WARNS) else "text"
        rows += [(row, ink) for row in (wrapped(line, room) if whole else [cut(line, room)])]
    if len(shown) < len(part.lines):
        rows.append((f"and {len(part.lines) - len(shown)} more", "dim"))
    return [
        (Span(f" {part.title if place == 0 else '':<{_TITLE_CELLS}}", "title"), Span(row, ink))
        for place, (row, ink) in enumerate(rows)
    ]
