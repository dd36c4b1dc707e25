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


def block_digits(value: str, block: str, *, cells: int = 2) -> tuple[str, ...]:
    """Five rows of text for a number; each block is `cells` wide. What has no shape is left blank."""
    rows = []
    for row in range(ROWS):
        shapes = [_SHAPES.get(char, _SHAPES[" "])[row] for char in value]
        drawn = ["".join((block if dot == "#" else " ") * cells for dot in shape) for shape in shapes]
        rows.append(" ".join(drawn))
    return tuple(rows)
