"""The stream's format, both ends: `StreamWriter` for who observes, `StreamReader` for who follows.

`recording.lines` describes the format itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wfconsole.clock import Millis
from wfconsole.recording.decode import LineDecoder, Skipped, read_header
from wfconsole.recording.lines import (
    LIMITS,
    Ended,
    Header,
    Item,
    Limits,
    Note,
    Noted,
    OperatorNote,
    Pane,
    RecordingError,
    SourcePatch,
    Target,
)
from wfconsole.recording.writer import StreamWriter

__all__ = [
    "LIMITS",
    "Ended",
    "Header",
    "Item",
    "Limits",
    "Note",
    "Noted",
    "OperatorNote",
    "Pane",
    "RecordingError",
    "Skipped",
    "SourcePatch",
    "StreamReader",
    "StreamWriter",
    "Target",
]


class StreamReader:
    """Follows a stream that arrives in chunks of any size: a pipe, or a file.

    `trusted` only for the pipe of our own collector. Memory stays bounded by one line and what its items hold.
    """

    def __init__(self, *, trusted: bool = False, limits: Limits = LIMITS) -> None:
        self.header: Header | None = None  # None until its line was there
        self.ended = False  # whether the stream said that it is complete
        self.at: Millis = 0  # the instant of the last line
        self.line = 0  # lines so far
        self.problem: RecordingError | None = None  # why it cannot be read further
        self._trusted = trusted
        self._limits = limits
        self._decoder = LineDecoder(trusted=trusted, limits=limits)
        self._rest: list[bytes] = []
        self._rest_size = 0

    @property
    def skipped(self) -> Skipped:
        """What was passed over so far because this program does not know it."""
        return self._decoder.skipped

    @property
    def unfinished(self) -> int:
        """Bytes of a last line that never ended: not zero at the end of a stream that was cut."""
        return self._rest_size

    def feed(self, chunk: bytes) -> list[Item]:
        """The items that `chunk` completes.

        Raises RecordingError at a line that cannot be read, but never loses what came before it: where the chunk had
        such items they are returned, and the error is in `problem` and comes with the next call.
        """
        items: list[Item] = []
        if self.problem is None:
            try:
                for line in self._lines(chunk):
                    item = self._take(line)
                    if item is not None:
                        items.append(item)
                if self._rest_size > self._limits.line:
                    raise self._too_long(self.line + 1)
            except RecordingError as error:
                self.problem = error
        if self.problem is not None and not items:
            raise self.problem
        return items

    def read(self, read: Callable[[], bytes]) -> Iterator[Item]:
        """All items of a stream; `read` gives a chunk, and nothing at the end. Raises as `feed` does."""
        while chunk := read():
            yield from self.feed(chunk)
        if self.problem is not None:
            raise self.problem

    def _lines(self, chunk: bytes) -> list[bytes]:
        """The lines that `chunk` completes. What is left is joined only once, however small the chunks are."""
        self._rest.append(chunk)
        lines: list[bytes] = []
        if b"\n" in chunk:
            lines = b"".join(self._rest).split(b"\n")
            self._rest = [lines.pop()]
            self._rest_size = len(self._rest[0])
        else:
            self._rest_size += len(chunk)
        return lines

    def _take(self, line: bytes) -> Item | None:
        self.line += 1
        if len(line) > self._limits.line:
            raise self._too_long(self.line)
        line = line.rstrip(b"\r ")
        if not line or line.startswith(b"#"):
            return None
        if self.header is None:
            self.header = read_header(line, trusted=self._trusted)
            self.at = self.header.started_at
            return None
        opened = self._decoder.frame(line, self.line)
        self.at += opened.passed
        item = self._decoder.item(self.at, line, opened, self.line)
        self.ended = isinstance(item, Ended)
        return item

    def _too_long(self, line: int) -> RecordingError:
        return RecordingError(f"longer than {self._limits.line} bytes", line=line)
