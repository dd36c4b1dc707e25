"""A recording as something to be played: its items from any place, and the state at any instant."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from heapq import merge
from pathlib import Path

from wfconsole.clock import Millis
from wfconsole.named_files import kind_at
from wfconsole.recording.decode import LineDecoder, read_header
from wfconsole.recording.files import LineCursor, RecordingFile
from wfconsole.recording.index import STATE, Index
from wfconsole.recording.lines import LIMITS, Header, Item, Limits, Noted, RecordingError, TooMuchError

# Where the lines of a scenario are, in its directory.
SCENARIO_FILES = ("recording.jsonl.gz", "recording.jsonl")

# How many of the newest answers to on-demand reads a state holds; `World` keeps fewer.
ANSWERS_IN_STATE = 512
MARKS_KEPT = 10_000

DAMAGED = "What is before it plays; the rest needs another copy of the file."
TOO_MUCH = "What is before it plays; more than that is not read."


def recording_path(path: Path) -> Path:
    """The file of a recording: `path` itself, or the lines in a scenario's directory. Raises RecordingError."""
    try:
        if kind_at(path) != "folder":
            return path
        for name in SCENARIO_FILES:
            if kind_at(path / name) != "nothing":
                return path / name
    except OSError as error:
        raise RecordingError(f"cannot be opened: {error.strerror}", path=str(path)) from None
    raise RecordingError(
        f"has no {SCENARIO_FILES[0]}", remedy="Give a recording or a scenario's directory.", path=str(path)
    )


def header_of(path: Path) -> Header:
    """The header of a recording, without a look at the rest of it. Raises RecordingError."""
    file = RecordingFile(path)
    try:
        return read_header(LineCursor(file).line(0).strip(), trusted=False)
    finally:
        file.close()


