"""Themes are data: `themes/*.toml`, checked before they are used, so that no theme can hide a critical value.

A file that is wrong is left out and reported; the default is built in and cannot be lost. What is not said in a file
is filled in here: exact colours for what Textual would mix, and selections that are reversed rather than tinted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import msgspec
from textual.theme import Theme as TextualTheme

from wfconsole import exit_codes
from wfconsole.errors import UserError
from wfconsole.named_files import in_folder
from wfconsole.text import safe
from wfconsole.tui.choice import DEFAULT_THEME
from wfconsole.tui.glyphs import ASCII, Glyphs
from wfconsole.tui.theme_file import WARROOM_DARK, Theme, ThemeFileError, read_theme


class ThemeProblem(msgspec.Struct, frozen=True):
    """Why a file was left out. `line` is 0 where the trouble has no line of its own."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}" if self.line else f"{self.path}: {self.message}"


class ThemeLoad(msgspec.Struct, frozen=True):
    """The themes by name, and the files that were left out."""

    loaded: Mapping[str, Theme]
    failed: tuple[ThemeProblem, ...]

    def pick(self, name: str) -> Theme:
        """The theme of that name; a `UserError` that says which there are, and what is wrong with its file."""
        if name in self.loaded:
            return self.loaded[name]
        reasons = [str(problem) for problem in self.failed if Path(problem.path).stem == name]
        known = ", ".join(sorted(self.loaded))
        message = "\n".join([f"no theme named {safe(name, 60)!r}; there are: {known}", *reasons])
        raise UserError(message, exit_codes.CONFIGURATION)


def load_themes(directories: Iterable[Path]) -> ThemeLoad:
    """Every `*.toml` of the directories; a later directory wins by name. One that is not there is empty."""
    loaded = {DEFAULT_THEME: WARROOM_DARK}
    failed: list[ThemeProblem] = []
    for directory in directories:
        try:
            paths = _files_in(directory)
        except OSError as error:
            wrong = f"cannot be listed: {error.strerror}; its themes are left out"
            failed.append(ThemeProblem(safe(str(directory), 500), 0, wrong))
            continue
        for path in paths:
            try:
                theme = read_theme(path)
            except ThemeFileError as error:
                failed.append(ThemeProblem(safe(str(path), 500), error.line, str(error)))
            else:
                loaded[theme.name] = theme
    return ThemeLoad(loaded, tuple(failed))


def _has_some(directory: Path) -> bool:
    try:
        return bool(_files_in(directory))
    except OSError:
        return False


def _files_in(directory: Path) -> list[Path]:
    return [path for path in in_folder(directory) if path.name.endswith(".toml")]


class Wardrobe(Mapping[str, Theme]):
    """The themes of some folders by name, read when one is needed that is not built in: the first frame can wait less.

    The first folder is that of the bundled themes, whose default is built in.
    """

    def __init__(self, directories: Sequence[Path]) -> None:
        self._directories = tuple(directories)

    @cached_property
    def load(self) -> ThemeLoad:
        return load_themes(self._directories)

    def pick(self, name: str) -> Theme:
        """See `ThemeLoad.pick`."""
        if name == DEFAULT_THEME and not any(map(_has_some, self._directories[1:])):
            return WARROOM_DARK
        return self.load.pick(name)

    def problems(self) -> tuple[str, ...]:
        """What is wrong with files that were left out."""
        return tuple(map(str, self.load.failed))

    def __getitem__(self, name: str) -> Theme:
        return self.load.loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.load.loaded)

    def __len__(self) -> int:
        return len(self.load.loaded)


def glyphs_of(theme: Theme, *, only_ascii: bool = False) -> Glyphs:
    """The theme's symbols, or the ASCII ones where the user asked for them."""
    return ASCII if only_ascii else theme.glyphs


def to_textual_theme(theme: Theme) -> TextualTheme:
    """The theme as Textual takes it: tokens and widget variables become CSS variables, `$sev-crit` and so on."""
    base = theme.base
    return TextualTheme(
        name=theme.name,
        dark=theme.dark,
        primary=base["primary"],
        secondary=base["secondary"],
        accent=base["accent"],
        foreground=base["foreground"],
        background=base["background"],
        surface=base["surface"],
        panel=base["panel"],
        success=base["success"],
        warning=base["warning"],
        error=base["error"],
        variables={**_widget_defaults(theme), **theme.widgets, **theme.tokens},
    )


def _widget_defaults(theme: Theme) -> dict[str, str]:
    """Exact colours where Textual would mix its own, and selections that are reversed rather than tinted."""
    ink, ground = theme.base["foreground"], theme.base["background"]
    surface, panel = theme.base["surface"], theme.base["panel"]
    dim, rule = theme.tokens["q-dim"], theme.tokens["rule"]
    selected = {"foreground": ground, "background": ink, "text-style": "bold"}
    blurred = {"foreground": ground, "background": dim, "text-style": "none"}
    return {
        "text": ink,
        "text-muted": dim,
        "text-disabled": dim,
        "foreground-muted": dim,
        "foreground-disabled": dim,
        **{f"block-cursor-{key}": value for key, value in selected.items()},
        **{f"block-cursor-blurred-{key}": value for key, value in blurred.items()},
        "block-hover-background": panel,
        "input-cursor-foreground": ground,
        "input-cursor-background": ink,
        "input-selection-foreground": ground,
        "input-selection-background": dim,
        "screen-selection-foreground": ground,
        "screen-selection-background": dim,
        "border": ink,
        "border-blurred": rule,
        "footer-foreground": ink,
        "footer-background": panel,
        "footer-key-foreground": theme.base["primary"],
        "scrollbar": dim,
        "scrollbar-hover": ink,
        "scrollbar-active": ink,
        "scrollbar-background": surface,
        "scrollbar-background-hover": surface,
        "scrollbar-background-active": surface,
        "scrollbar-corner-color": surface,
    }
