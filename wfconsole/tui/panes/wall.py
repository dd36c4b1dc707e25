"""The boxes of the wall view: one number each, as large as there is room, in a frame that carries its state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from wfconsole.incident.checklist import Item
from wfconsole.incident.wording import counted
from wfconsole.text import age, cut
from wfconsole.tui.frame import CHANGES_WINDOW, Frame
from wfconsole.tui.ink import BLANK, Ink, Line, Span, fitted, width_of
from wfconsole.tui.panes.digits import Number, incident_numbers, world_numbers
from wfconsole.tui.state_words import badge, level_ink
from wfconsole.tui.widgets.block_digits import ROWS, SCALES, block_digits, digits_width
from wfconsole.tui.widgets.lines import Pane
from wfconsole.tui.widgets.pane_frame import boxed, frame_look
from wfconsole.tui.wrapping import wrapped

BOXES: Final = (3, 3)  # in each row, at most
# A clock that runs out takes this much: it must not make all numbers smaller at the moment that it does.
_OVERDUE: Final = "+00:00"
_WORD_ROWS: Final = 2  # the label above the digits and the state below them
_MARGIN: Final = 1  # cells left of what is in a box; twice as many in a wide one
_WIDE: Final = 50
_GAP: Final = 4
_NOW_SHARE: Final = 60  # per cent of a line that the open step may take from the one after it

NumberRows = tuple[Sequence[Number], Sequence[Number]]
Scale = tuple[int, int]  # cells and rows of a dot


class Wall(Protocol):
    """What a box needs to know of the screen that it hangs on."""

    def numbers(self, frame: Frame) -> NumberRows: ...

    def scale(self, frame: Frame) -> Scale: ...


def number_rows(frame: Frame) -> NumberRows:
    """The numbers of both rows. Without an incident the time of day stands in the first."""
    zone = frame.times.name(frame.now) if frame.times.way == "local" else "UTC"
    time = Number("NO INCIDENT", frame.times.column(frame.now)[:8], said=(zone,), judged=False)
    return incident_numbers(frame) or [time], world_numbers(frame)[: BOXES[1]]


def scale_for(rows: NumberRows, sizes: Sequence[tuple[int, int]]) -> Scale:
    """The largest dots with which all numbers fit; `sizes` are those of the smallest box in each row."""

    def fits(scale: Scale) -> bool:
        cells, high = scale
        return all(
            ROWS * high <= height - 2 - _WORD_ROWS
            and all(digits_width(value, cells) <= width - 2 for value in (_OVERDUE, *(each.value for each in numbers)))
            for numbers, (width, height) in zip(rows, sizes, strict=True)
        )

    return next(filter(fits, SCALES), SCALES[-1])


class Box(Pane):
    """One number: label, digits, symbol and word, and the reason on as many rows as there are."""

    def __init__(self, wall: Wall, row: int, place: int) -> None:
        super().__init__(id=f"box-{row}-{place}")
        self._wall = wall
        self._row = row
        self._place = place

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        numbers = self._wall.numbers(frame)[self._row]
        if self._place >= len(numbers):
            return []
        number = numbers[self._place]
        look = frame_look(frame.glyphs, number.level, number.quality)
        body = _body(frame, number, (width - 2, height - 2), self._wall.scale(frame))
        return boxed((), body, (), (width, height), look)


def _body(frame: Frame, number: Number, size: tuple[int, int], scale: Scale) -> list[Line]:
    width, height = size
    pad = Span(" " * (_MARGIN if width < _WIDE else 2 * _MARGIN))
    inside = width - len(pad.text)
    digits = _digits(frame, number, width, scale, pad)
    label = (pad, Span(number.label, level_ink(number.level) if number.level else "strong"))
    spare = height - _WORD_ROWS - len(digits)
    gap = [BLANK] if spare > 2 else []
    top: list[Line] = [*([BLANK] if spare > 4 else []), label, *gap, *digits, *gap]
    return [*top, *((pad, *line) for line in _state(frame, number, inside, height - len(top)))]


def _digits(frame: Frame, number: Number, width: int, scale: Scale, pad: Span) -> list[Line]:
    """A number that is longer than its box is written small: never a part of it."""
    cells, high = scale
    ink: Ink = level_ink(number.level) if number.level else "strong" if number.quality.conclusive else "dim"
    room = width - digits_width(number.value, cells)
    if room < 0:
        rows = [""] * (ROWS * high)
        rows[len(rows) // 2] = number.value
    else:
        rows = list(block_digits(number.value, frame.glyphs.block, cells=cells, rows=high))
        pad = Span(pad.text[:room])
    return [(pad, Span(row, ink)) for row in rows]


def _state(frame: Frame, number: Number, width: int, height: int) -> list[Line]:
    """Symbol and word with the first reason beside it, then as much of the others as there are rows."""
    first, *others = number.said or ("",)
    sign: Line = (badge(frame.glyphs, number.level, number.quality), Span(" ")) if number.judged else ()
    room = width - width_of(sign)
    beside = wrapped(first, room)[0] if height > 1 else cut(first, room)
    lines: list[Line] = [(*sign, Span(beside))]
    for words in (first.removeprefix(beside).strip(), *others):
        if not words:
            continue
        rows, room = wrapped(words, width), height - len(lines)
        if 0 < room < len(rows):
            rows[room - 1] = cut(f"{rows[room - 1]} {rows[room]}", width)
        lines += [(Span(row, "dim"),) for row in rows[: max(0, room)]]
    return lines


class Steps(Pane):
    """The open step and the one after it; without an incident what changed last."""

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        (word, now), *rest = _steps(frame) if frame.view.incident.declared else _quiet(frame)
        if height > 1 or not rest:
            return [_part(word, now, width), *(_part(*part, width) for part in rest)]
        room = min(width_of(_part(word, now, width)) + _GAP, width * _NOW_SHARE // 100)
        return [(*fitted(_part(word, now, room - 1), room), *_part(*rest[0], width - room))]


def _part(word: str, words: str, width: int) -> Line:
    head = f" {word}  "
    return (Span(head, "title"), Span(cut(words, max(0, width - len(head)))))


def _steps(frame: Frame) -> list[tuple[str, str]]:
    active = frame.checklist
    item, section = active.current, active.section
    if frame.view.incident.resolved:
        open_steps = active.total - active.closed
        left = [("LEFT", f"{counted(open_steps, 'step')} open")] if open_steps else []
        return [("RESOLVED", "the post-mortem is next"), *left]
    if item is None or section is None:
        return [("NOW", active.completion or "no step is open")]
    role = f" ({item.step.role})" if item.step.role else ""
    parts = [("NOW", f"step {item.number}/{section.items[-1].number} {_words(item)}{role}")]
    later = active.items[active.items.index(item) + 1 :]
    return [*parts, *(("NEXT", _words(after)) for after in later if after.waits)][:2]


def _words(item: Item) -> str:
    step = item.step
    action = f"  ACTION {step.danger}" if step.kind == "action" else ""
    return f"{'DECIDE: ' if step.kind == 'decide' else ''}{step.title}{action}"


def _quiet(frame: Frame) -> list[tuple[str, str]]:
    """Before anything is declared, the question is what changed just before."""
    found = frame.changes_within(CHANGES_WINDOW)[:2]
    if not found:
        return [("NO INCIDENT", f"no change is known of the last {age(CHANGES_WINDOW)}")]
    return [
        ("LAST CHANGE" if place == 0 else "BEFORE", f"{frame.times.clock(change.at)} {change.text}")
        for place, change in enumerate(found)
    ]
