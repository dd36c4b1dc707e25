"""What a terminal shows after the bytes that it was sent, and the modes that they left switched on."""

from __future__ import annotations

import codecs
import functools
import re
import threading
import unicodedata
from typing import Final

import pyte

from tests.terminal.output import ENTER_ALTERNATE, LEAVE_ALTERNATE, Token, finished_part, forbidden

_BEYOND_PYTE: Final = re.compile(r"\x1b\[[<>]\d*u|\x1b\[\?\d+\$p")


class Display:
    """A main and an alternate screen, fed with bytes from any thread and drawn when somebody looks (Python is slow)."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._raw = bytearray()
        self._changed = threading.Condition()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._fed = 0
        self._waiting = ""
        self._screens = [pyte.Screen(columns, rows), pyte.Screen(columns, rows)]
        self._alternate = 0

    @property
    def raw(self) -> bytes:
        """Every byte that was written to the terminal so far."""
        with self._changed:
            return bytes(self._raw)

    @property
    def screen(self) -> pyte.Screen:
        """The screen that is shown now (the alternate one while a full-screen program runs)."""
        self._draw()
        return self._screens[self._alternate]

    @property
    def lines(self) -> list[str]:
        """The rows of the screen, without spaces at their ends."""
        screen = self.screen  # not its `display`, which insists that wide characters are whole
        cells = range(screen.columns)
        return [
            "".join(row[x].data for x in cells).rstrip() for row in map(screen.buffer.__getitem__, range(screen.lines))
        ]

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines)

    @property
    def full_screen(self) -> bool:
        """Whether the program is in the alternate screen."""
        self._draw()
        return bool(self._alternate)

    def modes_left_on(self) -> list[str]:
        """The modes that were switched on and not off again (7, line wrap, and 25, cursor: the reverse)."""
        on: dict[str, bool] = {}
        for number, switch in re.findall(r"\x1b\[\?(\d+)([hl])", self.raw.decode(errors="replace")):
            on[number] = (switch == "h") != (number in ("7", "25"))
        return sorted(number for number, is_on in on.items() if is_on)

    def forbidden_bytes(self, *, clipboard: bool = False, bell: bool = False) -> list[Token]:
        """What was written and is neither harmless text nor one of Textual's own sequences.

        A character or sequence that has only begun at the end of what was read so far is not looked at yet.
        """
        whole = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(self.raw)
        return forbidden(finished_part(whole).encode(errors="surrogateescape"), clipboard=clipboard, bell=bell)

    def show(self, data: bytes) -> None:
        """Take bytes that a program wrote."""
        with self._changed:
            self._raw += data
            self._changed.notify_all()

    def reshape(self, columns: int, rows: int) -> None:
        """Give both screens another size."""
        self._draw()
        self.columns, self.rows = columns, rows
        for screen in self._screens:
            screen.resize(rows, columns)

    def _draw(self) -> None:
        with self._changed:
            new = bytes(self._raw[self._fed :])
            self._fed += len(new)
        text = self._waiting + self._decoder.decode(new)
        ready = finished_part(text)
        self._waiting = text[len(ready) :]
        streams = [pyte.Stream(screen) for screen in self._screens]
        for part in re.split(r"(\x1b\[\?1049[hl])", ready):
            if part == ENTER_ALTERNATE:
                self._screens[1].reset()
                self._alternate = 1
            elif part == LEAVE_ALTERNATE:
                self._alternate = 0
            else:
                streams[self._alternate].feed(_for_pyte(part))


def _for_pyte(text: str) -> str:
    """Without the sequences that pyte does not know, and the marks behind which it gives up the rest of a text."""
    known = _BEYOND_PYTE.sub("", text)
    return known if known.isascii() else "".join(char for char in known if not _stops_pyte(char))


@functools.cache
def _stops_pyte(char: str) -> bool:
    return unicodedata.category(char)[0] == "M" and not unicodedata.combining(char)
