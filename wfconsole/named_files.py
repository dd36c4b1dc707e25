"""What lies at a path that somebody named, and what a file holds: told in words, and never waited for.

`Path.is_file` and its kin raise where a folder on the way may not be searched or a name is too long, and opening a pipe
waits for its other end. Here whatever is wrong is an OSError whose `strerror` is fit to be shown.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

TYPE_CHECKING = False  # the first frame waits for this module
if TYPE_CHECKING:
    from typing import Final, Literal

    Kind = Literal["nothing", "file", "folder", "pipe", "socket", "device"]

_NOTHING: Final = (errno.ENOENT, errno.ENOTDIR)
_KINDS: Final[tuple[tuple[int, Kind], ...]] = (
    (stat.S_IFREG, "file"),
    (stat.S_IFDIR, "folder"),
    (stat.S_IFIFO, "pipe"),
    (stat.S_IFSOCK, "socket"),
)


def kind_at(path: Path) -> Kind:
    """What is there, links followed. Raises OSError where that cannot be found out."""
    try:
        return _kind(os.stat(path))
    except OSError as error:
        if error.errno in _NOTHING:
            return "nothing"
        raise
    except ValueError:  # a zero byte
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path)) from None


def in_folder(path: Path) -> list[Path]:
    """What is in a folder, by name; nothing where no folder is. Raises OSError where it cannot be listed."""
    return sorted(path.iterdir()) if kind_at(path) == "folder" else []


def open_file(path: Path) -> int:
    """A descriptor to read a file with. Raises OSError, for what is no file too."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        if error.errno == errno.ENXIO:  # so a socket refuses
            raise _no_file(path, "socket") from None
        raise
    except ValueError:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path)) from None
    try:
        kind = _kind(os.fstat(descriptor))
        if kind != "file":
            raise _no_file(path, kind)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read_file(path: Path, most: int) -> bytes:
    """The bytes of a file, at most one more than `most`: more than that is too much. Raises as `open_file` does."""
    with open(open_file(path), "rb") as file:
        return file.read(most + 1)


def _kind(status: os.stat_result) -> Kind:
    form = stat.S_IFMT(status.st_mode)
    return next((kind for known, kind in _KINDS if known == form), "device")


def _no_file(path: Path, kind: Kind) -> OSError:
    number = errno.EISDIR if kind == "folder" else errno.EINVAL
    return OSError(number, f"it is a {kind}, not a file", str(path))
