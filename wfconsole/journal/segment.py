"""The file that is being written to. After its first failure it is never written to, synced or trusted again."""

from __future__ import annotations

import errno
import os
import platform
import re
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from wfconsole.journal.disk import Disk
from wfconsole.journal.records import (
    GENESIS,
    OPENED,
    Draft,
    Ref,
    chained,
    content,
    line_bytes,
    parsed,
    parted,
)

RESERVE: Final = 256 * 1024  # bytes kept allocated ahead: a full disk takes this much more before it refuses
LAST_RESERVE: Final = 16 * 1024  # what a nearly full disk may still have


def host_name() -> str:
    """This machine's name, as far as it fits into a file name."""
    return re.sub(r"[^A-Za-z0-9.]+", "_", platform.node())[:40] or "host"


def boot_id() -> str:
    """Which boot of the machine the monotonic times belong to; random where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return str(uuid.uuid4())


BOOT: Final = boot_id()


class SegmentFile:
    """One open segment. `lines`, `seq` and `head` count only what is synced."""

    def __init__(self, disk: Disk, path: Path, descriptor: int, next_seq: int) -> None:
        self.path = path
        self.lines = 0
        self.seq = next_seq - 1
        self.head = GENESIS
        self._disk = disk
        self._descriptor = descriptor
        self._size = 0
        self._reserved = 0

    @classmethod
    def create(cls, disk: Disk, directory: Path, number: int, opening: Draft, next_seq: int) -> SegmentFile:
        """A new segment with its first line on disk. Raises OSError, and leaves no empty file behind."""
        name = f"{host_name()}-{os.getpid()}-{BOOT[:8]}"
        while True:
            path = directory / f"{number:06}-{name}.jsonl"
            try:
                descriptor = disk.create(path)
                break
            except FileExistsError:
                number += 1
        segment = cls(disk, path, descriptor, next_seq)
        try:
            segment._reserve(0)
            segment.commit([opening])
            disk.sync_directory(directory)
        except OSError:
            segment.abandon()
            raise
        return segment

    @property
    def number(self) -> int:
        return int(self.path.name.split("-", 1)[0])

    def ref(self) -> Ref:
        return Ref(segment=self.path.name, lines=self.lines, head=self.head.hex())

    def commit(self, drafts: Sequence[Draft]) -> None:
        """Append these as lines with one write and one sync. Raises OSError: then this segment is over."""
        head, seq, lines = self.head, self.seq, []
        for draft in drafts:
            seq += 1
            text = content(seq, draft)
            head = chained(head, text)
            lines.append(line_bytes(text, head))
        data = b"".join(lines)
        if self._size + len(data) + RESERVE // 4 > self._reserved:
            self._top_up(len(data))
        self._write(data)
        self._disk.sync(self._descriptor)
        self.head, self.seq = head, seq
        self.lines += len(lines)
        self._size += len(data)

    def is_in_place(self) -> bool:
        """Whether readers will find this file under its name."""
        return self._disk.is_at(self._descriptor, self.path)

    def confirmed(self) -> list[Draft]:
        """What is in this file, read back from the open descriptor: for when its name was taken away."""
        found = []
        for raw in self._disk.read_back(self._descriptor).splitlines()[: self.lines]:
            parts = parted(raw)
            line = parsed(parts[0]) if parts else None
            if line is not None and line.kind != OPENED:
                found.append(Draft(line.id, line.at, line.mono, line.kind, line.actor, bytes(line.body)))
        return found

    def close(self) -> None:
        try:
            self._disk.close(self._descriptor)
        except OSError:  # everything confirmed is synced; close has nothing to add
            pass

    def abandon(self) -> None:
        """Close it after a failure."""
        try:
            self._disk.discard_empty(self._descriptor, self.path)
        except OSError:  # it stays as an empty file, which readers report
            pass
        self.close()

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            written = self._disk.write(self._descriptor, rest)
            if written == 0:
                raise OSError(errno.EIO, "the disk took nothing")
            rest = rest[written:]

    def _reserve(self, need: int) -> None:
        size = max(RESERVE, need + RESERVE // 4)
        try:
            reserved = self._disk.allocate(self._descriptor, self._reserved, size)
        except OSError:
            size = max(LAST_RESERVE, need)
            reserved = self._disk.allocate(self._descriptor, self._reserved, size)
        self._reserved = self._reserved + size if reserved else 1 << 62

    def _top_up(self, need: int) -> None:
        try:
            self._reserve(need)
        except OSError:  # what is reserved is used up first; the write that does not fit will say so
            pass
