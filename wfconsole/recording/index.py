"""Where everything is in a recording: one scan over its bytes that looks at the beginning of each line alone."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from operator import itemgetter
from typing import Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.decoding import decoder_of
from wfconsole.observations.kinds import KINDS
from wfconsole.recording.decode import MALFORMED, read_header
from wfconsole.recording.files import Inflater, RecordingFile
from wfconsole.recording.lines import LAST_INSTANT, LIMITS, MIB, Header, Limits, RecordingError, TooMuchError

# What is below STATE is an item for who follows.
DELTA, KEYFRAME, ANSWER, SAID, END, STATE, OTHER = range(7)
_KINDS: Final = {b"d": DELTA, b"k": KEYFRAME, b"s": STATE, b"x": END}

# The milliseconds, the kind, and the source where the next element is a string.
_FRAME: Final = re.compile(rb'\[\s*+(-?\d{1,15}+)\s*+,\s*+"([^"\\]{1,32}+)"\s*+[\],]\s*+(?:"([^"\\]{1,64}+)"\s*+,)?+')
_NOTHING: Final = re.compile(rb"[ \r\t]*+(?:#|$|\n)")
_NEWS: Final = re.compile(rb'"(?:rows|failure|partial|lacks|facts)"')
_NEWS_WITHIN: Final = 200  # a longer patch says something, whatever it is
_NOTE_TYPE: Final = re.compile(rb'\{\s*+"type"\s*+:\s*+"(\w++)"')


class _Tagged(msgspec.Struct):
    type: str


class SourceIndex:
    """The entries of one source, and those among them that hold its whole state."""

    def __init__(self) -> None:
        self.steps = array("I")  # keyframes and deltas
        self.wholes = array("I")  # keyframes and states

    def chain(self, before: int) -> Iterator[int]:
        """The entries that lead from nothing to this source's state just before entry `before`."""
        wholes = bisect_left(self.wholes, before)
        base = self.wholes[wholes - 1] if wholes else -1
        if base >= 0:
            yield base
        for step in range(bisect_left(self.steps, base + 1), bisect_left(self.steps, before)):
            yield self.steps[step]


