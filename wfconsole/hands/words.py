"""What the console says to a process that it has started: lines on its standard input, until the console is gone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

_READ_AT_ONCE: Final = 64 << 10


def words_of_the_console() -> Iterator[bytes]:
    """The lines of standard input, read without a buffer: a thread that waits in one stops the end of the process."""
    rest = b""
    while chunk := os.read(0, _READ_AT_ONCE):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
