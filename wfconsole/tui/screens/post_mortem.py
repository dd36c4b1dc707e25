"""The post-mortem as it would be written now, with its gaps marked: each is a note away from being filled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

from wfconsole import reports
from wfconsole.incident.events import Entry
from wfconsole.incident.playbook import Runbook
from wfconsole.incident.state import IncidentState
from wfconsole.tui import screens
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.panes.strips import rule
from wfconsole.tui.screens.list_screen import ListScreen
from wfconsole.tui.widgets.scrolled import Block, BlockList
from wfconsole.tui.wrapping import wrapped

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

AT_ONCE: Final = 500  # entries, whose post-mortem takes a few hundredths of a second
GAP: Final = "_Gap:"
# What a note has to begin with to fill a gap, by a word of the line or the heading that it stands under.
_FILLS: Final = (
    ("impact", "impact: "),
    ("scope", "impact: "),
    ("business", "business: "),
    ("root cause", "root cause: "),
    ("what went well", "went well: "),
    ("what did not go well", "went badly: "),
    ("decisions", "d "),
    ("action", "action: "),
    ("lesson", "lesson: "),
)


class Draft(BlockList):
    """The Markdown text, line by line; `n` and `b` go from gap to gap."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._of: tuple[int, str] = (-1, "")
        self._writing = False
        self._text: tuple[str, ...] = ()

    @property
    def gaps(self) -> tuple[int, ...]:
        """The numbers of the lines with a gap."""
        return tuple(number for number, text in enumerate(self._text) if GAP in text)

    def head(self, frame: Frame, width: int) -> Sequence[Line]:
        self._write(frame)
        lines = frame.view.incident.lines.values()
        marked = sum(line.starred for line in lines)
        title: Line = (
            Span("POST-MORTEM PREVIEW", "title"),
            Span(f" {len(self.gaps)} gaps ", "dim"),
            Span("n", "key"),
            Span(f" next   {len(lines)} lines, {marked} marked   ", "dim"),
            Span(":export", "key"),
            Span(" writes", "dim"),
        )
        return [rule(title, width, frame)]

    def nothing(self, frame: Frame) -> str:
        if frame.view.incident.declared:
            return "it is being written ..."
        return "no incident is declared, so there is nothing to write"

    def blocks(self, frame: Frame, width: int) -> Sequence[Block]:
        self._write(frame)
        blocks = []
        for number, text in enumerate(self._text):
            ink: Ink = "title" if text.startswith("#") else "warn" if GAP in text else "text"
            blocks.append(
                Block(str(number), [(Span(f" {row}", ink),) for row in wrapped(text, width - 2)], words=text or " ")
            )
        return blocks

    def action_item(self, items: int) -> None:
        """To the next gap, or the one before; of those that a filter leaves."""
        here = int(self.key or 0)
        gaps = [number for number in self.gaps if str(number) in self.stack.spans]
        ahead = [number for number in gaps if (number > here if items > 0 else number < here)]
        if ahead:
            gap = ahead[0] if items > 0 else ahead[-1]
            self.go_to(str(gap))
            told = f"gap {gaps.index(gap) + 1} of {len(gaps)}"
            told += ": Enter opens a note that fills it" if self.fills(gap) else ""
        else:
            told = "no gap further on" if items > 0 else "no gap before this"
        cast("WarRoom", self.app).say(told)

    def action_cursor(self, rows: int) -> None:
        """Line by line, gaps or not."""
        if self.stack.scroll_within(self.key, rows):
            self.redraw()
        else:
            self.go_to(self.stack.beside(self.key, rows))

    def fills(self, number: int) -> str:
        """What a note begins with that fills the gap in this line, "" where none does."""
        if number not in self.gaps:
            return ""
        heading = next((text for text in reversed(self._text[:number]) if text.startswith("#")), "")
        text = self._text[number].partition(GAP)[0]
        for said in (text.lower(), heading.lower()):
            found = next((fill for word, fill in _FILLS if word in said), "")
            if found:
                return found
        return ""

    def _write(self, frame: Frame) -> None:
        """Again only when the record, or the runbook, is another. A long one is written beside the keyboard."""
        incident, runbook = frame.view.incident, frame.runbook
        stamp = (incident.head_seq, runbook.digest)
        if stamp == self._of or self._writing:
            return
        room = cast("WarRoom", self.app)
        entries = room.session.entries()
        if not incident.declared:
            self._of, self._text = stamp, ()
        elif len(entries) <= AT_ONCE:
            self._of, self._text = stamp, _written(entries, incident, runbook)
        else:
            self._writing = True
            room.in_background(lambda: _written(entries, incident, runbook), lambda text: self._take(stamp, text))

    def _take(self, stamp: tuple[int, str], text: tuple[str, ...]) -> None:
        self._writing = False
        self._of, self._text = stamp, text
        if self.is_attached:
            self.redraw()


def _written(entries: Sequence[Entry], incident: IncidentState, runbook: Runbook) -> tuple[str, ...]:
    return tuple(reports.post_mortem_draft(entries, incident, runbook).splitlines())


class PostMortemScreen(ListScreen):
    """Enter on a gap opens a note that fills it."""

    ENTERS = True
    PLACE = "post-mortem"

    def make_list(self) -> BlockList:
        return Draft(id="body")

    def on_block_list_entered(self, event: BlockList.Entered) -> None:
        begins = self.query_one(Draft).fills(int(event.key))
        if not begins:
            self.say("Enter on a gap opens a note that fills it; n goes to the next gap")
        elif refusal := self.war_room.refused_change("note"):
            self.say(refusal)
        else:
            self.war_room.push_screen(screens.load("note")(f"text:{begins}"))
