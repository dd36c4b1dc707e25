"""Checklist, clocks and timeline as the overview shows them: a few lines each, the open step and the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.message import Message

from wfconsole.incident.checklist import Item
from wfconsole.incident.clocks import OF_SEVERITY, Clock
from wfconsole.incident.playbook import Mark
from wfconsole.incident.state import Line as TimelineLine
from wfconsole.incident.wording import counted, spell_duration, step_title
from wfconsole.observations.levels import Level
from wfconsole.text import UNKNOWN, age, calendar_time, cells, countdown, cut, fit
from wfconsole.tui import action_names
from wfconsole.tui.frame import CHANGES_WINDOW, Frame
from wfconsole.tui.ink import Ink, Line, Span, fitted, spread, width_of
from wfconsole.tui.state_words import clock_level, level_ink, level_sign
from wfconsole.tui.widgets.lines import Pane

_LABEL_CELLS: Final = 14
MARKS: Final[dict[Mark, str]] = {
    "open": "[ ]",
    "done": "[x]",
    "sensed": "[a]",
    "waived": "[w]",
    "deferred": "[d]",
    "not-taken": "[-]",
    "failed": "[!]",
}


def step_mark(frame: Frame, item: Item) -> str:
    """How a step stands; a mark that is not on disk yet does not look like one that is."""
    return f"[{frame.glyphs.pending}]" if item.state.entry in frame.view.pending else MARKS[item.mark]


def rule(title: Line, width: int, frame: Frame, *, focused: bool = False) -> Line:
    """A heading in a rule across the region."""
    dash = frame.glyphs.rule
    words = tuple(Span(span.text, "focus") for span in title) if focused else title
    rest = width - 3 - width_of(words) - 1
    return (Span(dash * 2 + " ", "rule"), *words, Span(" " + dash * max(0, rest), "rule"))


class Strip(Pane, can_focus=True):
    """A region of the overview that Enter opens as a screen."""

    BINDINGS = action_names.bindings("lists")
    SCREEN: ClassVar[str] = ""

    class Opened(Message):
        """Somebody wants to see this region as a screen."""

        def __init__(self, screen: str) -> None:
            super().__init__()
            self.screen_name = screen

    def action_open_row(self) -> None:
        self.post_message(self.Opened(self.SCREEN))


class ChecklistStrip(Strip):
    """The open step with what it expects and what its probe showed, and the steps around it."""

    SCREEN = "checklist"

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        active = frame.checklist
        section = active.section
        heading = "8 CHECKLIST"
        if section is None:
            head = rule((Span(heading, "title"),), width, frame, focused=self.has_focus)
            calm = [head, _none_open(frame, width), *_last_incident(frame, width)]
            return [*calm, *_changes(frame, width, height - len(calm) - 1)]
        kind = "DO-CONFIRM" if section.kind == "confirm" else "READ-DO"
        title: Line = (Span(heading, "title"), Span(f" {section.title} {kind} {section.closed}/{len(section.counted)}"))
        lines: list[Line] = [rule(title, width, frame, focused=self.has_focus)]
        if active.current is None:
            return [*lines, (Span(f" {active.completion}", "strong"),)]
        return [*lines, *_around(frame, section.items, active.current, height - 1, width)]


def _none_open(frame: Frame, width: int) -> Line:
    declares = f" {frame.declare_key} declares, and it opens" if frame.declare_key else ""
    lists = len(frame.runbook.checklists)
    read = f"   ({counted(lists, 'list')}, c to read)" if lists else ""
    return (Span(cut(f" none open.{declares}{read}", width), "dim"),)


def _last_incident(frame: Frame, width: int) -> list[Line]:
    """How it stands with the newest one of this machine, and the command that leads to it: no key of here does."""
    last = frame.view.last_incident
    if last is None:
        return []
    took = UNKNOWN if last.took_ms is None else spell_duration(last.took_ms)
    ink: Ink = "warn"
    if last.problem:
        stands, leads = last.problem, f"wfconsole journal {last.incident}"
    elif last.status == "resolved":
        stands, leads, ink = f"resolved in {took}", "wfconsole export: its post-mortem", "text"
    else:
        stands, leads = f"OPEN, {last.status}", "wfconsole resume goes on with it"
    day = calendar_time(last.declared_at)[:10] if last.declared_at else ""
    told = [last.incident, last.severity.replace("SEV", "SEV-")]
    told += [day] if day.replace("-", "") not in last.incident else []
    line: Line = (
        Span(f" {'  '.join(word for word in told if word)}  "),
        Span(stands, ink),
        Span(f"  {last.title}", "dim"),
    )
    head = rule((Span("last incident  ", "dim"), Span(leads, "key")), width, frame)
    return [head, fitted(line, width)]


def _changes(frame: Frame, width: int, room: int) -> list[Line]:
    """Before anything is declared, the question is what changed just before."""
    found = frame.changes_within(CHANGES_WINDOW)[: max(0, room)]
    if not found:
        return []
    head = rule((Span(f"changes of the last {age(CHANGES_WINDOW)}", "dim"),), width, frame)
    lines: list[Line] = [(Span(f" {frame.times.short(change.at)} ", "dim"), Span(change.text)) for change in found]
    return [head, *lines]


def _around(frame: Frame, items: tuple[Item, ...], current: Item, room: int, width: int) -> list[Line]:
    """One closed step before it, the current step whole, then as many after it as fit."""
    place = items.index(current)
    block = _current(frame, current, width)
    before = items[max(0, place - 1) : place] if room > len(block) + 1 else ()
    lines = [_step(frame, item, width) for item in before] + block
    lines += [_step(frame, item, width) for item in items[place + 1 :]]
    return lines[:room]


def _step(frame: Frame, item: Item, width: int) -> Line:
    who = f"{item.state.by} {frame.times.minute(item.state.at)}" if item.state.at else item.step.role
    text = f"{'DECIDE: ' if item.step.kind == 'decide' else ''}{item.step.title}"
    more = f"  ACTION {item.step.danger}" if item.step.kind == "action" else ""
    ink: Ink = "text" if item.waits else "dim"
    return (Span(cut(f"{step_mark(frame, item)} {item.number} {text}{more}  {who}".rstrip(), width), ink),)


def _current(frame: Frame, item: Item, width: int) -> list[Line]:
    step, state = item.step, item.state
    pointer = frame.glyphs.pointer
    title = f"DECIDE: {step.title}" if step.kind == "decide" else step.title
    lines: list[Line] = [
        (Span(f"{pointer}   {item.number} ", "strong"), Span(title, "strong"), Span(f"  {step.role}", "dim"))
    ]
    if step.kind == "decide":
        answers = "  ".join(f"{branch.answer}: {_leads_to(frame, branch.goto)}" for branch in step.branches)
        lines.append((Span(cut(f"      {answers}", width), "text"),))
    keys = "   R run  X done  W waive" if frame.may_change else ""
    seen = f"expect: {step.expect}" if step.expect else step.look
    lines.append((Span(cut(f"      {seen}", max(0, width - len(keys))), "text"), Span(keys, "key")))
    if state.probe is not None:
        rail = frame.glyphs.rail
        lines += [(Span(f"  {rail} ", "rule"), Span(cut(text, width - 4), "dim")) for text in state.probe.lines[:6]]
    return lines


def _leads_to(frame: Frame, goto: str) -> str:
    """The number that the step has in the checklist; its title where it is not on it."""
    found = frame.checklist.find(goto)
    return str(found.number) if found is not None else step_title(goto) if goto else "next"


class ClocksStrip(Pane):
    """The clocks of everything owed: in one line, or a line for each. What does not fit is counted."""

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        if not frame.clocks:
            return []
        if height == 1:
            return [_clock_line(frame, width)]
        shown = most_urgent(frame.clocks, height if len(frame.clocks) <= height else height - 1)
        rows = [_clock_bar(frame, clock, width) for clock in shown]
        return [*rows, (_more(frame, len(frame.clocks) - len(shown)),)] if len(shown) < len(frame.clocks) else rows


def most_urgent(clocks: Sequence[Clock], count: int) -> tuple[Clock, ...]:
    """As many as fit: those that run, the first to run out first to stay; in the order that they had.

    Follow-ups, and calls that are not due soon, go first.
    """

    def rank(clock: Clock) -> tuple[bool, bool, bool, int]:
        later = clock.kind == "call" and clock.state == "ok"
        return clock.state == "met", clock.kind == "follow-up", later, clock.due_at

    ranked = sorted(clocks, key=rank)
    kept = {clock.name for clock in ranked[: max(0, count)]}
    return tuple(clock for clock in clocks if clock.name in kept)


def _more(frame: Frame, count: int) -> Span:
    return Span(f"{frame.glyphs.pointer} {count} more: h", "dim")


def _clock_line(frame: Frame, width: int) -> Line:
    running = [clock for clock in frame.clocks if clock.state != "met"]
    head = Span(" CLOCKS", "title")
    for count in range(len(running), 0, -1):
        spans = [head, *(_clock_span(frame, clock) for clock in most_urgent(running, count))]
        left_out = len(running) - count
        if left_out:
            spans += [Span("  "), Span(f"+{left_out}: h", "dim")]
        if width_of(spans) <= width or count == 1:
            return tuple(spans)
    return (head,)


def _clock_span(frame: Frame, clock: Clock) -> Span:
    level = clock_level(clock)
    left = countdown(clock.left_ms) + ("" if clock.state == "overdue" else " left")
    ink = level_ink(level) if level else "text"
    return Span(f"  {level_sign(frame.glyphs, level)} {cut(clock.label, _LABEL_CELLS)} {left}", ink)


def _clock_bar(frame: Frame, clock: Clock, width: int) -> Line:
    level = clock_level(clock)
    said = countdown(clock.left_ms)
    if clock.state == "met":  # the time that was taken
        said = f"met {countdown(clock.met_at - clock.started_at)}{', late' if clock.left_ms < 0 else ''}"
    if clock.state in ("ok", "due-soon"):
        said += " left"
    own = clock.kind in OF_SEVERITY
    head = f"{level_sign(frame.glyphs, level)} {fit(clock.label if own else clock.kind, 8)} {fit(said, 18)}"
    room = max(0, width - cells(head) - 2)
    ink: Ink = level_ink(level) if level else "text"
    if not own:
        return (Span(head + " ", ink), Span(cut(clock.words, room), ink if level else "dim"))
    bar_room = max(0, room - 2)
    filled = bar_room if clock.state == "met" else round(clock.fraction * bar_room)
    bar = f"[{'#' * filled}{'.' * (bar_room - filled)}]" if bar_room >= 8 else ""
    return (Span(head + " ", ink), Span(bar, ink if level else "dim"))


class TimelineStrip(Strip):
    """The newest lines of the timeline."""

    SCREEN = "timeline"

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        title: Line = (Span("9 TIMELINE", "title"), Span(" newest first  "), Span("N", "key"), Span(" note"))
        lines = [rule(title, width, frame, focused=self.has_focus)]
        shown = (line for line in frame.view.incident.lines.values() if not line.hidden)
        known = sorted(shown, key=lambda line: (-line.at, -line.seq))[: height - 1]
        return [*lines, *(timeline_line(frame, line, width) for line in known)]


def timeline_line(frame: Frame, line: TimelineLine, width: int) -> Line:
    """` 14:31:10 ACTION   op1: Deploy freeze on checkout`; a hollow mark until it is on disk."""
    pending = not frame.view.pending.isdisjoint((line.entry, *line.entries))
    sign = frame.glyphs.pending if pending else "*" if line.starred else " "
    count = f" x{line.count}" if line.count > 1 else ""
    said = line.amended or line.text
    ended = f" (over {frame.times.short(line.until)})" if line.until else ""
    ink = level_ink(line.level) if line.level > Level.WATCH and not line.until else "text"
    words = f"{'withdrawn: ' if line.withdrawn else ''}{said}{count}{ended}"
    return spread(
        (
            Span(f"{sign}{frame.times.short(line.at)} ", "dim"),
            Span(fit(line.kind, 9), "dim"),
            Span(f"{line.actor}: ", "dim"),
            Span(words, "dim" if line.withdrawn else ink),
        ),
        (),
        width,
    )
