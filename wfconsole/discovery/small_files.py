"""Small text files of somebody's home folder, read under a limit."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from wfconsole.named_files import kind_at, read_file

_MOST_BYTES: Final = 256 * 1024


def lines_of(path: Path) -> list[str]:
    """The lines of a file; none where it is not there, is no file, or is larger than a person would write it.

    Raises OSError where it cannot be read.
    """
    if kind_at(path) != "file":
        return []
    content = read_file(path, _MOST_BYTES)
    return content.decode(errors="replace").splitlines() if len(content) <= _MOST_BYTES else []
