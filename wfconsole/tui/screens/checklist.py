"""The checklist, whole: READ-DO, one open step, its evidence beside it, and the keys that mark it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.widget import Widget

from wfconsole.incident.checklist import Item, Section
from wfconsole.incident.probing import evaluate, understood
from wfconsole.text import clock_time, cut
from wfconsole.tui import action_names
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.panes.strips import MARKS, rule
from wfconsole.tui.record_keys import StepKeys
from wfconsole.tui.screens.console_screen import ConsoleScreen
from wfconsole.tui.state_words import badge
from wfconsole.tui.widgets.scrolled import Block, BlockList

LIVE_LINES = 4
_KEYS: Line = (
    Span("       "),
    *(span for key, does in (("R", "evidence"), ("X", "done"), ("W", "waive"), ("E", "defer"))
      for span in (Span(key, "key"), Span(f" {does}   ", "dim"))),
)  # fmt: skip
EVIDENCE_LINES = 6


class Steps(BlockList, StepKeys):
    """All steps; the one with the cursor is open to its last word."""

    BINDINGS = [*action_names.bindings("lists"), *action_names.bindings("checklist")]

    def head(self, frame: Frame, width: int) -> Sequence[Line]:
        active = frame.checklist
        if not active.sections:
            return [rule((Span("8 CHECKLIST", "title"),), width, frame), *_to_browse(frame, width)]
        runbook = f"{frame.runbook.title} {frame.runbook.version}".strip()
        title: Line = (Span("8 CHECKLIST", "title"), Span(f" {active.closed}/{active.total} closed  {runbook}"))
        return [rule(title, width, frame)]

    def first_key(self, frame: Frame) -> str:
        current = frame.checklist.current
        return current.step.id if current is not None else ""

    def blocks(self, frame: Frame, width: int) -> Sequence[Block]:
        here = self.cursor_key or self.first_key(frame)
        blocks: list[Block] = []
        for section in frame.checklist.sections:
            blocks.append(Block("", (_heading(section),)))
            for item in section.items:
                opened = item.step.id == here
                lines = [_line(frame, item, width), *(_opened(frame, item, width) if opened else ())]
                blocks.append(Block(item.step.id, tuple(lines)))
        if blocks:
            blocks.append(Block("", (_end(frame),)))
        return blocks

    def step_item(self) -> Item | None:
        if self.frame is None:
            return None
        return next((item for item in self.frame.checklist.items if item.step.id == self.key), None)

    def action_open_row(self) -> None:
        """Enter goes to the open step."""
        self.cursor_key = ""
        self.redraw()


class ChecklistScreen(ConsoleScreen):
    """One region: the steps."""

    SCOPES = ("all", "lists", "checklist")
    FIRST_FOCUS = "body"

    def __init__(self, goto: str = "") -> None:
        super().__init__()
        self._goto = goto

    def body(self) -> Iterable[Widget]:
        steps = Steps(id="body")
        if self._goto.startswith("step:"):
            steps.cursor_key = self._goto.removeprefix("step:")
        yield steps


def _to_browse(frame: Frame, width: int) -> list[Line]:
    lines: list[Line] = [(Span(" none open. D declares an incident, and its checklist opens.", "text"),), ()]
    lines += [
        (Span(f" {book.title}", "strong"), Span(cut(f"  {len(book.steps)} steps. {book.summary}", width - 30), "dim"))
        for book in frame.runbook.playbooks
    ]
    return lines


def _heading(section: Section) -> Line:
    closed = sum(not item.waits for item in section.items)
    way = "DO-CONFIRM" if section.kind == "confirm" else "READ-DO"
    return (Span(f" {section.title} ", "title"), Span(f"{way} {closed}/{len(section.items)}", "dim"))


def _line(frame: Frame, item: Item, width: int) -> Line:
    current = frame.checklist.current
    is_current = current is not None and current.step.id == item.step.id
    mark = frame.glyphs.pointer.ljust(3) if is_current and item.mark == "open" else MARKS[item.mark]
    what = {"decide": "DECIDE ", "action": f"ACTION {item.step.danger} "}.get(item.step.kind, "")
    said = f" {item.state.answer}" if item.state.answer else ""
    who = f"{item.state.by} {clock_time(item.state.at)[:8]}{said}" if item.state.at else item.step.role
    ink: Ink = "strong" if is_current else "text" if item.waits else "dim"
    title = cut(f"{what}{item.step.title}", max(10, width - len(who) - 12))
    gap = " " * max(1, width - 9 - len(title) - len(who))
    return (Span(f"{mark} {item.number:>2}  ", ink), Span(title, ink), Span(gap), Span(who, "dim"))


def _opened(frame: Frame, item: Item, width: int) -> Iterable[Line]:
    step, room = item.step, width - 14
    if step.look:
        yield _part("READ", step.look, room)
    if step.do:
        yield _part("DO", step.do, room)
    if step.expect:
        yield _part("SEE", step.expect, room)
    if step.warning:
        yield _part("TRAP", step.warning, room, "warn")
    yield from _live(frame, item, width)
    yield from _evidence(frame, item, width)
    if item.state.reason:
        yield _part("WHY", item.state.reason, room)
    if step.branches:
        ways = "   ".join(f"{way.answer}: {way.goto.rpartition('/')[2] or 'next step'}" for way in step.branches)
        yield _part("THEN", ways, room)
    for command in step.commands:
        for number, text in enumerate(command.text.splitlines()):
            yield _part("BY HAND" if number == 0 else "", text, room, "dim")
    yield _KEYS


def _live(frame: Frame, item: Item, width: int) -> Iterable[Line]:
    """The live value, of this instant; what cannot be trusted says so."""
    if not item.step.live:
        return
    result = evaluate(understood(item.step.live), frame.view.world, frame.now)
    first, *more = result.lines or ("nothing",)
    yield (
        Span("       NOW   ", "dim"),
        badge(frame.glyphs, result.level, result.quality),
        Span(cut(f" {first}", width - 24)),
    )
    for text in more[: LIVE_LINES - 1]:
        yield (Span(" " * 13), Span(cut(text, width - 14), "text"))
    if len(more) >= LIVE_LINES:
        yield (Span(" " * 13), Span(f"and {len(more) - LIVE_LINES + 1} more", "dim"))


def _evidence(frame: Frame, item: Item, width: int) -> Iterable[Line]:
    probe = item.state.probe
    if probe is None:
        return
    rail = frame.glyphs.rail
    yield (
        Span(f"       {rail} ", "rule"),
        Span(f"evidence {clock_time(item.state.probed_at)} {probe.quality}", "strong"),
    )
    for text in probe.lines[:EVIDENCE_LINES]:
        yield (Span(f"       {rail} ", "rule"), Span(cut(text, width - 10), "text"))


def _part(word: str, text: str, room: int, ink: Ink = "text") -> Line:
    return (Span(f"       {word:<5} ", "dim"), Span(cut(text, room), ink))


def _end(frame: Frame) -> Line:
    active = frame.checklist
    if active.completion:
        return (Span(f" {active.completion}", "strong"),)
    left = active.total - active.closed - active.deferred
    return (
        Span(f" open {left}  deferred {active.deferred}  waived {active.waived}  ends with: CHECKLIST COMPLETE", "dim"),
    )
