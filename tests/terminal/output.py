"""A strict reader of what a console writes to its terminal: Textual's own sequences and harmless text, nothing else.

The list of sequences is short on purpose. Whatever is not on it is forbidden, so a string that gets through raw is
found even where no terminal that we know of would do anything with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from wfconsole.text import may_reach_terminal

Kind = Literal["text", "sequence", "forbidden"]

ENTER_ALTERNATE: Final = "\x1b[?1049h"
LEAVE_ALTERNATE: Final = "\x1b[?1049l"
CLIPBOARD: Final = re.compile(r"\x1b\]52;c;[A-Za-z0-9+/=]*\x07")
BELL: Final = "\x07"
_SEQUENCE: Final = re.compile(
    r"\x1b\[\?(?:7|25|1000|1003|1004|1006|1015|1016|1049|2004|2026|2048)[hl]"  # modes on and off
    r"|\x1b\[\?(?:2026|2048)\$p"  # does the terminal know synchronized output, in-band resize?
    r"|\x1b\[>\d+u|\x1b\[<u"  # keyboard protocol on and off
    r"|\x1b\[[0-9;]*m"  # style
    r"|\x1b\[\d*(?:;\d*)?H"  # cursor position
    r"|\x1b\]22;[a-z-]+\x07"  # mouse pointer shape
)
_CLIPBOARD_OR_BELL: Final = re.compile(rf"{CLIPBOARD.pattern}|\x07")
_TEXT: Final = re.compile(r"[^\x1b\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]+")  # may hold new lines
_UNFINISHED: Final = re.compile(r"\x1b(?:\[[0-9;?<>$]*|\][^\x07\x1b]*)?\Z")


class Token(NamedTuple):
    """A piece of the output at `offset` characters."""

    kind: Kind
    text: str
    offset: int

    def __str__(self) -> str:
        return f"at {self.offset}: {self.text!r}"


def tokens(output: str) -> Iterator[Token]:
    """The output in pieces. `clipboard` and bell sequences are `forbidden` here: a test that expects them says so."""
    offset = 0
    while offset < len(output):
        if found := _SEQUENCE.match(output, offset):
            yield Token("sequence", found[0], offset)
        elif found := _TEXT.match(output, offset):
            yield from _judged(found[0], offset)
        else:
            found = _CLIPBOARD_OR_BELL.match(output, offset)
            yield Token("forbidden", found[0] if found else output[offset : offset + 1], offset)
        offset += len(found[0]) if found else 1


def _judged(text: str, offset: int) -> Iterator[Token]:
    for piece in re.finditer(r"[\r\n]+|[^\r\n]+", text):
        fine = piece[0][0] in "\r\n" or may_reach_terminal(piece[0])
        yield Token("text" if fine else "forbidden", piece[0], offset + piece.start())


def forbidden(raw: bytes, *, clipboard: bool = False, bell: bool = False) -> list[Token]:
    """All that must not have been written. `clipboard` and `bell` say that the test asked for one."""
    return [
        token
        for token in tokens(raw.decode(errors="surrogateescape"))
        if token.kind == "forbidden"
        and not (clipboard and CLIPBOARD.fullmatch(token.text))
        and not (bell and token.text == BELL)
    ]


def finished_part(output: str) -> str:
    """The output without a sequence that has only begun at its end."""
    found = _UNFINISHED.search(output, max(0, len(output) - 4096))
    return output[: found.start()] if found else output
