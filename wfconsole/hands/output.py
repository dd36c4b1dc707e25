"""The output of a command as lines: bounded, safe to show, without secrets. What is too much is counted."""

from __future__ import annotations

import threading
from collections import deque

from wfconsole.hands.plan import BYTES_KEPT, LINE_AT_MOST, LINES_KEPT, Said
from wfconsole.redaction import LineRedactor
from wfconsole.text import safe

# Bytes of a line that has no end yet; what comes after them until its end is not kept.
_RAW_LINE_AT_MOST = 4 * LINE_AT_MOST


class Output:
    """Fed with bytes by one thread, asked for lines by another. Of what came in between the last lines are kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: deque[bytes] = deque()
        self._size = 0
        self._left_out = 0
        self._rest = b""
        self._redact = LineRedactor()

    def feed(self, chunk: bytes) -> None:
        """Some more of the output."""
        with self._lock:
            *whole, rest = (self._rest + chunk).split(b"\n")
            for line in whole:
                self._keep(line)
            self._rest = rest[:_RAW_LINE_AT_MOST]

    def finish(self) -> None:
        """Nothing more comes: a last line without an end counts, too."""
        with self._lock:
            if self._rest:
                self._keep(self._rest)
            self._rest = b""

    def take(self) -> Said | None:
        """What is new; None where nothing is."""
        with self._lock:
            lines, left_out = tuple(self._lines), self._left_out
            self._lines.clear()
            self._size = self._left_out = 0
        if not lines and not left_out:
            return None
        return Said(tuple(map(self._shown, lines)), left_out)

    def _keep(self, line: bytes) -> None:
        line = line[:_RAW_LINE_AT_MOST]
        self._lines.append(line)
        self._size += len(line)
        while len(self._lines) > LINES_KEPT or self._size > BYTES_KEPT:
            gone = self._lines.popleft()
            self._size -= len(gone)
            self._left_out += 1
            if b"-----" in gone:
                self._redact.line(gone.decode(errors="replace"))  # a key may begin in what is left out

    def _shown(self, line: bytes) -> str:
        text = line.decode(errors="replace").removesuffix("\r").replace("\t", "    ")
        return safe(self._redact.line(text), LINE_AT_MOST)
