"""The state language in roles: which ink goes with a level and a quality. Symbol and word always come with it."""

from __future__ import annotations

from typing import Final

from wfconsole.incident.clocks import OF_SEVERITY, Clock
from wfconsole.observations.board import StateCounts
from wfconsole.observations.levels import Level, Quality
from wfconsole.tui.glyphs import Border, Glyphs
from wfconsole.tui.ink import Ink, Line, Span

# The longest badge is a symbol, a space and six letters.
BADGE_CELLS: Final = 8
LEVEL_INKS: Final[tuple[Ink, Ink, Ink, Ink]] = ("ok", "watch", "warn", "crit")
_BADGE_INKS: Final[tuple[Ink, Ink, Ink, Ink]] = ("ok", "watch-badge", "warn-badge", "crit-badge")


_LEVEL_WORDS: Final = ("ok", "WATCH", "WARN", "CRIT")
_QUALITY_WORDS: Final = {
    Quality.PARTIAL: "PART",
    Quality.STALE: "STALE",
    Quality.UNKNOWN: "UNKN",
    Quality.DENIED: "DENIED",
    Quality.ERROR: "ERROR",
    Quality.OFF: "off",
}  # live and late have no word: they show the level


def level_sign(glyphs: Glyphs, level: Level) -> str:
    return (glyphs.ok, glyphs.watch, glyphs.warning, glyphs.critical)[level]


def sign_and_word(glyphs: Glyphs, level: Level, quality: Quality) -> tuple[str, str]:
    """The quality unless it is live or late: a bad number that nobody can trust is first of all not to be trusted."""
    word = _QUALITY_WORDS.get(quality)
    if word is None:
        return level_sign(glyphs, level), _LEVEL_WORDS[level]
    sign: str = getattr(glyphs, quality.value)
    return sign, word


def level_ink(level: Level) -> Ink:
    return LEVEL_INKS[level]


def badge(glyphs: Glyphs, level: Level, quality: Quality) -> Span:
    """Symbol and word, without padding."""
    sign, word = sign_and_word(glyphs, level, quality)
    return Span(f"{sign} {word}", _BADGE_INKS[level] if quality.conclusive else "dim")


def mark(glyphs: Glyphs, level: Level) -> Span:
    """The symbol alone: for a row of a table whose other columns say the rest."""
    return Span(level_sign(glyphs, level), LEVEL_INKS[level])


def clock_level(clock: Clock) -> Level:
    """How urgent a clock is. Only the severity's own are critical when they are over."""
    if clock.state == "overdue":
        return Level.CRITICAL if clock.kind in OF_SEVERITY else Level.WARNING
    return Level.WARNING if clock.state == "due-soon" and clock.kind not in ("task", "follow-up") else Level.OK


def counts(glyphs: Glyphs, states: StateCounts, *, words: bool) -> Line:
    """`■3 ▲2 ≈1 ×1`: critical and warning always, the rest where there are any; with words where there is room."""
    listed: tuple[tuple[str, int, Ink, str, bool], ...] = (
        (glyphs.critical, states.critical, "crit", "crit", True),
        (glyphs.warning, states.warning, "warn", "warn", True),
        (glyphs.watch, states.watch, "watch", "watch", False),
        (glyphs.partial, states.partial, "dim", "partial", False),
        (glyphs.stale, states.stale, "strong", "stale", False),
        (glyphs.unknown, states.unknown, "dim", "unknown", False),
        (glyphs.error, states.error, "strong", "error", False),
        (glyphs.denied, states.denied, "dim", "denied", False),
    )
    line: list[Span] = []
    for sign, count, ink, word, always in listed:
        if count or always:
            shown = f"{sign}{count} {word}" if words else f"{sign}{count}"
            line += [Span(" "), Span(shown, ink if count else "dim")]
    return tuple(line[1:])


def border(glyphs: Glyphs, level: Level, quality: Quality) -> Border:
    """The frame of a pane: its shape carries the state where there is no colour."""
    if quality in (Quality.STALE, Quality.UNKNOWN, Quality.DENIED, Quality.ERROR):
        return glyphs.border_distrust
    return (glyphs.border_calm, glyphs.border_calm, glyphs.border_warning, glyphs.border_critical)[level]
