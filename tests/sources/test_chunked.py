"""Bodies in chunks, whatever the pieces that they arrive in."""

from __future__ import annotations

import http.client
from collections.abc import Iterable

import pytest

from wfconsole.sources.kubernetes.chunked import unchunked

BODY = b"5\r\nhello\r\n3;name=value\r\n\r\n\n\r\nA\r\n0123456789\r\n0\r\n\r\n"
MEANT = b"hello\r\n\n0123456789"


def read(blocks: Iterable[bytes]) -> bytes:
    coming = iter(blocks)
    return b"".join(unchunked(lambda: next(coming, b"")))


@pytest.mark.parametrize("size", range(1, len(BODY) + 1))
def test_pieces_of_any_size_give_the_same_body(size: int) -> None:
    assert read(BODY[at : at + size] for at in range(0, len(BODY), size)) == MEANT


def test_a_chunk_is_given_before_the_next_one_is_there() -> None:
    coming = iter([b"5\r\nhello\r\n", b"0\r\n\r\n"])
    pieces = unchunked(lambda: next(coming))
    assert next(pieces) == b"hello"
    assert next(coming) == b"0\r\n\r\n"


def test_nothing_is_read_beyond_the_end() -> None:
    coming = iter([b"1\r\n.\r\n0\r\n", b"Trailer: of no", b" interest\r\n", b"\r\n", b"the next answer"])
    assert b"".join(unchunked(lambda: next(coming))) == b"."
    assert next(coming) == b"the next answer"


@pytest.mark.parametrize("length", range(len(BODY) - len(b"0\r\n\r\n") + 2))
def test_a_body_that_breaks_off_anywhere_is_told(length: int) -> None:
    with pytest.raises(http.client.IncompleteRead):
        read([BODY[:length]])


@pytest.mark.parametrize(
    "body",
    [
        b"\r\n",
        b"x\r\n",
        b"-5\r\nhello\r\n",
        b"5\r\nhello, too long\r\n",
        b"{}" * 1024,
        b"0\r\n" + b"Name: value\r\n" * 2048,
    ],
)
def test_what_is_no_chunked_body_is_refused(body: bytes) -> None:
    with pytest.raises((ValueError, http.client.LineTooLong)):
        read([body] * 2)
