"""The frame around a pane. Its shape carries the state where there is no colour: heavy is critical, dashed distrust."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from wfconsole.observations.levels import Level, Quality
from wfconsole.tui.glyphs import Border, Glyphs
from wfconsole.tui.ink import BLANK, Ink, Line, Span, fitted, width_of
from wfconsole.tui.state_words import border


class _Shape(NamedTuple):
    corners: str  # top left, top right, bottom left, bottom right
    across: str
    down: str


_SHAPES: Final[dict[Border, _Shape]] = {
    "solid": _Shape("┌┐└┘", "─", "│"),
    "heavy": _Shape("┏┓┗┛", "━", "┃"),
    "dashed": _Shape("┏┓┗┛", "╍", "╏"),
    "ascii": _Shape("++++", "-", "|"),
}


class FrameLook(NamedTuple):
    """How a frame looks: its border and the role it is drawn in."""

    border: Border
    ink: Ink


def frame_look(glyphs: Glyphs, level: Level, quality: Quality) -> FrameLook:
    shape = border(glyphs, level, quality)
    if not quality.conclusive:
        return FrameLook(shape, "dim")
    inks: tuple[Ink, ...] = ("rule", "rule", "warn", "crit")
    return FrameLook(shape, inks[level])


def top_line(title: Line, width: int, look: FrameLook) -> Line:
    """The upper border with a title in it."""
    shape = _SHAPES[look.border]
    return _edge(shape.corners[0], shape.corners[1], title, width, look, at_right=False)


def bottom_line(footer: Line, width: int, look: FrameLook) -> Line:
    """The lower border with a footer near its right end."""
    shape = _SHAPES[look.border]
    return _edge(shape.corners[2], shape.corners[3], footer, width, look, at_right=True)


def side(look: FrameLook) -> Line:
    return (Span(_SHAPES[look.border].down, look.ink),)


def boxed(title: Line, body: Sequence[Line], footer: Line, size: tuple[int, int], look: FrameLook) -> list[Line]:
    """A whole pane of (columns, rows), with the body inside, cut or filled to fit."""
    width, height = size
    if height < 2 or width < 4:
        return [fitted(title, width)] * min(height, 1)
    edge = side(look)[0]
    inside: list[Line] = [*body[: height - 2]]
    inside += [BLANK] * (height - 2 - len(inside))
    lines = [top_line(title, width, look)]
    lines += [(edge, *fitted(line, width - 2), edge) for line in inside]
    lines.append(bottom_line(footer, width, look))
    return lines


def _edge(left: str, right: str, words: Line, width: int, look: FrameLook, *, at_right: bool) -> Line:
    across = _SHAPES[look.border].across
    room = width - 2 - 4
    if not words or room < 3:
        return (Span(left + across * (width - 2) + right, look.ink),)
    shown = words if width_of(words) <= room else fitted(words, room)
    rest = across * (width - 2 - 3 - width_of(shown))
    before, after = (rest, across) if at_right else (across, rest)
    return (Span(left + before + " ", look.ink), *shown, Span(" " + after + right, look.ink))
