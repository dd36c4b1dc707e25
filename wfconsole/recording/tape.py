"""What goes into a recording: the stream's lines with times of their own, notes, and the states to seek to.

Pure: bytes in, bytes out. `recording.keep` runs it in a thread and puts the result on disk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw, UnsetType

from wfconsole.clock import MINUTE, Millis
from wfconsole.decoding import decoder_of
from wfconsole.observations.answers import CollectorSaid
from wfconsole.observations.kinds import KINDS
from wfconsole.observations.snapshot import Failure, Lack, Patch, Snapshot, follow, whole
from wfconsole.recording.decode import MALFORMED, Line
from wfconsole.recording.lines import LIMITS, VERSION, Header, Limits, Note, SourcePatch, text_of
from wfconsole.recording.writer import note_lines, patch_lines

# A source's whole state is written again this long after the last time, once its deltas since then have grown to a
# quarter of it; and in any case after the longer time. So a seek reads little, and a big quiet cluster stays small.
STATE_AFTER: Final[Millis] = 2 * MINUTE
STATE_AFTER_AT_MOST: Final[Millis] = 10 * MINUTE
STATE_SHARE: Final = 4

# What stays free below the limits for the last words of a recording.
LAST_WORDS: Final = 4096

# How many notes wait for the stream's header.
EARLY_NOTES: Final = 100

_KNOWN: Final = frozenset(b'"%s"' % name.encode() for name in KINDS)
_LINE: Final = decoder_of(Line)
_HEADER: Final = decoder_of(Header)
_HEADER_BEGINS: Final = re.compile(rb'\s*\{\s*"wfrec"')

Redact = Callable[[bytes], bytes]


class _OpenPatch(msgspec.Struct):
    """A patch of which only the rows stay as they were encoded: nobody needs them typed here."""

    rows: dict[str, Raw] | UnsetType = UNSET
    failure: Failure | UnsetType | None = UNSET
    partial: str | UnsetType = UNSET
    lacks: tuple[Lack, ...] | UnsetType = UNSET
    interval_ms: int | UnsetType = UNSET
    took_ms: int | UnsetType = UNSET
    age_ms: int | UnsetType = UNSET
    facts: dict[str, str] | UnsetType = UNSET


_PATCH: Final = decoder_of(_OpenPatch)


class _Track(msgspec.Struct):
    """One source on the tape: its state after what was written, and what a state to seek to would cost.

    The rows are beside the snapshot, which has none: they are changed in place, as nobody else has them.
    """

    snapshot: Snapshot[bytes]
    rows: dict[str, bytes]
    written_at: Millis  # when its whole state was written last
    state_bytes: int
    delta_bytes: int = 0

    def due(self, at: Millis) -> bool:
        """Whether its whole state should be written again."""
        waited = at - self.written_at
        return waited >= STATE_AFTER_AT_MOST or (
            waited >= STATE_AFTER and self.delta_bytes * STATE_SHARE >= self.state_bytes
        )

    def whole(self, at: Millis) -> bytes:
        """The JSON of a patch that stands for all of it."""
        rows = {key: Raw(row) for key, row in self.rows.items()}
        snapshot: Snapshot[Any] = msgspec.structs.replace(self.snapshot, rows=rows)
        return msgspec.json.encode(whole(snapshot, at))


class Tape:
    """Makes a recording's bytes out of a stream's chunks and of notes, in the order in which they come.

    `groups` collects the bytes to be written: each element but the first begins a group, the place where a compressed
    recording can be entered. Whoever writes takes them with `take`.
    """

    def __init__(self, opened_at: Millis, *, title: str = "", redact: Redact | None = None, limits: Limits = LIMITS):
        self.full = ""  # why nothing more can be written
        self.unreadable = 0  # lines that no recording could carry
        self._early: list[tuple[Millis, Note]] = []
        self._title = title
        self._redact = redact
        self._limits = limits
        self._last: Millis | None = None  # the instant of the last line written; None before the header
        self._now: Millis = opened_at  # the instant of the stream's last line, which may have said nothing
        self._rest = b""
        self._pages: dict[bytes, list[bytes]] = {}
        self._tracks: dict[bytes, _Track] = {}
        self._groups: list[bytearray] = [bytearray()]
        self._group_at: Millis = 0
        self._size = 0
        self._lines = 0

    @property
    def waiting(self) -> int:
        """Bytes that `take` would give."""
        return sum(map(len, self._groups))

    def take(self) -> list[bytes]:
        """The bytes since the last call; each but the first begins a group."""
        groups = [bytes(group) for group in self._groups]
        self._groups = [bytearray()]
        return groups

    def chunk(self, chunk: bytes) -> None:
        """Bytes of the stream as they came from the pipe. A chunk that begins with a header begins a new stream."""
        if _HEADER_BEGINS.match(chunk):
            self._rest = b""
            self._pages.clear()
        lines = (self._rest + chunk).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > self._limits.line:
            self._rest = b""
            self.unreadable += 1
        for line in lines:
            try:
                self._line(line.strip())
            except MALFORMED:
                self.unreadable += 1

    def note(self, at: Millis, note: Note) -> None:
        """Something that did not come with the stream. What is said before the stream's header waits for it a while,
        because the header tells what is looked at."""
        if self._last is None:
            self._early.append((at, note))
            if len(self._early) > EARLY_NOTES:
                self.begin(None)
        else:
            self._put(at, map(self._redacted_line, note_lines(note)))

    def step(self, item: SourcePatch) -> None:
        """A step that did not come as bytes: the console's own word that a source has stopped, another recording."""
        source = b'"%s"' % item.source.encode()
        self._step(item.at, "k" if item.keyframe else "d", source, msgspec.json.encode(item.patch), [])

    def lose(self, chunk: bytes) -> int:
        """Follow a chunk without writing it, because the disk does not keep up; how many lines were lost.

        The next thing to do is `start_over`: what is on the tape no longer leads to the states that are folded.
        """
        if self._last is None:  # the header is among these, and nothing can do without it
            self.chunk(chunk)
            return 0
        written = self._last, self._size, self._lines, self._groups
        self._groups = [bytearray()]
        self.chunk(chunk)
        self._last, self._size, self._lines, self._groups = written
        return chunk.count(b"\n")

    def start_over(self, why: str) -> None:
        """After lines were lost: say so, and write the whole state of every source as it is now."""
        at = max(self._now, self._last or 0)
        self.note(at, CollectorSaid(why))
        for source, track in self._tracks.items():
            self._put_whole("k", at, source, track)

    def end(self) -> None:
        """The end mark, after what could not be kept."""
        if self._last is None:
            self.begin(None)
        if self.unreadable:
            self.note(self._now, CollectorSaid(f"{self.unreadable} lines of the stream could not be recorded"))
        if not self.full:
            self._put(self._now, [b'"x"]\n'])

    def _line(self, line: bytes) -> None:
        if not line or line.startswith(b"#"):
            return
        if line.startswith(b"{"):
            self.begin(_HEADER.decode(line))
            return
        opened = _LINE.decode(line)
        at = self._now = self._now + max(0, opened.passed)
        match opened.kind:
            case "p":
                self._pages.setdefault(bytes(opened.first), []).append(bytes(opened.second))
            case "k" | "d":
                source = bytes(opened.first)
                self._step(at, opened.kind, source, bytes(opened.second), self._pages.pop(source, []))
            case "s":
                self._pages.pop(bytes(opened.first), None)  # the tape writes its own
            case "x":
                pass
            case _:
                self._put(at, [self._redacted_line(line[line.index(b",") + 1 :] + b"\n")])

    def begin(self, header: Header | None) -> None:
        """A stream begins: the first header becomes the recording's, what waited for it follows."""
        if header is not None:
            self._now = max(self._now if self._last is not None else 0, header.started_at)
        if self._last is not None:
            return
        started_at = min([self._now, *(at for at, _ in self._early)])
        known = msgspec.structs.replace(
            header or Header(wfrec=VERSION, min_reader=VERSION, epoch=""),
            epoch=text_of(started_at),
            title=self._title or (header.title if header else ""),
            redacted=self._redact is not None or (header is not None and header.redacted),
        )
        self._last = self._group_at = started_at
        self._emit(self._redacted(msgspec.json.encode(known)) + b"\n")
        early, self._early = self._early, []
        for at, note in early:
            self.note(at, note)

    def _step(self, at: Millis, kind: str, source: bytes, body: bytes, pages: list[bytes]) -> None:
        """Write a step with its pages, fold it, and write the state after it where that is due."""
        if self._last is None:
            self.begin(None)
        at = max(at, self._last or 0)
        bodies = [self._redacted(page) for page in (*pages, body)]
        lines = [b'"p",%s,%s]\n' % (source, page) for page in bodies[:-1]]
        lines.extend(patch_lines(kind, source[1:-1].decode(), bodies[-1]))
        if source not in _KNOWN:
            self._put(at, lines)
            return
        track = None if kind == "k" else self._tracks.get(source)
        before, rows = (track.snapshot, track.rows) if track is not None else (None, {})
        snapshot = _folded(before, rows, source, at, bodies)
        self._put(at, lines)
        size = sum(map(len, bodies))
        if track is None:
            self._tracks[source] = _Track(snapshot, rows, at, size)
            return
        track.snapshot = snapshot
        track.delta_bytes += size
        if track.due(at):
            self._state(at, source, track)

    def _state(self, at: Millis, source: bytes, track: _Track) -> None:
        if at - self._group_at >= STATE_AFTER and not self.full:
            self._group_at = at
            self._groups.append(bytearray())
        self._put_whole("s", at, source, track)

    def _put_whole(self, kind: str, at: Millis, source: bytes, track: _Track) -> None:
        body = track.whole(at)
        self._put(at, list(patch_lines(kind, source[1:-1].decode(), body)))
        track.written_at, track.state_bytes, track.delta_bytes = at, len(body), 0

    def _redacted(self, body: bytes) -> bytes:
        return self._redact(body) if self._redact is not None else body

    def _redacted_line(self, line: bytes) -> bytes:
        """A line without its time, of which the frame has nothing to hide."""
        return self._redacted(b"[" + line.removesuffix(b"\n"))[1:] + b"\n" if self._redact is not None else line

    def _put(self, at: Millis, bodies: Iterable[bytes]) -> None:
        """Write lines at `at`, all or none of them. Times never go back: what is late gets the instant before it."""
        if self._last is None:
            self.begin(None)
        last = self._last or 0
        passed = max(0, at - last)
        text = b"[%d," % passed + b"[0,".join(bodies)
        if self._fits(text):
            self._last = last + passed
            self._emit(text)

    def _fits(self, text: bytes) -> bool:
        if self.full:
            return False
        if self._size + len(text) > self._limits.inflated - LAST_WORDS:
            self.full = f"it has {self._limits.inflated >> 20} MiB of lines"
        elif self._lines + text.count(b"\n") > self._limits.lines - 8:
            self.full = f"it has {self._limits.lines} lines"
        return not self.full

    def stop(self, why: str) -> None:
        """The last words of a recording that has reached a limit."""
        said = note_lines(CollectorSaid(f"the recording stopped: {why}"))
        self._emit(b"[0," + b"[0,".join([*said, b'"x"]\n']))
        self.full = why

    def _emit(self, text: bytes) -> None:
        self._groups[-1] += text
        self._size += len(text)
        self._lines += text.count(b"\n")


def _folded(
    before: Snapshot[bytes] | None, rows: dict[str, bytes], source: bytes, at: Millis, bodies: list[bytes]
) -> Snapshot[bytes]:
    """The state after a step, given as the JSON of its pages and of the patch that completes them; `rows` follow."""
    patches = [_PATCH.decode(body) for body in bodies]
    last = patches[-1]
    for patch in patches:
        for key, raw in ({} if patch.rows is UNSET else patch.rows).items():
            row = bytes(raw)
            if row == b"null":
                rows.pop(key, None)
            else:
                rows[key] = row
    step: Patch[bytes] = Patch(
        failure=last.failure,
        partial=last.partial,
        lacks=last.lacks,
        interval_ms=last.interval_ms,
        took_ms=last.took_ms,
        age_ms=last.age_ms,
        facts=last.facts,
    )
    return follow(before, source[1:-1].decode(), at, step, keyframe=before is None)
