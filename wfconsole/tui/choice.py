"""Which theme to start with. Knows no Textual: the terminal is judged by it before the screen is imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DEFAULT_THEME: Final = "warroom-dark"
ASCII_THEME: Final = "plain"


def choose_theme(cli: str | None, environ: Mapping[str, str], config: str) -> str:
    """The name of the theme: what was asked for, nearest to the person first, else what the terminal can show.

    `plain` comes before `mono`, because it has no colours either, and a terminal that promises no UTF-8 can show it.
    """
    if asked_for := cli or environ.get("WFCONSOLE_THEME") or config:
        return asked_for
    if not speaks_utf8(terminal_locale(environ)):
        return ASCII_THEME
    return "mono" if wants_no_colour(environ) else DEFAULT_THEME


def wants_no_colour(environ: Mapping[str, str]) -> bool:
    """Whether NO_COLOR is set, and not to nothing: see no-color.org."""
    return bool(environ.get("NO_COLOR"))


def terminal_locale(environ: Mapping[str, str]) -> str:
    """The locale of the terminal by POSIX precedence; "" where nothing says one, which promises no UTF-8.

    `LC_CTYPE=C.UTF-8` is passed over: Python itself puts it there (PEP 538) when the terminal's locale is C or not set.
    """
    kind = environ.get("LC_CTYPE", "")
    return environ.get("LC_ALL") or ("" if kind == "C.UTF-8" else kind) or environ.get("LANG", "")


def speaks_utf8(locale: str) -> bool:
    """Whether a locale name such as `en_GB.UTF-8` promises UTF-8."""
    return "utf8" in locale.lower().replace("-", "")
