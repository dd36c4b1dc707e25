"""What each pane is reading and how well: state, age, interval, cost, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from wfconsole.clock import SECOND
from wfconsole.observations.answers import AskRetry
from wfconsole.observations.kinds import KINDS
from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.snapshot import Failure, Snapshot
from wfconsole.text import UNKNOWN, age, cells, cut, fit, memory
from wfconsole.tui import action_names
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.panes.strips import rule
from wfconsole.tui.screens.lacking import lacking
from wfconsole.tui.screens.list_screen import ListScreen
from wfconsole.tui.state_words import badge
from wfconsole.tui.widgets.scrolled import Block, BlockList
from wfconsole.tui.wrapping import labelled

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

SAID_SHOWN: Final = 8
_OFF: Final = "off"  # the block of what is not configured
_INDENT: Final = 3
_WORD: Final = 18
_WIDE_WHY: Final = 40
# A try is over by then, whatever the server does; who has not told since does not try any more.
_TRY_TAKES: Final = 30 * SECOND
_JOURNAL_INKS: Final[dict[str, Ink]] = {
    "opening": "dim",
    "durable": "dim",
    "fallback": "warn",
    "memory-only": "crit",
}
_COLUMNS: Final = (("SOURCE", 12), ("STATE", 10), ("LAST GOOD", 11), ("EVERY", 7), ("TOOK", 8), ("ROWS", 6))


class SourceList(BlockList):
    """A line for each source; under the cursor the whole of what is wrong with it."""

    BINDINGS = action_names.bindings("sources")
    _problems: Sequence[str] | None = None

    def head(self, frame: Frame, width: int) -> Sequence[Line]:
        title: Line = (Span("SOURCES", "title"), Span(" what each pane is reading, and how well"))
        target = frame.view.target
        where = f" {target.context or UNKNOWN}  {target.server}  namespace {target.namespace or 'all'}"
        names = "".join(fit(name, size) for name, size in _COLUMNS)
        return [
            rule(title, width, frame),
            (Span(cut(where, width), "dim"),),
            (Span(f"{'':{_INDENT}}{names} WHY", "dim"),),
        ]

    def blocks(self, frame: Frame, width: int) -> Sequence[Block]:
        here = self.cursor_key or self.key or next(iter(KINDS))
        blocks, snapshots = [], frame.view.world.snapshots
        for name in (each for each in KINDS if each in snapshots or not snapshots):
            snapshot = snapshots.get(name)
            rows = [_line(frame, name, snapshot, width)]
            if name == here and snapshot is not None:
                rows += _opened(frame, snapshot, width)
            blocks.append(Block(name, rows))
        off = [name for name in KINDS if name not in snapshots]
        if snapshots and off:
            blocks.append(Block(_OFF, _off(frame, off, width)))
        return [*blocks, *_kept(frame, width), *_left_out(self._left_out(), width), *_said(frame, width)]

    def _left_out(self) -> Sequence[str]:
        """Asked for once: it may read files."""
        if self._problems is None:
            self._problems = cast("WarRoom", self.app).problems()
        return self._problems

    def action_retry(self) -> None:
        """Asks the collector to look now; the answer comes with the next snapshot."""
        room = cast("WarRoom", self.app)
        if room.session.transport.show().mode == "replay":
            room.say("a replay asks nobody; what was seen is in the recording")
        elif self.key in room.session.view().world.snapshots:
            room.session.ask(AskRetry(id=f"retry-{self.key}", source=self.key))
            room.say(f"asked {self.key} again")
        elif self.key == _OFF:
            room.say("they are not configured: nobody can be asked")


class SourcesScreen(ListScreen):
    """One region: the sources. `goto` may be the name of one."""

    SCOPES = ("all", "lists", "items", "sources")

    def make_list(self) -> BlockList:
        sources = SourceList(id="body")
        if self.goto in KINDS:
            sources.cursor_key = self.goto
        return sources

    def evidence(self) -> str:
        return self.body_list.key if self.body_list.key in KINDS else ""


def _line(frame: Frame, name: str, snapshot: Snapshot[Any] | None, width: int) -> Line:
    quality = frame.view.world.quality(name, frame.now)
    state = badge(frame.glyphs, Level.OK, quality)
    word = state.text.replace(" ok", " live")
    head: Line = (
        Span(f"{'':{_INDENT}}{fit(name, 12)}", "strong" if not quality.conclusive else "text"),
        Span(word, "dim" if quality.conclusive else "strong"),
        Span(" " * max(1, 10 - cells(word))),
    )
    if snapshot is None:
        return (*head, Span("nothing yet", "dim"))
    good = age(snapshot.age_ms(frame.now)) if snapshot.good_at is not None else "never"
    told = (good, f"{snapshot.interval_ms / SECOND:g}s", f"{snapshot.took_ms}ms", str(len(snapshot.rows)))
    numbers = "".join(fit(text, size) for text, (_, size) in zip(told, _COLUMNS[2:], strict=True))
    room = max(8, width - _INDENT - sum(size for _, size in _COLUMNS) - 1)
    return (*head, Span(f"{numbers} ", "dim"), Span(cut(_why(frame, snapshot, quality, room), room)))


def _why(frame: Frame, snapshot: Snapshot[Any], quality: Quality, room: int) -> str:
    failure = snapshot.failure
    if failure is None:
        return snapshot.partial
    if quality == Quality.LIVE:
        return ""
    told, again = f"{failure.kind} x{failure.attempts}", _again(frame, failure)
    if room <= _WIDE_WHY:
        return f"{again.replace('again in', 'retry')}, {told}" if again else told
    return f"{told}, {again}: {failure.message}" if again else f"{told}: {failure.message}"


def _again(frame: Frame, failure: Failure) -> str:
    """When it tries next; "" where nobody knows."""
    if not failure.retry_at or frame.now - failure.retry_at > _TRY_TAKES:
        return ""
    wait = -((frame.now - failure.retry_at) // SECOND)
    return f"again in {wait}s" if wait > 0 else "trying now"


def _opened(frame: Frame, snapshot: Snapshot[Any], width: int) -> list[Line]:
    """The whole of what is wrong, what to do about it, and what the source says about itself."""
    told: list[tuple[str, str]] = []
    failure = snapshot.failure
    if failure is not None:
        told.append((f"since {frame.times.clock(failure.since)}", failure.message))
        if again := _again(frame, failure):
            told.append((again, f"at {frame.times.clock(failure.retry_at)}, after {failure.attempts} in vain"))
        if failure.remedy:
            told.append(("do", failure.remedy))
    told += lacking(snapshot)
    told += snapshot.facts.items()
    indent = _INDENT * 2 + _WORD
    return [
        row
        for word, text in told
        for row in labelled(f"{'':{_INDENT * 2}}{cut(word, _WORD - 1)}", text, width, indent=indent)
    ]


def _off(frame: Frame, names: Sequence[str], width: int) -> list[Line]:
    """What no configuration names: all in one place, so that what is read stays in sight."""
    sign = badge(frame.glyphs, Level.OK, Quality.OFF).text
    label = f"{'':{_INDENT}}{fit('', 12)}{fit(sign, 10)}"
    return labelled(label, f"not configured: {', '.join(names)}", width, indent=_INDENT + 22, ink="dim")


def _kept(frame: Frame, width: int) -> Iterator[Block]:
    """Where what people say and what the world shows is kept, and why not; why what was kept cannot be shown."""
    journal, recording = frame.view.journal, frame.view.recording
    told: list[tuple[str, str, Ink]] = []
    if frame.time.problem:
        told.append(("replayed", frame.time.problem, "warn"))
    if journal.condition != "none":
        words = f"{journal.condition}  {journal.directory}  head {journal.head or UNKNOWN}"
        told.append(("record", f"{words}  {journal.reason}".rstrip(), _JOURNAL_INKS[journal.condition]))
    if recording.condition != "off" or recording.reason:
        lost = f"  {recording.lost} lines lost" if recording.lost else ""
        size = f"  {recording.path}  {memory(recording.size)}B{lost}" if recording.path else ""
        words = f"{recording.condition}{size}  {recording.reason}".rstrip()
        told.append(("recording", words, "warn" if recording.condition == "stopped" or recording.lost else "dim"))
    if frame.view.drafts_trouble:
        told.append(("drafts", f"not kept: {frame.view.drafts_trouble}", "warn"))
    if told:
        yield Block("", [(), (Span(" what is kept", "title"),)])
    for word, text, ink in told:
        label = f"{'':{_INDENT}}{fit(word, 12)}"
        yield Block(f"kept-{word}", labelled(label, text, width, indent=_INDENT + 12, ink=ink))


def _left_out(problems: Sequence[str], width: int) -> Iterator[Block]:
    """Files of the user that could not be used, each with its place and reason."""
    if problems:
        yield Block("", [(), (Span(" left out: what comes with the console is used in their place", "title"),)])
    for number, problem in enumerate(problems):
        yield Block(f"problem-{number}", labelled("", problem, width, indent=_INDENT, ink="warn"))


def _said(frame: Frame, width: int) -> Iterator[Block]:
    """The collector about itself, newest first."""
    if frame.view.said:
        yield Block("", [(), (Span(" the collector said", "title"),)])
    for number, (at, text) in enumerate(reversed(frame.view.said[-SAID_SHOWN:])):
        when = f"{'':{_INDENT}}{frame.times.clock(at)} "
        yield Block(f"said-{number}", labelled(when, text, width, indent=len(when)))