class Index:
    """A table with one entry for each line that says something; pages belong to the line that completes them.

    `scan` may be called again when the file has grown. It stops for good at the first line that is none, with the
    reason in `problem`: what is before it can be played.
    """

    def __init__(self, file: RecordingFile, *, trusted: bool, limits: Limits = LIMITS) -> None:
        self.header: Header | None = None
        self.ats = array("q")
        self.offsets = array("Q")
        self.kinds = bytearray()
        self.news = bytearray()  # 1 where more was said than "looked again, nothing changed"
        self.sources = {name.encode(): SourceIndex() for name in KINDS}
        self.pages: dict[int, list[int]] = {}  # entry: offsets of its pages
        self.said = array("I")  # entries of notes other than answers
        self.answers = array("I")
        self.skipped = 0  # lines of kinds, sources and notes that we do not know
        self.problem: RecordingError | None = None
        self._file = file
        self._trusted = trusted
        self._limits = limits
        self._inflater = Inflater(file) if file.compressed else None
        self.scanned = 0  # bytes of lines that are in the table or need not be
        self._rest = b""
        self._line = 0
        self._shifts = [(0, 0)]  # from which entry on a line's number is by how much larger than the entry's
        self._at: Millis = 0
        self._open_pages: dict[bytes, list[int]] = {}

    def __len__(self) -> int:
        return len(self.ats)

    @property
    def ended(self) -> bool:
        return bool(self.kinds) and self.kinds[-1] == END

    def number(self, entry: int) -> int:
        """The number of an entry's line, counted from one."""
        return entry + self._shifts[bisect_right(self._shifts, entry, key=itemgetter(0)) - 1][1]

    def scan(self) -> bool:
        """Take in what the file holds by now; whether there was anything new. Raises RecordingError when it has no
        readable header: then there is nothing to play."""
        before = len(self)
        if self.problem is None:
            try:
                for chunk in self._chunks():
                    self._take(chunk)
                self._take_tail()
            except RecordingError as error:
                if self.header is None:
                    raise
                self.problem = error
        return len(self) > before

    def _chunks(self) -> Iterator[bytes]:
        self._file.check_size()
        if self._inflater is None:
            yield from self._file.chunks(self.scanned + len(self._rest))
            return
        while chunk := self._inflater.next():
            self._file.remember(self._inflater.entries)
            self._inflater.entries.clear()
            yield chunk
            self._refuse_bomb(self._inflater.taken)

    def _refuse_bomb(self, taken: int) -> None:
        """`taken`: the bytes on disk that everything so far was unpacked from."""
        limits = self._limits
        if self.scanned > limits.free + limits.ratio * taken:
            raise TooMuchError(f"unpacks to more than {limits.ratio} times its size", line=self._line)
        if self._line > limits.free_lines + taken:
            raise TooMuchError("unpacks to more lines than it has bytes", line=self._line)

    def _take(self, chunk: bytes) -> None:
        data = self._rest + chunk if self._rest else chunk
        begin = 0
        while (end := data.find(b"\n", begin)) >= 0:
            self._take_line(data, begin, end)
            begin = end + 1
        self.scanned += begin
        self._rest = data[begin:]
        if len(self._rest) > self._limits.line:
            raise RecordingError(f"longer than {self._limits.line} bytes", line=self._line + 1)
        if self.scanned > self._limits.inflated:
            raise TooMuchError(f"more than {self._limits.inflated / MIB:g} MiB of lines", line=self._line)

    def _take_tail(self) -> None:
        """A last line without its end of line counts if it is whole; a cut one never decodes."""
        if self.header is None and not self._rest.strip():
            raise RecordingError("is empty")
        if self.header is not None:
            try:
                decoder_of(list[msgspec.Raw]).decode(self._rest)
            except MALFORMED:
                return
        self._take_line(self._rest, 0, len(self._rest))
        self.scanned += len(self._rest)
        self._rest = b""

    def _take_line(self, data: bytes, begin: int, end: int) -> None:
        self._line += 1
        if end - begin > self._limits.line:
            raise RecordingError(f"longer than {self._limits.line} bytes", line=self._line)
        if self._line > self._limits.lines:
            raise TooMuchError(f"more than {self._limits.lines} lines", line=self._line)
        frame = _FRAME.match(data, begin, end)
        if frame is not None and self.header is not None:
            self._take_entry(frame, data, begin, end)
        elif not _NOTHING.match(data, begin, end + 1):
            if self.header is not None:
                raise RecordingError("not a line of a recording", line=self._line)
            self.header = read_header(data[begin:end].strip(), trusted=self._trusted)
            self._at = self.header.started_at

    def _take_entry(self, frame: re.Match[bytes], data: bytes, begin: int, end: int) -> None:
        passed = int(frame[1])
        self._at += passed
        if not 0 <= passed <= self._limits.gap_ms or self._at > LAST_INSTANT:
            raise RecordingError(f"{passed} ms cannot have passed", line=self._line)
        offset = self.scanned + begin
        if frame[2] == b"p":
            if frame[3] in self.sources:
                self._open_pages.setdefault(frame[3], []).append(offset)
            return
        kind = self._kind(frame, data, end)
        entry = len(self.ats)
        if self._line - entry != self._shifts[-1][1]:
            self._shifts.append((entry, self._line - entry))
        self.skipped += kind == OTHER
        self.ats.append(self._at)
        self.offsets.append(offset)
        self.kinds.append(kind)
        self.news.append(_is_news(kind, data, frame.end(), end))

    def _kind(self, frame: re.Match[bytes], data: bytes, end: int) -> int:
        """What kind of entry the next one is; tells its source, or who looks for notes."""
        entry = len(self.ats)
        if frame[2] == b"e":
            kind = _note_kind(data, frame.end(), end)
            if kind != OTHER:
                (self.answers if kind == ANSWER else self.said).append(entry)
            return kind
        kind = _KINDS.get(frame[2], OTHER)
        if kind in (END, OTHER):
            return kind
        source = self.sources.get(frame[3])
        if source is None:
            return OTHER
        if kind != STATE:
            source.steps.append(entry)
        if kind != DELTA:
            source.wholes.append(entry)
        if self._open_pages and frame[3] in self._open_pages:
            self.pages[entry] = self._open_pages.pop(frame[3])
        return kind


def _is_news(kind: int, data: bytes, begin: int, end: int) -> bool:
    if kind == DELTA:
        return end - begin > _NEWS_WITHIN or _NEWS.search(data, begin, end) is not None
    return kind < STATE


def _note_kind(data: bytes, begin: int, end: int) -> int:
    found = _NOTE_TYPE.match(data, begin, end)
    if found is not None:
        name = found[1].decode()
    else:
        try:
            name = decoder_of(_Tagged).decode(data[begin : data.rindex(b"]", begin, end)]).type
        except MALFORMED:
            return OTHER
    return {"pod": ANSWER, "collector": SAID, "marker": SAID, "operator": SAID}.get(name, OTHER)
