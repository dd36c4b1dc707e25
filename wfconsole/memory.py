"""How a process gives memory back to the system."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable

# From glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_LARGE = 256 * 1024


def give_back_what_is_freed() -> None:
    """Make the C library return large pieces of memory as soon as they are freed.

    Answers have some megabytes and live for milliseconds. By its own choice glibc would take them from a pool for each
    thread and keep them (290 MB at most after a server that sends 100 MB to nine connections, instead of 110). Where
    the C library is another one, nothing is changed.
    """
    mallopt = _of_the_c_library("mallopt")
    if mallopt is None:
        return
    mallopt(_M_ARENA_MAX, 2)
    mallopt(_M_MMAP_THRESHOLD, _LARGE)
    mallopt(_M_TRIM_THRESHOLD, _LARGE)


def sweep_every(seconds: float) -> None:
    """From here on look for garbage of every age once in so many seconds, in a thread of its own, and give back the
    holes that it leaves.

    Left to itself Python looks at the young alone. What is in use at that moment counts as old from then on, and the
    clients of other systems are large and full of cycles: a look at AWS leaves 300 kB of them, one at Alertmanager 20.
    Whichever was caught under way would stay for hours.
    """
    pause = threading.Event()  # never set
    trim = _of_the_c_library("malloc_trim")

    def sweep() -> None:
        while not pause.wait(seconds):
            gc.collect()
            if trim is not None:
                trim(0)

    threading.Thread(target=sweep, name="sweeper", daemon=True).start()


def _of_the_c_library(name: str) -> Callable[..., int] | None:
    """A function of glibc's; None where the C library is another one."""
    try:
        import ctypes

        found: Callable[..., int] = getattr(ctypes.CDLL(None), name)
    except (ImportError, OSError, AttributeError):
        return None
    return found
