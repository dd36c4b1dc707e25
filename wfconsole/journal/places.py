"""Where segments may lie: the journal's own directory, and a fallback for when its disk refuses.

A fallback base may be a directory that everybody writes to (`/var/tmp`, `/dev/shm`): below it only directories that
belong to this user alone are used, for writing and for reading, so that nobody can plant entries there.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

NETWORK_TYPES: Final = ("nfs", "cifs", "smb", "fuse", "9p", "afs", "ceph", "glusterfs", "lustre")


def fallback_directory(base: Path, directory: Path) -> Path:
    """Where the segments of the journal in `<incident>/journal` go below a fallback base."""
    incident = directory.parent.name if directory.name == "journal" else directory.name
    return base / f"wfconsole-{os.geteuid()}" / incident / "journal"


def private_parts(directory: Path) -> Iterator[Path]:
    """The three directories below the base of a fallback directory, outermost first."""
    yield directory.parent.parent
    yield directory.parent
    yield directory


def foreign(directory: Path) -> str:
    """Why a fallback directory is not this user's alone; "" when it is. Raises FileNotFoundError."""
    for part in private_parts(directory):
        status = part.lstat()
        if not stat.S_ISDIR(status.st_mode):
            return f"{part} is not a directory"
        if status.st_uid != os.geteuid():
            return f"{part} belongs to another user"
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return f"others may write to {part}"
    return ""


def incidents_below(base: Path) -> Iterator[str]:
    """The incidents that have a journal of this user's alone below a fallback base."""
    mine = base / f"wfconsole-{os.geteuid()}"
    for folder in mine.glob("*/journal"):
        try:
            if not foreign(folder):
                yield folder.parent.name
        except OSError:
            continue


def network_type(directory: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str:
    """The type of a network or user-space file system, on which locks cannot be trusted; "" for a local one.

    Format of the mounts: proc_pid_mountinfo(5); the mount point is the fifth field, the type follows the lone dash.
    """
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    path = f"{directory}/"
    best, kind = -1, ""
    for line in lines:
        before, _, after = line.partition(" - ")
        fields = before.split()
        if len(fields) < 5 or not after:
            continue
        point = fields[4].replace("\\040", " ").rstrip("/") + "/"
        if path.startswith(point) and len(point) >= best:
            best, kind = len(point), after.split()[0]
    return kind if kind.startswith(NETWORK_TYPES) else ""
