"""Where everything lies. No other module knows a path.

`WFCONSOLE_CONFIG` names the configuration file and `WFCONSOLE_STATE_DIR` the folder of incidents and recordings; else
both are where this system keeps such things (XDG on Linux). Nothing here creates or reads anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from wfconsole.config.errors import ConfigError, Problem
from wfconsole.text import safe

CONFIG_VARIABLE: Final = "WFCONSOLE_CONFIG"
STATE_VARIABLE: Final = "WFCONSOLE_STATE_DIR"
THEME_VARIABLE: Final = "WFCONSOLE_THEME"
_PACKAGE: Final = Path(__file__).parents[1]


class Locations(msgspec.Struct, frozen=True):
    """All paths. Bundled ones exist; the others may not exist yet."""

    config_file: Path
    state: Path
    themes: tuple[Path, ...]  # folders with *.toml; a user's own first
    scenarios: tuple[Path, ...]  # folders of recorded incidents; a user's own first

    @property
    def config(self) -> Path:
        return self.config_file.parent

    @property
    def keymap_file(self) -> Path:
        return self.config / "keymap.toml"

    @property
    def incidents(self) -> Path:
        return self.state / "incidents"

    @property
    def recordings(self) -> Path:
        return self.state / "recordings"

    @property
    def replay_notes(self) -> Path:
        """What somebody wrote while a recording was replayed: a file for each name of a recording."""
        return self.state / "replay-notes"

    @property
    def outbox(self) -> Path:
        """Messages that were sent to a file."""
        return self.state / "outbox"

    @property
    def crashes(self) -> Path:
        return self.state / "crashes"

    @property
    def clip_file(self) -> Path:
        """What was copied last, for terminals that take no clipboard from a program."""
        return self.state / "clip.txt"


def find_locations(environment: Mapping[str, str], config_file: Path | None = None) -> Locations:
    """The paths on this machine; `config_file` is what the command line named.

    Raises ConfigError where this machine gives no home to put anything into.
    """
    named = config_file or _named(environment, CONFIG_VARIABLE)
    config = _absolute(named or _system_folder("config") / "config.toml", CONFIG_VARIABLE)
    named_state = _named(environment, STATE_VARIABLE)
    if named_state is not None and not str(named_state).startswith(("/", "~")):
        what = "where the record goes must not depend on the folder that somebody stands in"
        shown = safe(str(named_state), 200)
        raise ConfigError((Problem(STATE_VARIABLE, "", what, shown, "a path that begins with / or ~"),))
    state = _absolute(named_state or _system_folder("state"), STATE_VARIABLE)
    return Locations(
        config_file=config,
        state=state,
        themes=(config.parent / "themes", bundled("themes")),
        scenarios=(state / "scenarios", bundled("scenarios")),
    )


def bundled(name: str) -> Path:
    """A folder of the project that is not Python: within the package of a wheel, else beside it in the repository."""
    in_wheel = _PACKAGE / "_bundled" / name
    return in_wheel if in_wheel.is_dir() else _PACKAGE.parent / name


def shipped_keymap(keyboard: str) -> Path:
    """The keys that come with the console for a keyboard that is laid out unlike the American one."""
    return _PACKAGE / "config" / "keymaps" / f"{keyboard}.toml"


def _named(environment: Mapping[str, str], variable: str) -> Path | None:
    value = environment.get(variable, "")
    return Path(value) if value else None


def _system_folder(kind: str) -> Path:
    import platformdirs

    find = platformdirs.user_config_path if kind == "config" else platformdirs.user_state_path
    return find("wfconsole", appauthor=False)


def _absolute(path: Path, variable: str) -> Path:
    try:
        expanded = path.expanduser()
    except RuntimeError:
        told = Problem(
            variable, "", "there is no home for this user", safe(str(path), 200), "a path that begins with /"
        )
        raise ConfigError((msgspec.structs.replace(told, remedy=f"Set {variable}."),)) from None
    return expanded.absolute()
