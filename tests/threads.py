"""A signal that the system gives to a thread which is not the main one, as it may."""

from __future__ import annotations

import ctypes
import os
import signal
from pathlib import Path


def signal_another_thread(pid: int, number: signal.Signals) -> None:
    """Unlike a signal to the process, it ends no read of the main thread (tgkill(2))."""
    others = [int(each.name) for each in Path(f"/proc/{pid}/task").iterdir() if int(each.name) != pid]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.tgkill(pid, min(others), number):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
