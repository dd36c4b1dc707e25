"""What a stream consists of: its header, the items that its lines stand for, its limits, and its one error.

A stream is lines of JSON. The first one is the header, an object; every other one is an array that begins with the
whole milliseconds since the line before:

    {"wfrec":1,"min_reader":1,"title":"","epoch":"2026-01-01T00:00:00.000Z","panes":{"pods":{"schema":1}},"target":{}}
    # a comment; an empty line is one too
    [0,"p","pods",{patch}]   rows of a patch too large for one line; the next k, d or s of this source completes it
    [0,"k","pods",{patch}]   keyframe: the whole state of a source, which starts over here
    [2000,"d","pods",{patch}]  delta
    [0,"s","pods",{patch}]   the whole state once more, for who seeks; says nothing new to who followed up to here
    [500,"e",{"type":"marker",...}]  a note
    [0,"x"]                  the end; a recording without it was cut off

A line of a kind or source that a reader does not know is skipped and counted; its milliseconds still pass.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

import msgspec
from msgspec import Raw

from wfconsole.clock import DAY, Millis
from wfconsole.decoding import decoder_of
from wfconsole.observations.answers import StreamNote
from wfconsole.observations.snapshot import Patch

VERSION: Final = 1

KIB: Final = 1024
MIB: Final = 1024 * KIB

# The last millisecond of the year 9999: later instants cannot be shown as a date.
LAST_INSTANT: Final[Millis] = 253_402_300_799_999


class Limits(msgspec.Struct, frozen=True):
    """What a stream may cost its reader. Sizes in bytes."""

    file: int = 64 * MIB  # as it lies on disk
    inflated: int = 512 * MIB
    line: int = 1 * MIB
    lines: int = 1_000_000
    rows: int = 50_000  # of one source
    depth: int = 64
    string: int = 8 * KIB
    sources: int = 64
    gap_ms: Millis = 31 * DAY  # between two lines
    # Of what is packed. The milliseconds between the lines of a recording are never the same for long, and its groups
    # begin with whole states: it unpacks to tens of bytes for each on disk, and to less than a line.
    ratio: int = 200  # bytes for each on disk, beyond `free`
    free: int = 2 * MIB
    free_lines: int = 100_000  # beyond these, a line for each byte on disk


LIMITS: Final = Limits()


class RecordingError(Exception):
    """A stream that cannot be read or written: what is wrong, where, and what helps.

    `line` counts from one and is 0 where no line is to blame.
    """

    def __init__(self, what: str, *, remedy: str = "", line: int = 0, path: str = "") -> None:
        self.what, self.remedy, self.line, self.path = what, remedy, line, path
        super().__init__(what)

    def __str__(self) -> str:
        return f"{self.path}{', ' if self.line else ': '}{self.told}" if self.path else self.told

    @property
    def told(self) -> str:
        """The same without the file, for who has it open."""
        where = f"line {self.line}: " if self.line else ""
        return f"{where}{self.what}. {self.remedy}" if self.remedy else f"{where}{self.what}"

    def at(self, path: str) -> RecordingError:
        """The same error, with the file's name where it had none."""
        return type(self)(self.what, remedy=self.remedy, line=self.line, path=self.path or path)


class TooMuchError(RecordingError):
    """More of it than the limits of this reading allow; what comes before may be sound."""


class Pane(msgspec.Struct, frozen=True):
    """Which meaning the rows of one source have: the `schema` of its kind."""

    schema: int = 1


class Target(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the collector looks at, pinned when it started."""

    context: str = ""
    namespace: str = ""
    server: str = ""


class Header(msgspec.Struct, frozen=True):
    """The first line. `epoch` is RFC 3339 in UTC: the instant from which the lines count their milliseconds."""

    wfrec: int
    min_reader: int
    epoch: str
    title: str = ""
    panes: dict[str, Pane] = msgspec.field(default_factory=dict)
    target: Target = Target()
    redacted: bool = False
    program: str = ""  # what wrote it, for whoever has to find out

    @property
    def started_at(self) -> Millis:
        """`epoch` as an instant. Raises ValueError when it is no instant of the years 1970 to 9999."""
        return instant_of(self.epoch)


class OperatorNote(msgspec.Struct, frozen=True, tag="operator", omit_defaults=True):
    """What a person did, in the words of the incident: `event` is for the session to decode."""

    id: str
    actor: str
    event: Raw


Note = StreamNote | OperatorNote


class _Tagged(msgspec.Struct):
    type: str = ""


def kind_of(event: bytes | Raw) -> str:
    """The tag of an encoded event, "" where it is none."""
    try:
        return decoder_of(_Tagged).decode(event).type
    except msgspec.MsgspecError:
        return ""


class SourcePatch(msgspec.Struct, frozen=True):
    """One whole step of one source; `keyframe` says that it applies to nothing. Feed it to `snapshot.follow`."""

    at: Millis
    source: str
    patch: Patch[Any]
    keyframe: bool


class Noted(msgspec.Struct, frozen=True):
    """Something was said at `at`."""

    at: Millis
    note: Note


class Ended(msgspec.Struct, frozen=True):
    """The stream says that it is complete."""

    at: Millis


Item = SourcePatch | Noted | Ended


def text_of(instant: Millis) -> str:
    """RFC 3339 in UTC with milliseconds: "2026-01-01T00:00:00.000Z"."""
    seconds, millis = divmod(instant, 1_000)
    return f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%dT%H:%M:%S}.{millis:03d}Z"


def instant_of(text: str) -> Millis:
    """The instant that RFC 3339 text names; ValueError when it names none of the years 1970 to 9999."""
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    since = moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    instant = since // dt.timedelta(milliseconds=1)
    if instant < 0:
        raise ValueError("before 1970")
    return instant
