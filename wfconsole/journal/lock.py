"""Which console on this machine may act: the one that holds the lock on the journal's directory. All may take notes."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path


def hold(descriptor: int, *, shared: bool = False) -> bool:
    """Hold an open file until it is closed, beside others who hold it `shared`; whether nobody is in the way. Where a
    file system has no locks, nobody is."""
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


class Election:
    """A candidate for the lock of one directory. The lock ends with the process, however that ends."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._descriptor: int | None = None
        self._lock = threading.Lock()

    def won(self) -> bool:
        """Whether this candidate holds the lock; tries to get it, without waiting, where nobody holds it."""
        with self._lock:
            if self._descriptor is not None and self._is_current(self._descriptor):
                return True
            self._release()
            return self._try()

    def withdraw(self) -> None:
        with self._lock:
            self._release()

    def _try(self) -> bool:
        try:
            descriptor = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def _is_current(self, descriptor: int) -> bool:
        """A directory that was deleted and made again is another one to everybody else."""
        try:
            return os.path.samestat(os.fstat(descriptor), self._directory.stat())
        except OSError:
            return False

    def _release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
