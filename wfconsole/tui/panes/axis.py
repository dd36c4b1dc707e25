"""All layers on one time axis: what changed, what people did and what each signal did stand below each other, so that
"what changed just before" is read by going straight up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from wfconsole.clock import HOUR, MINUTE, Millis
from wfconsole.text import cut, fit, percent
from wfconsole.tui import action_names
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.panes.axis_rows import Axis, AxisSignal, axis_signals
from wfconsole.tui.panes.strips import rule
from wfconsole.tui.widgets.scrolled import Block, BlockList
from wfconsole.tui.widgets.trend import trend_line
from wfconsole.tui.wrapping import labelled

# How far back, one after the other with `v`: a name, and its length.
SPANS: Final = (("15 min", 15 * MINUTE), ("30 min", 30 * MINUTE), ("60 min", HOUR), ("90 min", 3 * HOUR // 2))
_NAME: Final = 26
_VALUE: Final = 9
_INDENT: Final = 5
_TICK: Final = 15  # cells from one time of the ruler to the next
_SAID: Final = 12  # marks that are spelled out
_PEOPLE: Final = {
    "DECLARE": "D",
    "DECISION": "d",
    "ACTION": "A",
    "COMMS": "C",
    "NOTE": "N",
    "MARK": "M",
    "STATE": "S",
    "ROLE": "R",
}
_SEEN: Final = {"ALERT": "!", "SOURCE": "?"}
_CHANGES: Final = {
    "rollout": "R",
    "restart": "r",
    "scale": "s",
    "bounds": "b",
    "paused": "p",
    "existence": "x",
    "isolation": "i",
    "change": "c",
}


class Mark(NamedTuple):
    """Something that happened at one instant: a letter on the axis, and what it says."""

    at: Millis
    letter: str
    text: str


class AxisList(BlockList):
    """A row for each kind of marks and each signal; the one with the cursor is spelled out."""

    BINDINGS = [*action_names.bindings("lists"), *action_names.bindings("items"), *action_names.bindings("axis")]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.span = 1

    def next_span(self) -> None:
        self.span = (self.span + 1) % len(SPANS)
        self.redraw()

    def head(self, frame: Frame, width: int) -> Sequence[Line]:
        axis = self._axis(frame, width)
        spans = "  ".join(f"[{name}]" if place == self.span else name for place, (name, _) in enumerate(SPANS))
        title: Line = (Span("TIME AXIS", "title"), Span("  v", "key"), Span(f" {spans}"))
        return [rule(title, width, frame), _ruler(frame, axis), _began(frame, axis)]

    def blocks(self, frame: Frame, width: int) -> Sequence[Block]:
        axis, here = self._axis(frame, width), self.cursor_key or self.key or "changes"
        blocks = []
        for key, name, marks in _marks(frame, axis):
            more = _spelled(frame, marks, axis, width) if key == here else []
            blocks.append(Block(key, [_marked(name, marks, axis), *more]))
        for signal in axis_signals(frame, axis):
            more = _explained(signal, width) if signal.name == here else []
            blocks.append(Block(signal.name, [_drawn(frame, signal), *more]))
        return blocks

    def nothing(self, frame: Frame) -> str:
        del frame
        return "nothing has been seen yet"

    def action_open_row(self) -> None:
        """The row with the cursor is spelled out already."""

    def _axis(self, frame: Frame, width: int) -> Axis:
        cells = max(10, width - _NAME - _VALUE - 3)
        return Axis(frame.now, cells, max(1, -(-SPANS[self.span][1] // cells)))


def _ruler(frame: Frame, axis: Axis) -> Line:
    """Times of day above the cells in which they begin."""
    marks = "".join(
        fit(frame.times.column(axis.start + cell * axis.cell_ms)[:8], min(_TICK, axis.cells - cell))
        for cell in range(0, axis.cells, _TICK)
    )
    return (Span(" " * (_NAME + 2)), Span(marks, "dim"))


def _began(frame: Frame, axis: Axis) -> Line:
    """Where the incident began; nothing without one."""
    cell = axis.cell(frame.incident_since) if frame.view.incident.declared else None
    if cell is None:
        return (Span(""),)
    sign, words = frame.glyphs.rail, "incident began"
    if cell + len(words) + 2 <= axis.cells:
        return (Span(" " * (_NAME + 2 + cell)), Span(f"{sign} {words}", "strong"))
    return (Span(" " * (_NAME + 2 + cell - len(words) - 1)), Span(f"{words} {sign}", "strong"))


def _marks(frame: Frame, axis: Axis) -> Iterator[tuple[str, str, list[Mark]]]:
    """What happened, by who tells of it."""
    changes = [
        Mark(change.at, _CHANGES[change.kind], change.text) for change in frame.changes_within(frame.now - axis.start)
    ]
    yield "changes", "what changed", changes
    lines = frame.view.incident.lines.values()
    for key, name, letters in (("people", "what people did", _PEOPLE), ("seen", "what was noticed", _SEEN)):
        told = [
            Mark(line.at, letters[line.kind], line.amended or line.text)
            for line in lines
            if line.kind in letters and axis.cell(line.at) is not None and not line.withdrawn
        ]
        if told:
            yield key, name, sorted(told, reverse=True)


def _marked(name: str, marks: Sequence[Mark], axis: Axis) -> Line:
    """Letters in their cells: of several in one cell the newest, in bold."""
    row = [" "] * axis.cells
    for mark in reversed(marks):
        cell = axis.cell(mark.at)
        if cell is not None:
            row[cell] = mark.letter
    return (Span(f" {fit(name, _NAME)} ", "text"), Span("".join(row), "strong"), Span(f" {len(marks)}", "dim"))


def _spelled(frame: Frame, marks: Sequence[Mark], axis: Axis, width: int) -> list[Line]:
    shown = [mark for mark in marks if axis.cell(mark.at) is not None][:_SAID]
    lines: list[Line] = []
    for mark in shown:
        head = f"{'':{_INDENT}}{frame.times.clock(mark.at)} {mark.letter}  "
        lines += labelled(head, mark.text, width, indent=len(head))
    if len(marks) > len(shown):
        lines.append((Span(f"{'':{_INDENT}}and {len(marks) - len(shown)} before these", "dim"),))
    return lines or [(Span(f"{'':{_INDENT}}nothing is known", "dim"),)]


def _drawn(frame: Frame, signal: AxisSignal) -> Line:
    known = [value for value in signal.values if value is not None]
    top = 1.0 if signal.unit == "ratio" and max(known, default=0.0) <= 1 else max(known, default=0.0)
    scaled = [None if value is None else value / top if top else 0.0 for value in signal.values]
    ink: Ink = "text" if known else "dim"
    return (
        Span(f" {fit(f'{signal.pane} {signal.name}', _NAME)} ", ink),
        *trend_line(scaled, len(scaled), frame.glyphs),
        Span(f" {fit(signal.shown(signal.values[-1]), _VALUE)}", ink),
    )


def _explained(signal: AxisSignal, width: int) -> list[Line]:
    """What it means, and how far it went within the span."""
    known = [value for value in signal.values if value is not None]
    said: list[tuple[str, Ink]] = [(signal.meaning, "dim")]
    if known:
        said.append((f"lowest {signal.shown(min(known))}   highest {signal.shown(max(known))}", "text"))
    gaps = len(signal.values) - len(known)
    if gaps:
        said.append((f"not known for {percent(gaps, len(signal.values))} of this time", "dim"))
    return [(Span(cut(f"{'':{_INDENT}}{text}", width), ink),) for text, ink in said]
