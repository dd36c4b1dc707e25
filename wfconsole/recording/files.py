"""The bytes of a recording, plain or gzip: read-only, bounded, and from the middle."""

from __future__ import annotations

import codecs
import os
import zlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from wfconsole.named_files import open_file
from wfconsole.recording.lines import KIB, LIMITS, MIB, Limits, RecordingError, TooMuchError

CHUNK: Final = 256 * KIB
INFLATED_CHUNK: Final = 64 * KIB
MEMBERS: Final = 10_000  # of a gzip file: two weeks of a group every two minutes
_GZIP_MAGIC: Final = b"\x1f\x8b"


class RecordingFile:
    """A file, opened read-only, whose content is addressed by its offset in the lines, not on the disk.

    May be read from several threads, and while somebody else appends to it. Raises RecordingError when it cannot be
    opened, is no regular file, or is larger than the limit.
    """

    def __init__(self, path: Path, limits: Limits = LIMITS) -> None:
        self.path = path
        self._limits = limits
        try:
            self._fd = open_file(path)
        except OSError as error:
            raise RecordingError(f"cannot be opened: {error.strerror}", path=str(path)) from None
        try:
            self.check_size()
            head = self.read(0, len(codecs.BOM_UTF8))
            if head == codecs.BOM_UTF8:
                remedy = "Copy the file as it is: an editor saved this one anew."
                raise RecordingError("begins with a byte order mark", remedy=remedy, path=str(path))
            self.compressed = head.startswith(_GZIP_MAGIC)
        except BaseException:
            os.close(self._fd)
            raise
        self._entries: list[tuple[int, int]] = [(0, 0)]  # offset in the lines, offset on disk: where reading can begin

    def close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def size(self) -> int:
        """Bytes on disk now."""
        return os.fstat(self._fd).st_size

    def check_size(self) -> None:
        """Raises RecordingError when the file is larger than the limit."""
        if self.size() > self._limits.file:
            raise TooMuchError(f"is larger than {self._limits.file / MIB:g} MiB", path=str(self.path))

    def read(self, offset: int, length: int) -> bytes:
        """Bytes of the disk, at most `length`. Raises RecordingError when the disk does not give them."""
        try:
            return os.pread(self._fd, length, offset)
        except OSError as error:
            raise RecordingError(f"cannot be read: {error.strerror}", path=str(self.path)) from None

    def entry_before(self, offset: int) -> int:
        """The last place at or before `offset` (in the lines) where reading can begin."""
        if not self.compressed:
            return offset
        return self._entries[bisect_right(self._entries, (offset, self._limits.file)) - 1][0]

    def chunks(self, entry: int) -> Iterator[bytes]:
        """The lines' bytes from a place that `entry_before` gave. Raises RecordingError at a broken compression."""
        if not self.compressed:
            while chunk := self.read(entry, CHUNK):
                entry += len(chunk)
                yield chunk
            return
        on_disk = self._entries[bisect_right(self._entries, (entry, self._limits.file)) - 1][1]
        inflater = Inflater(self, on_disk)
        while chunk := inflater.next():
            yield chunk

    def remember(self, entries: Sequence[tuple[int, int]]) -> None:
        """Places where compressed reading can begin, as (offset in the lines, offset on disk), found by a scan."""
        self._entries.extend(entries)


class Inflater:
    """Inflates the members of a gzip file one after the other, in bounded steps; can go on when the file has grown."""

    def __init__(self, file: RecordingFile, on_disk: int = 0) -> None:
        self._file = file
        self._read_to = on_disk
        self._given = 0
        self._member = zlib.decompressobj(31)
        self._members = 1
        self._pending = b""
        self.entries: list[tuple[int, int]] = []  # where members began: (bytes given before, offset on disk)

    @property
    def taken(self) -> int:
        """Bytes of the disk that have been inflated."""
        return self._read_to - len(self._pending)

    def next(self) -> bytes:
        """The next bytes, at most `INFLATED_CHUNK`; none at the end of what is on disk now."""
        while True:
            if not self._pending:
                self._pending = self._file.read(self._read_to, CHUNK)
                self._read_to += len(self._pending)
            if self._member.eof:
                if not self._pending:
                    return b""
                self._members += 1
                if self._members > MEMBERS:
                    raise RecordingError(f"has more than {MEMBERS} gzip members", path=str(self._file.path))
                self.entries.append((self._given, self._read_to - len(self._pending)))
                self._member = zlib.decompressobj(31)
            try:
                chunk = self._member.decompress(self._pending, INFLATED_CHUNK)
            except zlib.error as error:
                raise RecordingError(f"its compression is broken: {error}", path=str(self._file.path)) from None
            at_end = not self._pending
            self._pending = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            if chunk:
                self._given += len(chunk)
                return chunk
            if at_end:
                return b""


class LineCursor:
    """Fetches lines by their offsets. Rising ones read each byte once; going back enters anew."""

    def __init__(self, file: RecordingFile) -> None:
        self._file = file
        self._chunks: Iterator[bytes] = iter(())
        self._window = b""
        self._at = -1  # offset of the window's first byte; -1 before the first read

    def line(self, offset: int) -> bytes:
        """The line that begins at `offset`, without its end. Raises RecordingError when it is no longer there."""
        end = self._at + len(self._window)
        if self._at < 0 or not self._at <= offset <= end:
            entry = self._file.entry_before(offset)
            if self._at < 0 or offset < self._at or entry > end:
                self._chunks, self._window, self._at = self._file.chunks(entry), b"", entry
        while True:
            begin = offset - self._at
            if begin <= len(self._window):
                stop = self._window.find(b"\n", begin)
                if stop >= 0:
                    return self._window[begin:stop]
            chunk = next(self._chunks, b"")
            if not chunk:
                if begin < len(self._window):
                    return self._window[begin:]  # the last line of a file without an end of line
                raise RecordingError("became shorter while it was open", path=str(self._file.path))
            keep = max(0, min(begin, len(self._window)))
            self._at += keep
            self._window = self._window[keep:] + chunk
