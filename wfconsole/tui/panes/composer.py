"""What stands around a message while it is written: what it is, what a reader would stumble over, how it will read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, cast

from wfconsole.clock import MINUTE
from wfconsole.comms.checks import checks, last_like
from wfconsole.comms.drafts import Draft
from wfconsole.observations.levels import Level
from wfconsole.text import age, clock_time, countdown, cut
from wfconsole.tui.composing import Composing, facts_of
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.left_over import left_over_words, not_kept_words
from wfconsole.tui.panes.strips import rule
from wfconsole.tui.record_keys import no_incident
from wfconsole.tui.state_words import level_ink, level_sign
from wfconsole.tui.widgets.lines import Pane
from wfconsole.tui.wrapping import wrapped

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

HEAD_ROWS: Final = 3
_FACTS_OLD: Final = 10 * MINUTE
_STATES: Final = ("investigating", "identified", "monitoring", "resolved")


class ComposerPane(Pane):
    """A region that speaks of the message."""

    def __init__(self, composing: Composing, *, id: str) -> None:
        super().__init__(id=id)
        self.composing = composing


class MessageHead(ComposerPane, can_focus=True):
    """Which message this is, to whom it goes, when the next one is due. Keys act while it has the focus."""

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        del height
        made = self.composing.draft
        if made is None:
            words = no_incident(frame.declare_key)
            return [rule((Span("MESSAGES", "title"),), width, frame), (Span(f" {words}", "dim"),)]
        place = f" {self.composing.place + 1}/{len(self.composing.templates)} "
        title: Line = (
            *(Span("MESSAGES", "title"), Span(place, "dim"), Span(cut(made.template.title, width - 44), "strong")),
            *(Span("  n", "key"), Span(" next "), Span("b", "key"), Span(" back ")),
        )
        return [rule(title, width, frame), _track(made, width), self._clock(frame, width)]

    def _clock(self, frame: Frame, width: int) -> Line:
        said = []
        clock = next((clock for clock in frame.clocks if clock.name == "update" and clock.state != "met"), None)
        if clock is not None:
            overdue = clock.state == "overdue"
            said.append(f"update {'' if overdue else 'due in '}{countdown(clock.left_ms)}")
        made = self.composing.draft
        before = last_like(made, frame.view.incident) if made is not None else None
        if before is not None:
            said.append(f"the one before: {before.standing}, {age(frame.now - before.queued_at)} ago")
        said.append("Esc stops typing" if self.composing.typing else "Enter edits")
        return (Span(cut(f" {'   '.join(said)}", width), "dim"),)


def _track(made: Draft, width: int) -> Line:
    if made.audience != "public":
        where = f" for {made.template.target}; read by those who work on it or wait for it"
        return (Span(cut(where, width), "dim"),)
    line: list[Span] = [Span(" the PUBLIC reads: ", "warn")]
    for place, state in enumerate(_STATES):
        here = state == made.state
        line += [Span(" > " if place else ""), Span(state.upper() if here else state, "strong" if here else "dim")]
    return tuple(line)


class MessageRemarks(ComposerPane):
    """What is wrong first, then what is well, on one line."""

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        composing = self.composing
        if composing.draft is None:
            return []
        lines: list[Line] = [(Span(frame.glyphs.rule * width, "rule"),)]
        fine: list[str] = []
        for check in checks(composing.draft, composing.text, facts_of(frame, cast("WarRoom", self.app))):
            sign = level_sign(frame.glyphs, check.level)
            if check.level == Level.OK:
                fine.append(check.text)
            else:
                lines.append((Span(cut(f" {sign} {check.text}", width), level_ink(check.level)),))
        lines[1:1] = _of_keeping(composing, frame, width, cast("WarRoom", self.app))
        lines = lines[: height - 1]
        if fine:
            lines.append((Span(cut(f" {level_sign(frame.glyphs, Level.OK)} {'; '.join(fine)}", width), "dim"),))
        return lines


def _of_keeping(composing: Composing, frame: Frame, width: int, room: WarRoom) -> Iterator[Line]:
    """Whether what is written is safe, and where it comes from."""
    drafts, kept = room.session.drafts, composing.kept(frame, room)
    if drafts.trouble:
        sign = level_sign(frame.glyphs, Level.WARNING)
        yield (Span(cut(f" {sign} {not_kept_words(drafts)}", width), "warn"),)
    if kept is None:
        return
    told = [left_over_words(kept, frame)] if kept.left_over else []
    if kept.drawn_at and (kept.left_over or frame.now - kept.drawn_at > _FACTS_OLD):
        told.append(f"its facts are of {frame.times.clock(kept.drawn_at)}")
    if told:
        sign = level_sign(frame.glyphs, Level.WATCH)
        yield (Span(cut(f" {sign} {'; '.join(told)}", width), "strong"),)


class MessagePreview(ComposerPane):
    """How it will read, and the one before it."""

    def draw(self, frame: Frame, width: int, height: int) -> Sequence[Line]:
        made = self.composing.draft
        if made is None:
            return []
        bar = Span(f"{frame.glyphs.rail} ", "rule")
        who = "the public" if made.audience == "public" else made.template.target
        lines: list[Line] = [(bar, Span(f"PREVIEW for {who}", "title"))]
        for text in self.composing.text.split("\n"):
            lines += [(bar, Span(row)) for row in wrapped(text, width - 3)]
        before = last_like(made, frame.view.incident)
        if before is not None:
            lines += [(bar,), (bar, Span(f"DIFF from {clock_time(before.queued_at)}, {before.standing}", "title"))]
            for text in _difference(before.text, self.composing.text):
                ink: Ink = "text" if text.startswith("+") else "dim"
                lines += [(bar, Span(row, ink)) for row in wrapped(text, width - 3)]
        return [*lines, *[(bar,)] * (height - len(lines))]


def _difference(before: str, now: str) -> Iterator[str]:
    """`- ` before lines that are gone, `+ ` before those that are new."""
    import difflib  # here, because only a wide screen shows it

    for text in difflib.ndiff(before.split("\n"), now.split("\n")):
        if text[:2] in ("- ", "+ ") and text[2:].strip():
            yield text
