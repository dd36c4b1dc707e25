"""A TOML file of ours: read under limits, refused when anybody could have written it, with the lines of its keys."""

from __future__ import annotations

import codecs
import functools
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from wfconsole.config.errors import ConfigError, Problem
from wfconsole.named_files import open_file
from wfconsole.text import safe

MOST_BYTES: Final = 256 * 1024
# Not compiled here: only what is wrong needs its line, and the first frame waits for this module.
_HEADER: Final = r"\s*(\[\[?)\s*([A-Za-z0-9_.-]+)\s*\]"
_KEY: Final = r"\s*(?:\"([^\"]*)\"|([A-Za-z0-9_.-]+))\s*="
_AT_LINE: Final = r"\s*\(at line (\d+), column (\d+)\)$"


class TomlFile(Struct, frozen=True):
    """What a file says, and its text, for the lines of its keys."""

    path: Path
    data: Mapping[str, Any]
    text: str

    def where(self, key: str) -> str:
        """The place of a key, as near as it is known."""
        lines = _lines(self.text)
        while key and key not in lines:
            key = key.rpartition(".")[0]
        return f"{self.path}:{lines[key]}" if key else str(self.path)


def read_toml(path: Path) -> TomlFile:
    """Read a TOML file. Raises ConfigError when it is missing, too large, writable by everybody, or no TOML."""
    import tomllib

    raw = _read(path)
    try:
        text = raw.removeprefix(codecs.BOM_UTF8).decode()
        return TomlFile(path, tomllib.loads(text), text)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _wrong(f"{path}:{line}", "bytes that are not UTF-8", "a text file in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        told = str(error)
        at = re.search(_AT_LINE, told)
        where = f"{path}:{at[1]}" if at else str(path)
        raise _wrong(where, f"this is not TOML: {re.sub(_AT_LINE, '', told)}", 'lines such as: key = "value"') from None
    except RecursionError:
        raise _wrong(str(path), "this is nested too deeply", "tables and keys") from None


def _read(path: Path) -> bytes:
    try:
        with open(open_file(path), "rb") as file:
            if os.fstat(file.fileno()).st_mode & stat.S_IWOTH:
                remedy = f"Look through it, then run: chmod o-w {path}"
                what = "anybody on this machine may write it"
                raise _wrong(str(path), what, "a file that only you may write", remedy)
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise _wrong(str(path), f"cannot be read: {error.strerror}", "a TOML file that you may read") from None
    if len(raw) > MOST_BYTES:
        raise _wrong(str(path), f"larger than {MOST_BYTES // 1024} KiB", "a few dozen lines")
    return raw


def _wrong(where: str, what: str, expected: str, remedy: str = "") -> ConfigError:
    return ConfigError((Problem(safe(where, 400), "", safe(what, 400), expected=expected, remedy=remedy),))


@functools.lru_cache(2)
def _lines(text: str) -> Mapping[str, int]:
    """The line of each key by its dotted path, tables of an array numbered from 0."""
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(_HEADER, line):
            table = header[2]
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = f"{table}.{counts[table]}"
            lines.setdefault(table, number)
        elif key := re.match(_KEY, line):
            name = key[2] or key[1]
            lines.setdefault(f"{table}.{name}" if table else name, number)
    return lines
