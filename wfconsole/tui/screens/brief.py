"""The catch-me-up: everything that whoever joins or takes over has to know, on one screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wfconsole.incident.brief import Part, brief, brief_text
from wfconsole.text import clock_time, cut
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.panes.strips import rule
from wfconsole.tui.screens.list_screen import ListScreen
from wfconsole.tui.widgets.scrolled import Block, BlockList
from wfconsole.tui.wrapping import wrapped

_TITLE_CELLS: Final = 11
# Lines of each part on the smallest screen, where one line is not all there is to it; more rows show more of them.
_FEW: Final = {"DONE": 3, "RUNNING": 3, "OWED": 3, "DECIDED": 2, "SUSPECTED": 1, "NOT KNOWN": 2}
_SMALL_ROWS: Final = 21
_WARNS: Final = ("requires ", "OVERDUE")


class Brief(BlockList):
    """A block for each part; the one with the cursor is spelled out to its last word."""

    def head(self, frame: Frame, width: int) -> Sequence[Line]:
        title: Line = (Span("BRIEF", "title"), Span(f" as of {clock_time(frame.now)}  "), Span("y", "key"))
        return [rule((*title, Span(" copies it", "dim")), width, frame)]

    def nothing(self, frame: Frame) -> str:
        del frame
        return "no incident is declared; D declares one"

    def blocks(self, frame: Frame, width: int) -> Sequence[Block]:
        room = max(1, self.size.height // _SMALL_ROWS)
        here = self.cursor_key or "WHAT"
        return [
            Block(part.title, _rows(part, width, 0 if part.title == here else _FEW.get(part.title, 99) * room))
            for part in brief_of(frame)
        ]


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


def _rows(part: Part, width: int, most: int) -> list[Line]:
    """All lines in full (`most` 0), or a row for each of the first ones."""
    room = max(20, width - _TITLE_CELLS - 1)
    rows: list[tuple[str, Ink]] = []
    shown = (
        part.lines if not most or len(part.lines) <= most else part.lines[: most - 1] if most > 1 else part.lines[:1]
    )
    for line in shown:
        ink: Ink = "dim" if part.none else "warn" if any(word in line for word in _WARNS) else "text"
        rows += [(row, ink) for row in (wrapped(line, room) if not most else [cut(line, room)])]
    left_out = len(part.lines) - len(shown)
    if left_out and most > 1:
        rows.append((f"and {left_out} more", "dim"))
    elif left_out:
        rows[0] = (cut(rows[0][0], room - 10) + f"  +{left_out}", rows[0][1])
    return [
        (Span(f" {part.title if place == 0 else '':<{_TITLE_CELLS}}"[: _TITLE_CELLS + 1], "title"), Span(row, ink))
        for place, (row, ink) in enumerate(rows)
    ]
