"""The timeline, whole: newest first, by kind, with the entry under the cursor spelled out."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Final

from wfconsole.incident.events import EntryStarred
from wfconsole.incident.state import Line as TimelineLine
from wfconsole.observations.levels import Level
from wfconsole.text import ELLIPSIS, calendar_time, cut, elapsed, fit
from wfconsole.tui import action_names
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.panes.glance import WIDE
from wfconsole.tui.panes.strips import rule
from wfconsole.tui.screens.list_screen import ListScreen
from wfconsole.tui.state_words import level_ink
from wfconsole.tui.widgets.scrolled import Block, BlockList
from wfconsole.tui.wrapping import paragraphs

# What `v` shows one after the other: a name, and the kinds of lines; none means all.
VIEWS: Final[Mapping[str, frozenset[str]]] = {
    "all": frozenset(),
    "decisions": frozenset(("DECISION", "DECLARE", "STATE")),
    "steps": frozenset(("STEP", "PROBE", "ACTION")),
    "people": frozenset(("FACT", "HYPOTH", "NOTE", "ROLE", "AMEND", "COMMS")),
    "alerts": frozenset(("ALERT", "SOURCE")),
    "changes": frozenset(("CHANGE",)),
    "marked": frozenset(),
}
ENTRY_SHOWN: Final = 8  # characters of an entry's id: what `:amend` takes
_INDENT: Final = 5
_COLUMNS: Final = "    T+       UTC      KIND     WHO     ENTRY"


class Entries(BlockList):
    """All lines of the timeline. Until somebody moves it, the cursor follows the newest one."""

    BINDINGS = action_names.bindings("timeline")
    view = "all"

    def head(self, frame: Frame, width: int) -> Sequence[Line]:
        names = " ".join(f"[{name}]" if name == self.view else name for name in VIEWS)
        total = len(frame.view.incident.lines)
        count = f" {self.stack.count}/{total} " if self.stack.count != total else f" {total} "
        title: Line = (Span("9 TIMELINE", "title"), Span(f"{count} ", "dim"), Span("v", "key"), Span(f" {names}"))
        following = "" if self.cursor_key else "  following the newest"
        filtered = f"  / {self.filter}" if self.filter else ""
        columns = cut(f"{_COLUMNS}{following}{filtered}", width)
        return [rule(title, width, frame), (Span(columns, "dim"),)]

    def nothing(self, frame: Frame) -> str:
        return "nothing has happened yet" if not frame.view.incident.lines else f"no entries of this kind: {self.view}"

    def blocks(self, frame: Frame, width: int) -> Sequence[Block]:
        here = self.cursor_key or self.key
        return [
            _spelled_out(frame, line, width)
            if line.entry == here
            else Block(line.entry, draw=functools.partial(_row, frame, line, width), words=_words(line))
            for line in sorted(frame.view.incident.lines.values(), key=lambda line: (-line.at, -line.seq))
            if self._shows(line)
        ]

    def line(self) -> TimelineLine | None:
        return None if self.frame is None else self.frame.view.incident.lines.get(self.key)

    def next_view(self) -> None:
        names = list(VIEWS)
        self.view = names[(names.index(self.view) + 1) % len(names)]
        self.redraw()

    def action_open_row(self) -> None:
        """The entry with the cursor is spelled out already."""

    def _shows(self, line: TimelineLine) -> bool:
        if self.view == "marked":
            return line.starred
        kinds = VIEWS[self.view]
        return not kinds or line.kind in kinds


class TimelineScreen(ListScreen):
    """`goto` may be "line:<entry>", or words to filter by."""

    SCOPES = ("all", "lists", "items", "timeline")
    BINDINGS = action_names.bindings("timeline")

    def make_list(self) -> BlockList:
        entries = Entries(id="body")
        if self.goto.startswith("line:"):
            entries.cursor_key = self.goto.removeprefix("line:")
        elif ":" not in self.goto:
            entries.filter = self.goto
        return entries

    @property
    def entries(self) -> Entries:
        return self.query_one(Entries)

    def copied(self) -> str:
        line = self.entries.line()
        return "" if line is None else f"{calendar_time(line.at)} {line.kind} {line.actor}: {line.amended or line.text}"

    def action_star(self) -> None:
        """Marks the entry for the post-mortem, or takes the mark off."""
        line = self.entries.line()
        if line is None:
            self.say("there is no entry to mark")
        elif self.war_room.enter(EntryStarred(line.entry, not line.starred), name="star"):
            self.say("mark taken off" if line.starred else "marked for the post-mortem")

    def action_view(self) -> None:
        self.entries.next_view()

    def action_follow(self) -> None:
        """The cursor follows the newest entry, or stays where it is."""
        entries = self.entries
        entries.go_to("" if entries.cursor_key else entries.key)
        self.say("following the newest entry" if not entries.cursor_key else "staying on this entry")


def _row(frame: Frame, line: TimelineLine, width: int, *, pointer: str = " ") -> Line:
    """Mark, time since the beginning, time of day, kind, who, words; a hollow mark until it is on disk."""
    pending = not frame.view.pending.isdisjoint((line.entry, *line.entries))
    sign = frame.glyphs.pending if pending else " "
    head = f"{pointer}{sign}{'*' if line.starred else ' '} {fit(_since(frame, line), 9)}{frame.times.short(line.at)} "
    over = (f"  over {frame.times.short(line.until)}" if width >= WIDE else "  over") if line.until else ""
    count = f"  x{line.count}" if line.count > 1 else ""
    withdrawn = "withdrawn: " if line.withdrawn else ""
    ink: Ink = level_ink(line.level) if line.level > Level.WATCH and not line.until else "text"
    tail = f"{count}{over}"
    room = max(10, width - len(head) - 17 - len(tail))
    return (
        Span(head, "dim"),
        Span(fit(line.kind, 9), "dim"),
        Span(fit(line.actor, 8), "dim"),
        Span(cut(f"{withdrawn}{line.amended or line.text}", room), "dim" if line.withdrawn else ink),
        Span(tail, "dim"),
    )


def _since(frame: Frame, line: TimelineLine) -> str:
    began = frame.incident_since
    if not began:
        return ""
    sign = "+" if line.at >= began else "-"
    return sign + elapsed(abs(line.at - began))[2:].removeprefix("00:")


def _spelled_out(frame: Frame, line: TimelineLine, width: int) -> Block:
    """The row, and below it what it had no room for."""
    rows = [_row(frame, line, width, pointer=frame.glyphs.pointer)]
    if any(span.text.endswith(ELLIPSIS) for span in rows[0]) or line.amended:
        rows += paragraphs((line.amended or line.text,), width, indent=_INDENT)
    if line.amended:
        rows += paragraphs((f"first written: {line.text}",), width, "dim", indent=_INDENT)
    told = [f"{frame.times.calendar(line.at)} by {line.actor}"]
    if line.count > 1:
        told.append(f"{line.count} times, last {frame.times.clock(line.last_at)}")
    if line.until:
        told.append(f"over {frame.times.calendar(line.until)}")
    told.append(f"entry {line.entry[:ENTRY_SHOWN]}")
    rows += paragraphs(("   ".join(told),), width, "dim", indent=_INDENT)
    return Block(line.entry, rows, words=_words(line))


def _words(line: TimelineLine) -> str:
    return f"{line.kind} {line.actor} {line.amended} {line.text}"
