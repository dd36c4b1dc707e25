"""One theme file: what it must say, the checks it must pass, and the default that is built in.

Schema 1 has four tables: `[base]` (Textual's theme fields), `[tokens]` (the colours of state), `[glyphs]` (the symbol
set) and an optional `[widgets]` (Textual's own variables).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from wfconsole.named_files import read_file
from wfconsole.text import safe
from wfconsole.tui.choice import DEFAULT_THEME
from wfconsole.tui.glyphs import SETS, UNICODE, Glyphs

TEXT_CONTRAST: Final = 4.5  # WCAG 2.1, 1.4.3 level AA
MAX_FILE: Final = 65_536  # bytes
BASE_KEYS: Final = (
    "primary",
    "secondary",
    "accent",
    "foreground",
    "background",
    "surface",
    "panel",
    "success",
    "warning",
    "error",
)
TOKEN_KEYS: Final = (
    "sev-ok",
    "sev-watch",
    "sev-warn",
    "sev-crit",
    "on-crit",
    "on-warn",
    "q-dim",
    "mode-live",
    "mode-replay",
    "rule",
)
# Not compiled here: the default theme needs no file, and the first frame waits for this module.
_WIDGET_KEY: Final = (
    r"(block-cursor|block-hover|input-cursor|input-selection|screen-selection|footer|scrollbar|border|button|link)"
    r"(-[a-z]+)*"
)
_HEX: Final = r"#[0-9a-fA-F]{6}"
_NAME: Final = r"[a-z][a-z0-9-]{0,39}"
_TEXT_STYLES: Final = {"none", "bold", "reverse", "underline", "italic"}
_CUBE: Final = (0x00, 0x5F, 0x87, 0xAF, 0xD7, 0xFF)  # xterm's 6x6x6 colours; greys are 8, 18, ... 238
_PAIRS: Final = (
    *(("foreground", ground) for ground in ("background", "surface", "panel")),
    *(
        (ink, ground)
        for ink in ("q-dim", "sev-ok", "sev-watch", "sev-warn", "sev-crit", "mode-live", "mode-replay")
        for ground in ("background", "surface")
    ),
    ("on-crit", "sev-crit"),
    ("on-warn", "sev-warn"),
)


class Theme(msgspec.Struct, frozen=True):
    """One theme that has passed every check. Colours are `#rrggbb`, those of `tokens` entries of xterm's 256."""

    name: str
    title: str
    dark: bool
    base: Mapping[str, str]
    tokens: Mapping[str, str]
    widgets: Mapping[str, str]
    glyphs: Glyphs

    @property
    def monochrome(self) -> bool:
        """Whether the levels differ in no hue, so that bold, reverse and underline must tell them apart."""
        return all(len(set(_rgb(self.tokens[key]))) == 1 for key in TOKEN_KEYS if key.startswith("sev-"))