class Recording:
    """An open recording; read-only, and nothing in it is believed. Positions count its entries from zero.

    One that is still being written may be opened too: `refresh` takes in what is new. Positions stay valid. Its
    methods may be called from several threads, `refresh` from one at a time.

    Raises RecordingError when there is nothing to play: no readable header, a newer format, too large. What is found
    out later is in `problem`, and what is before it plays.
    """

    def __init__(self, path: Path, *, trusted: bool = False, limits: Limits = LIMITS) -> None:
        self.path = recording_path(path)
        self.sources: tuple[str, ...] = ()  # those that say something in it, at whatever time
        self._trusted = trusted
        self._limits = limits
        self._file = RecordingFile(self.path, limits)
        self._index = Index(self._file, trusted=trusted, limits=limits)
        self._vetted = bytearray()  # 1 for each entry whose line has been vetted
        self._unreadable: RecordingError | None = None
        self._playable = 0  # entries before the unreadable one
        self._marks: list[Noted] = []
        self._marks_of = 0  # how many notes the marks were made of
        try:
            self.refresh()
        except RecordingError as error:
            self._file.close()
            raise error.at(str(self.path)) from None

    def close(self) -> None:
        self._file.close()

    def refresh(self) -> bool:
        """Take in what has been written since; whether there was anything."""
        grew = self._index.scan()
        self._vetted.extend(bytes(len(self._index) - len(self._vetted)))
        self.sources = tuple(name.decode() for name, index in self._index.sources.items() if index.steps)
        return grew

    @property
    def header(self) -> Header:
        assert self._index.header is not None  # else it could not have been opened
        return self._index.header

    @property
    def start(self) -> Millis:
        return self.header.started_at

    @property
    def end(self) -> Millis:
        """The instant of the last entry that can be played."""
        return self._index.ats[len(self) - 1] if len(self) else self.start

    @property
    def truncated(self) -> bool:
        """Whether it has no end mark: it was cut off, or is still being written."""
        return not self._index.ended

    @property
    def problem(self) -> RecordingError | None:
        """Why not all of it can be played."""
        error = self._unreadable or self._index.problem
        if error is None:
            return None
        remedy = error.remedy or (TOO_MUCH if isinstance(error, TooMuchError) else DAMAGED)
        return type(error)(error.what, remedy=remedy, line=error.line, path=str(self.path))

    @property
    def size(self) -> int:
        """Bytes of its lines, as far as they have been looked at."""
        return self._index.scanned

    @property
    def skipped(self) -> int:
        """Lines that say something that this program does not know."""
        return self._index.skipped

    def __len__(self) -> int:
        return len(self._index) if self._unreadable is None else self._playable

    def at(self, position: int) -> Millis:
        """The instant of an entry; of the end for a position behind the last one."""
        return self._index.ats[position] if position < len(self) else self.end

    def position(self, instant: Millis) -> int:
        """How many entries are at or before `instant`: the position of the first one after it."""
        return min(bisect_right(self._index.ats, instant), len(self))

    def news_after(self, position: int) -> int | None:
        """The first entry from `position` on that says more than "looked again, nothing changed"."""
        found = self._index.news.find(1, position, len(self))
        return found if found >= 0 else None

    def news_before(self, position: int) -> int | None:
        """The last such entry before `position`."""
        found = self._index.news.rfind(1, 0, min(position, len(self)))
        return found if found >= 0 else None

    def read(self, first: int = 0, last: int | None = None) -> Iterator[tuple[int, Item]]:
        """The items from entry `first` to before entry `last`, each with its position, as they were seen live.

        Raises RecordingError at an entry that cannot be read; the recording ends before it from then on.
        """
        end = len(self) if last is None else min(last, len(self))
        return self._items(position for position in range(first, end) if self._index.kinds[position] < STATE)

    def state(self, instant: Millis) -> Iterator[Item]:
        """The fewest items that lead from nothing to the world at `instant`: the last keyframe of every source, what
        followed it, what was said, and the newest answers. Raises RecordingError as `read` does."""
        before = self.position(instant)
        chains: list[Iterable[int]] = [source.chain(before) for source in self._index.sources.values()]
        answers = _until(self._index.answers, before)
        chains += [_until(self._index.said, before), answers[-ANSWERS_IN_STATE:]]
        return (item for _, item in self._items(merge(*chains)))

    def marks(self) -> tuple[Noted, ...]:
        """What people and the collector said, in order: the places on a time bar. At most 10,000."""
        said = self._index.said
        if self._marks_of < len(said) and len(self._marks) < MARKS_KEPT:
            new = said[self._marks_of : self._marks_of + MARKS_KEPT - len(self._marks)]
            self._marks_of = len(said)
            try:
                self._marks.extend(item for _, item in self._items(new) if isinstance(item, Noted))
            except RecordingError:
                pass  # it is in `problem`
        return tuple(self._marks)

    def _items(self, positions: Iterable[int]) -> Iterator[tuple[int, Item]]:
        decoder = LineDecoder(trusted=self._trusted, limits=self._limits)
        cursor = LineCursor(self._file)
        for position in positions:
            try:
                item = self._item(position, decoder, cursor)
            except RecordingError as error:
                if self._unreadable is None or position < self._playable:
                    self._playable, self._unreadable = position, error
                raise error.at(str(self.path)) from None
            if item is not None:
                yield position, item

    def _item(self, position: int, decoder: LineDecoder, cursor: LineCursor) -> Item | None:
        index = self._index
        at, number, vetted = index.ats[position], index.number(position), bool(self._vetted[position])
        for offset in index.pages.get(position, ()):
            page = cursor.line(offset).strip()
            decoder.item(at, page, decoder.frame(page, number), number, vetted=vetted)
        line = cursor.line(index.offsets[position]).strip()
        opened = decoder.frame(line, number)
        if index.kinds[position] == STATE:
            item: Item | None = decoder.whole(at, line, opened, number, vetted=vetted)
        else:
            item = decoder.item(at, line, opened, number, vetted=vetted)
        self._vetted[position] = 1
        return item


def _until(entries: array[int], before: int) -> array[int]:
    return entries[: bisect_left(entries, before)]
