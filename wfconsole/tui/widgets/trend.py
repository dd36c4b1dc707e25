"""A trend in one row of cells: fixed scale, fixed time for each cell, gaps blank, no smoothing."""

from __future__ import annotations

from collections.abc import Sequence

from wfconsole.tui.glyphs import Glyphs
from wfconsole.tui.ink import Ink, Line, Span


def trend_line(
    values: Sequence[float | None],
    cells: int,
    glyphs: Glyphs,
    *,
    limit: float | None = None,
    low_is_worse: bool = False,
    past_limit: Ink = "warn",
) -> Line:
    """The newest `cells` of `values` (0 to 1), oldest first; those past `limit` are drawn in `past_limit`."""
    newest = list(values)[-cells:] if cells else []
    shown: list[float | None] = [*[None] * (cells - len(newest)), *newest]
    spans: list[Span] = []
    for value in shown:
        ink: Ink = "dim"
        if value is not None and limit is not None and (value < limit if low_is_worse else value > limit):
            ink = past_limit
        glyph = " " if value is None else glyphs.trend(value)
        if spans and spans[-1].ink == ink:
            spans[-1] = Span(spans[-1].text + glyph, ink)
        else:
            spans.append(Span(glyph, ink))
    return tuple(spans)
