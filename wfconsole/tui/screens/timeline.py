"""The timeline, whole: newest first, by kind, with the entry under the cursor spelled out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from textual.widget import Widget

from wfconsole.incident.events import EntryStarred
from wfconsole.incident.state import Line as TimelineLine
from wfconsole.observations.levels import Level
from wfconsole.text import calendar_time, clock_time, cut, elapsed, fit
from wfconsole.tui import action_names
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.panes.strips import rule
from wfconsole.tui.screens.console_screen import ConsoleScreen
from wfconsole.tui.state_words import level_ink
from wfconsole.tui.widgets.scrolled import Block, BlockList

# What `v` shows one after the other: a name, and the kinds of lines.
VIEWS: Final[Mapping[str, frozenset[str]]] = {
    "all": frozenset(),
    "people": frozenset(("DECISION", "FACT", "HYPOTH", "NOTE", "ROLE", "DECLARE", "STATE", "AMEND", "COMMS")),
    "steps": frozenset(("STEP", "PROBE", "ACTION")),
    "alerts": frozenset(("ALERT", "SOURCE")),
    "changes": frozenset(("CHANGE",)),
    "starred": frozenset(),
}


class Entries(BlockList):
    """All lines of the timeline; the one with the cursor shows what belongs to it."""

    BINDINGS = [*action_names.bindings("lists"), *action_names.bindings("timeline")]
    view = "all"

    def head(self, frame: Frame, width: int) -> Sequence[Line]:
        names = "  ".join(f"[{name}]" if name == self.view else name for name in VIEWS)
        title: Line = (
            Span("9 TIMELINE", "title"),
            Span(f" {len(frame.view.incident.lines)} lines  ", "dim"),
            Span("v", "key"),
            Span(f" {names}"),
        )
        return [rule(title, width, frame), (Span("     T+        UTC      KIND      WHO       ENTRY", "dim"),)]

    def blocks(self, frame: Frame, width: int) -> Sequence[Block]:
        lines = sorted(frame.view.incident.lines.values(), key=lambda line: (-line.at, -line.seq))
        here = self.cursor_key
        return [
            Block(line.entry, (_line(frame, line, width), *(_opened(line, width) if line.entry == here else ())))
            for line in lines
            if self._shows(line)
        ]

    def line(self) -> TimelineLine | None:
        return None if self.frame is None else self.frame.view.incident.lines.get(self.key)

    def next_view(self) -> None:
        names = list(VIEWS)
        self.view = names[(names.index(self.view) + 1) % len(names)]
        self.redraw()

    def _shows(self, line: TimelineLine) -> bool:
        if self.view == "starred":
            return line.starred
        kinds = VIEWS[self.view]
        return not kinds or line.kind in kinds


class TimelineScreen(ConsoleScreen):
    """One region: the entries."""

    SCOPES = ("all", "lists", "timeline")
    FIRST_FOCUS = "body"
    BINDINGS = action_names.bindings("timeline")

    def __init__(self, goto: str = "") -> None:
        super().__init__()
        self._goto = goto

    def body(self) -> Iterable[Widget]:
        entries = Entries(id="body")
        if self._goto.startswith("line:"):
            entries.cursor_key = self._goto.removeprefix("line:")
        yield entries

    def action_star(self) -> None:
        """Marks the entry for the post-mortem, or takes the mark off."""
        line = self.query_one(Entries).line()
        if line is None:
            self.say("there is no entry to mark")
        else:
            self.war_room.enter(EntryStarred(line.entry, not line.starred))

    def action_timeline_view(self) -> None:
        self.query_one(Entries).next_view()


def _line(frame: Frame, line: TimelineLine, width: int) -> Line:
    pending = not frame.view.pending.isdisjoint((line.entry, *line.entries))
    sign = frame.glyphs.pending if pending else " "
    star = "*" if line.starred else " "
    began = frame.incident_since
    since = (
        elapsed(line.at - began)[1:]
        if began and line.at >= began
        else f"-{elapsed(began - line.at)[2:]}"
        if began
        else ""
    )
    ink: Ink = level_ink(line.level) if line.level > Level.WATCH and not line.until else "text"
    if line.withdrawn:
        ink = "dim"
    head = f" {sign}{star} {fit(since, 10)}{clock_time(line.at)[:8]} "
    count = f"  x{line.count}" if line.count > 1 else ""
    over = f"  over {clock_time(line.until)[:8]}" if line.until else ""
    words = f"{'withdrawn: ' if line.withdrawn else ''}{line.amended or line.text}{count}{over}"
    room = width - len(head) - 20
    return (
        Span(head, "dim"),
        Span(fit(line.kind, 10), "dim"),
        Span(fit(line.actor, 10), "dim"),
        Span(cut(words, room), ink),
    )


def _opened(line: TimelineLine, width: int) -> Iterable[Line]:
    """Everything that the one line had no room for."""
    text = line.amended or line.text
    parts = [text[start : start + width - 8] for start in range(0, len(text), width - 8)][:6]
    if len(parts) > 1:
        yield from ((Span("       "), Span(part)) for part in parts)
    if line.amended:
        yield (Span("       was: ", "dim"), Span(cut(line.text, width - 14), "dim"))
    told = [calendar_time(line.at)]
    if line.count > 1:
        told.append(f"{line.count} times, last {clock_time(line.last_at)}")
    if line.until:
        told.append(f"over {calendar_time(line.until)}")
    yield (Span("       "), Span(cut(f"{'  '.join(told)}  entry {line.entry[:8]}", width - 8), "dim"))
