"""Scenarios and recordings: what there is to replay or to practise on, and the command that opens it in a console of
its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import ClassVar, Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.session.view import RecordingEntry
from wfconsole.text import UNKNOWN, cut, fit, position
from wfconsole.tui import action_names
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.panes.strips import rule
from wfconsole.tui.screens.list_screen import ListScreen
from wfconsole.tui.widgets.scrolled import Block, BlockList
from wfconsole.tui.wrapping import labelled

_COLUMNS: Final = (("NAME", 30), ("KIND", 10), ("LENGTH", 10), ("SEV", 5))
# The orders that `s` goes through. What has no such value comes last; what is equal stays as it was found.
_ORDERS: Final[Sequence[tuple[str, Callable[[RecordingEntry], float]]]] = (
    ("kind", lambda _: 0),
    ("severity", lambda entry: entry.severity or inf),
    ("length", lambda entry: inf if entry.length_ms is None else entry.length_ms),
    ("newest", lambda entry: -(entry.recorded_at or 0)),
)
_INDENT: Final = 3
_WORD: Final = 10
_BAR_CELLS: Final = 40


class Recordings(BlockList):
    """A line for each; under the cursor what it is, and how to open it."""

    def __init__(self, title: str, nothing: str, *, id: str) -> None:
        super().__init__(id=id)
        self._title = title
        self._nothing = nothing
        self.found: tuple[RecordingEntry, ...] | None = None  # None: still looking
        self._order = 0

    def head(self, frame: Frame, width: int) -> Sequence[Line]:
        sorted_by = f" by {_ORDERS[self._order][0]}" if self._order else ""
        filtered = f"  / {self.filter}" if self.filter else ""
        title: Line = (
            Span(self._title, "title"),
            Span(f"{sorted_by}{filtered}  offline: nothing here touches a live system"),
        )
        names = "".join(fit(name, size) for name, size in _COLUMNS)
        return [rule(title, width, frame), (Span(f"{'':{_INDENT}}{names}WHAT", "dim"),)]

    def nothing(self, frame: Frame) -> str:
        del frame
        return "looking ..." if self.found is None else self._nothing

    def blocks(self, frame: Frame, width: int) -> Sequence[Block]:
        here = self.cursor_key or self.key
        return [_block(frame, entry, width, here) for entry in sorted(self.found or (), key=_ORDERS[self._order][1])]

    def next_order(self) -> str:
        """Sort by something else, and say by what."""
        self._order = (self._order + 1) % len(_ORDERS)
        self.redraw()
        return _ORDERS[self._order][0]

    def entry(self) -> RecordingEntry | None:
        """What the cursor is on."""
        return next((entry for entry in self.found or () if entry.command == self.key), None)


class RecordingsScreen(ListScreen):
    """One console shows one session: Enter copies the command that opens a recording in another. `goto`: a filter; the
    name of one is as Enter on it."""

    TITLE: ClassVar[str]
    NOTHING: ClassVar[str]
    SCOPES = ("all", "lists", "items", "replays")
    BINDINGS = action_names.bindings("replays")
    ENTERS = True

    def make_list(self) -> BlockList:
        recordings = Recordings(self.TITLE, self.NOTHING, id="body")
        recordings.filter = self.goto
        return recordings

    def on_mount(self) -> None:
        self.war_room.in_background(self.war_room.session.recordings, self._show)

    def action_sort(self) -> None:
        self.say(f"sorted by {self.query_one(Recordings).next_order()}")

    def copied(self) -> str:
        entry = self.query_one(Recordings).entry()
        return entry.command if entry is not None and not entry.problem else ""

    def on_block_list_entered(self) -> None:
        entry = self.query_one(Recordings).entry()
        if entry is not None:
            self._open(entry)

    def _open(self, entry: RecordingEntry) -> None:
        """A console plays one stream: what to type for another one, which is copied too."""
        if entry.problem:
            self.say(f"cannot be opened: {entry.problem}")
        else:
            self.war_room.copy(entry.command)
            self.say(f"copied; in another terminal: {entry.command}")

    def chosen(self, found: tuple[RecordingEntry, ...]) -> tuple[RecordingEntry, ...]:
        """Those of them that are listed."""
        return found

    def _show(self, found: tuple[RecordingEntry, ...]) -> None:
        if self.is_attached:
            recordings = self.query_one(Recordings)
            recordings.found = self.chosen(found)
            recordings.redraw()
            named = [entry for entry in recordings.found if entry.name == self.goto]
            if len(named) == 1:
                self._open(named[0])


class ReplaysScreen(RecordingsScreen):
    """Everything that can be replayed."""

    TITLE = "REPLAYS AND SCENARIOS"
    NOTHING = "there is nothing to replay: `wfconsole record` makes recordings"


class DrillsScreen(RecordingsScreen):
    """What can be practised on: there, the command begins a drill."""

    TITLE = "DRILLS"
    NOTHING = "there is nothing to practise on: nobody acted in any of the recordings"

    def chosen(self, found: tuple[RecordingEntry, ...]) -> tuple[RecordingEntry, ...]:
        return tuple(msgspec.structs.replace(each, command=each.drill, drill="") for each in found if each.drill)


def _block(frame: Frame, entry: RecordingEntry, width: int, here: str) -> Block:
    sign = frame.glyphs.error if entry.problem else " "
    told = (entry.name, entry.kind, _length(entry.length_ms), str(entry.severity or ""))
    columns = "".join(fit(cut(text, size - 1), size) for text, (_, size) in zip(told, _COLUMNS, strict=True))
    what = entry.problem or entry.practise or entry.title
    room = max(0, width - _INDENT - sum(size for _, size in _COLUMNS))
    ink: Ink = "warn" if entry.problem else "text"
    rows: list[Line] = [(Span(f" {sign} ", "strong"), Span(columns, ink), Span(cut(what, room), "dim"))]
    if entry.command == here:
        rows += _opened(frame, entry, width)
    return Block(entry.command, rows, words=" ".join((*told, entry.title, entry.practise, entry.problem)))


def _opened(frame: Frame, entry: RecordingEntry, width: int) -> list[Line]:
    told = [("title", entry.title)] if entry.title else []
    if entry.practise:
        told.append(("practise", entry.practise))
    flags = [word for word, is_so in (("redacted", entry.redacted), ("no end mark", entry.truncated)) if is_so]
    recorded = frame.times.calendar(entry.recorded_at) if entry.recorded_at else UNKNOWN
    told.append(("recorded", "   ".join((recorded, *flags))))
    if entry.problem:
        told.append(("problem", entry.problem))
    else:
        if entry.length_ms:
            told.append(("marks", _bar(frame, entry.marks, entry.length_ms)))
        told.append(("Enter", f"copies for another terminal: {entry.command}"))
        if entry.drill:
            told.append(("drill", f"you act, and its world answers: {entry.drill}"))
    indent = _INDENT * 2 + _WORD
    return [row for word, text in told for row in labelled(f"{'':{_INDENT * 2}}{word}", text, width, indent=indent)]


def _bar(frame: Frame, marks: Sequence[Millis], length: Millis) -> str:
    """From the beginning to the end, with what people said."""
    cells = [frame.glyphs.rule] * _BAR_CELLS
    for mark in marks:
        cells[max(0, min(_BAR_CELLS - 1, mark * _BAR_CELLS // length))] = "N"
    return f"00:00:00 |{''.join(cells)}| {position(length)}"


def _length(length: Millis | None) -> str:
    return position(length) if length is not None else UNKNOWN
