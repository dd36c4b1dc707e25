"""The checklist, whole: READ-DO, one open step, its evidence beside it, and the keys that mark it."""

from __future__ import annotations

from collections.abc import Sequence

from wfconsole.incident.checklist import CLOSED, Active, Item, Section
from wfconsole.incident.probing import understood
from wfconsole.text import cells, cut
from wfconsole.tui import action_names
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.panes.strips import rule, step_mark
from wfconsole.tui.record_keys import StepKeys
from wfconsole.tui.screens.list_screen import ListScreen
from wfconsole.tui.screens.open_step import opened
from wfconsole.tui.widgets.scrolled import Block, BlockList
from wfconsole.tui.wrapping import labelled, paragraphs, wrapped

# Cells before a step's title: mark, number.
_BEFORE_TITLE = 7
# On a wide screen the right end of a row stays near its beginning.
_WIDEST = 120


class Steps(StepKeys, BlockList):
    """All steps; the one with the cursor is spelled out to its last word: the next one, until somebody moves it."""

    BINDINGS = action_names.bindings("checklist")

    def head(self, frame: Frame, width: int) -> Sequence[Line]:
        active, runbook = frame.checklist, frame.runbook
        if not active.sections:
            return [rule((Span("8 CHECKLIST", "title"),), width, frame)]
        named = f"{runbook.title} {runbook.version}".strip()
        title: Line = (
            Span("8 CHECKLIST", "title"),
            Span(cut(f" {active.closed}/{active.total} closed  {named}", width - 20)),
        )
        return [rule(title, width, frame), *_memory(active, width)]

    def nothing(self, frame: Frame) -> str:
        del frame
        return "no runbook was read yet"

    def first_key(self, frame: Frame) -> str:
        current = frame.checklist.current
        return current.step.id if current is not None else ""

    def blocks(self, frame: Frame, width: int) -> Sequence[Block]:
        if not frame.checklist.sections:
            return _to_browse(frame, width)
        here = self.cursor_key or self.first_key(frame)
        blocks: list[Block] = []
        for section in frame.checklist.sections:
            blocks.append(Block("", [_heading(section)]))
            for item in section.items:
                rows = _rows(frame, item, width)
                if item.step.id == here:
                    rows += opened(frame, item, min(width, _WIDEST))
                blocks.append(Block(item.step.id, rows, words=_words(item)))
        return [*blocks, Block("", _end(frame))]

    def step_item(self) -> Item | None:
        return None if self.frame is None else self.frame.checklist.find(self.key)

    def step_marked(self, item: Item) -> None:
        """On to the step that is next now; a step that was marked out of its turn keeps the cursor."""
        current = self.frame.checklist.current if self.frame is not None else None
        if current is None or current.step.id != item.step.id or self.cursor_key == item.step.id:
            self.go_to("")

    def action_open_row(self) -> None:
        """Enter goes back to the step that is next."""
        self.go_to("")


class ChecklistScreen(ListScreen):
    """`goto` may be "step:<id>"."""

    SCOPES = ("all", "lists", "items", "checklist")

    def make_list(self) -> BlockList:
        steps = Steps(id="body")
        if self.goto.startswith("step:"):
            steps.cursor_key = self.goto.removeprefix("step:")
        return steps

    def evidence(self) -> str:
        item = self.query_one(Steps).step_item()
        probe = item.step.probe if item is not None else ""
        if probe:
            return next(iter(understood(probe).sources), "")
        ran = self._commands(item)
        return f"command {ran[-1]}" if ran else ""

    def _commands(self, item: Item | None) -> list[str]:
        """The commands that were run by hand for this step, the oldest first."""
        if item is None or self.frame is None:
            return []
        return [name for name, run in self.frame.view.incident.commands.items() if run.step == item.step.id]

    def about(self) -> str:
        item = self.query_one(Steps).step_item()
        return f"step {item.number}: {item.step.title}" if item is not None else ""


