"""Small text files of somebody's home folder, read under a limit."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

_MOST_BYTES: Final = 256 * 1024


def lines_of(path: Path) -> list[str]:
    """The lines of a file; none where it is not there, is no file, or is larger than a person would write it.

    Raises OSError where it cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return []
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return []
        content = os.read(descriptor, _MOST_BYTES + 1)
    finally:
        os.close(descriptor)
    return content.decode(errors="replace").splitlines() if len(content) <= _MOST_BYTES else []
