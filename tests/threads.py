"""Threads of a test, and those of others: what hangs fails a test, and a signal that the main thread does not get."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T")

# Many times what anything takes on a busy machine: whoever is not back by then hangs, or does far too much.
PATIENCE_S: Final = 60.0


def in_the_end(do: Callable[[], T]) -> T:
    """What `do` gives or raises, in a thread of its own. Fails where it does not come back.

    How it ended is for the test to tell: by its own deadline, or because it was cut. A stopwatch would tell of the
    machine, too.
    """
    given: list[T] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            given.append(do())
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    comes_to_an_end(thread)
    if raised:
        raise raised[0]
    return given[0]


def comes_to_an_end(thread: threading.Thread) -> None:
    """Wait for this thread; fails where it hangs."""
    thread.join(PATIENCE_S)
    assert not thread.is_alive(), f"it hangs: not over after {PATIENCE_S:g} s"


def signal_another_thread(pid: int, number: signal.Signals) -> None:
    """A signal that the system gives to a thread which is not the main one, as it may: unlike a signal to the process,
    it ends no read of the main thread (tgkill(2))."""
    others = [int(each.name) for each in Path(f"/proc/{pid}/task").iterdir() if int(each.name) != pid]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.tgkill(pid, min(others), number):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
