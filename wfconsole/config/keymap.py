"""Keys by the id of an action: those of a keyboard that come with the console, and over them a user's `keymap.toml`.

Neither can keep the console from starting.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from wfconsole.config.errors import ConfigError
from wfconsole.config.files import read_toml
from wfconsole.named_files import kind_at
from wfconsole.text import safe

# Keys that terminals, tmux, screen or line editing take before a program sees them, or that arrive as another key.
NEVER_ARRIVE: Final = {
    **dict.fromkeys(("ctrl+a", "ctrl+b", "ctrl+space", "ctrl+@"), "tmux and screen take it"),
    **dict.fromkeys(("ctrl+s", "ctrl+q"), "flow control takes it on some lines"),
    **dict.fromkeys(
        ("ctrl+c", "ctrl+z", "ctrl+backslash", "ctrl+d", "ctrl+o", "ctrl+v", "ctrl+y"), "the terminal's line takes it"
    ),
    **dict.fromkeys(("ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m", "ctrl+left_square_bracket"), "it arrives as another key"),
    **dict.fromkeys(("ctrl+w", "ctrl+t", "ctrl+n"), "browsers and editors take it"),
    **dict.fromkeys(("f1", "f10", "f11"), "terminals take it"),
}
# Not compiled here: most people have no keys of their own, and the first frame waits for this module.
_ID: Final = r"[a-z][a-z0-9_.-]{0,60}"
_KEY: Final = r"(?i:(?:(?:ctrl|shift|alt)\+)*(?:[a-z0-9_]{1,40}|\S))"


def load_keymap(path: Path) -> tuple[dict[str, str], tuple[str, ...]]:
    """Keys by action id ("x" or "x,f5"), and what is wrong with the file, in words; both empty without a file.

    A key is a character, or the name of one or of a key without one ("comma", "f5").

    Whatever is wrong is left out, so that the key that comes with the console stays. Whether an id exists, and whether
    a key is taken by another action, only the screen knows.
    """
    try:
        if kind_at(path) == "nothing":
            return {}, ()
        file = read_toml(path)
    except ConfigError as error:
        return {}, (str(error),)
    except OSError as error:
        return {}, (f"{safe(str(path), 300)}: cannot be read: {error.strerror}",)
    keys = file.data.get("keys", {})
    problems = [
        f"{file.where(name)}: unknown table {safe(name, 60)}; expected [keys]" for name in file.data if name != "keys"
    ]
    if not isinstance(keys, dict):
        return {}, (*problems, f'{file.where("keys")}: expected a line [keys], then lines such as: note = "N"')
    keymap: dict[str, str] = {}
    taken: dict[str, str] = {}
    for name, value in keys.items():
        if told := _problem(name, value, taken):
            problems.append(f"{file.where(f'keys.{name}')}: {told}")
            continue
        chosen = _chosen(value)
        taken |= {key: str(name) for key in chosen}
        keymap[name] = ",".join(chosen)
    return keymap, tuple(problems)


def _chosen(value: Any) -> tuple[str, ...]:
    """The keys of a line. What stands between keys in one text goes by its name."""
    parts = value.split(",") if isinstance(value, str) and value != "," else value
    return tuple("comma" if part == "," else part.strip() for part in parts)


def _problem(name: str, value: Any, taken: dict[str, str]) -> str:
    """Why this line cannot be used; "" when it can."""
    if not re.fullmatch(_ID, name):
        return f"'{safe(name, 60)}' is no id of an action; the help screen lists them"
    if not isinstance(value, str) and not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
        return f'{name}: expected a key such as "N", or a list of them'
    chosen = _chosen(value)
    for key in chosen:
        if not re.fullmatch(_KEY, key):
            return f"{name}: '{safe(key, 40)}' is no key; expected one such as N, f5 or shift+left"
        if key.startswith("alt+"):
            return f"{name}: {key} does not reach the console: terminals and menus take it"
        if reason := NEVER_ARRIVE.get(key):
            return f"{name}: {key} does not reach the console: {reason}"
        if key in taken:
            return f"{name}: {key} is given to {taken[key]} already"
    return "" if chosen else f"{name}: expected at least one key"
