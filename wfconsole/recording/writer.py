"""The collector's end of a stream: it turns patches and notes into lines."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping

import msgspec
from msgspec import UNSET, Raw, UnsetType

import wfconsole
from wfconsole.clock import SECOND, Clock, Millis
from wfconsole.decoding import decoder_of
from wfconsole.observations.answers import CollectorSaid, PodAnswer
from wfconsole.observations.kinds import KINDS
from wfconsole.observations.snapshot import Failure
from wfconsole.recording.lines import KIB, LIMITS, VERSION, Header, Note, Pane, Target, text_of

# A patch above this size goes out as pages, so that no line comes near the limit and a slow pipe is shared fairly.
PAGE_BYTES = 256 * KIB

# Threads that race for the lock may be this much out of order; a larger step back is a clock that was set.
RACE_MS: Millis = 2 * SECOND


class RawPatch(msgspec.Struct, omit_defaults=True):
    """A patch whose fields stay as they were encoded; the fields are those of `observations.snapshot.Patch`."""

    rows: dict[str, Raw] | UnsetType = UNSET
    failure: Raw | UnsetType = UNSET
    partial: Raw | UnsetType = UNSET
    lacks: Raw | UnsetType = UNSET
    interval_ms: Raw | UnsetType = UNSET
    took_ms: Raw | UnsetType = UNSET
    age_ms: Raw | UnsetType = UNSET
    facts: Raw | UnsetType = UNSET


RAW_PATCH = decoder_of(RawPatch)


def patch_lines(kind: str, source: str, patch_json: bytes) -> Iterator[bytes]:
    """The lines of one patch without their times: one, or pages and the line that completes them.

    A row that is too large for any line is left out, and a note says so.
    """
    if len(patch_json) <= PAGE_BYTES:
        yield b'"%s","%s",%s]\n' % (kind.encode(), source.encode(), patch_json)
        return
    patch = RAW_PATCH.decode(patch_json)
    page: dict[str, Raw] = {}
    size = 0
    rows: Mapping[str, Raw] = {} if patch.rows is UNSET else patch.rows
    for key, row in rows.items():
        cost = len(bytes(row)) + len(key) + 4
        if cost > LIMITS.line // 2:
            said = CollectorSaid(f"{key} was left out: {cost // KIB} KiB is too large for one line", source=source)
            yield from note_lines(said)
            continue
        if size + cost > PAGE_BYTES:
            yield b'"p","%s",%s]\n' % (source.encode(), msgspec.json.encode(RawPatch(rows=page)))
            page, size = {}, 0
        page[key] = row
        size += cost
    patch.rows = page
    yield b'"%s","%s",%s]\n' % (kind.encode(), source.encode(), msgspec.json.encode(patch))


def note_lines(note: Note) -> Iterator[bytes]:
    """The line of a note without its time. An answer too large for one line becomes the failure that says so."""
    encoded = msgspec.json.encode(note)
    if len(encoded) > LIMITS.line - KIB:
        size = f"{len(encoded) / LIMITS.line:.1f} MiB"
        if isinstance(note, PodAnswer):
            failure = Failure("bad-answer", f"the answer has {size}", since=0, remedy="Ask for fewer lines of log.")
            note = msgspec.structs.replace(note, detail=None, failure=failure)
        else:
            note = CollectorSaid(f"a note of {size} was left out")
        encoded = msgspec.json.encode(note)
    yield b'"e",%s]\n' % encoded


class StreamWriter:
    """Writes a stream; every method may be called from any thread.

    `write` gets whole lines and must take all of them; what it raises goes to the caller, and the stream is then of
    no more use. Times never go back: a clock that is set back is stated in a note, and the stream's time goes on.
    """

    def __init__(self, write: Callable[[bytes], object], clock: Clock) -> None:
        self._write = write
        self._clock = clock
        self._lock = threading.Lock()
        self._last: Millis | None = None  # in the stream's time; None before the header
        self._set_back_ms: Millis = 0

    def header(self, *, title: str = "", target: Target | None = None, redacted: bool = False) -> None:
        """Begin the stream now. Every kind of source that we know is announced with its schema."""
        now = self._clock.now()
        header = Header(
            wfrec=VERSION,
            min_reader=VERSION,
            epoch=text_of(now),
            title=title,
            panes={name: Pane(kind.schema) for name, kind in KINDS.items()},
            target=target or Target(),
            redacted=redacted,
            program=f"wfconsole {wfconsole.__version__}",
        )
        with self._lock:
            self._last = now
            self._write(msgspec.json.encode(header) + b"\n")

    def patch(self, source: str, at: Millis, patch_json: bytes, keyframe: bool) -> None:
        """One step of a source, whole: a `Patch` as JSON of any size. A keyframe is needed only where a source starts
        over; what makes a file seekable is the recorder's business."""
        self._lines(at, patch_lines("k" if keyframe else "d", source, patch_json))

    def note(self, at: Millis, note: Note) -> None:
        """Something to say."""
        self._lines(at, note_lines(note))

    def end(self, at: Millis) -> None:
        """Say that the stream is complete."""
        self._lines(at, iter((b'"x"]\n',)))

    def _lines(self, at: Millis, bodies: Iterator[bytes]) -> None:
        with self._lock:
            prefix = self._passed(at)
            self._write(prefix + b"[0,".join(bodies))

    def _passed(self, at: Millis) -> bytes:
        """The beginning of a line at `at`, after a note where the clock was set back."""
        if self._last is None:
            raise RuntimeError("a stream begins with its header")
        told = b""
        instant = at + self._set_back_ms
        if instant < self._last - RACE_MS:
            text = f"the clock was set back by {(self._last - instant) // SECOND} s; the times here go on as before"
            told = b"[0," + b"[0,".join(note_lines(CollectorSaid(text)))
            self._set_back_ms += self._last - instant
            instant = self._last
        passed = max(0, instant - self._last)
        self._last += passed
        return b"%s[%d," % (told, passed)
