"""One line of a journal: how it is written, and how it hangs on the line before it.

    {"seq":17,"id":"…","t":"2026-01-07T03:12:41.250Z","mono":5012,"actor":"kim","kind":"note","body":{…},"h":"<sha256>"}

`h` is sha256 over the 32 raw bytes of the previous line's hash and the exact bytes of this line before `,"h":`. The
first line of a segment hangs on 32 zero bytes, so that each segment can be verified alone; its body names the segments
before it with their heads, which ties them together. Everything is ASCII, escaped: `less` and `cat` are safe on it.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.decoding import decoder_of
from wfconsole.text import calendar_time

FORMAT: Final = 1
OPENED: Final = "segment.opened"
CLOCK_JUMP: Final = "clock.jump"
OWN_KINDS: Final = frozenset({OPENED, CLOCK_JUMP})
OWN_ACTOR: Final = "journal"
GENESIS: Final = bytes(32)
LAST_INSTANT: Final[Millis] = 253_402_300_800_000  # exclusive: four digits of a year are what the line has room for

_HASH_FIELD: Final = b',"h":"'
_LINE_END: Final = b'"}'
_TAIL: Final = len(_HASH_FIELD) + 64 + len(_LINE_END)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


class Record(msgspec.Struct, frozen=True):
    """One line, read back. `at` is the event's instant; `mono` the monotonic one at which it was appended, in ms since
    some moment of its boot; `body` the JSON object that was given to `append`, redacted."""

    id: str
    seq: int
    at: Millis
    kind: str
    actor: str
    body: msgspec.Raw
    mono: Millis = 0


class Draft(msgspec.Struct, frozen=True, gc=False):
    """An entry that has no place in a chain yet. `body` is ASCII JSON, already redacted."""

    id: str
    at: Millis
    mono: Millis
    kind: str
    actor: str
    body: bytes


class _Fields(msgspec.Struct):
    seq: int
    id: str
    t: str
    mono: int
    actor: str
    kind: str
    body: msgspec.Raw


class Ref(msgspec.Struct, frozen=True, array_like=True):
    """How far another segment had come: its file name, its number of lines, the hash of the last of them."""

    segment: str
    lines: int
    head: str


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """Body of the first line of a segment: who writes here, after what, and what was found wrong before it."""

    format: int = FORMAT
    journal: str  # the same in all segments of one journal
    home: str  # the journal's own directory; a fallback segment lies elsewhere
    host: str
    pid: int
    boot: str
    prev: tuple[Ref, ...] = ()
    found: tuple[str, ...] = ()
    why: str = ""  # the failure that made the writer leave its last segment


class Jump(msgspec.Struct, frozen=True):
    """Body of a clock.jump: the wall clock moved by this much more than the monotonic one since the last line."""

    by_ms: int


def ascii_json(value: Any) -> bytes:
    """JSON without a raw control, DEL or non-ASCII byte; raises ValueError for NaN and infinities."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("\x7f", "\\u007f").encode("ascii")


def content(seq: int, draft: Draft) -> bytes:
    """The bytes of a line up to its hash."""
    fields = (
        b'{"seq":%d' % seq,
        b'"id":' + ascii_json(draft.id),
        b'"t":"%s"' % timestamp(draft.at).encode("ascii"),
        b'"mono":%d' % draft.mono,
        b'"actor":' + ascii_json(draft.actor),
        b'"kind":' + ascii_json(draft.kind),
        b'"body":' + draft.body,
    )
    return b",".join(fields)


def chained(previous: bytes, text: bytes) -> bytes:
    """The raw hash of a line with this content after a line with that raw hash."""
    return hashlib.sha256(previous + text).digest()


def line_bytes(text: bytes, digest: bytes) -> bytes:
    return text + _HASH_FIELD + digest.hex().encode("ascii") + _LINE_END + b"\n"


def parted(line: bytes) -> tuple[bytes, bytes] | None:
    """A line without its newline as (content, hash text); None where it has not the form of a line."""
    if not line.startswith(b"{") or not line.endswith(_LINE_END) or line[-_TAIL:][: len(_HASH_FIELD)] != _HASH_FIELD:
        return None
    return content_of(line), line[-_TAIL:][len(_HASH_FIELD) : -len(_LINE_END)]


def content_of(line: bytes) -> bytes:
    """Where the content of a line is, also in a line that is damaged."""
    return line[:-_TAIL]


def hash_of(line: bytes) -> bytes | None:
    """The raw hash that a line states, also a damaged one; None where there is none."""
    try:
        raw = bytes.fromhex(line[-_TAIL:][len(_HASH_FIELD) : -len(_LINE_END)].decode("ascii"))
    except ValueError:
        return None
    return raw if len(raw) == len(GENESIS) else None


_decode: Final = decoder_of(_Fields).decode


def parsed(text: bytes) -> Record | None:
    """What a line's content says; None where it is not that of a line."""
    try:
        fields = _decode(text + b"}")
        at = instant(fields.t)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return Record(fields.id, fields.seq, at, fields.kind, fields.actor, fields.body, fields.mono)


def timestamp(at: Millis) -> str:
    """An instant as ISO 8601 in UTC with milliseconds."""
    return f"{calendar_time(at)[:-1].replace(' ', 'T')}.{at % 1000:03}Z"


def instant(text: str) -> Millis:
    """The instant that `timestamp` wrote; raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return (moment - _EPOCH) // _MILLISECOND
