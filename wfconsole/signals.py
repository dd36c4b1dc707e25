"""Signals as bytes in a pipe, for whoever waits there."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from types import FrameType
from typing import Any


def into_pipe(mouth: int, numbers: Iterable[signal.Signals]) -> dict[signal.Signals, Any]:
    """From here on each of these signals does one thing: its number goes as one byte into `mouth`, which never blocks
    from then on. Gives what was done before. Only in the main thread; others that have a handler are written, too.

    The interpreter's own C handler writes, in whichever thread the signal comes (`signal.set_wakeup_fd`). A handler in
    Python waits for the main thread, which may just have begun a read that nothing else ends; and what it raises is
    lost where a finalizer happens to run.
    """
    os.set_blocking(mouth, False)
    signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)
    return {number: signal.signal(number, _nothing) for number in numbers}


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """A handler in Python must be there, or the number is not written."""
