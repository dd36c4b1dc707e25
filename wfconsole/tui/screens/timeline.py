"""The timeline, whole: newest first, by kind, with the entry under the cursor spelled out."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Final

from wfconsole.incident.events import EntryHidden, EntryStarred
from wfconsole.incident.line_words import as_of, how_often
from wfconsole.incident.state import Line as TimelineLine
from wfconsole.observations.levels import Level
from wfconsole.text import ELLIPSIS, calendar_time, cells, cut, elapsed, fit
from wfconsole.tui import action_names
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span, width_of
from wfconsole.tui.panes.glance import WIDE
from wfconsole.tui.panes.strips import rule
from wfconsole.tui.screens.correct import CorrectForm
from wfconsole.tui.screens.list_screen import ListScreen
from wfconsole.tui.state_words import level_ink
from wfconsole.tui.widgets.scrolled import Block, BlockList
from wfconsole.tui.wrapping import paragraphs

# What `v` shows one after the other: a name, and the kinds of lines; none means all.
VIEWS: Final[Mapping[str, frozenset[str]]] = {
    "all": frozenset(),
    "decisions": frozenset(("DECISION", "DECLARE", "STATE")),
    "actions": frozenset(("ACTION",)),
    "steps": frozenset(("STEP", "PROBE")),
    "tasks": frozenset(("TASK", "FOLLOW")),
    "people": frozenset(("FACT", "HYPOTH", "NOTE", "MARK", "ROLE", "AMEND")),
    "comms": frozenset(("COMMS",)),
    "alerts": frozenset(("ALERT", "SOURCE")),
    "changes": frozenset(("CHANGE",)),
    "marked": frozenset(),
    "hidden": frozenset(),
}
PINNED_AT_MOST: Final = 3  # of the marked entries, the newest, stay above the list
ENTRY_SHOWN: Final = 8  # characters of an entry's id: what `:amend` takes
_INDENT: Final = 5


class Entries(BlockList):
    """All lines of the timeline. Until somebody moves it, the cursor follows the newest one."""

    BINDINGS = action_names.bindings("timeline")
    view = "all"

    def head(self, frame: Frame, width: int) -> Sequence[Line]:
        lines = frame.view.incident.lines
        total, hidden = len(lines), sum(line.hidden for line in lines.values())
        count = f" {self.stack.count}/{total} " if self.stack.count != total else f" {total} "
        unseen = f"{hidden} hidden " if hidden and self.view != "hidden" else ""
        start: Line = (Span("9 TIMELINE", "title"), Span(f"{count}{unseen} ", "dim"), Span("v ", "key"))
        title: Line = (*start, Span(_names(self.view, width - width_of(start) - 5)))
        following = "" if self.cursor_key else "  following the newest"
        filtered = f"  / {self.filter}" if self.filter else ""
        times = fit(frame.times.name(frame.now), frame.times.cells)
        columns = cut(f"    T+       {times} KIND     WHO     ENTRY{following}{filtered}", width)
        return [rule(title, width, frame), (Span(columns, "dim"),), *self._pinned(frame, width)]

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

    def _pinned(self, frame: Frame, width: int) -> list[Line]:
        """The newest of the marked entries, in sight wherever the list stands; none in a list of them, or a low one."""
        if self.view == "marked" or self.filter or self.size.height < 4 * PINNED_AT_MOST:
            return []
        marked = [line for line in frame.view.incident.lines.values() if line.starred and not line.hidden]
        newest = sorted(marked, key=lambda line: (-line.at, -line.seq))[:PINNED_AT_MOST]
        if not newest:
            return []
        rows = [_row(frame, line, width) for line in newest]
        left = len(marked) - len(newest)
        more = f" {left} more marked: v" if left else ""
        return [*rows, (Span(cut(f"{frame.glyphs.rule * 12}{more}", width), "rule"),)]

    def line(self) -> TimelineLine | None:
        return None if self.frame is None else self.frame.view.incident.lines.get(self.key)

    def next_view(self) -> None:
        names = list(VIEWS)
        self.view = names[(names.index(self.view) + 1) % len(names)]
        self.redraw()

    def _shows(self, line: TimelineLine) -> bool:
        if self.view == "hidden" or line.hidden:
            return self.view == "hidden" and line.hidden
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

    def action_hide(self) -> None:
        """Hides the entry as noise, or shows it again."""
        line = self.entries.line()
        if line is None:
            self.say("there is no entry to hide")
        elif self.war_room.enter(EntryHidden(line.entry, not line.hidden), name="hide"):
            self.say("shown again" if line.hidden else "hidden here and in the post-mortem; the view hidden shows it")

    def on_block_list_entered(self, event: BlockList.Entered) -> None:
        """Enter corrects the entry with the cursor."""
        if refusal := self.war_room.refused_change():
            self.say(refusal)
        else:
            self.app.push_screen(CorrectForm(event.key))

    def evidence(self) -> str:
        """Of a command by hand: its output."""
        frame, key = self.frame, self.entries.key
        named = (
            ""
            if frame is None
            else next((name for name, entry in frame.view.incident.line_of_key.items() if entry == key), "")
        )
        return named if named.startswith("command ") else ""

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
    written = f" (written {frame.times.minute(line.written_at)})" if line.written_at else ""
    ink: Ink = level_ink(line.level) if line.level > Level.WATCH and not line.until else "text"
    tail = f"{count}{over}{written}"
    room = max(10, width - len(head) - 17 - len(tail))
    return (
        Span(head, "dim"),
        Span(fit(line.kind, 9), "dim"),
        Span(fit(line.actor, 8), "dim"),
        Span(cut(f"{withdrawn}{line.amended or line.text}", room), "dim" if line.withdrawn else ink),
        Span(tail, "dim"),
    )


def _names(view: str, room: int) -> str:
    """The views, the one on show in brackets; where not all fit, those around it."""
    names = [f"[{name}]" if name == view else name for name in VIEWS]
    shown = " ".join(names)
    while cells(shown) > room and names[0] != f"[{view}]":
        names = names[1:]
        shown = f"{ELLIPSIS} {' '.join(names)}"
    return cut(shown, room)


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
    if line.written_at:
        told.append(f"written at {frame.times.calendar(line.written_at)}")
    told += [each for each in (as_of(line, frame.times.clock), how_often(line, frame.times.clock)) if each]
    if line.until:
        told.append(f"over {frame.times.calendar(line.until)}")
    told.append(f"entry {line.entry[:ENTRY_SHOWN]}   Enter corrects")
    rows += paragraphs(("   ".join(told),), width, "dim", indent=_INDENT)
    return Block(line.entry, rows, words=_words(line))


def _words(line: TimelineLine) -> str:
    return f"{line.kind} {line.actor} {line.amended} {line.text}"
