"""Text with a role: what panes draw with. A role is looked up in the theme once, when a line is painted.

Panes build lines of spans from plain values; nothing here or above it ever reads a text as markup.
"""

from __future__ import annotations

from collections.abc import Iterable
from os.path import commonprefix
from typing import Final, Literal, NamedTuple

from rich.segment import Segment
from rich.style import Style

from wfconsole import text
from wfconsole.tui.theme_file import Theme

Ink = Literal[
    "text",
    "dim",
    "strong",
    "rule",
    "key",
    "struck",  # the hint of a key that does nothing now
    "ok",
    "watch",
    "warn",
    "crit",
    "watch-badge",
    "warn-badge",
    "crit-badge",
    "live",
    "replay",
    "title",  # a heading
    "focus",  # the heading of the region that has the focus
    "tag",  # the word that names the environment
]


class Span(NamedTuple):
    """A piece of one line, in one role."""

    text: str
    ink: Ink = "text"


Line = tuple[Span, ...]
BLANK: Final[Line] = ()


def width_of(line: Iterable[Span]) -> int:
    """Terminal cells of a line. Asked a hundred times in a frame, and nearly all is ASCII."""
    width = 0
    for words, _ in line:
        width += len(words) if words.isascii() else text.cells(words)
    return width


def faded(line: Line) -> Line:
    """The line as it stands there once it is old: no colour says how bad it is now."""
    return tuple(Span(span.text, "dim") for span in line)


def fitted(line: Line, width: int) -> Line:
    """The line in exactly `width` cells: cut with an ellipsis, or filled with spaces."""
    used = width_of(line)
    if used < width:
        return (*line, Span(" " * (width - used)))
    if used == width:
        return line
    kept: list[Span] = []
    room = width
    for span in line:
        size = text.cells(span.text)
        if size <= room:
            kept.append(span)
            room -= size
            continue
        if room:
            kept.append(Span(text.fit(span.text, room), span.ink))
        elif kept:
            last = kept.pop()
            kept.append(Span(text.fit(last.text + " ", text.cells(last.text)), last.ink))
        break
    return tuple(kept)


def spread(left: Line, right: Line, width: int) -> Line:
    """`left` from the left, `right` at the right end, which is kept whole; `left` is cut when both do not fit."""
    room = width - width_of(right)
    if room < 1:
        return fitted(left, width)
    return (*fitted(left, room), *right)


def difference(old: Line, new: Line, width: int) -> tuple[int, int]:
    """The cells, from and to, outside of which two lines of `width` cells are the same."""
    start = _shared(old, new, from_end=False)
    return start, max(start, width - _shared(old, new, from_end=True))


def _shared(old: Line, new: Line, *, from_end: bool) -> int:
    """How many cells are the same at one end."""
    shared = 0
    for mine, yours in zip(reversed(old) if from_end else old, reversed(new) if from_end else new, strict=False):
        if mine == yours:
            shared += text.cells(mine.text)
            continue
        if mine.ink == yours.ink:
            pair = [mine.text[::-1], yours.text[::-1]] if from_end else [mine.text, yours.text]
            shared += text.cells(commonprefix(pair))  # noqa: RUF071  characters are what is compared
        break
    return shared


# Roles whose spaces look like any others: what is written in them may run on over a space of another role.
_PLAIN_SPACES: Final = frozenset(
    ("text", "dim", "strong", "rule", "key", "ok", "watch", "warn", "crit", "live", "title")
)


def joined(line: Line) -> list[Span]:
    """The line in as few spans as look the same: each costs a terminal some forty bytes."""
    spans: list[Span] = []
    for span in line:
        if not span.text:
            continue
        last = spans[-1] if spans else None
        if last is not None and (last.ink == span.ink or (span.ink in _PLAIN_SPACES and last.ink in _PLAIN_SPACES)):
            if last.ink == span.ink or span.text.isspace():
                spans[-1] = Span(last.text + span.text, last.ink)
                continue
            if last.text.isspace():
                spans[-1] = Span(last.text + span.text, span.ink)
                continue
        spans.append(span)
    return spans


class Palette:
    """The styles of all roles in one theme, and whether to draw in ASCII."""

    def __init__(self, theme: Theme, *, ascii_only: bool) -> None:
        self.ascii_only = ascii_only
        self.monochrome = theme.monochrome
        self._colours = {**theme.base, **theme.tokens}
        self._styles = self._all_styles()
        self._cursor_styles = {ink: self._on_cursor(style) for ink, style in self._styles.items()}

    def segments(self, line: Line, width: int, *, cursor: bool = False) -> list[Segment]:
        """The line, in exactly `width` cells."""
        styles = self._cursor_styles if cursor else self._styles
        spans = joined(fitted(line, width))
        if self.ascii_only:
            return [Segment(text.to_ascii(span.text), styles[span.ink]) for span in spans]
        return [Segment(span.text, styles[span.ink]) for span in spans]

    def style(self, ink: Ink) -> Style:
        return self._styles[ink]

    def _all_styles(self) -> dict[Ink, Style]:
        colours, mono = self._colours, self.monochrome

        def style(token: str, *, bold: bool = False, underline: bool = False, reverse: bool = False) -> Style:
            ink, ground = colours[token], colours["background"]
            return Style(color=ink, bgcolor=ground, bold=bold, underline=underline, reverse=reverse)

        return {
            "text": style("foreground"),
            "dim": style("q-dim"),
            "strong": style("foreground", bold=True),
            "rule": style("rule"),
            "key": style("primary", bold=mono),
            "struck": style("q-dim") + Style(strike=True),
            "ok": style("sev-ok"),
            "watch": style("sev-watch"),
            "warn": style("sev-warn", bold=True),
            "crit": style("sev-crit", bold=True),
            "watch-badge": style("sev-watch", underline=mono),
            "warn-badge": style("sev-warn", bold=True, underline=mono),
            "crit-badge": Style(color=colours["on-crit"], bgcolor=colours["sev-crit"], bold=True),
            "live": style("mode-live", bold=True),
            "replay": style("mode-replay", bold=True, reverse=True),
            "title": style("foreground", bold=True),
            "focus": style("foreground", bold=True, reverse=True),
            "tag": style("foreground", bold=True, reverse=True),
        }

    def _on_cursor(self, style: Style) -> Style:
        """The row with the cursor has a lighter ground; without colours it is reversed."""
        if self.monochrome:
            return style + Style(reverse=not style.reverse)
        plain = style.bgcolor is not None and style.bgcolor.name == self._colours["background"]
        return style + Style(bgcolor=self._colours["panel"]) if plain else style
