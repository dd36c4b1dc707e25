"""How the C library gives memory back."""

from __future__ import annotations

import gc

# From glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_LARGE = 256 * 1024


def settle() -> None:
    """Keep this process small; to be called once everything is imported.

    Answers have some megabytes and live for milliseconds. By its own choice glibc would take them from a pool for each
    thread and keep them (290 MB at most after a server that sends 100 MB to nine connections, instead of 110). Where
    the C library is another one, nothing is changed. What is imported is not looked at by the garbage collector again.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    try:
        import ctypes

        mallopt = ctypes.CDLL(None).mallopt
    except (ImportError, OSError, AttributeError):
        return
    mallopt(_M_ARENA_MAX, 2)
    mallopt(_M_MMAP_THRESHOLD, _LARGE)
    mallopt(_M_TRIM_THRESHOLD, _LARGE)
