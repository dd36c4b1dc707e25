"""The chunked coding of HTTP, for bodies that come in many small chunks.

Each change in a watch is a chunk of its own, for which the standard library makes three reads and a dozen calls. Here
all chunks that have arrived are taken apart at once.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from typing import Final

# Before a chunk stands its size alone, as a rule; after the last one an empty line.
_LONGEST_SIZE: Final = 1024
_LONGEST_TRAILER: Final = 16 * 1024


def unchunked(read: Callable[[], bytes]) -> Iterator[bytes]:
    """The body, as it comes: each chunk, or what is there of it. `read` gives what has arrived, and nothing at the end
    of the connection.

    Raises http.client.HTTPException and ValueError for what is no such body, and when it breaks off.
    """
    rest = b"\r\n"  # the line end after a chunk is taken for the beginning of the next one
    left = 0  # of the chunk under way
    while True:
        at = 0
        while at < len(rest):
            if not left:
                end = rest.find(b"\r\n", at + 2)
                if end < 0:
                    break
                left, at = _size(rest[at:end]), end + 2
                if not left:
                    _pass_trailer(rest[at:], read)
                    return
            piece = rest[at : at + left]
            at += len(piece)
            left -= len(piece)
            yield piece
        rest = rest[at:]
        if len(rest) > _LONGEST_SIZE:
            raise http.client.LineTooLong("chunk size")
        block = read()
        if not block:
            raise http.client.IncompleteRead(b"")
        rest += block


def _size(line: bytes) -> int:
    if line[:2] != b"\r\n":
        raise ValueError("a chunk without an end")
    size = int(line[2:].partition(b";")[0], 16)
    if size < 0:
        raise ValueError("a chunk of a negative size")
    return size


def _pass_trailer(rest: bytes, read: Callable[[], bytes]) -> None:
    while not rest.startswith(b"\r\n") and b"\r\n\r\n" not in rest:
        if len(rest) > _LONGEST_TRAILER:
            raise http.client.LineTooLong("trailer")
        block = read()
        if not block:
            return  # the body was whole
        rest += block
