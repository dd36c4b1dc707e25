"""Shows a console: picks the look, runs the application, and sees to it that it ends well."""

from __future__ import annotations

from pathlib import Path

import msgspec

from wfconsole.session.console import Console
from wfconsole.times import UTC_TIMES, Times
from wfconsole.tui.app import WarRoom
from wfconsole.tui.lifecycle import run_app
from wfconsole.tui.theming import Wardrobe, glyphs_of


class Look(msgspec.Struct, frozen=True):
    """How the console is to look and where its files are. `theme` is a name; `no_colour` holds where it has no hues."""

    themes: tuple[Path, ...]
    crashes: Path
    clip_file: Path
    theme: str
    no_colour: bool = False
    only_ascii: bool = False
    mouse: bool = True
    observer: bool = False
    bell: bool = True
    times: Times = UTC_TIMES
    keyboard: dict[str, str] = msgspec.field(default_factory=dict)  # keys by action id, as its layout wants them
    keymap: dict[str, str] = msgspec.field(default_factory=dict)  # a user's own, over them
    problems: tuple[str, ...] = ()  # of files that were left out: shown on the sources screen


def run(console: Console, look: Look) -> int:
    """Until somebody quits; the exit code. Raises UserError where the theme that was asked for cannot be had."""
    wardrobe = Wardrobe(look.themes)
    theme = wardrobe.pick(look.theme)
    keymap, misused = _keys(look)
    app = WarRoom(
        console,
        theme=theme,
        glyphs=glyphs_of(theme, only_ascii=look.only_ascii),
        no_colour=look.no_colour,
        themes=wardrobe,
        keymap=keymap,
        observer=look.observer,
        bell=look.bell,
        times=look.times,
        clip_file=look.clip_file,
        problems=lambda: (*look.problems, *misused, *wardrobe.problems()),
    )
    return run_app(app, on_end=console.close, redact=_redacted, crash_directory=look.crashes, mouse=look.mouse)


def _keys(look: Look) -> tuple[dict[str, str], tuple[str, ...]]:
    """The keys that are not where they are by default, and what is wrong with those that cannot be used."""
    if not (look.keyboard or look.keymap):
        return {}, ()
    from wfconsole.tui.user_keys import usable  # here, because most people move none

    return usable(look.keymap, look.keyboard)


def _redacted(words: str) -> str:
    from wfconsole.redaction import redact_text  # here, because the first frame does not wait for its patterns

    return redact_text(words)
