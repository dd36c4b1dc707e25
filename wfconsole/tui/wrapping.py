"""Long text in rows: broken between words, and within one that is longer than a row. Nothing is cut off."""

from __future__ import annotations

from collections.abc import Iterable

from wfconsole.text import cells
from wfconsole.tui.ink import Ink, Line, Span


def wrapped(text: str, width: int) -> list[str]:
    """Safe `text` in rows of at most `width` cells; at least one row. Spaces within a row stay as they are."""
    width = max(1, width)
    rows: list[str] = []
    row: str | None = None
    for word in text.split(" "):
        longer = word if row is None else f"{row} {word}"
        if cells(longer) <= width:
            row = longer
            continue
        if row:
            rows.append(row)
        while cells(word) > width:
            head = _head(word, width)
            rows.append(head)
            word = word[len(head) :]  # noqa: PLW2901  # the rest of the same word
        row = word
    return [*rows, row or ""] if row or not rows else rows


def labelled(
    label: str, text: str, width: int, *, indent: int, ink: Ink = "text", label_ink: Ink = "dim"
) -> list[Line]:
    """`label` in the first `indent` cells, the text wrapped beside it."""
    rows = wrapped(text, width - indent)
    return [
        (Span((label if place == 0 else "").ljust(indent), label_ink), Span(row, ink)) for place, row in enumerate(rows)
    ]


def paragraphs(texts: Iterable[str], width: int, ink: Ink = "text", *, indent: int = 0) -> list[Line]:
    """Each text on rows of its own."""
    pad = " " * indent
    return [(Span(pad + row, ink),) for text in texts for row in wrapped(text, width - indent)]


def _head(word: str, width: int) -> str:
    """The longest beginning of `word` that fits, at least one character."""
    used = 0
    for index, char in enumerate(word):
        used += cells(char)
        if used > width:
            return word[: max(1, index)]
    return word
