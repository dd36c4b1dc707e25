"""The few system calls that a journal is made of, in one place, so that a test can make each of them fail."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path
from typing import Any, Final

from wfconsole.journal.lock import hold
from wfconsole.journal.places import foreign, private_parts

_KEEP_SIZE: Final = 1  # FALLOC_FL_KEEP_SIZE of fallocate(2)
_CREATE: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW


def _find_fallocate() -> Any:
    """glibc's and musl's `fallocate`; None where there is none. `os.posix_fallocate` would change the file's size."""
    try:
        function = ctypes.CDLL(None, use_errno=True).fallocate
    except (OSError, AttributeError):
        return None
    function.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_long, ctypes.c_long)
    function.restype = ctypes.c_int
    return function


_fallocate: Final = _find_fallocate()


class Disk:
    """The real thing. Every method raises OSError; none is retried on the same descriptor."""

    def make_directory(self, directory: Path) -> None:
        """Make the directory and what is missing above it, 0700, and sync each new name."""
        if directory.is_dir():
            return
        self.make_directory(directory.parent)
        try:
            directory.mkdir(mode=0o700)
        except FileExistsError:
            return
        self.sync_directory(directory.parent)

    def make_private_directory(self, directory: Path) -> None:
        """The same for a fallback directory: below its base, nothing that is not this user's alone."""
        for part in private_parts(directory):
            try:
                part.mkdir(mode=0o700)
            except FileExistsError:
                continue
            self.sync_directory(part.parent)
        if reason := foreign(directory):
            raise PermissionError(errno.EPERM, reason)

    def create(self, path: Path) -> int:
        """A new file, 0600, held until it is closed. Raises FileExistsError rather than touch one that is there."""
        descriptor = os.open(path, _CREATE, 0o600)
        hold(descriptor)
        return descriptor

    def allocate(self, descriptor: int, offset: int, size: int) -> bool:
        """Reserve blocks without changing the file's size; False where the system cannot. Raises ENOSPC and EDQUOT."""
        if _fallocate is None:
            return False
        while _fallocate(descriptor, _KEEP_SIZE, offset, size) != 0:
            number = ctypes.get_errno()
            if number in (errno.ENOSPC, errno.EDQUOT):
                raise OSError(number, os.strerror(number))
            if number != errno.EINTR:
                return False
        return True

    def write(self, descriptor: int, data: memoryview) -> int:
        return os.write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        getattr(os, "fdatasync", os.fsync)(descriptor)

    def sync_directory(self, directory: Path) -> None:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def is_at(self, descriptor: int, path: Path) -> bool:
        """Whether the open file is still the one that readers will find under its name."""
        try:
            return os.path.samestat(os.fstat(descriptor), path.stat())
        except OSError:
            return False

    def read_back(self, descriptor: int) -> bytes:
        """All of the open file, also when its name is gone."""
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0)

    def discard_empty(self, descriptor: int, path: Path) -> None:
        """Take away a file into which nothing could be written; one with a byte in it is evidence and stays."""
        if os.fstat(descriptor).st_size == 0 and self.is_at(descriptor, path):
            path.unlink()

    def close(self, descriptor: int) -> None:
        os.close(descriptor)


def is_held(descriptor: int) -> bool:
    """Whether some process, this one included, still has the file open that it made with `create`."""
    return not hold(descriptor, shared=True)
