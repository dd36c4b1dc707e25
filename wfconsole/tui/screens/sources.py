"""What each pane is reading and how well: state, age, interval, cost, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from textual.widget import Widget

from wfconsole.clock import SECOND
from wfconsole.observations.answers import AskRetry
from wfconsole.observations.kinds import KINDS
from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.snapshot import Snapshot
from wfconsole.text import UNKNOWN, age, clock_time, cut, fit
from wfconsole.tui import action_names
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.panes.strips import rule
from wfconsole.tui.screens.console_screen import ConsoleScreen
from wfconsole.tui.state_words import badge
from wfconsole.tui.widgets.scrolled import Block, BlockList

# Panes whose sources are not there yet: they are off, and counted nowhere.
LATER: Final = ("alerts", "signals", "database", "security")
SAID_SHOWN: Final = 8


class SourceList(BlockList):
    """A line for each source; under the cursor the whole of what is wrong with it."""

    BINDINGS = [*action_names.bindings("lists"), *action_names.bindings("sources")]

    def head(self, frame: Frame, width: int) -> Sequence[Line]:
        title: Line = (Span("SOURCES", "title"), Span(" what each pane is reading, and how well"))
        target = frame.view.target
        where = f" {target.context or UNKNOWN}  {target.server}  namespace {target.namespace or 'all'}"
        names = (
            f"   {fit('SOURCE', 12)}{fit('STATE', 10)}{fit('LAST GOOD', 11)}{fit('EVERY', 7)}{fit('TOOK', 8)}ROWS   WHY"
        )
        return [rule(title, width, frame), (Span(cut(where, width), "dim"),), (Span(names, "dim"),)]

    def blocks(self, frame: Frame, width: int) -> Sequence[Block]:
        here = self.cursor_key or next(iter(KINDS))
        blocks = []
        for name in KINDS:
            snapshot = frame.view.world.snapshots.get(name)
            lines = [_line(frame, name, snapshot, width), *(_opened(snapshot, width) if name == here else ())]
            blocks.append(Block(name, tuple(lines)))
        blocks += [Block(name, (_off(name),)) for name in LATER]
        return [*blocks, Block("", tuple(_said(frame, width)))]

    def action_retry(self) -> None:
        """Asks the collector to look now; the answer comes with the next snapshot."""
        room: Any = self.app
        if self.key in KINDS:
            room.session.ask(AskRetry(id=f"retry-{self.key}", source=self.key))
            room.say(f"asked {self.key} again")
        else:
            room.say(f"{self.key} is not configured")


class SourcesScreen(ConsoleScreen):
    """One region: the sources."""

    SCOPES = ("all", "lists", "sources")
    FIRST_FOCUS = "body"

    def __init__(self, goto: str = "") -> None:
        super().__init__()
        self._goto = goto

    def body(self) -> Iterable[Widget]:
        yield SourceList(id="body")


def _line(frame: Frame, name: str, snapshot: Snapshot[Any] | None, width: int) -> Line:
    quality = frame.view.world.quality(name, frame.now)
    state = badge(frame.glyphs, Level.OK, quality)
    word = Span(state.text.replace(" ok", " live"), state.ink)
    if snapshot is None:
        return (Span(f"   {fit(name, 12)}"), word, Span(fit("", 10 - len(word.text))), Span("nothing yet", "dim"))
    good = age(snapshot.age_ms(frame.now)) if snapshot.good_at is not None else "never"
    every = f"{snapshot.interval_ms / SECOND:g}s"
    numbers = f"{fit(good, 11)}{fit(every, 7)}{fit(f'{snapshot.took_ms}ms', 8)}{len(snapshot.rows):>5}  "
    why = _why(frame, snapshot, quality)
    return (
        Span(f"   {fit(name, 12)}"),
        word,
        Span(" " * max(1, 10 - len(word.text))),
        Span(numbers, "dim"),
        Span(cut(why, max(8, width - 60)), "text"),
    )


def _why(frame: Frame, snapshot: Snapshot[Any], quality: Quality) -> str:
    failure = snapshot.failure
    if failure is None:
        return snapshot.partial
    retry = f", retry in {max(0, failure.retry_at - frame.now) // SECOND}s" if failure.retry_at > frame.now else ""
    return f"{failure.kind} x {failure.attempts}{retry}: {failure.message}" if quality != Quality.LIVE else ""


def _opened(snapshot: Snapshot[Any] | None, width: int) -> Iterable[Line]:
    if snapshot is None:
        return
    told: list[tuple[str, str]] = []
    if snapshot.failure is not None:
        told.append((f"since {clock_time(snapshot.failure.since)}", snapshot.failure.message))
        if snapshot.failure.remedy:
            told.append(("do", snapshot.failure.remedy))
    if snapshot.partial:
        told.append(("partial", snapshot.partial))
    told += [(name, value) for name, value in snapshot.facts.items()]
    for word, text in told:
        room = width - 22
        for number, start in enumerate(range(0, min(len(text), 4 * room), room)):
            yield (Span(f"      {fit(word if number == 0 else '', 16)}", "dim"), Span(text[start : start + room]))


def _off(name: str) -> Line:
    return (Span(f"   {fit(name, 12)}", "dim"), Span("· off", "dim"), Span("     not configured", "dim"))


def _said(frame: Frame, width: int) -> Iterable[Line]:
    if frame.view.said:
        yield ()
        yield (Span(" the collector said", "title"),)
    for at, text in reversed(frame.view.said[-SAID_SHOWN:]):
        yield (Span(f" {clock_time(at)} ", "dim"), Span(cut(text, width - 12)))
