"""From lines to items: the one decoder that live streams and recordings share."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw

from wfconsole.clock import Millis
from wfconsole.decoding import convert, decoder_of
from wfconsole.observations.kinds import KINDS
from wfconsole.observations.snapshot import Patch
from wfconsole.recording.lines import (
    LAST_INSTANT,
    LIMITS,
    VERSION,
    Ended,
    Header,
    Item,
    Limits,
    Note,
    Noted,
    OperatorNote,
    RecordingError,
    SourcePatch,
)
from wfconsole.recording.vetting import is_plain, made_safe, vet
from wfconsole.text import safe

# What a malformed line can make the decoder raise.
MALFORMED: Final = (msgspec.MsgspecError, ValueError, RecursionError)

# Texts that are remembered for being the same; beyond that it is begun anew.
MOST_TEXTS: Final = 20_000


class Line(msgspec.Struct, array_like=True):
    """One line, opened only as far as its frame."""

    passed: int
    kind: str
    first: Raw = Raw()
    second: Raw = Raw()


class Skipped(msgspec.Struct):
    """What was not understood and passed over, which is no error: a newer writer may say more."""

    kinds: int = 0
    sources: int = 0
    notes: int = 0

    @property
    def total(self) -> int:
        return self.kinds + self.sources + self.notes


class _Promise(msgspec.Struct):
    """The part of a header that every version must keep."""

    wfrec: int
    min_reader: int = VERSION


class _Tagged(msgspec.Struct):
    type: str


_NOTE_TYPES: Final = frozenset({"pod", "collector", "marker", "operator"})
_SOURCES: Final[Mapping[bytes, str]] = {b'"%s"' % name.encode(): name for name in KINDS}


def _patch_type(source: str) -> Any:
    return Patch[KINDS[source].row]  # type: ignore[misc]  # a type that is known only at run time


@functools.cache
def _patch(source: str) -> msgspec.json.Decoder[Patch[Any]]:
    return decoder_of(_patch_type(source))


def read_header(line: bytes, *, trusted: bool) -> Header:
    """The header of a stream. Raises RecordingError when it is none, or one from a newer program than this."""
    try:
        promise = decoder_of(_Promise).decode(line)
    except MALFORMED:
        raise RecordingError(
            "this is no recording: its first line is no header",
            line=1,
            remedy='A recording begins with a line like {"wfrec":1,...}.',
        ) from None
    if promise.min_reader > VERSION or promise.wfrec < 1:
        raise RecordingError(
            f"it needs a reader of version {promise.min_reader}, this program has version {VERSION}",
            line=1,
            remedy="Open it with the wfconsole that made it, or a newer one.",
        )
    try:
        if not trusted:
            vet(line, 1)
        header = decoder_of(Header).decode(line)
        if not trusted and not is_plain(line):
            header = convert(made_safe(line), Header)
        _ = header.started_at
    except MALFORMED as error:
        raise RecordingError(f"its header is broken: {safe(str(error), 200)}", line=1) from None
    for name, pane in header.panes.items():
        kind = KINDS.get(name)
        if kind is not None and pane.schema > kind.schema:
            raise RecordingError(
                f"its {name} have schema {pane.schema}, this program reads up to {kind.schema}",
                line=1,
                remedy="Open it with a newer wfconsole.",
            )
    return header


class LineDecoder:
    """Turns the lines of one stream, in order, into items.

    A stranger's lines are vetted, their strings made safe and their rows counted; `trusted` is for what this
    program's own collector has just made.
    """

    def __init__(self, *, trusted: bool, limits: Limits = LIMITS) -> None:
        self.skipped = Skipped()
        self._trusted = trusted
        self._limits = limits
        self._pages: dict[bytes, dict[str, Any]] = {}
        self._keys: dict[bytes, set[str]] = {}
        self._texts: dict[str, str] = {}

    def frame(self, line: bytes, number: int) -> Line:
        """Open a line. Raises RecordingError when it is no line of a recording, or time goes back in it."""
        try:
            opened = decoder_of(Line).decode(line)
        except MALFORMED as error:
            raise RecordingError(f"not a line of a recording: {safe(str(error), 200)}", line=number) from None
        if not 0 <= opened.passed <= self._limits.gap_ms:
            what = "time goes back" if opened.passed < 0 else f"nothing for {opened.passed} ms cannot be"
            raise RecordingError(what, line=number)
        return opened

    def item(self, at: Millis, line: bytes, opened: Line, number: int, *, vetted: bool = False) -> Item | None:
        """What an opened line says, or None: a page, a repeated state, something unknown. Raises RecordingError."""
        if at > LAST_INSTANT:
            raise RecordingError("past the year 9999", line=number)
        if not self._trusted and not vetted:
            vet(line, number, self._limits.depth)
        try:
            match opened.kind:
                case "k" | "d":
                    return self._patch(at, line, opened, number)
                case "e":
                    return self._note(at, line, opened)
                case "p":
                    self._page(line, opened, number)
                case "s":
                    self._pages.pop(bytes(opened.first), None)
                case "x":
                    return Ended(at)
                case _:
                    self.skipped.kinds += 1
        except MALFORMED as error:
            raise RecordingError(f"not a valid {opened.kind!r} line: {safe(str(error), 200)}", line=number) from None
        return None

    def whole(self, at: Millis, line: bytes, opened: Line, number: int, *, vetted: bool = False) -> Item | None:
        """The keyframe that an s line stands for, which `item` passes over. Raises RecordingError."""
        as_keyframe = Line(opened.passed, "k", opened.first, opened.second)
        return self.item(at, line, as_keyframe, number, vetted=vetted)

    def _patch(self, at: Millis, line: bytes, opened: Line, number: int) -> SourcePatch | None:
        """The step that a k or d line completes; None when we do not know its source."""
        source = bytes(opened.first)
        patch = self._decoded(source, line, opened)
        if patch is None:
            return None
        keyframe = opened.kind == "k"
        paged = self._pages.pop(source, None)
        if paged is not None:
            patch = msgspec.structs.replace(patch, rows=paged | ({} if patch.rows is UNSET else patch.rows))
        if not self._trusted and patch.rows is not UNSET:
            self._count(source, patch.rows, number, keyframe)
        return SourcePatch(at, source[1:-1].decode(), patch, keyframe)

    def _decoded(self, source: bytes, line: bytes, opened: Line) -> Patch[Any] | None:
        name = _SOURCES.get(source)
        if name is None:
            self.skipped.sources += 1
            return None
        patch: Patch[Any]
        if self._trusted or is_plain(line):
            patch = _patch(name).decode(opened.second)
        else:
            patch = convert(made_safe(opened.second), _patch_type(name))
        repeats = KINDS[name].repeats
        if repeats and patch.rows is not UNSET:
            self._share(patch.rows.values(), repeats)
        return patch

    def _share(self, rows: Iterable[Any], fields: Sequence[str]) -> None:
        """One text for all that are the same: half of the memory of many pods is the names of a few things."""
        texts = self._texts
        if len(texts) > MOST_TEXTS:
            texts.clear()
        for row in rows:
            if row is not None:
                for field in fields:
                    text = getattr(row, field)
                    msgspec.structs.force_setattr(row, field, texts.setdefault(text, text))

    def _page(self, line: bytes, opened: Line, number: int) -> None:
        source = bytes(opened.first)
        patch = self._decoded(source, line, opened)
        if patch is None or patch.rows is UNSET:
            return
        pages = self._pages.setdefault(source, {})
        expected = len(pages) + len(patch.rows)
        pages.update(patch.rows)
        if len(pages) < expected:
            raise RecordingError("a row that is on two pages of one patch", line=number)
        if len(pages) > self._limits.rows:
            raise RecordingError(f"more than {self._limits.rows} rows in one patch", line=number)

    def _count(self, source: bytes, rows: Mapping[str, Any], number: int, keyframe: bool) -> None:
        keys = self._keys.setdefault(source, set())
        if keyframe:
            keys.clear()
        if len(rows) > self._limits.rows:
            raise RecordingError(f"more than {self._limits.rows} rows in one patch", line=number)
        keys.update(rows)
        if len(keys) > self._limits.rows // 2:
            keys.difference_update([key for key, row in rows.items() if row is None])
        if len(keys) > self._limits.rows:
            raise RecordingError(f"more than {self._limits.rows} rows of one source", line=number)

    def _note(self, at: Millis, line: bytes, opened: Line) -> Noted | None:
        if decoder_of(_Tagged).decode(opened.first).type not in _NOTE_TYPES:
            self.skipped.notes += 1
            return None
        note = decoder_of(Note).decode(opened.first)
        if self._trusted or is_plain(line):
            return Noted(at, note)
        if isinstance(note, OperatorNote):
            event = Raw(msgspec.json.encode(made_safe(note.event)))
            return Noted(at, OperatorNote(id=safe(note.id), actor=safe(note.actor), event=event))
        return Noted(at, convert(made_safe(opened.first), Note))
