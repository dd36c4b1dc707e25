"""Digits made of blocks, three by five, that can be read from three metres."""

from __future__ import annotations

from typing import Final

ROWS: Final = 5
_SHAPES: Final[dict[str, tuple[str, str, str, str, str]]] = {
    "0": ("###", "# #", "# #", "# #", "###"),
    "1": (" # ", "## ", " # ", " # ", "###"),
    "2": ("###", "  #", "###", "#  ", "###"),
    "3": ("###", "  #", "###", "  #", "###"),
    "4": ("# #", "# #", "###", "  #", "  #"),
    "5": ("###", "#  ", "###", "  #", "###"),
    "6": ("###", "#  ", "###", "# #", "###"),
    "7": ("###", "  #", "  #", "  #", "  #"),
    "8": ("###", "# #", "###", "# #", "###"),
    "9": ("###", "# #", "###", "  #", "###"),
    ":": (" ", "#", " ", "#", " "),
    ".": (" ", " ", " ", " ", "#"),
    "-": ("   ", "   ", "###", "   ", "   "),
    "+": ("   ", " # ", "###", " # ", "   "),
    "/": ("  #", "  #", " # ", "#  ", "#  "),
    "h": ("#  ", "#  ", "###", "# #", "# #"),
    "d": ("  #", "  #", "###", "# #", "###"),
    "m": ("     ", "     ", "#####", "# # #", "# # #"),
    "%": ("# #", "  #", " # ", "#  ", "# #"),
    " ": (" ", " ", " ", " ", " "),
}


# How large a dot may become, in cells and rows, the largest first. A cell is half as wide as it is high: a dot is at
# least as many cells as rows, lest digits look like hairlines, and at most twice as many.
SCALES: Final = tuple((cells, rows) for rows in range(4, 0, -1) for cells in range(2 * rows, rows - 1, -1))


def block_digits(value: str, block: str, *, cells: int = 2, rows: int = 1) -> tuple[str, ...]:
    """Rows of text for a number; each dot is `cells` wide and `rows` high. What has no shape is left blank."""
    drawn = []
    for row in range(ROWS):
        shapes = [_SHAPES.get(char, _SHAPES[" "])[row] for char in value]
        dots = ["".join((block if dot == "#" else " ") * cells for dot in shape) for shape in shapes]
        drawn += [(" " * _gap(cells)).join(dots)] * rows
    return tuple(drawn)


def digits_width(value: str, cells: int) -> int:
    """How many cells `block_digits` takes for a value."""
    return sum(len(_SHAPES.get(char, _SHAPES[" "])[0]) for char in value) * cells + _gap(cells) * max(0, len(value) - 1)


def _gap(cells: int) -> int:
    """Between two digits."""
    return max(1, cells // 2)