def _to_browse(frame: Frame, width: int) -> list[Block]:
    """Before anything is declared: the lists that there are, to read."""
    if not frame.runbook.checklists:
        return []
    key = frame.declare_key
    declares = f" {key} declares an incident, and its checklist opens." if key else ""
    rows = paragraphs((f"None is open.{declares}",), width - 1, indent=1)
    blocks = [Block("", [*rows, ()])]
    for found in frame.runbook.checklists:
        words = f"{len(found.steps)} steps. {found.summary}" if found.summary else f"{len(found.steps)} steps"
        title: Line = (Span(f" {found.title}", "strong"), Span(f"  {found.kind}", "dim"))
        blocks.append(Block(found.id, [title, *labelled("", words, width, indent=3, ink="dim")]))
    return blocks


def _memory(active: Active, width: int) -> list[Line]:
    """What is done from memory, before anybody reads. What was waived is not done."""
    items = active.memory_items
    if not items:
        return []
    done = [item.step.memory for item in items if item.mark in CLOSED and item.mark != "waived"]
    waived = [item.step.memory for item in items if item.mark == "waived"]
    left = [item.step.memory for item in items if item.mark not in CLOSED]
    count = f"done {len(done)}/{len(items)}"
    told = [] if done else [count]
    stands = ((count, done), ("open", left), ("waived", waived))
    told += [f"{word}: {', '.join(names)}" for word, names in stands if names]
    return labelled(" MEMORY ITEMS", "; ".join(told), width - 1, indent=14, label_ink="title")


def _heading(section: Section) -> Line:
    way = "DO-CONFIRM" if section.kind == "confirm" else "READ-DO"
    return (Span(f" {section.title} ", "title"), Span(f"{way} {section.closed}/{len(section.counted)}", "dim"))


def _rows(frame: Frame, item: Item, width: int) -> list[Line]:
    """The step in one row, or in more where its title needs them."""
    width = min(width, _WIDEST)
    current = frame.checklist.current
    is_current = current is not None and current.step.id == item.step.id
    mark = step_mark(frame, item)
    if is_current and item.mark == "open":
        mark = frame.glyphs.pointer.ljust(3)
    ink: Ink = "strong" if is_current else "text" if item.waits else "dim"
    who = _who(frame, item)
    titles = wrapped(_titled(item), max(20, width - _BEFORE_TITLE - cells(who) - 2))
    gap = " " * max(1, width - _BEFORE_TITLE - cells(titles[0]) - cells(who) - 1)
    first: Line = (Span(f"{mark} {item.number:>2} ", ink), Span(titles[0], ink), Span(gap), Span(who, "dim"))
    return [first, *((Span(" " * _BEFORE_TITLE + row, ink),) for row in titles[1:])]


def _titled(item: Item) -> str:
    match item.step.kind:
        case "decide" if not item.step.title.lower().startswith("decide"):
            return f"DECIDE {item.step.title}"
        case "action":
            return f"ACTION {item.step.danger} {item.step.title}"
        case _:
            return item.step.title


def _who(frame: Frame, item: Item) -> str:
    """Who marked it, and when; of an open step, whose it is and whether it ticks itself."""
    if item.state.at:
        return f"{cut(item.state.by, 12)} {frame.times.short(item.state.at)}"
    auto = "AUTO" if item.step.sensed else ""
    return "  ".join(word for word in (item.step.role, auto) if word)


def _words(item: Item) -> str:
    step = item.step
    return " ".join(
        (_titled(item), step.role, step.look, step.do, step.expect, step.warning, item.mark, item.state.reason)
    )


def _end(frame: Frame) -> list[Line]:
    active = frame.checklist
    if active.completion:
        return [(Span(f" {active.completion}", "strong"),)]
    left = active.total - active.closed - active.deferred
    said = f" open {left}  deferred {active.deferred}  waived {active.waived}  ends with: CHECKLIST COMPLETE"
    return [(Span(said, "dim"),)]