class ThemeFileError(Exception):
    """What is wrong in a theme file, and in which line (0: nowhere in particular)."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


WARROOM_DARK: Final = Theme(
    name=DEFAULT_THEME,
    title="War room, dark (default; safe for red-green and blue-yellow colour blindness)",
    dark=True,
    base={
        "primary": "#00afff",
        "secondary": "#8a8a8a",
        "accent": "#00afff",
        "foreground": "#e4e4e4",
        "background": "#121212",
        "surface": "#1c1c1c",
        "panel": "#262626",
        "success": "#8a8a8a",
        "warning": "#ffd700",
        "error": "#ff5f5f",
    },
    tokens={
        "sev-ok": "#8a8a8a",
        "sev-watch": "#00afff",
        "sev-warn": "#ffd700",
        "sev-crit": "#ff5f5f",
        "on-crit": "#121212",
        "on-warn": "#121212",
        "q-dim": "#8a8a8a",
        "mode-live": "#e4e4e4",
        "mode-replay": "#af87ff",
        "rule": "#444444",
    },
    widgets={},
    glyphs=UNICODE,
)  # the twin of themes/warroom-dark.toml, so that a broken installation still has a screen


def read_theme(path: Path) -> Theme:
    """One theme file, checked whole."""
    import tomllib  # here, because the default theme needs no file

    try:
        data = read_file(path, MAX_FILE)
        if len(data) > MAX_FILE:
            raise ThemeFileError(f"larger than {MAX_FILE} bytes; a theme is some forty lines")
        source = data.removeprefix(codecs.BOM_UTF8).decode()
        return _Reader(source, tomllib.loads(source)).theme()
    except OSError as error:
        raise ThemeFileError(f"cannot be read: {error.strerror}; mend that, or remove it") from None
    except UnicodeDecodeError as error:
        raise ThemeFileError(f"is not UTF-8 at byte {error.start}; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        message = f"is not TOML: {safe(str(error), 200)}; compare it with a bundled theme"
        raise ThemeFileError(message, int(found[1]) if found else 0) from None


class _Reader:
    """One pass over a parsed file; the source is kept to say in which line something is wrong."""

    def __init__(self, source: str, document: dict[str, Any]) -> None:
        self._lines = source.splitlines()
        self._document = document

    def theme(self) -> Theme:
        self._keys(self._document, ("schema", "name", "title", "dark", "base", "tokens", "glyphs", "widgets"), "")
        if self._document.get("schema") != 1:
            raise self._wrong("", "schema", "this wfconsole reads schema 1; write: schema = 1")
        name = self._document.get("name")
        if not isinstance(name, str) or not re.fullmatch(_NAME, name):
            raise self._wrong("", "name", "must be lower-case letters, digits and dashes, at most 40")
        title, dark = self._document.get("title", name), self._document.get("dark")
        if not isinstance(title, str):
            raise self._wrong("", "title", "must be text in quotes")
        if not isinstance(dark, bool):
            raise self._wrong("", "dark", "must be true or false: whether the background is dark")
        base, tokens = self._colours("base", BASE_KEYS), self._colours("tokens", TOKEN_KEYS)
        for key, colour in tokens.items():
            if not is_xterm_colour(colour):
                raise self._wrong("tokens", key, f"is not in xterm's 256 colours; the nearest is {nearest(colour)}")
        self._check_contrast({**base, **tokens})
        return Theme(name, safe(title, 200), dark, base, tokens, self._widgets(), self._glyphs())

    def _table(self, name: str, needed: bool = True) -> dict[str, Any]:
        table = self._document.get(name, None if needed else {})
        if not isinstance(table, dict):
            raise ThemeFileError(f"has no [{name}] table; copy it from a bundled theme")
        return table

    def _keys(self, table: Mapping[str, object], known: Iterable[str], name: str) -> None:
        for key in table:
            if key not in known:
                raise self._wrong(name, key, f"is not known; there are: {', '.join(known)}")

    def _colours(self, name: str, keys: tuple[str, ...]) -> dict[str, str]:
        table = self._table(name)
        self._keys(table, keys, name)
        if missing := [key for key in keys if key not in table]:
            raise ThemeFileError(f"[{name}] lacks {', '.join(missing)}; copy the lines from a bundled theme")
        for key, value in table.items():
            if not isinstance(value, str) or not re.fullmatch(_HEX, value):
                raise self._wrong(name, key, 'must be a colour in quotes like "#ff5f5f"')
        return {key: table[key].lower() for key in keys}

    def _widgets(self) -> dict[str, str]:
        table = self._table("widgets", needed=False)
        for key, value in table.items():
            if not re.fullmatch(_WIDGET_KEY, key):
                raise self._wrong("widgets", key, "is no variable of Textual that a theme may set; remove the line")
            if key.endswith("-style"):
                if not isinstance(value, str) or not set(value.split()) <= _TEXT_STYLES:
                    raise self._wrong("widgets", key, f"must be words of: {', '.join(sorted(_TEXT_STYLES))}")
            elif not isinstance(value, str) or not re.fullmatch(_HEX, value):
                raise self._wrong("widgets", key, 'must be a colour in quotes like "#ff5f5f"')
        return {key: value.lower() for key, value in table.items()}

    def _glyphs(self) -> Glyphs:
        table = self._table("glyphs")
        self._keys(table, ("set",), "glyphs")
        chosen = table.get("set")
        if not isinstance(chosen, str) or chosen not in SETS:
            raise self._wrong("glyphs", "set", 'must be "unicode" or "ascii"')
        return SETS[chosen]

    def _check_contrast(self, colours: Mapping[str, str]) -> None:
        for ink, ground in _PAIRS:
            ratio = contrast(colours[ink], colours[ground])
            if ratio < TEXT_CONTRAST:
                table = "tokens" if ink in TOKEN_KEYS else "base"
                where = f"on {ground} ({colours[ground]})"
                raise self._wrong(table, ink, f"has contrast {ratio:.1f} {where}; at least {TEXT_CONTRAST} is needed")

    def _wrong(self, table: str, key: str, message: str) -> ThemeFileError:
        holder = self._document.get(table, {}) if table else self._document
        value = f" = {safe(repr(holder[key]), 60)}" if key in holder else ""
        return ThemeFileError(
            f"{f'[{table}] ' if table else ''}{safe(key, 60)}{value}: {message}", self._line_of(table, key)
        )

    def _line_of(self, table: str, key: str) -> int:
        current = ""
        for number, line in enumerate(self._lines, 1):
            if heading := re.match(r"\s*\[\s*([\w-]+)\s*\]", line):
                current = heading[1]
                if not table and current == key:
                    return number
            elif current == table and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
                return number
        return 0


# --- colours --------------------------------------------------------------------------------------------------------


def contrast(ink: str, ground: str) -> float:
    """WCAG 2.1 contrast ratio of two `#rrggbb` colours, 1 to 21."""
    darker, lighter = sorted((_luminance(ink), _luminance(ground)))
    return (lighter + 0.05) / (darker + 0.05)


def is_xterm_colour(colour: str) -> bool:
    """Whether a colour is one of xterm's entries 16 to 255, and so the same on a 256-colour terminal."""
    return nearest(colour) == colour.lower()


def nearest(colour: str) -> str:
    """The closest of xterm's entries 16 to 255."""
    rgb = _rgb(colour)
    cube = tuple(min(_CUBE, key=lambda step: abs(step - part)) for part in rgb)
    level = min(max(round((sum(rgb) / 3 - 8) / 10), 0), 23) * 10 + 8
    best = min(
        cube, (level, level, level), key=lambda entry: sum((a - b) ** 2 for a, b in zip(entry, rgb, strict=True))
    )
    return "#" + "".join(f"{part:02x}" for part in best)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in _rgb(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
